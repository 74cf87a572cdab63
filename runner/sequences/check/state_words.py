"""States and operators of a file's atoms → Pulser's, with what is wrong with them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pulser.backend.operator import OperatorRepr
from pulser.backend.state import StateRepr

from runner.domain import built_qubits
from runner.domain.suggestions import suggestion
from runner.sequences.pulser_api.pulser_messages import attempt
from runner.spec.models.emulation import as_complex
from runner.spec.yaml_text.json_pointers import child

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray
    from pulser import NoiseModel

    from runner.sequences.construction.draft import Draft, Said
    from runner.spec.models.emulation import Complex, Factor, PureState, Term

    Projectors = dict[str, complex]
    Operations = list[tuple[complex, list[tuple[Projectors, set[int]]]]]

# Pulser's names of the states, in its order, and what is measured as 0 and as 1.
_EIGENSTATES: Final = {"ground-rydberg": "rg", "digital": "gh", "XY": "ud"}
_THREE: Final = "rgh"
_MEASURED: Final = {"ground-rydberg": "gr", "digital": "gh", "XY": "ud"}
_LEAK: Final = "x"
_TRIES: Final = 4
_TOLERANCE: Final = 1e-9
_ORDER: Final = "one character an atom, in the order of the register"


def eigenstates(bases: Collection[str], *, has_leak: bool) -> tuple[str, ...]:
    """Pulser's letters of the states that an atom has, in its order, where channels act in some bases."""
    letters = _THREE if len(bases) > 1 else _EIGENSTATES.get(next(iter(bases), ""), "rg")
    return (*letters, *([_LEAK] if has_leak else []))


class StateWords:
    """What states are called in a file, for the atoms of one sequence."""

    def __init__(self, said: Said, draft: Draft, noise: NoiseModel | None) -> None:
        sequence = draft.sequence
        self._findings = said.findings
        self._qubit_ids = tuple(str(each) for each in sequence.get_register(include_mappable=True).qubit_ids)
        # A job of a mappable register may place the first of its atoms alone.
        self._fewest = min(
            (len(built_qubits(self._qubit_ids, job.variables)) for job in said.file.jobs),
            default=len(self._qubit_ids),
        )
        bases = sequence.get_addressed_bases()
        basis = sequence.get_measurement_basis() if sequence.is_measured() else None
        has_leak = noise is not None and "leakage" in noise.noise_types
        self.eigenstates: tuple[Any, ...] = eigenstates(bases, has_leak=has_leak)
        self._measured = _MEASURED.get(basis or next(iter(bases), ""), "gr")

    def state(self, asked: PureState, place: str) -> StateRepr | None:
        """A state, normalised."""
        norm = math.hypot(*(abs(as_complex(each)) for each in asked.amplitudes.values()))
        if not math.isfinite(norm) or norm == 0:
            self._note(
                place, "the state has no amplitude other than 0" if norm == 0 else "amplitudes are too large"
            )
            return None
        named = self._each_once(asked.amplitudes, child(place, "amplitudes"))
        if named is None or not self._is_of_all(named, place):
            return None
        amplitudes = {name: each / norm for name, each in named.items()}
        return attempt(
            lambda: StateRepr.from_state_amplitudes(eigenstates=self.eigenstates, amplitudes=amplitudes),
            lambda message: self._note(place, message),
        )

    def operator(self, asked: Sequence[Term], place: str) -> OperatorRepr | None:
        """A Hermitian operator."""
        operations: Operations = []
        for i, term in enumerate(asked):
            at = child(child(place, i), "factors")
            factors = [self._factor(each, child(at, j)) for j, each in enumerate(term.factors)]
            known = [each for each in factors if each is not None]
            if len(known) < len(factors) or self._is_twice(term.factors, at):
                return None
            operations.append((as_complex(term.coefficient), known))
        if not self._has_all_atoms(place) or not self._is_hermitian(operations, place):
            return None
        return attempt(
            lambda: OperatorRepr.from_operator_repr(
                eigenstates=self.eigenstates, n_qudits=len(self._qubit_ids), operations=operations
            ),
            lambda message: self._note(place, message),
        )

    def _is_of_all(self, named: Mapping[str, complex], place: str) -> bool:
        n_atoms = len(self._qubit_ids)
        wrong = next((name for name in named if len(name) != n_atoms), None)
        if wrong is not None:
            self._note(place, f"{wrong} is a state of {len(wrong)} atoms; the register has {n_atoms}", _ORDER)
        return wrong is None and self._has_all_atoms(place)

    def _has_all_atoms(self, place: str) -> bool:
        n_atoms = len(self._qubit_ids)
        if self._fewest < n_atoms:
            message = f"it is of all {n_atoms} atoms of the register, and a job places {self._fewest} of them"
            self._note(place, message, "one batch asks the same of all jobs: place all atoms in each")
        return self._fewest == n_atoms

    def _each_once(self, said: Mapping[str, Complex], place: str) -> dict[str, complex] | None:
        """Numbers by Pulser's names of states, or of pairs of states."""
        found: dict[str, complex] = {}
        for text, each in said.items():
            named = self._named(text, child(place, text))
            if named is None:
                return None
            if named in found:
                self._note(child(place, text), f"{text} stands here twice, in other characters")
                return None
            found[named] = as_complex(each)
        return found

    def _named(self, text: str, place: str) -> str | None:
        """A basis state, or a projector, in Pulser's letters."""
        zero, one = self._measured[0], self._measured[1]
        named = text.replace("0", zero).replace("1", one)
        wrong = next((each for each in named if each not in self.eigenstates), None)
        if wrong is None:
            return named
        hint = f"atoms are in {', '.join(self.eigenstates)} here; 0 is {zero}, and 1 is {one}"
        self._note(place, f"no atom is ever in the state {wrong}", hint)
        return None

    def _factor(self, factor: Factor, place: str) -> tuple[Projectors, set[int]] | None:
        unknown = next((name for name in factor.atoms if name not in self._qubit_ids), None)
        if unknown is not None:
            hint = suggestion(unknown, self._qubit_ids, kind="atoms")
            self._note(child(place, "atoms"), f"the register has no atom {unknown}", hint)
            return None
        projectors = self._each_once(factor.projectors, child(place, "projectors"))
        return (
            None
            if projectors is None
            else (projectors, {self._qubit_ids.index(each) for each in factor.atoms})
        )

    def _is_twice(self, factors: Sequence[Factor], place: str) -> bool:
        seen: set[str] = set()
        for i, factor in enumerate(factors):
            for name in factor.atoms:
                if name in seen:
                    at = child(child(place, i), "atoms")
                    self._note(at, f"{name} stands here twice", "a product has one factor for each atom")
                    return True
                seen.add(name)
        return False

    def _is_hermitian(self, operations: Operations, place: str) -> bool:
        """Whether its mean is real, hence a measurable one: tried on product states, drawn alike each time.

        An operator whose mean is real in every product state is Hermitian; of another one, it is complex in
        nearly all of them.
        """
        random = np.random.default_rng(0)
        size = (len(self._qubit_ids), len(self.eigenstates), 2)
        for _ in range(_TRIES):
            drawn = random.normal(size=size) @ np.array([1, 1j])
            states = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
            means = [self._mean(each, states) for each in operations]
            if abs(sum(means).imag) > _TOLERANCE * sum(map(abs, means)):
                hint = "give |a⟩⟨b| its counterpart |b⟩⟨a|, with the conjugate coefficient"
                self._note(place, "the operator is not Hermitian: its mean would be complex", hint)
                return False
        return True

    def _mean(
        self, operation: tuple[complex, Sequence[tuple[Projectors, set[int]]]], states: NDArray[np.complex128]
    ) -> complex:
        """The mean of a product of operators in a product of states."""
        coefficient, factors = operation
        mean = complex(coefficient)
        for projectors, atoms in factors:
            for atom in atoms:
                at = dict(zip(self.eigenstates, states[atom], strict=True))
                mean *= sum(np.conj(at[pair[0]]) * each * at[pair[1]] for pair, each in projectors.items())
        return mean

    def _note(self, place: str, message: str, hint: str = "") -> None:
        self._findings.note(place, message, hint)
