"""What interactions do in a time: a phase of each basis state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from runner.emulation.drive import US_PER_NS, diagonal
from runner.emulation.splitting import DIAGONALS, N_DIAGONALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Diagonals of a step from the first to the last: they are the same from both ends.
_OF_BOTH_ENDS = [min(index, N_DIAGONALS - 1 - index) for index in range(N_DIAGONALS)]
_DIFFERENT = DIAGONALS[: N_DIAGONALS // 2]
# The phases of some lengths of steps are kept while they fit into this, where two of them do.
_KEPT_BYTES = 64 * 2**20
_LEAST_KEPT = 2
# Where they are not kept, so many are made at once: few enough for a cache.
_AT_ONCE = 2**15


class InteractionPhases:
    """The phases of basis states, as products: an exponential of each would take several times as long.

    Atoms are the slower half of the digits and the faster one. Between halves, each atom of the faster one
    has a phase for each state of the slower one.

    Args:
        interactions: What each pair has while both are in the first state, in rad/µs: of shape
            (atoms, atoms), symmetric.
    """

    def __init__(self, interactions: NDArray[np.float64]) -> None:
        n_slow = len(interactions) // 2
        self._slow = diagonal(interactions[:n_slow, :n_slow])
        self._fast = diagonal(interactions[n_slow:, n_slow:])
        digits = np.arange(2**n_slow)[:, None] >> np.arange(n_slow)[::-1]
        self._between = (1 - digits % 2) @ interactions[:n_slow, n_slow:]
        self._most = _KEPT_BYTES // (len(_DIFFERENT) * 16 * 2 ** len(interactions))
        self._kept: dict[float, NDArray[np.complex128]] = {}

    def of_step(self, length_ns: float) -> Sequence[NDArray[np.complex128]] | None:
        """The phases of each diagonal of a step; None where they are too many to keep."""
        if self._most < _LEAST_KEPT:
            return None
        if length_ns not in self._kept:
            made = self._made(length_ns)
            if len(self._kept) >= self._most:
                self._kept.clear()
            self._kept[length_ns] = made
        kept = self._kept[length_ns]
        return [kept[index] for index in _OF_BOTH_ENDS]

    def _made(self, length_ns: float) -> NDArray[np.complex128]:
        """The phases that differ; those of a half, squared, where they are kept."""
        if length_ns / 2 in self._kept:
            half = self._kept[length_ns / 2]
            return half * half
        made = self._of_rows(length_ns * _DIFFERENT, slice(None))
        return made.reshape(len(_DIFFERENT), -1)

    def multiply(self, ket: NDArray[np.complex128], time_ns: float) -> None:
        """Multiply a state, in its place, by the phases of a time."""
        rows = ket.reshape(len(self._slow), -1)
        n_rows = max(1, _AT_ONCE // rows.shape[1])
        for start in range(0, len(rows), n_rows):
            these = slice(start, start + n_rows)
            rows[these] *= self._of_rows(np.array([time_ns]), these)[0]

    def _of_rows(self, times_ns: NDArray[np.float64], rows: slice) -> NDArray[np.complex128]:
        """The phases of some states of the slower half: of shape (times, states, states of the faster)."""
        turns = -1j * US_PER_NS * times_ns
        phases = np.exp(np.multiply.outer(turns, self._slow[rows]))[..., None]
        for each in np.exp(np.multiply.outer(turns, self._between[rows].T)).swapaxes(0, 1):
            first = phases * each[..., None]
            phases = np.stack([first, phases], axis=-1).reshape(*first.shape[:-1], -1)
        phases *= np.exp(np.multiply.outer(turns, self._fast))[:, None]
        return np.asarray(phases)
