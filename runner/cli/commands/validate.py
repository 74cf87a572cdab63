"""`runner validate`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from runner.cli import options
from runner.cli.exit_code_choice import after_check
from runner.cli.output import print_json, print_text, say
from runner.cli.render.github_annotations import annotation
from runner.domain.numerals import counted
from runner.errors import SpecError, UsageError
from runner.project import selected
from runner.project.experiments.file_checks import idle_rules
from runner.project.experiments.loader import experiment_files
from runner.project.views.device_table import device_checks
from runner.spec.models.python_sequence import ALLOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.domain import DesiredExperiment
    from runner.errors import Problem
    from runner.project import Experiment, Project, Selection
    from runner.project.views.device_table import DeviceCheck


_UNCHECKED: Final = "not checked: its sequence comes from Python, which is not run here"


@click.command()
@options.files()
@options.selection
@options.allow_python
@click.option(
    "--no-python", is_flag=True, help="Run no Python, whatever runner.toml says; name the files that need it."
)
@options.target
@options.output("table", "json", "github")
def validate(
    paths: tuple[Path, ...], selection: Selection, target: str | None, form: str, no_python: bool
) -> int:
    """Check experiment files without sending anything.

    Reads each FILE (a folder stands for all files in it), builds every job with Pulser, and reports all
    problems at once with their line and column. Needs no account and no network: what the target's devices
    can do is taken from what `plan`, `apply` or `devices` were told last, and its age is said. With
    `-o github`, problems and warnings are written as annotations of GitHub's workflows.
    """
    if no_python and options.python_allowed():
        raise UsageError("--allow-python and --no-python exclude each other")
    unchecked: list[Problem] = []
    try:
        project = options.project(paths[0], target)
        if no_python:
            project, unchecked = _without_python(project, paths)
        passed_by = {each.path for each in unchecked}
        files = [each for each in experiment_files(paths) if str(each) not in passed_by]
        experiments = selected(project.load(files), selection)
    except SpecError as error:
        if form == "table":
            raise
        _report(form, error.problems, (), ())
        return after_check(is_in_order=False)
    warnings = [warning for each in experiments for warning in each.warnings]
    warnings += [*idle_rules(project.root, project.settings), *unchecked]
    checks = [device_checks(project, each) for each in experiments]
    _report(form, (), warnings, checks)
    if form == "table":
        _tell(experiments, checks)
    return after_check(is_in_order=True)


def _without_python(project: Project, paths: Sequence[Path]) -> tuple[Project, list[Problem]]:
    """The project that runs no Python, and what it cannot check for that: a warning for each such file."""
    settings = project.settings.model_copy(update={"allow_python": False})
    safe = replace(project, settings=settings)
    try:
        safe.load(paths)
    except SpecError as error:
        wrong = {problem.path for problem in error.problems if problem.hint != ALLOW}
        return safe, [
            replace(problem, message=_UNCHECKED, hint="")
            for problem in error.problems
            if problem.path not in wrong
        ]
    return safe, []


def _report(
    form: str,
    problems: Sequence[Problem],
    warnings: Sequence[Problem],
    checks: Sequence[Sequence[DeviceCheck]],
) -> None:
    if form == "json":
        devices = [check for each in checks for check in each]
        print_json({"valid": not problems, "problems": problems, "warnings": warnings, "devices": devices})
    elif form == "github":
        for problem in problems:
            print_text(annotation("error", problem))
        for warning in warnings:
            print_text(annotation("warning", warning))
    else:
        for warning in warnings:
            say(f"warning: {warning}", style="yellow")


def _tell(experiments: Sequence[Experiment], checks: Sequence[Sequence[DeviceCheck]]) -> None:
    for each, of_devices in zip(experiments, checks, strict=True):
        said = "".join(f"; {check}" for check in of_devices)
        print_text(f"{each.file.path}: fine: {each.name}, {_asked(each.desired)}{said}")


def _asked(desired: DesiredExperiment) -> str:
    strategy, runs = desired.strategy, sum(job.runs for job in desired.jobs)
    if strategy is None:
        return f"{counted(len(desired.jobs), 'job')}, {counted(runs, 'run')}"
    rounds = counted(strategy.stop.rounds, "round") if strategy.stop.rounds else "rounds"
    return f"a strategy ({strategy.kind}) of at most {rounds}, {counted(strategy.runs, 'run')} a job"
