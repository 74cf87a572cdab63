"""`runner status`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import click

from runner.cli import options
from runner.cli.output import print_json, print_table, print_text
from runner.domain import BatchStatus
from runner.domain.json_values import plain
from runner.domain.numerals import counted
from runner.reconcile.display.plan_text import ROUND_COLUMNS, plan_object, round_rows
from runner.reconcile.model.tags import read_marks
from runner.reconcile.plan.conditions import conditions
from runner.reconcile.plan.past_purchases import remarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.domain import ObservedBatch
    from runner.reconcile import Planned, PointProgress, Snapshot
    from runner.strategies.standing import StrategyStanding

# How many rounds of a strategy are shown.
_ROUNDS: Final = 10


@click.command()
@options.experiments(required=False)
@click.option("--all", "shows_all", is_flag=True, help="Every round, batch and slot of a strategy.")
@options.output("table", "json")
def status(chosen: options.Chosen, shows_all: bool, form: str) -> None:
    """Show how experiments are: in sync or not, healthy or not, conditions, batches, jobs and errors.

    Of the conditions, those that want a look; -o json has all of them. Without FILE, all experiment files of
    the repository, and after them the batches of experiments that were removed from it. Changes nothing.

    Of a strategy, its last rounds are shown, with the best of each, and of its batches and slots those that
    have not ended well; --all shows the others, too.
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
        _print(each, shows_all=shows_all)
    for name, batches in _by_name(removed):
        print_text(f"{name}: removed; no file of the repository declares it")
        _print_batches(batches)


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


def _print(planned: Planned, *, shows_all: bool) -> None:
    snapshot, plan = planned
    print_text(f"{plan.experiment}: {plan.sync}, {plan.health}")
    claims = [c for c in conditions(snapshot, plan) if not c.is_as_wanted]
    if claims:
        rows = [(c.type, c.status, c.reason, c.message) for c in claims]
        print_table(("condition", "status", "reason", ""), rows)
    for remark in remarks(snapshot.desired, snapshot.observed.bought):
        print_text(f"  note: {remark}")
    is_short = plan.strategy is not None and not shows_all
    if plan.strategy is not None:
        _print_rounds(plan.strategy, most=_ROUNDS if is_short else len(plan.strategy.rounds))
    if is_short:
        _print_unended(planned)
    else:
        is_loop = plan.strategy is not None
        _print_batches(snapshot.current if is_loop else snapshot.observed.batches, snapshot)
        if is_loop:
            _print_earlier(snapshot.outdated, snapshot)
        _print_jobs(plan.jobs)
    for job_id, error in _errors(snapshot, is_of_all=not is_short):
        print_text(f"  job {job_id}: {error}")
    for hold in plan.holds:
        print_text(f"  held: {hold.reason}; {hold.how}")


def _print_jobs(jobs: Sequence[PointProgress]) -> None:
    print_table(
        ("job", "status", "wanted", "done", "active", "failures"),
        [(t.name, t.status, t.runs, t.done, t.active, t.failures) for t in jobs],
    )


def _print_rounds(strategy: StrategyStanding, most: int) -> None:
    """How a strategy stands, and its last rounds."""
    print_text(f"{strategy.kind}, {strategy.where}")
    for fact in strategy.facts:
        print_text(f"  {fact}")
    if strategy.best:
        said = ", ".join(f"{name}={_value(value)}" for name, value in strategy.best.variables.items())
        print_text(f"  slot {strategy.best.slot} has {said}")
    rows = round_rows(strategy)
    if len(rows) > most:
        n_rounds = sum(each.round > 0 for each in strategy.rounds)
        print_text(f"the last {most} of {counted(n_rounds, 'round')}; --all shows all")
    if rows:
        print_table(ROUND_COLUMNS, rows[-most:])


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _print_unended(planned: Planned) -> None:
    """Batches and slots that have not ended well, and how many there are of the others."""
    batches, jobs = planned.snapshot.current, planned.plan.jobs
    others = [batch for batch in batches if batch.status is not BatchStatus.DONE]
    _print_batches(others, planned.snapshot)
    left = [job for job in jobs if job.status != "DONE"]
    if left:
        _print_jobs(left)
    if len(left) < len(jobs):
        done = counted(len(jobs) - len(left), "job")
        ended = counted(len(batches) - len(others), "batch")
        print_text(f"{done} done, in {ended}; --all shows them")
    outdated = planned.snapshot.outdated
    _print_earlier([each for each in outdated if each.status is not BatchStatus.DONE], planned.snapshot)


def _print_earlier(batches: Sequence[ObservedBatch], snapshot: Snapshot) -> None:
    """Batches that another strategy has bought, before the file was changed."""
    if batches:
        print_text("of earlier versions of the file:")
        _print_batches(batches, snapshot)


def _print_batches(batches: Sequence[ObservedBatch], snapshot: Snapshot | None = None) -> None:
    """A line a batch; nothing without any.

    Args:
        snapshot: Whose batches they are: of them, jobs that did not have to be asked for are on record.
    """
    rows = [(b.id, b.status, "open" if b.open else "closed", _jobs(b, snapshot)) for b in batches]
    if rows:
        print_table(("batch", "status", "", "jobs"), rows)


def _jobs(batch: ObservedBatch, snapshot: Snapshot | None) -> str:
    counts = Counter(str(job.status) for job in batch.jobs)
    known = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    if known or not batch.jobs_count:
        return known or "none"
    unread = "" if snapshot is None else ", not seen whole" if snapshot.gap(batch) else ", all on record"
    return f"{batch.jobs_count}{unread}"


def _errors(snapshot: Snapshot, *, is_of_all: bool) -> list[tuple[str, str]]:
    """What went wrong, as the records and the cloud say it, each once for each job.

    Args:
        is_of_all: Whether jobs count that the file does not ask for any more.
    """
    said: dict[tuple[str, str], None] = {}
    for record in snapshot.observed.recorded:
        if is_of_all or snapshot.is_asked_for(record):
            said.update(dict.fromkeys((record.id, problem) for problem in record.problems))
    batches = snapshot.observed.batches if is_of_all else snapshot.current
    for job in (job for batch in batches for job in batch.jobs):
        said.update(dict.fromkeys((job.id, error) for error in job.errors))
    return list(said)
