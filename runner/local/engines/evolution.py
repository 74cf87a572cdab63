"""The two halves of a noiseless emulation: the evolution, which costs, and its measurement, which does not.

The evolution does not depend on runs, seeds or observables, so that jobs may share it; a measurement is what
Pulser's own observables say of its states. Both halves together are what `QutipBackendV2.run` does.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import qutip
from pulser.backend import (
    BitStrings,
    CorrelationMatrix,
    Expectation,
    Fidelity,
    Occupation,
    Results,
    StateResult,
)
from pulser.json.abstract_repr.serializer import AbstractReprEncoder
from pulser_simulation import QutipBackendV2, QutipConfig, QutipOperator, QutipState

from runner.local.engines.evolution_cache import Evolution
from runner.local.validation.pulser_objects import built

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from pulser.noise_model import NoiseModel

    from runner.local.engines.evolution_cache import KeptEvolutions
    from runner.local.validation.pulser_objects import AnySequence

# What can be said of a state alone; an energy needs the Hamiltonian as well.
_OF_STATES = (BitStrings, CorrelationMatrix, Expectation, Fidelity, Occupation)
# More states than this are neither kept nor held in memory together.
_MOST_TIMES = 8
_FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """A sequence with the values of its variables, built when that is needed.

    Args:
        text: The sequence's abstract representation.

        parsed: The sequence; jobs may share it.

        variables: Values, as they were sent.
    """

    text: str
    parsed: AnySequence
    variables: Mapping[str, object]

    def sequence(self) -> AnySequence:
        """The sequence, built."""
        return built(self.parsed, self.variables)


def has_evolution(sequence: AnySequence, config: QutipConfig) -> bool:
    """Whether an emulation is one evolution and a measurement of few of its states.

    It depends on the job alone, never on what is kept, so that a job has the same counts either way.
    """
    noise = config.prefer_device_noise_model and sequence.device.noise_model
    return (
        _is_noiseless(noise or config.noise_model)
        and all(isinstance(each, _OF_STATES) for each in config.observables)
        and len(_times(config)) in range(1, _MOST_TIMES + 1)
    )


def remembered(point: Point, config: QutipConfig, kept: KeptEvolutions | None) -> Evolution:
    """The evolution, from what is kept if it is there; computed, and kept, otherwise."""
    if kept is None:
        return evolved(point.sequence(), config)
    name = key(point, config)
    found = kept.load(name)
    if found is not None:
        return found
    with kept.alone(name):
        found = kept.load(name)  # somebody else may have computed it meanwhile
        if found is None:
            found = evolved(point.sequence(), config)
            kept.save(name, found)
    return found


def key(point: Point, config: QutipConfig) -> str:
    """Digest of everything that an evolution depends on; the sequence is not built for it."""
    depends_on = [
        hashlib.sha256(point.text.encode()).hexdigest(),
        point.variables,
        _times(config),
        config.sampling_rate,
        config.with_modulation,
        config.initial_state,
        _versions(),
    ]
    text = json.dumps(depends_on, cls=AbstractReprEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def evolved(sequence: AnySequence, config: QutipConfig) -> Evolution:
    """The evolution, computed."""
    noiseless = QutipConfig(
        observables=[StateResult()],
        default_evaluation_times=_times(config),
        sampling_rate=config.sampling_rate,
        with_modulation=config.with_modulation,
        initial_state=config.initial_state,
    )
    results = QutipBackendV2(sequence, config=noiseless).run()
    states = results.get_tagged_results()["state"]
    return Evolution(
        times=tuple(results.get_result_times("state")),
        total_duration_ns=results.total_duration,
        atom_order=tuple(map(str, results.atom_order)),
        eigenstates=tuple(states[0].eigenstates),
        states=np.array([state.to_qobj().full().ravel() for state in states], dtype=np.complex128),
    )


def measured(evolution: Evolution, config: QutipConfig) -> Results:
    """What the observables of a configuration say of an evolution; shots are drawn from NumPy's generator."""
    results = Results(atom_order=evolution.atom_order, total_duration=evolution.total_duration_ns)
    for time, amplitudes in zip(evolution.times, evolution.states, strict=True):
        state = Ket(amplitudes, evolution.eigenstates)
        nothing = _no_hamiltonian(state.n_qudits, state.eigenstates)
        for observable in config.observables:
            observable(config=config, t=time, state=state, hamiltonian=nothing, result=results)
    return results


class Ket(QutipState):
    """A pure state whose bitstrings are drawn as `QutipState` draws them, but only those drawn are written.

    Args:
        amplitudes: Complex amplitudes.

        eigenstates: Names of the states of one qubit.
    """

    def __init__(self, amplitudes: NDArray[np.complex128], eigenstates: Any) -> None:
        self._vector = amplitudes
        dimension = len(eigenstates)
        n_qubits = round(math.log(len(amplitudes), dimension))
        ket = qutip.Qobj(amplitudes.reshape(-1, 1), dims=[[dimension] * n_qubits, [1] * n_qubits])
        super().__init__(ket, eigenstates=eigenstates)

    def sample(self, *, num_shots: int, one_state: Any = None, **errors: float) -> Counter[str]:
        """Bitstrings of some shots; from the same random numbers, those of `QutipState`."""
        one = one_state or self.infer_one_state()
        if any(errors.values()) or len(self.eigenstates) != 2 or one not in self.eigenstates:  # noqa: PLR2004  (a qubit)
            drawn: Counter[str] = super().sample(num_shots=num_shots, one_state=one_state, **errors)
            return drawn
        probabilities = np.abs(self._vector) ** 2
        possible = np.flatnonzero(probabilities > 1 / (1000 * num_shots))
        probabilities = probabilities[possible]
        cumulated = np.cumsum(probabilities / np.sum(probabilities))
        indices = possible[np.searchsorted(cumulated, np.random.rand(num_shots))]  # noqa: NPY002  (Pulser's generator)
        ones_are_zeros = 0 if one == self.eigenstates[1] else len(self._vector) - 1
        digits = f"0{self.n_qudits}b"
        counts = Counter((indices ^ ones_are_zeros).tolist())
        return Counter({format(index, digits): n for index, n in counts.items()})


@lru_cache(maxsize=16)
def _no_hamiltonian(n_qubits: int, eigenstates: Any) -> Any:
    """What stands for the Hamiltonian: observables of states look at its kind alone."""
    return QutipOperator(qutip.qzero([len(eigenstates)] * n_qubits), eigenstates=eigenstates)


def _is_noiseless(noise: NoiseModel) -> bool:
    """Whether at most the readout has errors, which are part of the measurement."""
    return set(noise.noise_types) <= {"SPAM"} and not noise.state_prep_error


def _times(config: QutipConfig) -> list[float]:
    """When states are needed, in order; none if that is at every step."""
    asked = [
        config.default_evaluation_times if each.evaluation_times is None else each.evaluation_times
        for each in config.observables
    ]
    if any(isinstance(times, str) for times in asked):
        return []
    return sorted({float(time) for times in asked for time in times})


@lru_cache(maxsize=1)
def _versions() -> dict[str, object]:
    names = ("pulser-core", "pulser-simulation", "qutip", "numpy", "scipy")
    return {"format": _FORMAT} | {name: version(name) for name in names}
