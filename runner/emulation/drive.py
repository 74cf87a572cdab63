"""What acts on the atoms during a sequence: linear segments, between which it may jump.

An atom has two states. Its Hamiltonian, in rad/µs, is

    [[-δ, Ω/2 · exp(iφ)], [Ω/2 · exp(-iφ), 0]],

written in the order of Pulser's eigenstates: (r, g) of the ground-rydberg basis, (g, h) of the digital one.
Two atoms that are both in the first state interact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

US_PER_NS = 1e-3
_Value = TypeVar("_Value", np.float64, np.complex128)


@dataclass(frozen=True, eq=False)
class Segment:
    """A stretch of time in which the drive is linear between whole nanoseconds, and does not jump.

    Args:
        start_ns: Where it begins.

        couplings: Ω/2 · exp(-iφ) at each nanosecond of it, both ends included, in rad/µs; a row for each
            kind of atom.

        detunings: δ, likewise.
    """

    start_ns: int
    couplings: NDArray[np.complex128]
    detunings: NDArray[np.float64]

    @property
    def length_ns(self) -> int:
        """How long it is."""
        return int(self.couplings.shape[1]) - 1

    @property
    def end_ns(self) -> int:
        """Where it ends."""
        return self.start_ns + self.length_ns

    @cached_property
    def is_driven(self) -> bool:
        """Whether an atom is rotated in it; detunings alone are exact in one step."""
        return bool(np.any(self.couplings))

    @cached_property
    def strengths(self) -> NDArray[np.float64]:
        """The largest coupling of all kinds at each nanosecond of it, in rad/µs."""
        strengths: NDArray[np.float64] = np.abs(self.couplings).max(axis=0)
        return strengths

    @cached_property
    def bends(self) -> NDArray[np.float64]:
        """By how much the slope changes at each nanosecond inside, at most over kinds, in rad/µs a ns."""
        quantities = (self.couplings, self.detunings)
        bends: NDArray[np.float64] = np.max(
            [np.abs(np.diff(each, n=2, axis=1)).max(axis=0) for each in quantities], axis=0
        )
        return bends

    @cached_property
    def bend(self) -> float:
        """The largest of them."""
        return float(self.bends.max(initial=0.0))

    def coupling(self, times_ns: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Ω/2 · exp(-iφ) of each kind, in rad/µs: of shape (kinds, times)."""
        return self._between(self.couplings, times_ns)

    def coupling_moments(self, times_ns: NDArray[np.float64]) -> NDArray[np.complex128]:
        """The integrals of the coupling c, of s·c and of s²·c from the beginning, s being the time since.

        Returns:
            In rad/µs · ns, · ns² and · ns³: of shape (3, kinds, times).
        """
        at, part = self._position(times_ns)
        return self._coupling_moments[:, :, at] + self._moments(at, part)

    @cached_property
    def _coupling_moments(self) -> NDArray[np.complex128]:
        """These integrals up to each nanosecond."""
        at = np.arange(self.length_ns)
        return np.pad(np.cumsum(self._moments(at, np.ones(len(at))), axis=-1), ((0, 0), (0, 0), (1, 0)))

    def _moments(self, at: NDArray[np.intp], part: NDArray[np.float64]) -> NDArray[np.complex128]:
        """These integrals over the first part of each of some nanoseconds."""
        here, change = self.couplings[:, at], self.couplings[:, at + 1] - self.couplings[:, at]
        zeroth, first, second = (
            part ** (power + 1) / (power + 1) * here + part ** (power + 2) / (power + 2) * change
            for power in range(3)
        )
        return np.stack([zeroth, at * zeroth + first, at**2 * zeroth + 2 * at * first + second])

    def detuning(self, times_ns: NDArray[np.float64]) -> NDArray[np.float64]:
        """δ of each kind, in rad/µs: of shape (kinds, times)."""
        return self._between(self.detunings, times_ns)

    def area(self, times_ns: NDArray[np.float64]) -> NDArray[np.float64]:
        """The integral of δ from the beginning of the segment, in rad: of shape (kinds, times)."""
        at, part = self._position(times_ns)
        here = self.detunings[:, at]
        rest = part * here + part**2 / 2 * (self.detunings[:, at + 1] - here)
        return self._areas[:, at] + US_PER_NS * rest

    @cached_property
    def _areas(self) -> NDArray[np.float64]:
        """The integral up to each nanosecond."""
        means = (self.detunings[:, 1:] + self.detunings[:, :-1]) / 2
        return np.pad(np.cumsum(means, axis=1), ((0, 0), (1, 0))) * US_PER_NS

    def _between(self, values: NDArray[_Value], times_ns: NDArray[np.float64]) -> NDArray[_Value]:
        """Values of each nanosecond, at times between them."""
        at, part = self._position(times_ns)
        here = values[:, at]
        return here + part * (values[:, at + 1] - here)

    def _position(self, times_ns: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The nanosecond before each time, and what is left after it."""
        since = times_ns - self.start_ns
        at = np.clip(since.astype(np.intp), 0, self.length_ns - 1)
        return at, since - at


@dataclass(frozen=True, eq=False, kw_only=True)
class Drive:
    """All that acts on the atoms.

    Args:
        segments: From the beginning to the end, without gaps.

        kinds: The row of each atom in the segments: atoms that are driven alike share one.

        interactions: What each pair has while both of its atoms are in the first state, in rad/µs: of shape
            (atoms, atoms), symmetric; None where atoms do not interact.

        last: Coupling and detuning of each kind at the end itself, which Pulser sets apart.
    """

    segments: tuple[Segment, ...]
    kinds: tuple[int, ...]
    interactions: NDArray[np.float64] | None
    last: tuple[NDArray[np.complex128], NDArray[np.float64]]

    @property
    def n_atoms(self) -> int:
        """How many atoms there are."""
        return len(self.kinds)

    @property
    def duration_ns(self) -> int:
        """How long all of it is."""
        return self.segments[-1].end_ns

    @cached_property
    def diagonal(self) -> NDArray[np.float64] | None:
        """Interactions of each of the basis states, in rad/µs: of shape (2 ** atoms,)."""
        if self.interactions is None or not self.interactions.any():
            return None
        return diagonal(self.interactions)

    def at(self, time_ns: float) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
        """Coupling and detuning of each atom, in rad/µs; where the drive jumps, what comes after the jump."""
        kinds = list(self.kinds)
        if time_ns >= self.duration_ns:
            return self.last[0][kinds], self.last[1][kinds]
        segment = next(each for each in self.segments if time_ns < each.end_ns)
        times = np.array([time_ns], dtype=np.float64)
        return segment.coupling(times)[kinds, 0], segment.detuning(times)[kinds, 0]


def diagonal(interactions: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum over pairs of a matrix, for each basis state; the first atom is the slowest digit."""
    summed = np.zeros(1)
    for atom, row in enumerate(interactions):
        field = np.zeros(1)
        for each in row[:atom]:
            field = _doubled(field + each, field)
        summed = _doubled(summed + field, summed)
    return summed


def _doubled(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """What holds for each basis state of one atom more, which is in its first or in its second state."""
    return np.stack([first, second], axis=-1).reshape(-1)
