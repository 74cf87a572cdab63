"""The jobs that a strategy has asked for, as they were bought. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.domain.desired import DesiredJob
from runner.domain.digests import job_key
from runner.domain.observed import names_in_order
from runner.domain.statuses import JobStatus
from runner.domain.strategies import confirmed_slot, confirming_label, is_confirming, slot_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from runner.domain.desired import DesiredExperiment
    from runner.domain.json_values import JobValues
    from runner.domain.observed import RecordedJob
    from runner.domain.strategies import Strategy

    Variables = Mapping[str, object]

# How many numbers of slots in a row may be unknown.
_MOST_MISSING: Final = 2000
# What tells more of a slot that was bought with several values comes first; all that may be measured is one.
_RANKS: Final = {JobStatus.DONE: 0, JobStatus.ERROR: 2, JobStatus.CANCELED: 3}


class BoughtJob(NamedTuple):
    """A job that was bought for a strategy.

    Args:
        experiment: The name that it was bought under, which may be a former one.
    """

    experiment: str
    key: str
    variables: Variables
    status: JobStatus
    created_at: datetime | None

    @property
    def rank(self) -> int:
        """Place among several of a slot."""
        return _RANKS.get(self.status, 1)


class BoughtSlots(NamedTuple):
    """What was bought for a strategy.

    Args:
        slots: The values of each slot, in order.

        confirmed: Those of each job that confirms one, by its label.

        others: Former names whose strategy went another way, each with the slot from which on it did.
    """

    slots: dict[int, Variables]
    confirmed: dict[str, Variables]
    others: dict[str, int]

    @property
    def jobs(self) -> list[SlotJob]:
        """All of them, as they are asked for."""
        labelled = {str(slot): values for slot, values in self.slots.items()} | self.confirmed
        return [SlotJob(label=label, variables=values) for label, values in labelled.items()]


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


def with_slots(
    desired: DesiredExperiment, slots: Iterable[SlotJob], others: Mapping[str, int] | None = None
) -> DesiredExperiment:
    """An experiment with some jobs of its strategy, in their order.

    Args:
        others: Former names whose strategy went another way, see `BoughtSlots`.
    """
    strategy = desired.strategy
    if strategy is None:
        return desired
    return replace(desired, jobs=tuple(_job(strategy, each, others or {}) for each in slots))


def with_example(desired: DesiredExperiment) -> DesiredExperiment:
    """The same experiment; of a strategy that has asked for nothing yet, with a job in the middle."""
    strategy = desired.strategy
    if strategy is None or desired.jobs:
        return desired
    middle = strategy.space.variables([0.5] * len(strategy.space.dimensions))
    return with_slots(desired, [SlotJob(label="1", variables=middle)])


def _job(strategy: Strategy, slot: SlotJob, others: Mapping[str, int]) -> DesiredJob:
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
        strangers=tuple(sorted(name for name, fork in others.items() if fork <= confirmed_slot(slot.label))),
    )


def _name(label: str) -> str:
    slot, _, repetition = label.partition("x")
    return f"slot {slot} again #{repetition}" if repetition else f"slot {slot}"


def bought_slots(strategy: Strategy, name: str, jobs: Iterable[BoughtJob]) -> BoughtSlots:
    """What was bought for a strategy, under all names that its experiment has had.

    Two files that say the same may have been bought each, before one of them was removed. What was bought
    under the own name counts first, then what was bought last; of another name slots count up to the first
    one that has other values there, for what comes after it followed other results. Of a slot that was bought
    with several values those count that tell most of it, of a cancelled job where there is no other.

    Args:
        name: Of the experiment.

        jobs: In the order in which they were bought.
    """
    every_job = [job for job in jobs if job.variables]
    labels = _labels(strategy, {job.key for job in every_job})
    known = [job for job in every_job if job.key in labels]
    bought: dict[str, dict[str, BoughtJob]] = {}
    for job in sorted(known, key=attrgetter("rank")):
        bought.setdefault(job.experiment, {}).setdefault(labels[job.key], job)
    found: dict[str, Variables] = {}
    undone: dict[str, Variables] = {}
    others = {}
    for each in names_in_order(name, ((job.experiment, job.created_at) for job in known)):
        values = {label: job.variables for label, job in bought[each].items()}
        kept = {label for label, job in bought[each].items() if job.status is not JobStatus.CANCELED}
        differing = (label for label in kept & found.keys() if _differ(values, found, label))
        fork = min(map(confirmed_slot, differing), default=None)
        if fork is not None:
            others[each] = fork
            values = {label: some for label, some in values.items() if confirmed_slot(label) < fork}
        found = {label: some for label, some in values.items() if label in kept} | found
        undone = values | undone
    every = undone | found
    in_order = [label for label in labels.values() if label in every]
    return BoughtSlots(
        slots={int(label): every[label] for label in in_order if not is_confirming(label)},
        confirmed={label: every[label] for label in in_order if is_confirming(label)},
        others=others,
    )


def _labels(strategy: Strategy, keys: Collection[str]) -> dict[str, str]:
    """The label of each key of a strategy, in the order of the slots.

    Args:
        keys: Of slots, of jobs that confirm one, and others.
    """
    repeat = strategy.confirm.repeat if strategy.confirm else 0
    found: dict[str, str] = {}
    number, missing = 1, 0
    while len(found) < len(keys) and missing <= _MOST_MISSING:
        slot = slot_key(strategy.short, str(number))
        missing = 0 if slot in keys else missing + 1
        if slot in keys:
            labels = (str(number), *(confirming_label(number, n) for n in range(1, repeat + 1)))
            found |= {key: each for each in labels if (key := slot_key(strategy.short, each)) in keys}
        number += 1
    return found


def _differ(one: Mapping[str, Variables], other: Mapping[str, Variables], label: str) -> bool:
    return job_key(one[label]) != job_key(other[label])


def with_recorded_slots(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> DesiredExperiment:
    """An experiment whose strategy has asked for what is on record; one that lists its jobs as it is."""
    strategy = desired.strategy
    if strategy is None:
        return desired
    known = bought_slots(strategy, desired.name, recorded_slots(desired, recorded))
    return with_slots(desired, known.jobs, known.others)


def recorded_slots(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> list[BoughtJob]:
    """What is on record of the strategy of an experiment, under whatever name."""
    strategy = desired.strategy
    return [
        BoughtJob(job.experiment or desired.name, job.key, job.variables, job.status, job.created_at)
        for job in recorded
        if strategy and job.recipe == strategy.short and job.rerun == strategy.rerun
    ]
