"""`runner status`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.output import print_json, print_table, print_text
from runner.domain.json_values import plain
from runner.reconcile.display.plan_text import plan_object
from runner.reconcile.model.tags import read_marks
from runner.reconcile.plan.conditions import conditions
from runner.reconcile.plan.past_purchases import remarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.domain import ObservedBatch
    from runner.reconcile import Observation, Planned


@click.command()
@options.experiments(required=False)
@options.output("table", "json")
def status(chosen: options.Chosen, form: str) -> None:
    """Show how experiments are: in sync or not, healthy or not, conditions, batches, jobs and errors.

    Of the conditions, those that want a look; -o json has all of them. Without FILE, all experiment files of
    the repository, and after them the batches of experiments that were removed from it. Changes nothing.
    """
    project, experiments = options.opened(chosen, asks_cloud=True)
    found = project.look(experiments)
    is_all = not chosen.paths and not chosen.selection and project.namespace is not None
    removed = project.removed(experiments) if is_all else ()
    if form == "json":
        print_json(
            [*(_object(each) for each in found), *(_removed_object(*each) for each in _by_name(removed))]
        )
        return
    for each in found:
        _print(each)
    for name, batches in _by_name(removed):
        print_text(f"{name}: removed; no file of the repository declares it")
        _print_batches(batches, unread="")


def _object(planned: Planned) -> dict[str, object]:
    claims = conditions(*planned)
    return plan_object(planned.plan) | {
        "removed": False,
        "conditions": plain(claims),
        "batches": plain(planned.snapshot.observed.batches),
    }


def _removed_object(name: str, batches: Sequence[ObservedBatch]) -> dict[str, object]:
    return {"experiment": name, "removed": True, "batches": plain(batches)}


def _by_name(batches: Sequence[ObservedBatch]) -> list[tuple[str, list[ObservedBatch]]]:
    """Batches by the name of their experiment, in the order of names."""
    by_name: dict[str, list[ObservedBatch]] = {}
    for batch in batches:
        by_name.setdefault(read_marks(batch.tags).experiment or "(no name)", []).append(batch)
    return sorted(by_name.items())


def _print(planned: Planned) -> None:
    snapshot, plan = planned
    print_text(f"{plan.experiment}: {plan.sync}, {plan.health}")
    claims = [c for c in conditions(snapshot, plan) if not c.is_as_wanted]
    if claims:
        rows = [(c.type, c.status, c.reason, c.message) for c in claims]
        print_table(("condition", "status", "reason", ""), rows)
    for remark in remarks(snapshot.desired, snapshot.observed.bought):
        print_text(f"  note: {remark}")
    if snapshot.observed.batches:
        _print_batches(snapshot.observed.batches)
    print_table(
        ("job", "status", "wanted", "done", "active", "failures"),
        [(t.name, t.status, t.runs, t.done, t.active, t.failures) for t in plan.jobs],
    )
    for job_id, error in _errors(snapshot.observed):
        print_text(f"  job {job_id}: {error}")
    for hold in plan.holds:
        print_text(f"  held: {hold.reason}; {hold.how}")


def _print_batches(batches: Sequence[ObservedBatch], unread: str = ", all on record") -> None:
    """A line a batch.

    Args:
        unread: What is said of jobs that did not have to be asked for.
    """
    rows = [(b.id, b.status, "open" if b.open else "closed", _jobs(b, unread)) for b in batches]
    print_table(("batch", "status", "", "jobs"), rows)


def _jobs(batch: ObservedBatch, unread: str) -> str:
    counts = Counter(str(job.status) for job in batch.jobs)
    known = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return known or (f"{batch.jobs_count}{unread}" if batch.jobs_count else "none")


def _errors(observed: Observation) -> list[tuple[str, str]]:
    """What went wrong, as the records and the cloud say it, each once for each job."""
    said: dict[tuple[str, str], None] = {}
    for record in observed.recorded:
        said.update(dict.fromkeys((record.id, problem) for problem in record.problems))
    for job in (job for batch in observed.batches for job in batch.jobs):
        said.update(dict.fromkeys((job.id, error) for error in job.errors))
    return list(said)
