"""Operators, as Pulser's emulators have them: sums of products of small matrices, never multiplied out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from pulser.backend.operator import Operator

from runner.emulation.kets import Ket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pulser.backend.operator import FullOp
    from pulser.backend.state import Eigenstate

    from runner.emulation.drive import Drive


@dataclass(frozen=True, eq=False)
class _Local:
    """Matrices of single atoms."""

    matrices: Mapping[int, NDArray[np.complex128]]

    def apply(self, vector: NDArray[np.complex128], dimension: int) -> NDArray[np.complex128]:
        for atom, matrix in self.matrices.items():
            parts = vector.reshape(dimension**atom, dimension, -1)
            vector = np.einsum("ij,ajb->aib", matrix, parts).reshape(-1)
        return vector


@dataclass(frozen=True, eq=False)
class _Interactions:
    """A number of each basis state, known when it is needed."""

    drive: Drive

    def apply(self, vector: NDArray[np.complex128], dimension: int) -> NDArray[np.complex128]:  # noqa: ARG002
        return vector if self.drive.diagonal is None else self.drive.diagonal * vector


# An imaginary part of less than this part of a value is rounding.
_NOTHING = 1e-12
# A coefficient, and what is applied, from the last to the first.
_Term: TypeAlias = "tuple[complex, tuple[_Local | _Interactions, ...]]"


class OperatorSum(Operator[complex, complex, Ket]):
    """A sum of products.

    Args:
        terms: Coefficients and factors.

        eigenstates: Names of the states of one atom, in order.
    """

    _eigenstates: Sequence[Eigenstate]

    def __init__(self, terms: Sequence[_Term], *, eigenstates: Sequence[Eigenstate]) -> None:
        super().__init__()
        self._terms = tuple(terms)
        self._eigenstates = eigenstates

    @property
    def eigenstates(self) -> tuple[Eigenstate, ...]:
        """Names of the states of one atom, in order."""
        return tuple(self._eigenstates)

    def apply_to(self, state: Ket, /) -> Ket:
        """The operator times a state."""
        self._check(state.eigenstates)
        applied = np.zeros_like(state.amplitudes)
        for coefficient, factors in self._terms:
            vector = state.amplitudes
            for factor in reversed(factors):
                vector = factor.apply(vector, len(self._eigenstates))
            applied += vector if coefficient == 1 else coefficient * vector
        return Ket(applied, eigenstates=state.eigenstates)

    def expect(self, state: Ket, /) -> complex:
        """The expectation value in a state."""
        value = complex(np.vdot(state.amplitudes, self.apply_to(state).amplitudes))
        return value.real if abs(value.imag) <= _NOTHING * abs(value) else value

    def __add__(self, other: OperatorSum, /) -> OperatorSum:
        self._check(other.eigenstates)
        return OperatorSum((*self._terms, *other._terms), eigenstates=self.eigenstates)

    def __rmul__(self, scalar: complex) -> OperatorSum:
        terms = [(complex(scalar) * coefficient, factors) for coefficient, factors in self._terms]
        return OperatorSum(terms, eigenstates=self.eigenstates)

    def __matmul__(self, other: OperatorSum) -> OperatorSum:
        self._check(other.eigenstates)
        terms = [
            (ours * theirs, (*first, *second))
            for ours, first in self._terms
            for theirs, second in other._terms
        ]
        return OperatorSum(terms, eigenstates=self.eigenstates)

    @classmethod
    def _from_operator_repr(
        cls,
        *,
        eigenstates: Sequence[Eigenstate],
        n_qudits: int,  # noqa: ARG003  (Pulser keeps it)
        operations: FullOp[complex],
    ) -> tuple[OperatorSum, FullOp[complex]]:
        terms: list[_Term] = []
        given: list[tuple[complex, list[tuple[dict[str, complex], set[int]]]]] = []
        for coefficient, product in operations:
            read = [({name: complex(part) for name, part in of.items()}, set(where)) for of, where in product]
            matrices = {atom: _matrix(of, eigenstates) for of, where in read for atom in where}
            terms.append((complex(coefficient), (_Local(matrices),)))
            given.append((complex(coefficient), read))
        return cls(terms, eigenstates=eigenstates), given

    def _check(self, eigenstates: Sequence[Eigenstate]) -> None:
        if tuple(eigenstates) != self.eigenstates:
            raise ValueError(f"An operator over {self.eigenstates} does not act on {tuple(eigenstates)}.")

    def __repr__(self) -> str:
        return f"OperatorSum of {len(self._terms)} terms, eigenstates={self.eigenstates!r}"


def hamiltonian(drive: Drive, time_ns: float, eigenstates: Sequence[Eigenstate]) -> OperatorSum:
    """The Hamiltonian at a time, in rad/µs."""
    couplings, detunings = drive.at(time_ns)
    terms: list[_Term] = []
    for atom, (coupling, detuning) in enumerate(zip(couplings, detunings, strict=True)):
        matrix = np.array([[-detuning, np.conj(coupling)], [coupling, 0]])
        if matrix.any():
            terms.append((1.0, (_Local({atom: matrix}),)))
    if drive.interactions is not None and drive.interactions.any():
        terms.append((1.0, (_Interactions(drive),)))
    return OperatorSum(terms, eigenstates=eigenstates)


def _matrix(of: Mapping[str, complex], eigenstates: Sequence[Eigenstate]) -> NDArray[Any]:
    """The matrix of one atom from its entries: "rg" is |r⟩⟨g|."""
    matrix = np.zeros((len(eigenstates),) * 2, dtype=np.complex128)
    for states, entry in of.items():
        row, column = (eigenstates.index(state) for state in states)
        matrix[row, column] += entry
    return matrix
