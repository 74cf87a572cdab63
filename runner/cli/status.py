"""`runner status`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.describe import plan_object
from runner.cli.exits import Exit
from runner.cli.output import print_json, print_table, print_text
from runner.domain.plain import plain

if TYPE_CHECKING:
    from pathlib import Path

    from runner.domain import ObservedBatch
    from runner.project import Selection
    from runner.reconcile import Deed


@click.command()
@options.files(required=False)
@options.selection
@options.target
@options.output("table", "json")
def status(paths: tuple[Path, ...], selection: Selection, target: str | None, form: str) -> int:
    """Show how experiments are: in sync or not, healthy or not, their batches, jobs and errors.

    Without FILE, all experiment files of the repository. Changes nothing.
    """
    project, experiments = options.opened(paths, target, selection)
    deeds = project.look(experiments)
    if form == "json":
        print_json([_object(deed) for deed in deeds])
        return Exit.DONE
    for deed in deeds:
        _print(deed)
    return Exit.DONE


def _object(deed: Deed) -> dict[str, Any]:
    return plan_object(deed.plan) | {"batches": plain(deed.seen.batches)}


def _print(deed: Deed) -> None:
    plan = deed.plan
    print_text(f"{plan.experiment}: {plan.sync}, {plan.health}")
    if deed.seen.batches:
        rows = [(b.id, b.status, "open" if b.open else "closed", _jobs(b)) for b in deed.seen.batches]
        print_table(("batch", "status", "", "jobs"), rows)
    print_table(
        ("job", "status", "wanted", "done", "active", "failures"),
        [(t.name, t.status, t.runs, t.done, t.active, t.failures) for t in plan.jobs],
    )
    for job_id, error in _errors(deed):
        print_text(f"  job {job_id}: {error}")
    for hold in plan.holds:
        print_text(f"  held: {hold.reason}; {hold.how}")


def _jobs(batch: ObservedBatch) -> str:
    counts = Counter(str(job.status) for job in batch.jobs)
    known = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return known or (f"{batch.jobs_count}, all on record" if batch.jobs_count else "none")


def _errors(deed: Deed) -> list[tuple[str, str]]:
    seen = {job.id: job.errors for job in deed.seen.recorded}
    seen |= {job.id: job.errors for batch in deed.seen.batches for job in batch.jobs}
    return [(job_id, error) for job_id, errors in seen.items() for error in errors]
