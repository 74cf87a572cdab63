"""The two halves of a noiseless emulation: the evolution, which costs, and its measurement, which does not.

The evolution does not depend on runs, seeds or observables, so that jobs may share it; a measurement is what
Pulser's own observables say of its states. Both halves together are what `QutipBackendV2.run` does.
"""

from __future__ import annotations

import hashlib
import json
import math
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

from runner.local.kept_evolutions import Evolution

if TYPE_CHECKING:
    from pulser import Sequence
    from pulser.noise_model import NoiseModel

    from runner.local.kept_evolutions import KeptEvolutions

# What can be said of a state alone; an energy needs the Hamiltonian as well.
_OF_STATES = (BitStrings, CorrelationMatrix, Expectation, Fidelity, Occupation)
# More states than this are neither kept nor held in memory together.
_MOST_TIMES = 8
_FORMAT = 1


def has_evolution(sequence: Sequence[Any], config: QutipConfig) -> bool:
    """Whether an emulation is one evolution and a measurement of few of its states.

    It depends on the job alone, never on what is kept, so that a job has the same counts either way.
    """
    noise = config.prefer_device_noise_model and sequence.device.noise_model
    return (
        _is_noiseless(noise or config.noise_model)
        and all(isinstance(each, _OF_STATES) for each in config.observables)
        and len(_times(config)) in range(1, _MOST_TIMES + 1)
    )


def remembered(sequence: Sequence[Any], config: QutipConfig, kept: KeptEvolutions | None) -> Evolution:
    """The evolution, from what is kept if it is there; computed, and kept, otherwise."""
    if kept is None:
        return evolved(sequence, config)
    name = key(sequence, config)
    found = kept.load(name)
    if found is None:
        found = evolved(sequence, config)
        kept.save(name, found)
    return found


def key(sequence: Sequence[Any], config: QutipConfig) -> str:
    """Digest of everything that an evolution depends on."""
    depends_on = [
        sequence.to_abstract_repr(skip_validation=True),
        _times(config),
        config.sampling_rate,
        config.with_modulation,
        config.initial_state,
        _versions(),
    ]
    text = json.dumps(depends_on, cls=AbstractReprEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def evolved(sequence: Sequence[Any], config: QutipConfig) -> Evolution:
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
        eigenstates=tuple(states[0].eigenstates),
        states=np.array([state.to_qobj().full().ravel() for state in states], dtype=np.complex128),
    )


def measured(evolution: Evolution, sequence: Sequence[Any], config: QutipConfig) -> Results:
    """What the observables of a configuration say of an evolution; shots are drawn from NumPy's generator."""
    results = Results(
        atom_order=tuple(sequence.register.qubit_ids), total_duration=evolution.total_duration_ns
    )
    for time, amplitudes in zip(evolution.times, evolution.states, strict=True):
        state = _state(amplitudes, evolution.eigenstates)
        nothing = _no_hamiltonian(state)
        for observable in config.observables:
            observable(config=config, t=time, state=state, hamiltonian=nothing, result=results)
    return results


def _state(amplitudes: Any, eigenstates: Any) -> QutipState:
    dimension = len(eigenstates)
    n_qubits = round(math.log(len(amplitudes), dimension))
    ket = qutip.Qobj(amplitudes.reshape(-1, 1), dims=[[dimension] * n_qubits, [1] * n_qubits])
    return QutipState(ket, eigenstates=eigenstates)


def _no_hamiltonian(state: QutipState) -> Any:
    """What stands for the Hamiltonian: observables of states look at its kind alone."""
    return QutipOperator(qutip.qzero([state.qudit_dim] * state.n_qudits), eigenstates=state.eigenstates)


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
def _versions() -> dict[str, Any]:
    names = ("pulser-core", "pulser-simulation", "qutip", "numpy", "scipy")
    return {"format": _FORMAT} | {name: version(name) for name in names}
