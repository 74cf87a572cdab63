"""`runner results`."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Final

import click

from runner.cli import options
from runner.cli.exits import Exit
from runner.cli.output import print_json, print_table, print_text, values_text
from runner.domain import most_frequent
from runner.domain.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.project import Selection
    from runner.results import JobRow

_SHOWN: Final = 3


@click.command()
@options.files()
@options.selection
@options.allow_python
@options.output("table", "json", "jsonl", "csv")
def results(paths: tuple[Path, ...], selection: Selection, form: str) -> int:
    """Show what came back: each job with its variables, runs, status and most frequent bitstrings.

    Reads the records in the repository and asks no cloud. Character i of a bitstring is qubit i of the
    register's order; 1 is the Rydberg state. The counts of jobs that measured the same point are added up.
    """
    project, experiments = options.opened(paths, None, selection)
    rows = {each.name: project.results(each) for each in experiments}
    if form == "json":
        print_json(rows)
    elif form == "jsonl":
        for name, some in rows.items():
            for row in some:
                sys.stdout.write(json.dumps({"experiment": name, **plain(row)}, ensure_ascii=False) + "\n")
    elif form == "csv":
        sys.stdout.write(_csv(rows))
    else:
        for name, some in rows.items():
            print_rows(name, some)
    return Exit.DONE


def print_rows(name: str, rows: Sequence[JobRow]) -> None:
    """The results of an experiment for people."""
    print_text(name)
    print_table(
        ("job", "variables", "runs", "status", "most frequent bitstrings"),
        [
            (row.name, values_text(row.variables), f"{row.measured}/{row.runs}", row.status, _top(row))
            for row in rows
        ],
    )


def _top(row: JobRow) -> str:
    shown = [f"{bitstring} {count}" for bitstring, count in most_frequent(row.counts, _SHOWN)]
    return ", ".join(shown) or "; ".join(row.errors) or "–"


def _csv(rows: dict[str, tuple[JobRow, ...]]) -> str:
    """One line a job, a column a variable, the counts as JSON."""
    variables = list(dict.fromkeys(name for some in rows.values() for row in some for name in row.variables))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("experiment", "job", *variables, "runs", "measured", "status", "counts"))
    for name, some in rows.items():
        for row in some:
            values = [row.variables.get(variable, "") for variable in variables]
            counts = json.dumps(dict(row.counts))
            writer.writerow((name, row.name, *values, row.runs, row.measured, row.status, counts))
    return text.getvalue()
