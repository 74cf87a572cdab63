"""The evolution of a state under a drive: how long steps may be, and how wrong the result is.

A step is taken once as a whole and once in two halves. A fifteenth of the difference is the error of the
halves, to leading order, and it is added to them; the estimate is a part of it, which grows with it.
Steps end where the drive jumps or its slope changes. Errors add up at worst, for evolution keeps distances:
their sum is the estimate of the whole, and what is left of the accuracy that was asked for is shared out over
the time that is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from runner.emulation import accuracy as accuracies
from runner.emulation.drive import US_PER_NS
from runner.emulation.rotations import AtomGroups
from runner.emulation.splitting import DIAGONALS, N_DIAGONALS, ORDER, detuning_matrices, joined, step_matrices

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from runner.emulation.drive import Drive, Segment

_FIRST_NS = 40.0
_SHORTEST_NS = 1e-4
_PLANNED_STEPS = 6
_SAFETY = 0.9
_MOST_GROWTH, _MOST_SHRINKAGE = 2.0, 0.2
_WORTH_GROWING = 1.6
_ROUNDING = 1e-15
_GAIN_OF_HALVES = 2**ORDER - 1
# What is left after a correction, as a part of it: an order higher where it is small. Measured on random
# sequences, of which one in 500 may be off by three estimates; smooth ones are much better than this.
_MOST_LEFT, _LEFT = 2.0, 20.0
# The phases of some lengths are kept while they fit into this.
_KEPT_BYTES = 64 * 2**20


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
    for segment in drive.segments:
        inside = [time for time in times_ns if segment.start_ns < time <= segment.end_ns]
        steps = propagation.driven if segment.is_driven else propagation.free
        yield from steps(segment, inside)


def _error(correction: float) -> float:
    """The estimate for a step to which its error, to leading order, was added."""
    return float(correction * min(_MOST_LEFT, _LEFT * correction ** (1 / (ORDER + 1))))


def _reached(time_ns: float, ket: NDArray[np.complex128], error: float) -> Reached:
    return Reached(time_ns, ket / np.linalg.norm(ket), error)


class _Propagation:
    """A state and what it has cost so far.

    Args:
        drive: What acts on the atoms.

        ket: The state at the beginning; it is copied.

        accuracy: What the sum of all errors may be.
    """

    def __init__(self, drive: Drive, ket: NDArray[np.complex128], accuracy: float) -> None:
        self._ket = np.array(ket, dtype=np.complex128)
        self._spare = [np.empty_like(self._ket) for _ in range(3)]
        self._groups = AtomGroups(drive.kinds)
        self._phases = _Phases(drive.diagonal)
        self._accuracy = accuracy
        # What kinks between samples leave of all steps, the estimate of which does not see it.
        self._error = accuracy / 100 if any(each.is_driven for each in drive.segments) else 0.0
        self._left_ns = float(sum(each.length_ns for each in drive.segments if each.is_driven))
        self._length_ns = _FIRST_NS * min(1.0, accuracy / accuracies.DEFAULT) ** (1 / (ORDER + 2))

    def free(self, segment: Segment, times_ns: Sequence[float]) -> Iterator[Reached]:
        """The states at some times of a segment in which no atom is rotated; all of it is exact."""
        for time in times_ns:
            yield _reached(time, self._without_rotation(segment, time), self._error)
        self._ket = self._without_rotation(segment, segment.end_ns)

    def driven(self, segment: Segment, times_ns: Sequence[float]) -> Iterator[Reached]:
        """The states at some times of a segment, at the end of which this one is then."""
        time = float(segment.start_ns)
        while (rest := segment.end_ns - time) > _SHORTEST_NS / 2:
            n_steps = math.ceil(rest / self._length_ns - 1e-9)
            steps = _Steps(segment, time, rest / n_steps, min(n_steps, _PLANNED_STEPS), self._groups)
            for index in range(steps.n_steps):
                before = self._ket
                error = self._tried(steps, index)
                if error is None:
                    break
                end = segment.end_ns if n_steps == index + 1 else time + steps.length_ns
                inside = [each for each in times_ns if time < each <= end]
                yield from self._between(segment, before, time, inside, end)
                time = end
                if self._length_ns > _WORTH_GROWING * steps.length_ns:
                    break

    def _tried(self, steps: _Steps, index: int) -> float | None:
        """The error of a step, which has been taken; None if it was too large, and has not."""
        allowed = max(self._accuracy - self._error, self._accuracy * 1e-3) * steps.length_ns / self._left_ns
        first, second, third = self._spare
        whole, free = self._stepped(self._ket, steps.whole(index), steps.length_ns, first, second)
        halves, other = self._stepped(self._ket, steps.halves(index), steps.length_ns / 2, free, third)
        correction = np.subtract(halves, whole, out=other)
        correction /= _GAIN_OF_HALVES
        error = _error(float(np.linalg.norm(correction)))
        factor = _SAFETY * (allowed / max(error, _ROUNDING)) ** (1 / (ORDER + 2))
        proposed = steps.length_ns * min(max(factor, _MOST_SHRINKAGE), _MOST_GROWTH)
        if error > max(allowed, _ROUNDING) and steps.length_ns > _SHORTEST_NS:
            self._length_ns = proposed
            self._spare = [whole, halves, other]
            return None
        # A step that its segment cut short says nothing against longer ones.
        self._length_ns = max(proposed, self._length_ns) if factor > 1 else proposed
        halves += correction
        self._spare = [whole, other, self._ket]
        self._ket = halves
        self._error += error
        self._left_ns -= steps.length_ns
        return error

    def _stepped(
        self,
        ket: NDArray[np.complex128],
        stages: Sequence[Sequence[NDArray[np.complex128]]],
        length_ns: float,
        into: NDArray[np.complex128],
        spare: NDArray[np.complex128],
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """A state after one step or two, and the other one of two vectors that were written over."""
        for index, matrices in enumerate(stages):
            ket, into = self._groups.apply(matrices, ket, into, spare)
            spare = ket
            if index < len(stages) - 1:
                self._phases.multiply(ket, length_ns, index % N_DIAGONALS)
        return ket, into

    def _between(
        self,
        segment: Segment,
        ket: NDArray[np.complex128],
        start_ns: float,
        times_ns: Sequence[float],
        end_ns: float,
    ) -> Iterator[Reached]:
        """The states at some times of a step that has been taken; its parts are as exact as its halves."""
        for time in times_ns:
            if time >= end_ns:
                yield _reached(time, self._ket, self._error)
                continue
            n_parts = math.ceil((time - start_ns) / ((end_ns - start_ns) / 2) - 1e-9)
            for part in range(n_parts):
                length = (time - start_ns) / n_parts
                ket = self._part(segment, ket, start_ns + part * length, length)
            start_ns = time
            yield _reached(time, ket, self._error)

    def _part(
        self, segment: Segment, ket: NDArray[np.complex128], start_ns: float, length_ns: float
    ) -> NDArray[np.complex128]:
        matrices = self._groups.matrices(step_matrices(segment, np.array([start_ns]), np.array([length_ns])))
        stages = [[each[0, stage] for each in matrices] for stage in range(N_DIAGONALS + 1)]
        return self._stepped(ket, stages, length_ns, np.empty_like(ket), np.empty_like(ket))[0]

    def _without_rotation(self, segment: Segment, time_ns: float) -> NDArray[np.complex128]:
        matrices = self._groups.matrices(detuning_matrices(segment, segment.start_ns, time_ns))
        ket, _ = self._groups.apply(matrices, self._ket, np.empty_like(self._ket), np.empty_like(self._ket))
        self._phases.multiply_whole(ket, time_ns - segment.start_ns)
        return ket


class _Steps:
    """The matrices of some steps of one length, each as a whole and in halves."""

    def __init__(
        self, segment: Segment, start_ns: float, length_ns: float, n_steps: int, groups: AtomGroups
    ) -> None:
        self.length_ns = length_ns
        self.n_steps = n_steps
        starts = start_ns + length_ns * np.arange(n_steps)
        half = length_ns / 2
        lengths = np.repeat([length_ns, half, half], n_steps)
        taken = step_matrices(segment, np.concatenate([starts, starts, starts + half]), lengths)
        whole, first, second = np.split(taken, 3, axis=1)
        self._stages = whole.shape[2]
        self._matrices = groups.matrices(np.concatenate([whole, joined(first, second)], axis=2))

    def whole(self, index: int) -> list[list[NDArray[np.complex128]]]:
        """The matrices of a step, stage by stage, each of all groups."""
        return self._of(index, 0, self._stages)

    def halves(self, index: int) -> list[list[NDArray[np.complex128]]]:
        """Those of its two halves."""
        return self._of(index, self._stages, self._matrices[0].shape[1])

    def _of(self, index: int, first: int, end: int) -> list[list[NDArray[np.complex128]]]:
        return [[each[index, stage] for each in self._matrices] for stage in range(first, end)]


class _Phases:
    """What interactions do between two rotations: phases, kept for some lengths of steps."""

    def __init__(self, diagonal: NDArray[np.float64] | None) -> None:
        self._diagonal = diagonal
        self._kept: dict[float, list[NDArray[np.complex128]]] = {}
        n_bytes = 0 if diagonal is None else N_DIAGONALS // 2 * 2 * diagonal.nbytes
        self._most = 0 if diagonal is None else _KEPT_BYTES // n_bytes

    def multiply(self, ket: NDArray[np.complex128], length_ns: float, index: int) -> None:
        """Multiply a state, in its place, by the phases of one diagonal of a step."""
        if self._diagonal is None:
            return
        index = min(index, N_DIAGONALS - 1 - index)  # they are the same from both ends
        if self._most < 2:  # noqa: PLR2004  (a step and its half)
            self.multiply_whole(ket, length_ns * DIAGONALS[index])
            return
        if length_ns not in self._kept:
            if len(self._kept) >= self._most:
                self._kept.clear()
            parts = DIAGONALS[: N_DIAGONALS // 2]
            self._kept[length_ns] = [_phases(self._diagonal, length_ns * part) for part in parts]
        ket *= self._kept[length_ns][index]

    def multiply_whole(self, ket: NDArray[np.complex128], time_ns: float) -> None:
        """Multiply a state, in its place, by the phases of a time."""
        if self._diagonal is not None:
            ket *= _phases(self._diagonal, time_ns)


def _phases(diagonal: NDArray[np.float64], time_ns: float) -> NDArray[np.complex128]:
    angles = diagonal * (-1j * US_PER_NS * time_ns)
    return np.asarray(np.exp(angles, out=angles), dtype=np.complex128)
