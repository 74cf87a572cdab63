"""Pure states, as Pulser's emulators have them."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from pulser.backend.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pulser.backend.state import Eigenstate

# Bitstrings less probable than one in so many times the shots are never drawn, as Pulser's states have it.
_NEVER = 1000


class Ket(State[complex, float]):
    """A pure state.

    Args:
        amplitudes: Of shape (eigenstates ** atoms,); the first atom is the slowest digit.

        eigenstates: Names of the states of one atom, in order.
    """

    def __init__(self, amplitudes: NDArray[np.complex128], *, eigenstates: Sequence[Eigenstate]) -> None:
        super().__init__(eigenstates=eigenstates)
        self._vector = np.asarray(amplitudes, dtype=np.complex128).reshape(-1)
        if self._vector.size != self.qudit_dim**self.n_qudits:
            raise ValueError(
                f"A vector of {self._vector.size} amplitudes is no state of atoms with"
                f" {self.qudit_dim} states each."
            )

    @property
    def n_qudits(self) -> int:
        """How many atoms there are."""
        return round(math.log(self._vector.size, self.qudit_dim))

    @property
    def amplitudes(self) -> NDArray[np.complex128]:
        """The amplitudes, of which this is a view."""
        return self._vector

    def overlap(self, other: Ket, /) -> float:
        """The square of the overlap with another state."""
        if not isinstance(other, Ket):
            raise TypeError(f"A Ket overlaps with another Ket, not with a {type(other).__name__}.")
        if (self.eigenstates, self.n_qudits) != (other.eigenstates, other.n_qudits):
            raise ValueError(
                f"A state of {self.n_qudits} atoms over {self.eigenstates} has no overlap with one of"
                f" {other.n_qudits} over {other.eigenstates}."
            )
        return float(abs(np.vdot(self._vector, other._vector)) ** 2)

    def probabilities(self, one_state: Eigenstate | None = None) -> NDArray[np.float64]:
        """The probability of each bitstring: of shape (2 ** atoms,), which adds up to 1."""
        one = self.eigenstates.index(one_state or self.infer_one_state())
        probabilities = np.abs(self._vector)
        probabilities *= probabilities
        for _ in range(self.n_qudits):  # each turn takes the slowest digit and makes it the fastest
            of_states = probabilities.reshape(self.qudit_dim, -1)
            ones = of_states[one]
            zeros = of_states.sum(axis=0) - ones if self.qudit_dim > 2 else of_states[1 - one]  # noqa: PLR2004
            probabilities = np.stack([zeros, ones], axis=-1).reshape(-1)
        return np.asarray(probabilities / probabilities.sum())

    def sample(
        self,
        *,
        num_shots: int,
        one_state: Eigenstate | None = None,
        p_false_pos: float = 0.0,
        p_false_neg: float = 0.0,
    ) -> Counter[str]:
        """Bitstrings of some shots, drawn from NumPy's generator as Pulser's other states draw them.

        Args:
            num_shots: How many.

            one_state: The state that is measured as 1; the usual one of the eigenstates by default.

            p_false_pos: The probability to read a 0 as 1.

            p_false_neg: The probability to read a 1 as 0.
        """
        probabilities = self.probabilities(one_state)
        is_reversed = (one_state or self.infer_one_state()) == self.eigenstates[0]
        order = slice(None, None, -1) if is_reversed else slice(None)  # that of the states
        possible = np.flatnonzero(probabilities > 1 / (_NEVER * num_shots))[order]
        cumulated = np.cumsum(probabilities[possible])
        drawn = possible[np.searchsorted(cumulated / cumulated[-1], np.random.rand(num_shots))]  # noqa: NPY002
        bits = f"0{self.n_qudits}b"
        if p_false_pos or p_false_neg:
            drawn = _misread(drawn, self.n_qudits, p_false_pos, p_false_neg)
        return Counter({format(index, bits): n for index, n in Counter(drawn.tolist()).items()})

    @classmethod
    def _from_state_amplitudes(
        cls, *, eigenstates: Sequence[Eigenstate], n_qudits: int, amplitudes: Mapping[str, complex]
    ) -> tuple[Ket, Mapping[str, complex]]:
        given = {states: complex(amplitude) for states, amplitude in amplitudes.items()}
        vector = np.zeros((len(eigenstates),) * n_qudits, dtype=np.complex128)
        for states, amplitude in given.items():
            vector[tuple(eigenstates.index(state) for state in states)] += amplitude
        return cls(vector, eigenstates=eigenstates), given

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Ket)
            and self.eigenstates == other.eigenstates
            and np.array_equal(self._vector, other._vector)
        )

    def __hash__(self) -> int:
        return hash((self.eigenstates, self._vector.tobytes()))

    def __repr__(self) -> str:
        return f"Ket({self._vector!r}, eigenstates={self.eigenstates!r})"


def _misread(drawn: NDArray[Any], n_atoms: int, p_false_pos: float, p_false_neg: float) -> NDArray[Any]:
    """Basis states as they are read with errors."""
    weights = 1 << np.arange(n_atoms)[::-1]
    bits = (drawn[:, None] & weights) > 0
    flipped = np.random.uniform(size=bits.shape) < np.where(bits, p_false_neg, p_false_pos)  # noqa: NPY002
    return np.asarray((bits ^ flipped) @ weights)
