"""What a strategy asks for: its slots as they were bought, and what it proposes next. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runner.domain import JobStatus
from runner.domain.slot_jobs import BoughtJob, SlotJob, bought_slots, recorded_slots, with_slots
from runner.domain.strategies import confirmed_slot, confirming_label
from runner.reconcile.model.proposal import SlotResult
from runner.reconcile.plan.counted_jobs import effective_status
from runner.reconcile.plan.job_states import job_states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.domain import RecordedJob
    from runner.domain.strategies import Strategy
    from runner.reconcile.model.proposal import Propose
    from runner.reconcile.model.snapshot import Snapshot
    from runner.reconcile.plan.job_states import JobState

    Variables = Mapping[str, object]
    Records = tuple[RecordedJob, ...]


def unfolded(snapshot: Snapshot, propose: Propose) -> Snapshot:
    """A snapshot with the jobs that its strategy asks for; one that lists its jobs as it is.

    What is not seen whole proposes nothing: the values of a slot depend on all that came before it. While a
    slot may still be measured, it may be the winner, and nothing more is bought to confirm one.
    """
    strategy = snapshot.desired.strategy
    if strategy is None:
        return snapshot
    known = bought_slots(strategy, snapshot.desired.name, _bought(snapshot))
    slots, confirmed = known.slots, known.confirmed
    snapshot = replace(snapshot, others=known.others)
    asked = _labelled({str(slot): values for slot, values in slots.items()})
    base = _asking(snapshot, asked)
    if base.gaps or base.unknown:
        return _asking(snapshot, known.jobs)
    results = _results(base, slots, _fresh(snapshot, confirmed))
    proposal = propose(snapshot.desired, results)
    given_up = frozenset(_given_up(base)) if proposal.is_done else frozenset()
    asked = [each for each in asked if each.label not in given_up]
    asked += [
        SlotJob(label=str(slot), variables=point.variables, duration_ns=point.duration_ns)
        for slot, point in sorted(proposal.points.items())
    ]
    fresh = {
        label: slots[slot]
        for slot in proposal.confirmed
        for label in (confirming_label(slot, n) for n in _repetitions(strategy))
    }
    if any(result.is_pending and str(slot) not in given_up for slot, result in results.items()):
        fresh = {label: values for label, values in fresh.items() if label in confirmed}
    asking = _asking(snapshot, [*asked, *_labelled(fresh)])
    return replace(asking, observed=replace(asking.observed, proposal=proposal))


def _given_up(snapshot: Snapshot) -> Iterator[str]:
    """Slots that have no result, and would be bought again: none is, once a strategy is done without them."""
    for state in job_states(snapshot):
        if state.progress.missing and not (state.progress.done or state.progress.active):
            yield state.job.slot


def _asking(snapshot: Snapshot, slots: list[SlotJob]) -> Snapshot:
    return replace(snapshot, desired=with_slots(snapshot.desired, slots, snapshot.others))


def _labelled(values: Mapping[str, Variables]) -> list[SlotJob]:
    return [SlotJob(label=label, variables=each) for label, each in values.items()]


def _repetitions(strategy: Strategy) -> range:
    return range(1, strategy.confirm.repeat + 1) if strategy.confirm else range(0)


def _bought(snapshot: Snapshot) -> list[BoughtJob]:
    """All that was bought for the strategy of a snapshot, on record first."""
    return recorded_slots(snapshot.desired, snapshot.observed.recorded) + [
        BoughtJob(
            experiment=snapshot.marks[batch.id].experiment,
            key=job.key,
            variables=job.variables,
            status=effective_status(batch.status, job.status),
            created_at=job.created_at or batch.created_at,
        )
        for batch in snapshot.current
        for job in batch.jobs
    ]


def _fresh(snapshot: Snapshot, confirmed: Mapping[str, Variables]) -> dict[int, dict[str, Records]]:
    """What was measured by the jobs that confirm, by slot and label."""
    asking = _asking(snapshot, _labelled(confirmed))
    records = _by_key(asking)
    found: dict[int, dict[str, Records]] = {}
    for job in asking.desired.jobs:
        measured = tuple(each for each in records.get(job.key, ()) if each.counts)
        found.setdefault(confirmed_slot(job.slot), {})[job.slot] = measured
    return found


def _by_key(snapshot: Snapshot) -> dict[str, list[RecordedJob]]:
    records: dict[str, list[RecordedJob]] = {}
    for record in snapshot.recorded:
        records.setdefault(record.key, []).append(record)
    return records


def _results(
    snapshot: Snapshot, slots: Mapping[int, Variables], fresh: Mapping[int, Mapping[str, Records]]
) -> dict[int, SlotResult]:
    """What came of each slot.

    Args:
        snapshot: It asks for just these.

        fresh: What was measured by the jobs that confirm each.
    """
    records = _by_key(snapshot)
    states = {state.job.slot: state for state in job_states(snapshot)}
    unsettled = frozenset(_unsettled(snapshot))
    results = {
        slot: _result(
            snapshot, values, states[str(slot)], records.get(states[str(slot)].job.key, []), unsettled
        )
        for slot, values in slots.items()
    }
    return results | {slot: replace(results[slot], fresh=some) for slot, some in fresh.items()}


def _unsettled(snapshot: Snapshot) -> Iterator[str]:
    """Keys of jobs that look cancelled by a person, and may be so by us: why may show later than that."""
    for batch in snapshot.current:
        if not (batch.status.is_terminal and snapshot.is_settled(batch)):
            for job in batch.jobs:
                is_cancelled = effective_status(batch.status, job.status) is JobStatus.CANCELED
                if is_cancelled and job.id not in snapshot.ended_on_record:
                    yield job.key


def _result(
    snapshot: Snapshot,
    variables: Variables,
    state: JobState,
    records: list[RecordedJob],
    unsettled: frozenset[str],
) -> SlotResult:
    measured = tuple(each for each in records if each.counts)
    if measured:
        return SlotResult(variables=variables, is_pending=False, remote=measured)
    progress = state.progress
    is_declined = progress.declined and state.job.key not in unsettled
    is_over = progress.failed or is_declined or any(_is_lost(snapshot, records))
    is_done = progress.done > 0 and not progress.active
    return SlotResult(variables=variables, is_pending=not is_over, is_unrecorded=is_done and not is_over)


def _is_lost(snapshot: Snapshot, records: list[RecordedJob]) -> Iterator[bool]:
    """Whether the result of each job that is done cannot be had: as far as this process has tried, or ever.

    Of what the cloud has forgotten nothing is to come; a list that lags may not have it yet.
    """
    for record in records:
        fetched = snapshot.observed.failed_fetches.get(record.id)
        if record.lacks_result and snapshot.batch(record.batch_id) is None:
            yield record.ended_at is None or snapshot.age_s(record.ended_at) >= snapshot.settings.settle_s
        elif record.lacks_result and fetched is not None:
            yield fetched.again_s(snapshot.now, 0.0) is None
