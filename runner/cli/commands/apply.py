"""`runner apply`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.commands.plan import print_plans
from runner.cli.commands.results import print_rows
from runner.cli.exit_code_choice import after_apply, after_saved_plan
from runner.cli.output import print_json, say
from runner.cli.render.progress import ApplyProgress
from runner.domain.json_values import plain
from runner.errors import UsageError
from runner.project.answers import ENDS
from runner.project.plan.plan_file import is_plan, read_plan
from runner.project.plan.saved_plan import Promise, promised_experiments
from runner.reconcile import End, Patience
from runner.reconcile.display.plan_text import action_lines, job_line, note_lines, plan_objects

if TYPE_CHECKING:
    from pathlib import Path

    from runner.project import Experiment, Project, Selection
    from runner.reconcile import Outcome


@click.command()
@options.files()
@options.selection
@options.target
@options.allow_python
@options.output("table", "json")
@click.option("--yes", is_flag=True, help="Do not ask before spending; the local cloud never asks.")
@click.option("--no-wait", is_flag=True, help="Return once everything is submitted.")
@click.option("--timeout", metavar="SECONDS", type=options.SECONDS, help="Longest wait (in s).")
def apply(  # noqa: PLR0913, PLR0917  (a word of the command line each)
    paths: tuple[Path, ...],
    selection: Selection,
    target: str | None,
    form: str,
    yes: bool,
    no_wait: bool,
    timeout: float | None,
) -> int:
    """Make the cloud match the files, wait for the jobs, and record what comes back.

    Submits only what is missing: a file that is applied again sends nothing, two jobs more send those two,
    and a job raised from 500 to 800 runs buys 300. It may be interrupted at any moment and run again.

    FILE may be a plan that `runner plan -O` has saved. Exactly it is performed then, unasked: it is refused
    when a file or the cloud has moved since, and no job is bought that it does not name, no retry either.
    """
    patience = Patience(timeout_s=timeout, until_done=not no_wait)
    if any(is_plan(path) for path in paths):
        project, experiments, promise = _saved(paths, selection, target)
    else:
        project, experiments = options.opened(paths, target, selection, asks_cloud=True)
        promise = None
        if not project.target.is_local and not yes:
            _ask(project, experiments)
    with ApplyProgress() as progress:
        outcome = project.apply(experiments, patience, progress.watch, promise=promise)
    if form == "json":
        print_json(_object(project, experiments, outcome))
    else:
        _print(project, experiments, outcome)
    return after_saved_plan(outcome) if promise else after_apply(outcome)


def _saved(
    paths: tuple[Path, ...], selection: Selection, target: str | None
) -> tuple[Project, list[Experiment], Promise]:
    """The project around the working folder, what a saved plan is about, and what it promises."""
    if len(paths) > 1 or selection:
        raise UsageError(
            "a saved plan is performed as it is: without other files, --only or --exclude",
            hint="choose when you save it: `runner plan -O FILE --only NAME`",
        )
    saved = read_plan(paths[0])
    project = options.project(target_name=target or saved.target.name, asks_cloud=True)
    return project, promised_experiments(project, saved), Promise(project, saved)


def _ask(project: Project, experiments: list[Experiment]) -> None:
    plans = [each.plan for each in project.look(experiments, sees_removed=True)]
    if not any(plan.actions for plan in plans):
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"nobody is there to ask before spending on the target {project.target_name}",
            hint="say --yes, after `runner plan` has shown what it costs",
        )
    print_plans(plans)
    click.confirm(f"Apply this to {project.target_name}?", abort=True, err=True)


def _print(project: Project, experiments: list[Experiment], outcome: Outcome) -> None:
    for experiment, plan in zip(experiments, outcome.plans, strict=False):
        print_rows(experiment.name, project.results(experiment))
        say(f"{plan.experiment}: {plan.sync}, {plan.health}; {job_line(plan)}")
        for line in (*action_lines(plan), *note_lines(plan)):
            say(line)
    for plan in outcome.plans[len(experiments) :]:
        say(f"{plan.experiment}: {'; '.join(plan.notes)}")
    if outcome.end is End.PATIENCE:
        say(ENDS[outcome.end], style="yellow")
    say(f"records are in {project.settings.results}/")


def _object(project: Project, experiments: list[Experiment], outcome: Outcome) -> dict[str, object]:
    return {
        "end": outcome.end,
        "plans": plan_objects(outcome.plans),
        "results": {each.name: plain(project.results(each)) for each in experiments},
    }
