"""Pulser's objects, and what is asked of them. This module imports Pulser, which takes over a second."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pulser import Sequence
from pulser.backend import EmulationConfig
from pulser.devices import AnalogDevice, MockDevice, VirtualDevice

from runner.local.validation.sequence_facts import SequenceFacts, UnreadableSequenceError, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.local.rules.device_types import DeviceType
    from runner.local.validation.backend_config import BackendConfig

# Whatever device it is for.
AnySequence = Sequence[Any]

_LEAST_DURATION_NS = 4  # QuTiP's solver wants four points
_KEPT_SPECS = 64


def built(sequence: AnySequence, variables: Mapping[str, Any]) -> AnySequence:
    """The sequence with the values of its variables; one without variables is given back as it is."""
    if not (sequence.is_parametrized() or sequence.is_register_mappable()):
        return sequence
    return sequence.build(**variables)


def duration_ns(sequence: AnySequence) -> int:
    """How long a built sequence is (in ns); UnreadableSequenceError if that is too short to be emulated."""
    found_ns = int(sequence.get_duration())
    if found_ns < _LEAST_DURATION_NS:
        raise UnreadableSequenceError(
            f"The sequence takes {found_ns} ns; at least {_LEAST_DURATION_NS} ns can be emulated."
        )
    return found_ns


def sequence(text: str) -> AnySequence:
    """The sequence of an abstract representation."""
    return Sequence.from_abstract_repr(text)


def configuration(text: str) -> BackendConfig:
    """A backend configuration as JSON."""
    EmulationConfig.from_abstract_repr(text)
    config: BackendConfig = json.loads(text)
    return config


def facts(sequence: AnySequence) -> SequenceFacts:
    """What the rules have to know of a sequence."""
    device = sequence.device
    return SequenceFacts(
        device=device.name,
        n_qubits=len(sequence.get_register(include_mappable=True).qubit_ids),
        is_virtual=isinstance(device, VirtualDevice),
        max_runs=device.max_runs,
        is_mappable=sequence.is_register_mappable(),
        has_noise=device.noise_model is not None,
        bases=frozenset(sequence.get_addressed_bases()),
        is_measured=sequence.is_measured(),
        variables={
            name: Variable(is_integer=variable.dtype is int, size=variable.size)
            for name, variable in sequence.declared_variables.items()
        },
    )


def device_specs(served_here: Iterable[DeviceType]) -> Mapping[str, str]:
    """Abstract representations of the devices of device types, by their names."""
    return {
        # What a machine takes; what is emulated of it here is told when it is submitted.
        each.name: _machine_spec(each.name, each.limit or AnalogDevice.max_atom_num)
        if each.is_qpu_like or each.name == "EMU_FRESNEL"
        else _emulator_spec(each.name, each.most_qubits)
        for each in served_here
    }


@lru_cache(maxsize=_KEPT_SPECS)
def _machine_spec(name: str, max_atom_num: int) -> str:
    return replace(AnalogDevice, name=name, max_atom_num=max_atom_num).to_abstract_repr()


@lru_cache(maxsize=_KEPT_SPECS)
def _emulator_spec(name: str, max_atom_num: int) -> str:
    return replace(MockDevice, name=name, max_atom_num=max_atom_num).to_abstract_repr()
