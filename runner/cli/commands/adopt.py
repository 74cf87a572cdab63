"""`runner adopt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.output import print_json, print_table, print_text, say, values_text
from runner.domain.json_values import plain
from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.project import adopt as take_over
from runner.project import candidates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.project import Candidate


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("batches", metavar="BATCH...", nargs=-1, required=True)
@options.target
@options.allow_python
@options.output("table", "json")
@click.option("--yes", is_flag=True, help="Do not ask.")
def adopt(file: Path, batches: tuple[str, ...], target: str | None, form: str, yes: bool) -> None:
    """Take over batches that another tool has created, after showing how their jobs match the file's.

    Each must be of the file's device type and sequence. It then counts as the experiment's: plan counts its
    jobs, apply records their results, and the file's policies hold for it. Nothing is ever added to it.
    """
    project, experiments = options.opened(options.Chosen((file,), target=target), asks_cloud=True)
    if len(experiments) != 1:
        raise UsageError(f"{file}: name one experiment file")
    found = candidates(project, experiments[0], batches)
    if form == "json":
        print_json([_object(each) for each in found])
    else:
        _print(found)
    refused = [each for each in found if each.objections]
    if refused:
        said = "; ".join(f"{each.batch.id}: {', '.join(each.objections)}" for each in refused)
        raise UsageError(f"nothing was adopted: {said}", hint="name only batches of the file's recipe")
    if not yes:
        options.confirm(f"Take {counted(len(found), 'batch')} over for {experiments[0].name}?")
    take_over(project, experiments[0], found)
    for each in found:
        say(f"adopted {each.batch.id} for {experiments[0].name}")


def _print(found: Sequence[Candidate]) -> None:
    for each in found:
        print_text(f"batch {each.batch.id}, {each.batch.status}, {counted(each.batch.jobs_count, 'job')}")
        print_table(("job of the file", "variables", "wanted", "there", "jobs there"), _rows(each))


def _rows(found: Candidate) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for match in found.matches:
        there = ", ".join(f"{job.id} {job.status}" for job in match.there) or "none"
        rows.append((match.job.name, values_text(match.job.variables), match.job.runs, match.runs, there))
    rows += [
        ("not asked for", values_text(job.variables), 0, job.runs, f"{job.id} {job.status}")
        for job in found.unasked
    ]
    return rows


def _object(found: Candidate) -> dict[str, object]:
    matches = [
        {
            "key": match.job.key,
            "name": match.job.name,
            "variables": plain(match.job.variables),
            "wanted": match.job.runs,
            "there": match.runs,
            "job_ids": [job.id for job in match.there],
        }
        for match in found.matches
    ]
    unasked = [
        {"job_id": job.id, "variables": plain(job.variables), "runs": job.runs} for job in found.unasked
    ]
    return {
        "batch_id": found.batch.id,
        "status": found.batch.status,
        "objections": list(found.objections),
        "jobs": matches,
        "unasked": unasked,
    }
