"""Which jobs of a strategy each job of a batch is. Pure.

The values of a job of a strategy depend on what came back before it, and another machine may propose others.
What tells such jobs apart is their place in their batch, in creation order, cancelled ones included. It is
said on the batch before anything is bought in it: `slots:7-10` says that its jobs are the first attempts at
slots 7 to 10; `again:3.12x2` that they are another attempt at slot 3, and the second that confirms slot 12.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from runner.domain.strategies import slot_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    """

    strategy: str
    labels: tuple[str, ...]

    @property
    def follow(self) -> bool:
        """Whether they are first attempts at slots that follow each other, so that more may follow them."""
        return self.labels == _numbered(self.labels[0], self.labels[-1])

    def __str__(self) -> str:
        if self.follow:
            first, last = self.labels[0], self.labels[-1]
            return f"{SLOTS}:{first}" if first == last else f"{SLOTS}:{first}-{last}"
        return f"{AGAIN}:{'.'.join(self.labels)}"

    def keyed(self, jobs: Sequence[ObservedJob]) -> tuple[ObservedJob, ...]:
        """The jobs of a batch, each with the key of what it is by its place.

        A job beyond those that the tag tells of comes from a request that arrived twice: it is what the first
        job with its values is. With other values it is nothing that the strategy has asked for.

        Args:
            jobs: All of them, in creation order, each with the key of its values.
        """
        keys = self.keys
        of_values: dict[str, str] = {}
        for job, key in zip(jobs, keys, strict=False):
            of_values.setdefault(job.key, key)
        beyond = [of_values.get(job.key, job.key) for job in jobs[len(keys) :]]
        return tuple(replace(job, key=key) for job, key in zip(jobs, [*keys, *beyond], strict=False))

    @property
    def keys(self) -> tuple[str, ...]:
        """Key of each job."""
        return tuple(slot_key(self.strategy, label) for label in self.labels)

    def with_more(self, n_there: int, jobs: Iterable[NewJob]) -> Slots | None:
        """What the tag must say before more jobs are added; None where they are none that follow.

        Args:
            n_there: How many of its jobs the batch has.
        """
        more = tuple(jobs)
        extended = Slots(self.strategy, (*self.labels[:n_there], *(job.slot for job in more)))
        are_first = all(map(_is_first, more)) and len(self.labels) >= n_there
        return extended if are_first and extended.follow else None


def read_slots(strategy: str, word: str) -> Slots | None:
    """What a tag says, its key included; None where it says nothing that makes sense."""
    kind, _, said = word.partition(":")
    if kind == AGAIN and all(_LABEL.fullmatch(each) for each in said.split(".")):
        return Slots(strategy, tuple(said.split(".")))
    found = _RANGE.fullmatch(said) if kind == SLOTS else None
    labels = _numbered(found[1], found[2] or found[1]) if found else ()
    return Slots(strategy, labels) if labels else None


def _numbered(first: str, last: str) -> tuple[str, ...]:
    """The labels of slots that follow each other; none where these are no numbers of slots."""
    if not (first.isdecimal() and last.isdecimal() and 0 <= int(last) - int(first) < _MOST_SLOTS):
        return ()
    return tuple(map(str, range(int(first), int(last) + 1)))


def slots_of(strategy: str, jobs: Iterable[NewJob]) -> Slots:
    """What the tag of a batch says whose jobs are bought together; at least one."""
    return Slots(strategy, tuple(job.slot for job in jobs))


def first_of(due: Sequence[NewJob]) -> tuple[NewJob, ...]:
    """The first jobs that one tag can tell: first attempts at slots that follow each other, or some others.

    Args:
        due: At least one.
    """
    if not _is_first(due[0]):
        return _within_a_tag([job for job in due if not _is_first(job)])
    start = int(due[0].slot)
    placed = takewhile(
        lambda each: _is_first(each[1]) and int(each[1].slot) == start + each[0], enumerate(due)
    )
    return tuple(job for _, job in placed)


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
