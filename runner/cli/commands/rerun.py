"""`runner rerun`."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.output import print_text, say
from runner.errors import UsageError
from runner.project.edit.reruns import (
    refuse_beyond_cap,
    rerun_of_failed,
    rerun_of_jobs,
    whole_rerun,
    write_edit,
)

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@options.file
@options.target
@options.allow_python
@click.option("--failed", is_flag=True, help="Only jobs that failed for good; asks the target which.")
@click.option("--job", "jobs", metavar="NAME", multiple=True, help="Only this job; can be given again.")
def rerun(file: Path, target: str | None, failed: bool, jobs: tuple[str, ...]) -> None:
    """Ask for an experiment again, by editing its file; nothing is sent before the next apply.

    Raises the file's `rerun` counter: every job is measured anew, and what was measured before stays on
    record apart. With --job, raises the counter of that job alone. With --failed, raises
    `policy.retry.limit` by another round instead: what is measured is not bought again. Comments and all
    other lines of the file stay as they are.
    """
    if failed and jobs:
        raise UsageError("--failed and --job together: which jobs?", hint="say one of them")
    project, experiment = options.opened_file(file, target)
    if failed:
        edit = rerun_of_failed(project, experiment)
    else:
        edit = rerun_of_jobs(experiment, jobs) if jobs else whole_rerun(experiment)
        refuse_beyond_cap(project, experiment, jobs)
    if edit is None:
        say(f"{experiment.name}: no job has failed for good; the file stays as it is")
        return
    write_edit(edit)
    for line in edit.diff:
        print_text(line)
    say(f"{experiment.name}: {edit.about}. Nothing is sent before `runner apply {quote(str(file))}`")
