"""The evolution of a state under a drive: how long steps may be, and how wrong the result is.

A step is taken in two halves. Some are taken as a whole, too: the difference is 63 times the error of the
halves, to leading order. One and a half times that error is the estimate for this step and for those up to
the next check; checks are the rarer the more they agree. Steps end where the drive jumps or its slope
changes. Errors add up at worst, for evolution keeps distances: their sum is the estimate of the whole, and
what is left of the accuracy that was asked for is shared out over the time that is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from runner.emulation import accuracy as accuracies
from runner.emulation.drive import US_PER_NS
from runner.emulation.splitting import ORDER
from runner.emulation.steps import Stepper, Steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from runner.emulation.drive import Drive, Segment

_FIRST_NS = 80.0
_SHORTEST_NS = 1e-4
_SAFETY = 0.95
_MOST_GROWTH, _MOST_SHRINKAGE = 2.0, 0.2
_WORTH_GROWING = 1.6
# An error of a step that is rounding, which shorter steps have as well, and one that is none.
_ROUNDING, _TINY = 1e-15, 1e-30
# Of so many steps one is checked, at most, where errors grow by less than a factor between checks, and
# the drive by less than another.
_MOST_AT_ONCE = 8
_ALIKE = 2.0
_STRONGER = 1.1
# Of few atoms so many steps are taken at once: few enough that the next ones learn from them.
_MOST_TOGETHER = 32
# The error of two halves as a part of their difference from the whole: 1 / 63 to leading order.
_OF_DIFFERENCE = 1.5 / (2**ORDER - 1)
# What kinks between samples add is seen in no difference: at most so much, in rad/µs · µs³, and never more
# than so much of the difference. Measured on random sequences.
_OF_BEND, _MOST_OF_DIFFERENCE = 0.3, 0.25


@dataclass(frozen=True, eq=False)
class Reached:
    """A state on the way.

    Args:
        time_ns: When.

        ket: Its amplitudes, of norm 1: of shape (2 ** atoms,).

        error: An estimate of the 2-norm of what is wrong with it, up to a phase.
    """

    time_ns: float
    ket: NDArray[np.complex128]
    error: float


def propagated(
    drive: Drive, ket: NDArray[np.complex128], times_ns: Sequence[float], accuracy: float = accuracies.DEFAULT
) -> Iterator[Reached]:
    """The states at some times.

    Args:
        drive: What acts on the atoms.

        ket: The state at the beginning: of shape (2 ** atoms,); the first atom is the slowest digit.

        times_ns: In order, each within the drive.

        accuracy: What the error of no state may exceed: the 2-norm up to a phase.
    """
    yield from (_reached(time, ket, 0.0) for time in times_ns if time <= 0)
    propagation = _Propagation(drive, ket, accuracy)
    del ket  # large ones are needed no longer than they are of use
    for segment in drive.segments:
        inside = [time for time in times_ns if segment.start_ns < time <= segment.end_ns]
        steps = propagation.driven if segment.is_driven else propagation.free
        yield from steps(segment, inside)


def _n_alike(segment: Segment, start_ns: float, length_ns: float) -> int:
    """How many steps pass until the drive is much stronger than in the first of them."""
    since = start_ns - segment.start_ns
    strengths = segment.strengths[int(since) :]
    stronger = np.flatnonzero(strengths > _STRONGER * strengths[: math.ceil(length_ns) + 1].max())
    return max(1, int((stronger[0] - 1) / length_ns)) if len(stronger) else _MOST_AT_ONCE


def _error(differences: NDArray[np.float64], length_ns: float, bend: float) -> NDArray[np.float64]:
    """Estimates of the errors of steps whose halves differ from their wholes."""
    of_kinks = _OF_BEND * bend * (length_ns * US_PER_NS) ** 2
    return np.minimum(_OF_DIFFERENCE * differences + of_kinks, _MOST_OF_DIFFERENCE * differences)


def _reached(time_ns: float, ket: NDArray[np.complex128], error: float) -> Reached:
    return Reached(time_ns, ket / np.linalg.norm(ket), error)


class _Errors:
    """What is wrong so far, and how long the next step may be.

    Args:
        drive: What acts on the atoms.

        accuracy: What the sum of all errors may be.
    """

    def __init__(self, drive: Drive, accuracy: float) -> None:
        driven_ns = [each.length_ns for each in drive.segments if each.is_driven]
        self._accuracy = accuracy
        self._left_ns = float(sum(driven_ns))
        # Rounding, and what no estimate sees.
        self.sum = accuracy / 100 if driven_ns else 0.0
        self.length_ns = _FIRST_NS * min(1.0, accuracy / accuracies.DEFAULT) ** (1 / ORDER)
        self.n_at_once = 1
        self._last_ns, self._last, self._n_since = 1.0, 0.0, 0

    def check(self, difference: float, length_ns: float, bend: float) -> bool:
        """Whether a step is exact enough whose halves differ from its whole; choose the next length."""
        error = float(_error(np.array(difference), length_ns, bend))
        self._compare(error * (self._last_ns / length_ns) ** (ORDER + 1))
        self._last_ns, self._last = length_ns, error
        return self._choose(error, length_ns, 1)

    def check_all(self, differences: NDArray[np.float64], length_ns: float, bend: float) -> bool:
        """Whether steps of one length are exact enough together; if so, their errors are added."""
        error, n_steps = float(np.sum(_error(differences, length_ns, bend))), len(differences)
        if not self._choose(error, length_ns, n_steps):
            return False
        self.sum += error
        self._left_ns -= n_steps * length_ns
        return True

    def _choose(self, error: float, length_ns: float, n_steps: int) -> bool:
        """Whether some steps with an error in all are exact enough; choose the next length."""
        allowed = max(self._allowed(n_steps * length_ns), n_steps * _ROUNDING)
        factor = _SAFETY * (allowed / max(error, _TINY)) ** (1 / ORDER)
        proposed = length_ns * min(max(factor, _MOST_SHRINKAGE), _MOST_GROWTH)
        if error > allowed and length_ns > _SHORTEST_NS:
            self.length_ns = proposed
            return False
        # A step that its segment cut short says nothing against longer ones.
        self.length_ns = max(proposed, self.length_ns) if factor > 1 else proposed
        return True

    def takes(self, error: float, length_ns: float) -> bool:
        """Whether an error is none to speak of in a step of some length; if so, it is added."""
        if error > self._allowed(length_ns):
            return False
        self.sum += error
        self._left_ns -= length_ns
        return True

    def _allowed(self, length_ns: float) -> float:
        """The part that a step has of what is left of the accuracy."""
        return max(self._accuracy - self.sum, self._accuracy * 1e-3) * length_ns / self._left_ns

    def _compare(self, error: float) -> None:
        """Compare an error with the last one; steps between were worse by half of the difference."""
        self.sum += self._n_since * max(error - self._last, 0.0) / 2
        self._n_since = 0
        self.n_at_once = min(2 * self.n_at_once, _MOST_AT_ONCE) if error < _ALIKE * self._last else 1

    def add(self, *, is_checked: bool) -> None:
        """Add the error of a step of the last length."""
        self.sum += self._last
        self._left_ns -= self._last_ns
        self._n_since += not is_checked


class _Propagation:
    """A state on its way.

    Args:
        drive: What acts on the atoms.

        ket: The state at the beginning; it is copied.

        accuracy: What the sum of all errors may be.
    """

    def __init__(self, drive: Drive, ket: NDArray[np.complex128], accuracy: float) -> None:
        self._ket = np.array(ket, dtype=np.complex128)
        self._spare: list[NDArray[np.complex128]] = []
        self._stepper = Stepper(drive)
        self._errors = _Errors(drive, accuracy)

    def free(self, segment: Segment, times_ns: Sequence[float]) -> Iterator[Reached]:
        """The states at some times of a segment in which no atom is rotated; all of it is exact."""
        for time in times_ns:
            ket = self._stepper.without_rotation(segment, self._ket, time)
            yield _reached(time, ket, self._errors.sum)
        self._ket = self._stepper.without_rotation(segment, self._ket, segment.end_ns)

    def driven(self, segment: Segment, times_ns: Sequence[float]) -> Iterator[Reached]:
        """The states at some times of a segment, at the end of which this one is then."""
        time = float(segment.start_ns)
        self._spare = self._fresh()
        if self._errors.takes(self._stepper.most_error(segment), segment.length_ns):
            yield from self._at_once(segment, times_ns)
            return
        if self._stepper.is_small:
            yield from self._together(segment, times_ns)
            return
        while (rest := segment.end_ns - time) > _SHORTEST_NS / 2:
            n_left = math.ceil(rest / self._errors.length_ns - 1e-9)
            steps = self._planned(segment, time, rest / n_left, n_left)
            for index in range(steps.n_steps):
                if not self._go(steps, index, segment.bend):
                    break
                end = segment.end_ns if n_left == index + 1 else time + steps.length_ns
                inside = [each for each in times_ns if time < each < end]
                if inside:
                    before, self._spare = self._spare[-1:], []  # observables need memory, too
                    yield from self._between(segment, before.pop(), (time, end), inside)
                    self._spare = self._fresh()
                yield from self._now(end, times_ns if end < segment.end_ns else ())
                time = end
                if self._errors.length_ns > _WORTH_GROWING * steps.length_ns:
                    break
        self._spare = []
        yield from self._now(segment.end_ns, times_ns)

    def _at_once(self, segment: Segment, times_ns: Sequence[float]) -> Iterator[Reached]:
        """The states at some times of a short segment, which is one step without a check."""
        at = (float(segment.start_ns), float(segment.length_ns))
        after, _ = self._stepper.part(segment, self._ket, at, *self._spare[:2])
        before, self._spare, self._ket = self._ket, [], after
        inside = [time for time in times_ns if time < segment.end_ns]
        yield from self._between(segment, before, (segment.start_ns, segment.end_ns), inside)
        yield from self._now(segment.end_ns, times_ns)

    def _together(self, segment: Segment, times_ns: Sequence[float]) -> Iterator[Reached]:
        """The states at some times of a segment of few atoms: many steps are taken, and checked, at once."""
        time = float(segment.start_ns)
        while (rest := segment.end_ns - time) > _SHORTEST_NS / 2:
            n_left = math.ceil(rest / self._errors.length_ns - 1e-9)
            n_steps, length = min(n_left, _MOST_TOGETHER), rest / n_left
            ends = time + length * np.arange(n_steps + 1, dtype=np.float64)
            whole, halves = self._stepper.operators(segment, ends[:-1], length)
            kets = list(accumulate(halves, np.dot, initial=self._ket))
            differences = np.linalg.norm((np.array(kets[:-1])[:, None] @ (whole - halves))[:, 0], axis=1)
            if not self._errors.check_all(differences, length, segment.bend):
                continue
            ends[-1] = segment.end_ns if n_steps == n_left else ends[-1]
            for before, self._ket, (start, end) in zip(kets, kets[1:], pairwise(ends), strict=False):
                inside = [each for each in times_ns if start < each < end]
                yield from self._between(segment, before, (start, end), inside)
                yield from self._now(end, times_ns)
            time = ends[-1]

    def _planned(self, segment: Segment, start_ns: float, length_ns: float, n_left: int) -> Steps:
        """Some of the steps that are left of a segment: the first is checked, and the last of all."""
        n_steps = min(n_left, self._errors.n_at_once, _n_alike(segment, start_ns, length_ns))
        checked = sorted({0, n_steps - 1} if n_steps == n_left else {0})
        starts = start_ns + length_ns * np.arange(n_steps, dtype=np.float64)
        return Steps(segment, starts, length_ns, checked=checked, groups=self._stepper.groups)

    def _go(self, steps: Steps, index: int, bend: float) -> bool:
        """Take a step; whether it is exact enough, otherwise it is not taken."""
        first, second, third = self._spare
        length, is_checked = steps.length_ns, index in steps.checked
        halves, second = self._stepper.stepped(self._ket, steps.halves(index), length / 2, first, second)
        if is_checked:
            third, second = self._stepper.stepped(self._ket, steps.whole(index), length, third, second)
            difference = float(np.linalg.norm(np.subtract(third, halves, out=third)))
            if not self._errors.check(difference, length, bend):
                self._spare = [halves, second, third]
                return False
        self._spare = [second, third, self._ket]
        self._ket = halves
        self._errors.add(is_checked=is_checked)
        return True

    def _between(
        self,
        segment: Segment,
        ket: NDArray[np.complex128],
        step_ns: tuple[float, float],
        times_ns: Sequence[float],
    ) -> Iterator[Reached]:
        """The states at some times of a step that has been taken; its parts are as exact as its halves."""
        start_ns, end_ns = step_ns
        for time in times_ns:
            n_parts = math.ceil((time - start_ns) / ((end_ns - start_ns) / 2) - 1e-9)
            ket = self._after(segment, ket, start_ns, (time - start_ns) / n_parts, n_parts)
            start_ns = time
            yield _reached(time, ket, self._errors.sum)

    def _after(
        self, segment: Segment, ket: NDArray[np.complex128], start_ns: float, length_ns: float, n_parts: int
    ) -> NDArray[np.complex128]:
        """A state after some parts of a step, which are not checked."""
        into, spare = np.empty_like(ket), np.empty_like(ket)
        for part in range(n_parts):
            at = (start_ns + part * length_ns, length_ns)
            before = ket
            ket, into = self._stepper.part(segment, before, at, into, spare)
            spare = before
        return ket

    def _fresh(self) -> list[NDArray[np.complex128]]:
        """What steps are written to."""
        return [np.empty_like(self._ket) for _ in range(3)]

    def _now(self, time_ns: float, times_ns: Sequence[float]) -> Iterator[Reached]:
        """The state, if it is asked for at this time."""
        if time_ns in times_ns:
            yield _reached(time_ns, self._ket, self._errors.sum)
