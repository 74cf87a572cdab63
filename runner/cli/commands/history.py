"""`runner history`."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.output import print_json, print_table, say
from runner.domain.json_values import plain_object
from runner.project import names_meant

if TYPE_CHECKING:
    from runner.reconcile import Happening


@click.command()
@click.argument("words", metavar="[FILE|NAME]...", nargs=-1)
@options.target
@options.allow_python
@options.output("table", "json")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only the newest N.")
def history(words: tuple[str, ...], target: str | None, form: str, limit: int | None) -> None:
    """Show what was done, when, why and by whom, newest last; of all experiments unless some are named.

    It is what this checkout did on the target. What other machines did is not in it; the cloud's own view is
    that of `runner status`. Times are local in the table, UTC in JSON.
    """
    existing = next((Path(word) for word in words if Path(word).exists()), None)
    project = options.project(existing, target)
    with closing(project.journal()) as journal:
        happened = journal.history.of(*names_meant(project, words), limit=limit)
    if form == "json":
        print_json([_object(each) for each in happened])
    elif happened:
        columns = ("when", "experiment", "action", "batch", "jobs", "runs", "outcome", "why", "by")
        print_table(columns, [_row(each) for each in happened])
    else:
        whom = f" for {', '.join(words)}" if words else ""
        say(f"nothing has been done{whom} from this checkout")


def _object(each: Happening) -> dict[str, object]:
    return {**plain_object(each), "at": each.at.astimezone(UTC).isoformat()}


def _row(each: Happening) -> tuple[object, ...]:
    bought = (each.jobs, each.runs) if each.jobs else ("", "")
    by = f"{each.verb} {each.pid}@{each.host}".strip()
    when = f"{each.at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    return (when, each.experiment, each.action, each.batch_id or "", *bought, each.outcome, each.reason, by)
