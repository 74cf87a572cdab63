"""The two halves of a noiseless emulation: the evolution, which costs, and its measurement, which does not.

The evolution does not depend on runs, seeds or observables, so that jobs may share it; a measurement is what
Pulser's own observables say of its states. Both halves together are what `SplitBackend.run` does.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from pulser.backend import (
    BitStrings,
    CorrelationMatrix,
    Expectation,
    Fidelity,
    Occupation,
    Results,
)
from pulser.json.abstract_repr.serializer import AbstractReprEncoder

from runner.emulation.backend import SplitBackend, SplitConfig, asked_times, distinct, store_error
from runner.emulation.kets import Ket
from runner.emulation.operators import OperatorSum
from runner.emulation.propagation import propagated
from runner.emulation.scope import noise_model
from runner.local.engines.evolution_cache import Evolution
from runner.local.validation.pulser_objects import built

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulser.noise_model import NoiseModel

    from runner.local.engines.evolution_cache import KeptEvolutions
    from runner.local.validation.pulser_objects import AnySequence

# What can be said of a state alone; an energy needs the Hamiltonian as well.
_OF_STATES = (BitStrings, CorrelationMatrix, Expectation, Fidelity, Occupation)
# More states than this are neither kept nor held in memory together.
_MOST_TIMES = 8
_FORMAT = 6


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


def has_evolution(sequence: AnySequence, config: SplitConfig) -> bool:
    """Whether an emulation is one evolution and a measurement of few of its states.

    It depends on the job alone, never on what is kept, so that a job has the same counts either way.
    """
    return (
        _is_noiseless(noise_model(sequence, config))
        and all(isinstance(each, _OF_STATES) for each in config.observables)
        and len(_times(config)) in range(1, _MOST_TIMES + 1)
    )


def remembered(point: Point, config: SplitConfig, kept: KeptEvolutions | None) -> Evolution:
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


def key(point: Point, config: SplitConfig) -> str:
    """Digest of everything that an evolution depends on; the sequence is not built for it."""
    depends_on = [
        hashlib.sha256(point.text.encode()).hexdigest(),
        point.variables,
        _times(config),
        config.accuracy,
        config.with_modulation,
        config.initial_state,
        config.interaction_matrix,
        _versions(),
    ]
    text = json.dumps(depends_on, cls=AbstractReprEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def evolved(sequence: AnySequence, config: SplitConfig) -> Evolution:
    """The evolution, computed."""
    drive, start = SplitBackend(sequence, config=config).problem()
    times = _times(config)
    at_ns = [time * drive.duration_ns for time in times]
    reached = list(propagated(drive, start.amplitudes, at_ns, config.accuracy))
    return Evolution(
        times=tuple(times),
        total_duration_ns=drive.duration_ns,
        atom_order=tuple(map(str, sequence.register.qubit_ids)),
        eigenstates=tuple(start.eigenstates),
        errors=tuple(each.error for each in reached),
        states=np.array([each.ket for each in reached]),
    )


def measured(evolution: Evolution, config: SplitConfig) -> Results:
    """What the observables of a configuration say of an evolution; shots are drawn from NumPy's generator."""
    results = Results(atom_order=evolution.atom_order, total_duration=evolution.total_duration_ns)
    # It stands for the Hamiltonian: observables of states look at its kind alone.
    nothing = OperatorSum([], eigenstates=evolution.eigenstates)
    for time, amplitudes, error in zip(evolution.times, evolution.states, evolution.errors, strict=True):
        state = Ket(amplitudes, eigenstates=evolution.eigenstates)
        for observable in config.observables:
            observable(config=config, t=time, state=state, hamiltonian=nothing, result=results)
        store_error(results, time, error)
    return results


def _is_noiseless(noise: NoiseModel) -> bool:
    """Whether at most the readout has errors, which are part of the measurement."""
    return set(noise.noise_types) <= {"SPAM"} and not noise.state_prep_error


def _times(config: SplitConfig) -> list[float]:
    """When states are needed, in order; none if that is at every step."""
    asked = asked_times(config)
    if any(isinstance(times, str) for times in asked):
        return []
    return distinct(time for times in asked for time in times)


@lru_cache(maxsize=1)
def _versions() -> dict[str, object]:
    names = ("pulser-core", "pulser-runner", "numpy")
    return {"format": _FORMAT} | {name: version(name) for name in names}
