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
from runner.cli.output import print_json, print_table, print_text, say, values_text
from runner.domain import most_frequent
from runner.domain.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.project import Selection
    from runner.results import JobRow, Verdict

_SHOWN: Final = 3


@click.command()
@options.files()
@options.selection
@options.allow_python
@options.output("table", "json", "jsonl", "csv")
@click.option("--verify", is_flag=True, help="Only check that the records are as they were written.")
def results(paths: tuple[Path, ...], selection: Selection, form: str, verify: bool) -> int:
    """Show what came back: each job with its variables, runs, status and most frequent bitstrings.

    Reads the records in the repository and asks no cloud. Character i of a bitstring is qubit i of the
    register's order; 1 is the Rydberg state. The counts of jobs that measured the same point are added up.

    With --verify, digests and sums of everything on record for the experiments are computed anew, and what is
    not as it was recorded is told with its place; the exit code is 1 then.
    """
    project, experiments = options.opened(paths, None, selection)
    if verify:
        return _verify({each.name: project.verified(each) for each in experiments}, form)
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


def _verify(verdicts: dict[str, Verdict], form: str) -> int:
    """Prints what is wrong with records; answers the exit code."""
    if form == "table":
        for name, verdict in verdicts.items():
            for flaw in verdict.flaws:
                print_text(str(flaw))
            flaws = f"{len(verdict.flaws)} flaws" if verdict.flaws else "all as it was recorded"
            print_text(f"{name}: {verdict.lines} jobs in {verdict.files} files; {flaws}")
        if any(verdict.flaws for verdict in verdicts.values()):
            say("hint: restore what git has; the file of a batch that is deleted is fetched again by apply")
    else:
        print_json(
            {
                name: {
                    **plain(verdict),
                    "flaws": [{**plain(each), "path": str(each.path)} for each in verdict.flaws],
                }
                for name, verdict in verdicts.items()
            }
        )
    return Exit.ERROR if any(verdict.flaws for verdict in verdicts.values()) else Exit.DONE


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
