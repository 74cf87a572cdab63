"""Which repetition of its point each job of a batch is. Pure.

The cloud keeps no key of ours, and jobs of one point look the same. What tells them apart must hold for ever,
whatever fails, is cancelled, or is edited in the file; so it is said on the batch, before anything is bought
in it: `repeat:2-4` says that its first job of a point is the second repetition, the next one the third.
Without the tag, every job is the first repetition of its point, or adds runs to it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, Final, TypeAlias

from runner.domain import repetition_key
from runner.reconcile.model.slots import Slots, first_of, read_slots, slots_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from runner.domain import DesiredExperiment, ObservedJob
    from runner.reconcile.model.actions import NewJob

_WORD: Final = re.compile("([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?")


@dataclass(frozen=True, slots=True)
class Repetitions:
    """The repetitions that a batch has of its points, from the first to the last; both may be the same."""

    first: int = 1
    last: int = 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def at(self, place: int) -> int:
        """Which repetition a job is.

        Args:
            place: Where it stands among the batch's jobs of its point, from 0.
        """
        return self.first + place % (self.last - self.first + 1)


FIRST: Final = Repetitions()
# What tells the jobs of a batch apart.
Places: TypeAlias = Repetitions | Slots


def read_repetitions(word: str, recipe: str = "") -> Places:
    """What a tag says behind its colon, or of slots all of it; first repetitions where it makes no sense.

    Args:
        recipe: Digest of the recipe, 16 hexadecimal digits.
    """
    if ":" in word:
        return read_slots(recipe, word) or FIRST
    found = _WORD.fullmatch(word)
    if not found:
        return FIRST
    first, last = int(found[1]), int(found[2] or found[1])
    return Repetitions(first, last) if first <= last else FIRST


def keyed(
    jobs: Sequence[ObservedJob], repetitions: Places, keys: Mapping[str, str] | None = None
) -> tuple[ObservedJob, ...]:
    """The jobs of a batch, each with the key of its repetition, or of its slot.

    A batch that was batched again has the tags of the first one and perhaps a part of its jobs: each is what
    the job is that it repeats, and places tell nothing.

    Args:
        jobs: All of them, in creation order, each with the key of its point.

        keys: Of jobs of other batches, by their ids.
    """
    if any(job.parent_id for job in jobs):
        return tuple(replace(job, key=(keys or {}).get(job.parent_id, job.key)) for job in jobs)
    if isinstance(repetitions, Slots):
        return repetitions.keyed(jobs)
    if repetitions == FIRST:
        return tuple(jobs)
    before: Counter[str] = Counter()
    found = []
    for job in jobs:
        repetition = repetitions.at(before[job.key])
        before[job.key] += 1
        found.append(replace(job, key=repetition_key(job.key, repetition)))
    return tuple(found)


def spanned(jobs: Sequence[NewJob], recipe: str = "") -> Places:
    """What the tag of a batch says whose jobs are bought together; at least one."""
    if jobs[0].slot:
        return slots_of(recipe, jobs)
    numbers = [job.repetition for job in jobs]
    return Repetitions(min(numbers), max(numbers))


def are_told_apart(jobs: Sequence[NewJob], repetitions: Places) -> bool:
    """Whether what a batch's tag says is true of jobs that are about to be added to it.

    Args:
        jobs: Of no point of which there are several repetitions and jobs in the batch already.
    """
    if isinstance(repetitions, Slots):
        said = slots_of(repetitions.strategy, jobs)
        return said.labels == repetitions.labels and said.is_listed <= repetitions.is_listed
    before: Counter[str] = Counter()
    for job in jobs:
        point = job.point or job.key
        if repetitions.at(before[point]) != job.repetition:
            return False
        before[point] += 1
    return True


def together(due: Sequence[NewJob], *, only_one: bool) -> tuple[NewJob, ...]:
    """The first jobs that one tag can tell apart, in order; the others are for another batch.

    Args:
        due: Repetitions of a point stand one behind the other, in order.

        only_one: Whether all must be the same repetition, so that more can be added to the batch later.
    """
    if not due:
        return ()
    if due[0].slot:
        return first_of(due, only_one=only_one)
    first = due[0].repetition
    chains = [_chain(list(some), first) for _, some in groupby(due, key=lambda job: job.point or job.key)]
    if not only_one and chains[0] and any(len(chain) > 1 for chain in chains):
        return tuple(job for chain in chains for job in chain)
    return tuple(job for job in due if job.repetition == first)


def _chain(of_point: Sequence[NewJob], first: int) -> tuple[NewJob, ...]:
    """Jobs of a point that are one repetition after the other; none if several are the same one."""
    if len({job.repetition for job in of_point}) < len(of_point):
        return ()
    placed = takewhile(lambda each: each[1].repetition == first + each[0], enumerate(of_point))
    return tuple(job for _, job in placed)


def sent_as(desired: DesiredExperiment, keys: Collection[str]) -> Repetitions:
    """What the tag of a batch said that was bought for some keys."""
    numbers = [job.repetition or 1 for job in desired.jobs if job.key in keys]
    return Repetitions(min(numbers), max(numbers)) if numbers else FIRST


def fitting(desired: DesiredExperiment, jobs: Iterable[ObservedJob], held: Collection[str]) -> Repetitions:
    """The first repetitions that are free for the jobs of a batch that another tool has bought.

    Args:
        jobs: Each with the key of its point.

        held: Keys of wanted jobs that are measured, or under way.
    """
    keys = _keys_of_repeated(desired)
    counts = {point: n for point, n in Counter(job.key for job in jobs).items() if point in keys}
    if not counts:
        return FIRST
    most = max(len(some) for some in keys.values())
    first = next((n for n in range(1, most + 1) if _are_free(n, counts, keys, held)), most + 1)
    return Repetitions(first, first + max(counts.values()) - 1)


def _are_free(
    first: int, counts: Mapping[str, int], keys: Mapping[str, Sequence[str]], held: Collection[str]
) -> bool:
    wanted = {key for point, count in counts.items() for key in keys[point][first - 1 : first - 1 + count]}
    return bool(wanted) and wanted.isdisjoint(held)


def _keys_of_repeated(desired: DesiredExperiment) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for job in desired.jobs:
        if job.repetition is not None:
            keys.setdefault(job.of_point, []).append(job.key)
    return keys
