"""`runner resolve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from runner.cli import options
from runner.cli.output import print_json, print_text
from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.project import (
    Project,
    declare_absent,
    declare_constants,
    declare_found,
    declare_measured,
    declare_unwanted,
    experiment_meant,
)

if TYPE_CHECKING:
    from runner.project import Experiment
    from runner.project.plan.resolve import Resolved


_MEASURED: Final = {"measured-here": True, "measured-elsewhere": False}
_CONSTANTS: Final = {"same-constants": True, "other-constants": False}
_DECISIONS: Final = ("adopt", "absent", "skip", *_MEASURED, *_CONSTANTS)
_WORDS: Final = {
    "absent": "was never accepted; the next apply buys it again",
    "skip": "is not to be bought; raise `rerun` to have it after all",
    "measured-here": "it counts at this target",
    "measured-elsewhere": "at this target it does not count",
    "same-constants": "it counts",
    "other-constants": "it does not count; the next apply buys it anew",
}


@click.command()
@click.argument("name")
@click.argument("decision", metavar="DECISION", type=click.Choice(_DECISIONS))
@click.argument("batch", required=False)
@options.target
@options.allow_python
@options.output("table", "json")
def resolve(name: str, decision: str, batch: str | None, target: str | None, form: str) -> None:
    """Decide what the runner cannot know; `runner status` names it.

    NAME is an experiment, or its file. Of a submission that nobody knows the outcome of, look in the cloud's
    portal, then say what you found:

    \b
      adopt BATCH   this batch is it; it is compared with what was sent, and becomes ours
      absent        it was never accepted; the next apply buys the jobs again
      skip          whatever became of it, its jobs are not to be bought: not before `rerun` is raised

    Of jobs on record of an older version that do not say where they were measured:

    \b
      measured-here       at this target; they count
      measured-elsewhere  at another one; they do not count here, and the next apply buys them

    Of what an older version has bought, and of which nothing proves the constants of the device:

    \b
      same-constants   they were those of the file; it counts
      other-constants  they were others; the next apply buys it anew
    """
    if (decision == "adopt") is (batch is None):
        raise UsageError("say `adopt BATCH` with the batch's id, or `absent` or `skip` without one")
    start = Path(name) if Path(name).exists() else None
    project = options.project(start, target)
    experiment = experiment_meant(project, name)
    if decision in _MEASURED or decision in _CONSTANTS:
        _declare_origin(project, experiment, decision, form)
        return
    resolved = _resolved(project, experiment, decision, batch)
    if form == "json":
        print_json(resolved)
        return
    for each in resolved:
        some = f"{counted(each.jobs, 'job')}, {counted(each.runs, 'run')}"
        what = f"is the batch {each.batch_id}" if each.batch_id else _WORDS[decision]
        print_text(f"{each.experiment}: the submission {each.submission} ({some}) {what}")


def _declare_origin(project: Project, experiment: Experiment, decision: str, form: str) -> None:
    """Decides where something was measured, or with which constants."""
    if decision in _MEASURED:
        count = declare_measured(project, experiment, here=_MEASURED[decision])
    else:
        count = declare_constants(project, experiment, same=_CONSTANTS[decision])
    if form == "json":
        print_json({"experiment": experiment.name, "decision": decision, "jobs": count})
        return
    jobs = counted(count, "job")
    print_text(f"{experiment.name}: {jobs} on record: {decision}; {_WORDS[decision]}")


def _resolved(project: Project, experiment: Experiment, decision: str, batch: str | None) -> list[Resolved]:
    if batch:
        return [declare_found(project, experiment, batch)]
    declare = declare_unwanted if decision == "skip" else declare_absent
    return declare(project, experiment)
