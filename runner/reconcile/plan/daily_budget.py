"""What all experiments of a repository together may buy in a day of UTC, and what they have bought. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from runner.domain import BatchStatus, JobStatus
from runner.domain.qpu_time import qpu_seconds
from runner.reconcile.model.entries import BUYING
from runner.reconcile.model.plan import Cost, WaitFor
from runner.reconcile.plan.counted_jobs import effective_status
from runner.reconcile.plan.limits import Limit, beyond

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from runner.domain import ObservedJob, RecordedJob
    from runner.reconcile.model.actions import NewJob
    from runner.reconcile.model.entries import JournalEntry
    from runner.reconcile.model.snapshot import Snapshot


def day_of(now: datetime) -> datetime:
    """The beginning of a moment's day, in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A batch of the repository's, of any experiment, as far as it matters here.

    Args:
        claim: Its nonce, see `runner.reconcile.model.tags.Marks`; none where somebody has batched it again.

        jobs: All that it has, unless they are on record.
    """

    id: str
    device_type: str
    status: BatchStatus
    created_at: datetime
    claim: str = ""
    jobs: tuple[ObservedJob, ...] = ()


def spent(
    since: datetime,
    lots: Mapping[str, Lot],
    recorded: Iterable[tuple[RecordedJob, str]],
    entries: Sequence[JournalEntry],
) -> Cost:
    """What was bought since a moment, each job once; not what was cancelled before it ran.

    Args:
        lots: All batches there are, by their ids.

        recorded: Jobs on record, each with its device type.

        entries: The journal's rows since then, oldest first: what they bought and nobody shows yet counts.
    """
    on_record = {
        job.id: _Piece(job.batch_id, device_type, job.runs, _is_spent(job, job.status))
        for job, device_type in recorded
        if _is_since(since, job.created_at or job.started_at or job.ended_at)
    }
    shown = {
        job.id: _Piece(
            lot.id, lot.device_type, job.runs, _is_spent(job, effective_status(lot.status, job.status))
        )
        for lot in lots.values()
        for job in lot.jobs
        if _is_since(since, job.created_at or lot.created_at)
    }
    known = [*(on_record | shown).values()]
    counted = [each for each in (*known, *_hidden(lots, known, entries)) if each.is_spent]
    return sum((each.cost for each in counted), Cost())


@dataclass(frozen=True, slots=True)
class _Piece:
    batch_id: str
    device_type: str
    runs: int
    is_spent: bool = True

    @property
    def cost(self) -> Cost:
        return Cost(jobs=1, runs=self.runs, qpu_s=qpu_seconds(self.device_type, self.runs))


def _is_since(since: datetime, moment: datetime | None) -> bool:
    return moment is not None and moment >= since


def _is_spent(job: ObservedJob | RecordedJob, status: JobStatus) -> bool:
    return status is not JobStatus.CANCELED or job.started_at is not None


def _hidden(
    lots: Mapping[str, Lot], known: Sequence[_Piece], entries: Sequence[JournalEntry]
) -> Iterator[_Piece]:
    """What the journal says was bought, or may have been, and what neither cloud nor records show yet."""
    by_claim = {lot.claim: lot.id for lot in lots.values() if lot.claim}
    bought: dict[str, list[int]] = {}
    for entry in entries:
        if entry.kind in BUYING and entry.state.may_have_bought:
            place = entry.batch_id or by_claim.get(entry.claim, entry.claim)
            bought.setdefault(place, []).extend(runs for _, runs in entry.jobs)
    for place, of_batch in bought.items():
        lot = lots.get(place)
        if lot is None or not lot.status.is_terminal:
            there = sum(each.batch_id == place for each in known)
            device_type = lot.device_type if lot else ""
            yield from (_Piece(place, device_type, runs) for runs in of_batch[there:])


def over_day(snapshot: Snapshot, bought: Sequence[NewJob]) -> Limit | None:
    """Why a submission must wait for another day; None when it fits into this one, or nothing limits it.

    Args:
        bought: What it buys.
    """
    budget, device_type = snapshot.settings.per_day, snapshot.desired.device_type
    if budget is None or not bought:
        return None
    if snapshot.observed.today_gap:
        return Limit(reason=snapshot.observed.today_gap, wait_for=WaitFor.SIGHT)
    runs = sum(job.runs for job in bought)
    more = Cost(jobs=len(bought), runs=runs, qpu_s=qpu_seconds(device_type, runs))
    for key, unit, asked, total, most in beyond(snapshot.observed.today, more, budget):
        reason = (
            f"{asked:,.0f} more {unit} today would make {total:,.0f}, above the day's budget of {most:,.0f}"
        )
        raise_it = f"raise `{key}` of [budget_per_day] in runner.toml"
        if asked > most:
            how = f"no day is enough for it: ask for less, set `policy.max_jobs_per_batch`, or {raise_it}"
            return Limit(reason=reason, how=how)
        how = f"it goes on after 00:00 UTC by itself, under watch, sync or the next apply; or {raise_it}"
        return Limit(reason=reason, how=how, until=day_of(snapshot.now) + timedelta(days=1))
    return None
