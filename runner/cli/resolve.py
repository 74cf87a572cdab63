"""`runner resolve`."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli import options
from runner.cli.exits import Exit
from runner.cli.output import print_json, print_text
from runner.errors import UsageError
from runner.project import Project, declare_absent, declare_found, experiment_meant


@click.command()
@click.argument("name")
@click.argument("decision", metavar="adopt|absent|skip", type=click.Choice(["adopt", "absent", "skip"]))
@click.argument("batch", required=False)
@options.target
@options.output("table", "json")
def resolve(name: str, decision: str, batch: str | None, target: str | None, form: str) -> int:
    """Decide what a submission was that nobody knows the outcome of; `runner status` names those.

    NAME is an experiment, or its file. Look in the cloud's portal, then say what you found:

    \b
      adopt BATCH   this batch is it; it is compared with what was sent, and becomes ours
      absent        it was never accepted; the next apply buys the jobs again
      skip          not to be bought at all: not possible yet, see what it says
    """  # noqa: D301  (\b is click's mark for lines that stay as they are)
    _check(decision, batch)
    start = Path(name) if Path(name).exists() else None
    project = Project.open(start, target)
    experiment = experiment_meant(project, name)
    resolved = [declare_found(project, experiment, batch)] if batch else declare_absent(project, experiment)
    if form == "json":
        print_json(resolved)
        return Exit.DONE
    for each in resolved:
        what = f"is the batch {each.batch_id}" if each.batch_id else "was never accepted"
        print_text(
            f"{each.experiment}: the submission {each.submission} ({each.jobs} jobs, {each.runs} runs) {what}"
        )
    return Exit.DONE


def _check(decision: str, batch: str | None) -> None:
    if decision == "skip":
        raise UsageError(
            "a lost submission cannot be skipped: the file still asks for its jobs",
            hint="take the jobs out of the file, then say `absent`: nothing is bought that no file asks for",
        )
    if (decision == "adopt") is (batch is None):
        raise UsageError("say `adopt BATCH` with the batch's id, or `absent` without one")
