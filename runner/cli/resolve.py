"""`runner resolve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from runner.cli import options
from runner.cli.exits import Exit
from runner.cli.output import print_json, print_text
from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.project import Project, declare_absent, declare_found, declare_unwanted, experiment_meant

if TYPE_CHECKING:
    from runner.project import Experiment
    from runner.project.resolving import Resolved


_WORDS: Final = {
    "absent": "was never accepted; the next apply buys it again",
    "skip": "is not to be bought; raise `rerun` to have it after all",
}


@click.command()
@click.argument("name")
@click.argument("decision", metavar="adopt|absent|skip", type=click.Choice(["adopt", "absent", "skip"]))
@click.argument("batch", required=False)
@options.target
@options.allow_python
@options.output("table", "json")
def resolve(name: str, decision: str, batch: str | None, target: str | None, form: str) -> int:
    """Decide what a submission was that nobody knows the outcome of; `runner status` names those.

    NAME is an experiment, or its file. Look in the cloud's portal, then say what you found:

    \b
      adopt BATCH   this batch is it; it is compared with what was sent, and becomes ours
      absent        it was never accepted; the next apply buys the jobs again
      skip          whatever became of it, its jobs are not to be bought: not before `rerun` is raised
    """  # noqa: D301  (\b is click's mark for lines that stay as they are)
    if (decision == "adopt") is (batch is None):
        raise UsageError("say `adopt BATCH` with the batch's id, or `absent` or `skip` without one")
    start = Path(name) if Path(name).exists() else None
    project = options.project(start, target)
    experiment = experiment_meant(project, name)
    resolved = _resolved(project, experiment, decision, batch)
    if form == "json":
        print_json(resolved)
        return Exit.DONE
    for each in resolved:
        some = f"{counted(each.jobs, 'job')}, {counted(each.runs, 'run')}"
        what = f"is the batch {each.batch_id}" if each.batch_id else _WORDS[decision]
        print_text(f"{each.experiment}: the submission {each.submission} ({some}) {what}")
    return Exit.DONE


def _resolved(project: Project, experiment: Experiment, decision: str, batch: str | None) -> list[Resolved]:
    if batch:
        return [declare_found(project, experiment, batch)]
    declare = declare_unwanted if decision == "skip" else declare_absent
    return declare(project, experiment)
