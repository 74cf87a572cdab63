"""`runner validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.exits import Exit
from runner.cli.output import print_json, print_text
from runner.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from runner.project import Selection


@click.command()
@options.files()
@options.selection
@options.output("table", "json")
def validate(paths: tuple[Path, ...], selection: Selection, form: str) -> int:
    """Check experiment files without sending anything.

    Reads each FILE (a folder stands for all files in it), builds every job with Pulser, and reports all
    problems at once with their line and column. Needs no account and no network.
    """
    try:
        _, experiments = options.opened(paths, None, selection)
    except SpecError as error:
        if form != "json":
            raise
        print_json({"valid": False, "problems": error.problems})
        return Exit.ERROR
    if form == "json":
        print_json({"valid": True, "problems": []})
        return Exit.DONE
    for each in experiments:
        runs = sum(job.runs for job in each.desired.jobs)
        print_text(f"{each.file.path}: fine: {each.name}, {len(each.desired.jobs)} jobs, {runs} runs")
    return Exit.DONE
