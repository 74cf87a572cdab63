"""`runner jobs`."""

from __future__ import annotations

import csv
import sys
from itertools import groupby
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.output import print_json, print_table, print_text, say, values_text
from runner.domain.numerals import counted
from runner.project import AskedJob, asked_jobs, asking_strategies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.project import Selection


@click.command()
@options.files()
@options.selection
@options.allow_python
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only the first N jobs of each file.")
@options.output("table", "json", "csv")
def jobs(paths: tuple[Path, ...], selection: Selection, limit: int | None, form: str) -> None:
    """List the jobs that experiment files ask for.

    Spells sweeps out: each job with its name, its runs, its variables, the key of its point in the records,
    and the line that asks for it. Builds nothing, so that the key of a job with its own sequence is not told,
    and asks no cloud; `runner validate` checks the physics. What a strategy asks for depends on what
    comes back: `runner results` lists its jobs.
    """
    project = options.project(paths[0])
    asked = asked_jobs(project, paths, selection)
    files = [list(some) for _, some in groupby(asked, key=lambda job: job.path)]
    shown = [job for some in files for job in some[:limit]]
    if form == "json":
        print_json(shown)
    elif form == "csv":
        _print_csv(shown)
    else:
        for some in files:
            _print_file(some, some[:limit])
    for name, kind in asking_strategies(project, paths, selection):
        say(f"{name}: a strategy ({kind}) asks for its jobs by what comes back; `runner results` lists them")


def _print_file(asked: Sequence[AskedJob], shown: Sequence[AskedJob]) -> None:
    some = f"{counted(len(asked), 'job')}, {counted(sum(job.runs for job in asked), 'run')}"
    print_text(f"{asked[0].experiment}: {some}")
    columns = ("job", "variables", "runs", "key", "line")
    print_table(
        columns,
        [(job.job, _values(job), job.runs, job.key or "–", job.line) for job in shown],
    )
    if rest := len(asked) - len(shown):
        print_text(f"… and {rest} more")


def _values(job: AskedJob) -> str:
    return values_text(job.variables) if job.key else "its own sequence"


def _print_csv(shown: Sequence[AskedJob]) -> None:
    """One line a job, a column a variable."""
    variables = list(dict.fromkeys(name for job in shown for name in job.variables))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("experiment", "job", *variables, "runs", "key"))
    for job in shown:
        values = [job.variables.get(variable, "") for variable in variables]
        writer.writerow((job.experiment, job.job, *values, job.runs, job.key))
