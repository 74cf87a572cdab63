"""Which jobs of a strategy each job of a batch is. Pure.

The values of a job of a strategy depend on what came back before it, and another machine may propose others.
What tells such jobs apart is their place in their batch, in creation order, cancelled ones included. It is
said on the batch before anything is bought in it: `slots:7-10` says that its jobs are the first attempts at
slots 7 to 10; `again:3.12x2` that they are another attempt at slot 3, and the second that confirms slot 12.

A request may arrive twice at any time, also between two others that add to a batch. So no two slots of a
range have the same values, and a job whose values are there already is what came twice. First attempts with
the same values are listed, as `again:7.8`; nothing is added to them, and what came twice stands behind them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from runner.domain.strategies import slot_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from runner.domain import ObservedJob
    from runner.reconcile.model.actions import NewJob

SLOTS: Final = "slots"
AGAIN: Final = "again"
_RANGE: Final = re.compile("([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?")
_LABEL: Final = re.compile("[1-9][0-9]{0,8}(?:x[1-9][0-9]{0,3})?")
# Of a tag, whose length is limited.
_MOST_CHARACTERS: Final = 56
_MOST_SLOTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Slots:
    """The jobs of a strategy that a batch has, in creation order.

    Args:
        strategy: Short digest of the strategy.

        labels: Of each job, see `runner.domain.strategies.slot_key`.

        is_listed: Whether the tag lists them; else they are first attempts at slots that follow each other,
            all with other values, and more may follow them.
    """

    strategy: str
    labels: tuple[str, ...]
    is_listed: bool = False

    def __str__(self) -> str:
        if self.is_listed:
            return f"{AGAIN}:{'.'.join(self.labels)}"
        first, last = self.labels[0], self.labels[-1]
        return f"{SLOTS}:{first}" if first == last else f"{SLOTS}:{first}-{last}"

    def keyed(self, jobs: Sequence[ObservedJob]) -> tuple[ObservedJob, ...]:
        """The jobs of a batch, each with the key of what it is by its place.

        A job whose values an earlier one has comes from a request that arrived twice, and is what that one
        is; of those that are listed, one that stands behind them. With other values, what stands behind those
        that the tag tells of is nothing that the strategy has asked for.

        Args:
            jobs: All of them, in creation order, each with the key of its values.
        """
        keys = iter(self.keys)
        n_by_place = len(self.labels) if self.is_listed else 0
        of_values: dict[str, str] = {}
        found = []
        for place, job in enumerate(jobs):
            is_next = place < n_by_place or job.key not in of_values
            key = next(keys, job.key) if is_next else of_values[job.key]
            of_values.setdefault(job.key, key)
            found.append(replace(job, key=key))
        return tuple(found)

    @property
    def keys(self) -> tuple[str, ...]:
        """Key of each job."""
        return tuple(slot_key(self.strategy, label) for label in self.labels)

    def with_more(self, n_there: int, jobs: Sequence[NewJob], values: Collection[str] = ()) -> Slots | None:
        """What the tag must say before more jobs are added; None where they are none that follow.

        Args:
            n_there: How many of its jobs the batch has.

            values: Of each of them, see `NewJob.values`.
        """
        more = slots_of(self.strategy, jobs)
        labels = (*self.labels[:n_there], *more.labels)
        are_others = not (self.is_listed or more.is_listed) and all(job.values not in values for job in jobs)
        are_first = len(self.labels) >= n_there and labels == _numbered(labels[0], labels[-1])
        return Slots(self.strategy, labels) if are_first and are_others else None


def read_slots(strategy: str, word: str) -> Slots | None:
    """What a tag says, its key included; None where it says nothing that makes sense."""
    kind, _, said = word.partition(":")
    if kind == AGAIN and all(_LABEL.fullmatch(each) for each in said.split(".")):
        return Slots(strategy, tuple(said.split(".")), is_listed=True)
    found = _RANGE.fullmatch(said) if kind == SLOTS else None
    labels = _numbered(found[1], found[2] or found[1]) if found else ()
    return Slots(strategy, labels) if labels else None


def _numbered(first: str, last: str) -> tuple[str, ...]:
    """The labels of slots that follow each other; none where these are no numbers of slots."""
    if not (first.isdecimal() and last.isdecimal() and 0 <= int(last) - int(first) < _MOST_SLOTS):
        return ()
    return tuple(map(str, range(int(first), int(last) + 1)))


def slots_of(strategy: str, jobs: Sequence[NewJob]) -> Slots:
    """What the tag of a batch says whose jobs are bought together; at least one."""
    labels = tuple(job.slot for job in jobs)
    are_first = all(map(_is_first, jobs)) and labels == _numbered(labels[0], labels[-1])
    return Slots(strategy, labels, is_listed=not (are_first and len(_others(jobs)) == len(labels)))


def first_of(due: Sequence[NewJob], *, only_one: bool) -> tuple[NewJob, ...]:
    """The first jobs that one tag can tell: first attempts at slots that follow each other, or some others.

    Args:
        due: At least one.

        only_one: Whether more can be added to the batch later: then all have other values.
    """
    if not _is_first(due[0]):
        return _within_a_tag([job for job in due if not _is_first(job)])
    start = int(due[0].slot)
    placed = takewhile(
        lambda each: _is_first(each[1]) and int(each[1].slot) == start + each[0], enumerate(due)
    )
    following = [job for _, job in placed]
    others = _others(following)
    return others if only_one or len(others) == len(following) else _within_a_tag(following)


def _others(jobs: Iterable[NewJob]) -> tuple[NewJob, ...]:
    """The first jobs, before one that has the values of an earlier one."""
    values: set[str] = set()
    others = []
    for job in jobs:
        if job.values in values:
            break
        values.add(job.values)
        others.append(job)
    return tuple(others)


def _is_first(job: NewJob) -> bool:
    return job.attempt == 1 and job.slot.isdecimal()


def _within_a_tag(jobs: Iterable[NewJob]) -> tuple[NewJob, ...]:
    length, taken = -1, []
    for job in jobs:
        length += 1 + len(job.slot)
        if length > _MOST_CHARACTERS:
            break
        taken.append(job)
    return tuple(taken)
