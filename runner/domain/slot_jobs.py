"""The jobs that a strategy has asked for, as they were bought. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from runner.domain.desired import DesiredJob
from runner.domain.statuses import JobStatus
from runner.domain.strategies import confirming_label, slot_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.domain.desired import DesiredExperiment
    from runner.domain.json_values import JobValues
    from runner.domain.observed import RecordedJob
    from runner.domain.strategies import Strategy

    Variables = Mapping[str, object]

# How many numbers of slots in a row may be unknown.
_MOST_MISSING: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotJob:
    """What is asked for at one place of a strategy.

    Args:
        label: The number of the slot, or what it confirms, see `runner.domain.strategies.slot_key`.

        duration_ns: How long it takes (in ns); None where it was bought before.
    """

    label: str
    variables: JobValues | Variables
    duration_ns: int | None = None


def with_slots(desired: DesiredExperiment, slots: Iterable[SlotJob]) -> DesiredExperiment:
    """An experiment with some jobs of its strategy, in their order."""
    strategy = desired.strategy
    if strategy is None:
        return desired
    return replace(desired, jobs=tuple(_job(strategy, each) for each in slots))


def with_example(desired: DesiredExperiment) -> DesiredExperiment:
    """The same experiment; of a strategy that has asked for nothing yet, with a job in the middle."""
    strategy = desired.strategy
    if strategy is None or desired.jobs:
        return desired
    middle = strategy.space.variables([0.5] * len(strategy.space.dimensions))
    return with_slots(desired, [SlotJob(label="1", variables=middle)])


def _job(strategy: Strategy, slot: SlotJob) -> DesiredJob:
    key = slot_key(strategy.short, slot.label)
    is_fresh = not slot.label.isdecimal()
    return DesiredJob(
        key=key,
        name=_name(slot.label),
        runs=strategy.confirm.runs if is_fresh and strategy.confirm else strategy.runs,
        variables=slot.variables,
        duration_ns=slot.duration_ns,
        rerun=strategy.rerun,
        repetition=1,
        point=key,
        slot=slot.label,
    )


def _name(label: str) -> str:
    slot, _, repetition = label.partition("x")
    return f"slot {slot} again #{repetition}" if repetition else f"slot {slot}"


def known_slots(strategy: Strategy, known: Mapping[str, Variables]) -> dict[int, Variables]:
    """The slots among some jobs, each with the values that were bought, in order.

    Args:
        known: Values of each job, by its key.
    """
    found: dict[int, Variables] = {}
    left, number, missing = len(known), 1, 0
    while left and missing <= _MOST_MISSING:
        values = known.get(slot_key(strategy.short, str(number)))
        if values is None:
            missing += 1
        else:
            found[number], missing, left = values, 0, left - 1
        number += 1
    return found


def known_confirmations(
    strategy: Strategy, known: Mapping[str, Variables], slots: Iterable[int]
) -> dict[str, Variables]:
    """Jobs that confirm some slots, by their labels, as far as they were bought."""
    repeat = strategy.confirm.repeat if strategy.confirm else 0
    labels = [confirming_label(slot, n) for slot in slots for n in range(1, repeat + 1)]
    found = {label: known.get(slot_key(strategy.short, label)) for label in labels}
    return {label: values for label, values in found.items() if values is not None}


def with_recorded_slots(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> DesiredExperiment:
    """An experiment whose strategy has asked for what is on record; one that lists its jobs as it is."""
    strategy = desired.strategy
    if strategy is None:
        return desired
    known: dict[str, Variables] = {}
    for job in sorted(recorded, key=lambda job: job.status is JobStatus.CANCELED):
        if job.recipe == strategy.short and job.rerun == strategy.rerun:
            known.setdefault(job.key, job.variables)
    slots = known_slots(strategy, known)
    confirmed = known_confirmations(strategy, known, slots)
    labelled = {str(slot): values for slot, values in slots.items()} | confirmed
    return with_slots(desired, [SlotJob(label=each, variables=values) for each, values in labelled.items()])
