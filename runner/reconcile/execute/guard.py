"""The guard before each request that buys: adds up what was bought, or may have been; knows no plan. Pure.

It shares no count with the planner, so that no single defect there buys anything twice. The most is what the
file asks for, and as much again as failures, and shots that are missing where the policy buys them, justify.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.domain import RunsMode, Shortfall
from runner.domain.numerals import counted
from runner.domain.qpu_time import qpu_seconds
from runner.reconcile.execute.lots import ANY_RERUN, known_lots
from runner.reconcile.model.entries import BUYING
from runner.reconcile.model.plan import Cost
from runner.reconcile.model.tags import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from runner.domain import Budget, DesiredExperiment, DesiredJob
    from runner.reconcile.execute.lots import Amounts, Evidence, KnownLot
    from runner.reconcile.model.entries import JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What a request is about to buy; the jobs are keys with their runs."""

    recipe: str
    rerun: int
    jobs: Amounts


def objections(
    desired: DesiredExperiment, request: Purchase, evidence: Evidence, per_day: Budget | None
) -> tuple[str, ...]:
    """Why a request that buys must not be sent; empty when it may."""
    lots = known_lots(desired, evidence)
    return (
        *_beyond_the_file(desired, request, lots),
        *_beyond_the_budget(desired, request, lots),
        *_beyond_the_day(desired, request, evidence, per_day),
    )


def report(desired: DesiredExperiment, request: Purchase, evidence: Evidence) -> str:
    """All that a request was judged by, for people."""
    asked = [f"  {job.name} ({job.key}): {job.runs} runs, rerun {job.rerun}" for job in desired.jobs]
    about = [f"  {key}: {runs} runs" for key, runs in request.jobs]
    known = [
        f"  {lot.batch_id or 'no batch'}: recipe {lot.marks.recipe or '?'}, rerun {lot.marks.rerun}, "
        f"{counted(lot.jobs_count, 'job')} by the cloud, journal {list(lot.rows)}, "
        f"read {list(map(tuple, lot.jobs))}"
        for lot in known_lots(desired, evidence)
    ]
    return "\n".join(
        [
            f"experiment {desired.name}, recipe {desired.recipe[:SHORT]}; the file asks for",
            *asked,
            f"about to be bought, recipe {request.recipe}, rerun {request.rerun}",
            *about,
            "known or possibly bought (jobs read: key, runs, void, failed, missing shots, vague, other)",
            *(known or ["  nothing"]),
            "",
        ]
    )


# What the file asks for


def _beyond_the_file(
    desired: DesiredExperiment, request: Purchase, lots: Sequence[KnownLot]
) -> Iterator[str]:
    recipe = desired.recipe[:SHORT]
    if request.recipe != recipe:
        yield f"it would be bought for the recipe {request.recipe}, and the file's is {recipe}"
    reruns = {ANY_RERUN, request.rerun}
    alike = [lot for lot in lots if lot.marks.recipe in {"", recipe} and lot.marks.rerun in reruns]
    same = [lot.without_others() for lot in alike if not lot.is_other]
    for lot in same:
        if lot.n_unseen:
            yield f"{lot.n_unseen} jobs of the batch {lot.batch_id} are not seen, and may be the same"
    wanted = {job.key: job for job in desired.jobs}
    for key in dict(request.jobs):
        job = wanted.get(key)
        for lot in same:
            if job and lot.n_vague(key, job.runs):
                yield f"how many runs of {job.name} were bought in the batch {lot.batch_id} is not known"
        if job is None or job.rerun != request.rerun:
            yield f"the file does not ask for the job {key} with the rerun {request.rerun}"
        elif job.repetition is not None or desired.policy.runs is RunsMode.EXACT:
            yield from _beyond_one_job(desired, job, request, same)
        else:
            yield from _beyond_the_runs(desired, job, request, same)


def _beyond_the_runs(
    desired: DesiredExperiment, job: DesiredJob, request: Purchase, lots: Sequence[KnownLot]
) -> Iterator[str]:
    """Runs add up over jobs."""
    bought = sum(lot.bought(job.key)[1] for lot in lots)
    asked = sum(runs for key, runs in request.jobs if key == job.key)
    failed = sorted((runs for lot in lots for runs in lot.failed(job.key)), reverse=True)
    short = sum(lot.missing_shots(job.key) for lot in lots)
    buys_short = desired.policy.shortfall is Shortfall.BUY
    most = job.runs + sum(failed[: desired.policy.retry.limit]) + (short if buys_short else 0)
    if bought + asked > most:
        yield f"{asked} more runs of {job.name} would make {bought + asked}, and {most} are justified"


def _beyond_one_job(
    desired: DesiredExperiment, job: DesiredJob, request: Purchase, lots: Sequence[KnownLot]
) -> Iterator[str]:
    """One job of exactly the runs; those of others are none of it."""
    bought = sum(lot.bought(job.key, job.runs)[0] for lot in lots)
    asked = [runs for key, runs in request.jobs if key == job.key]
    failed = sum(runs == job.runs for lot in lots for runs in lot.failed(job.key))
    most = 1 + min(failed, desired.policy.retry.limit)
    if bought + len(asked) > most or set(asked) != {job.runs}:
        yield (
            f"jobs of {', '.join(map(str, asked))} runs for {job.name} would make {bought + len(asked)}, and "
            f"{most} of {job.runs} runs are justified"
        )


# Budgets


def _beyond_the_budget(
    desired: DesiredExperiment, request: Purchase, lots: Sequence[KnownLot]
) -> Iterator[str]:
    budget = desired.policy.budget
    if (budget.runs, budget.qpu_s) != (None, None) and any(job.is_vague for lot in lots for job in lot.jobs):
        yield "how many runs were bought is not known of all jobs, and the budget counts them"
    bought = [lot.bought() for lot in lots]
    n_jobs = sum(n for n, _ in bought) + sum(lot.n_unseen for lot in lots)
    n_runs = sum(n for _, n in bought)
    total = _with_request(desired, request, n_jobs, n_runs, on_device=n_runs)
    yield from _over("the budget", budget, total)


def _beyond_the_day(
    desired: DesiredExperiment, request: Purchase, evidence: Evidence, per_day: Budget | None
) -> Iterator[str]:
    """What this machine has bought today; others' purchases are the planner's to count."""
    if per_day is None:
        return
    n_jobs, n_runs = _spent(evidence.rows_of_day, evidence.cancelled)
    # Whether other experiments ran on a machine is not known here.
    own = (row for row in evidence.rows_of_day if row.experiment == desired.name)
    _, on_device = _spent(own, evidence.cancelled)
    total = _with_request(desired, request, n_jobs, n_runs, on_device=on_device)
    yield from _over("the day's budget", per_day, total)


def _spent(rows: Iterable[JournalEntry], cancelled: Mapping[str, int]) -> tuple[int, int]:
    """Jobs and runs that rows have bought, or may have; which were cancelled is not known: the largest."""
    by_batch: dict[str, list[int]] = {}
    for row in rows:
        if row.kind in BUYING and row.state.may_have_bought:
            by_batch.setdefault(row.batch_id or "", []).extend(runs for _, runs in row.jobs)
    left = [sorted(some)[: max(0, len(some) - cancelled.get(b, 0))] for b, some in by_batch.items()]
    return sum(map(len, left)), sum(map(sum, left))


def _with_request(
    desired: DesiredExperiment, request: Purchase, n_jobs: int, n_runs: int, *, on_device: int
) -> Cost:
    """What is bought in all, the request included.

    Args:
        on_device: Runs so far on the experiment's own device type.
    """
    asked = sum(runs for _, runs in request.jobs)
    qpu_s = qpu_seconds(desired.device_type, on_device + asked)
    return Cost(jobs=n_jobs + len(request.jobs), runs=n_runs + asked, qpu_s=qpu_s)


def _over(name: str, budget: Budget, total: Cost) -> Iterator[str]:
    """What would go beyond a budget."""
    for spent, most, unit in (
        (total.jobs, budget.jobs, "jobs"),
        (total.runs, budget.runs, "runs"),
        (total.qpu_s, budget.qpu_s, "s of QPU time"),
    ):
        if most is not None and spent > most:
            yield f"{spent:g} {unit} would be bought, and {name} is {most:g}"
