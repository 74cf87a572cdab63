"""Sequences as Pulser knows them: reading, building, and the devices they are written for.

Pulser's import takes over a second; it is paid by the first question, or by `preload` in a thread beside.
"""

from __future__ import annotations

import hashlib
import json
import threading
import warnings
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runner.local.rules.device_types import DEVICE_TYPES, served
from runner.local.validation.emulator_options import UnreadableConfigurationError
from runner.local.validation.sequence_facts import SequenceFacts, Variable
from runner.local.validation.submission import UnreadableSequenceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulser import Sequence
    from pulser.devices import Device, VirtualDevice

    from runner.local.rules.device_types import DeviceType

_KEPT_SEQUENCES = 64
_LEAST_DURATION_NS = 4  # QuTiP's solver wants four points
_REMEMBERED_BUILDS = 2**14


class PulserSequences:
    """A `SequenceReader` that asks Pulser; one question at a time, because Pulser's objects are shared.

    Args:
        devices: The device types, with their limits.
    """

    def __init__(self, devices: Mapping[str, DeviceType] = DEVICE_TYPES) -> None:
        self._devices = devices
        self._lock = threading.Lock()
        self._read = lru_cache(maxsize=_KEPT_SEQUENCES)(_sequence)
        self._built: dict[bytes, int] = {}

    def preload(self) -> None:
        """Import Pulser now; whoever asks meanwhile waits.

        Two threads that import its packages at once, from two ends, may each find half of a module.
        """
        with self._lock:
            import pulser  # noqa: F401, PLC0415  (slow, see above)

    def facts(self, sequence: str) -> SequenceFacts:
        """The facts of an abstract representation; UnreadableSequenceError if it is none."""
        with self._asking():
            return _facts(self._read(sequence))

    def build(self, sequence: str, variables: Mapping[str, Any]) -> None:
        """Build it with the values of a job; UnreadableSequenceError if that fails.

        What was built before is not built again: the jobs of a sweep that is repeated with more runs.
        """
        self.duration_ns(sequence, variables)

    def duration_ns(self, sequence: str, variables: Mapping[str, Any]) -> int:
        """How long it is with the values of a job (in ns); UnreadableSequenceError if it cannot be built."""
        key = _digest(sequence, variables)
        with self._asking():
            if key not in self._built:
                self._built[key] = _duration_ns(built(self._read(sequence), variables))
                if len(self._built) > _REMEMBERED_BUILDS:
                    del self._built[next(iter(self._built))]  # the oldest
            return self._built[key]

    def configuration(self, text: str) -> Mapping[str, Any]:
        """A backend configuration as JSON; UnreadableConfigurationError if it is none."""
        with self._asking(UnreadableConfigurationError):
            return _configuration(text)

    def device_specs(self) -> Mapping[str, str]:
        """Specification of the device of each device type, abstract representation."""
        with self._asking():
            return _device_specs(served(self._devices.values()))

    @contextmanager
    def _asking(self, kind: type[ValueError] = UnreadableSequenceError) -> Iterator[None]:
        """Turn whatever Pulser complains about into one kind of error."""
        with self._lock, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield
            except Exception as error:
                raise kind(_first_line(error)) from error


def _digest(sequence: str, variables: Mapping[str, Any]) -> bytes:
    values = json.dumps(variables, sort_keys=True)
    return hashlib.sha256(f"{len(values)} {values} {sequence}".encode()).digest()


def built(sequence: Sequence[Any], variables: Mapping[str, Any]) -> Sequence[Any]:
    """The sequence with the values of its variables; one without variables is given back as it is."""
    if not (sequence.is_parametrized() or sequence.is_register_mappable()):
        return sequence
    return sequence.build(**variables)


def _duration_ns(sequence: Sequence[Any]) -> int:
    duration_ns = int(sequence.get_duration())
    if duration_ns < _LEAST_DURATION_NS:
        raise UnreadableSequenceError(
            f"The sequence takes {duration_ns} ns; at least {_LEAST_DURATION_NS} ns can be emulated."
        )
    return duration_ns


def _sequence(text: str) -> Sequence[Any]:
    from pulser import Sequence  # noqa: PLC0415  (slow, see above)

    return Sequence.from_abstract_repr(text)


def _configuration(text: str) -> Mapping[str, Any]:
    from pulser.backend import EmulationConfig  # noqa: PLC0415  (slow, see above)

    EmulationConfig.from_abstract_repr(text)
    config: Mapping[str, Any] = json.loads(text)
    return config


def _facts(sequence: Sequence[Any]) -> SequenceFacts:
    from pulser.devices import VirtualDevice  # noqa: PLC0415  (slow, see above)

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


@lru_cache(maxsize=8)
def _device_specs(served_here: tuple[DeviceType, ...]) -> Mapping[str, str]:
    from dataclasses import replace  # noqa: PLC0415

    from pulser.devices import AnalogDevice, MockDevice  # noqa: PLC0415  (slow, see above)

    devices: dict[str, Device | VirtualDevice] = {
        # What a machine takes; what is emulated of it here is told when it is submitted.
        each.name: replace(AnalogDevice, name=each.name, max_atom_num=each.limit or AnalogDevice.max_atom_num)
        if each.is_qpu_like or each.name == "EMU_FRESNEL"
        else replace(MockDevice, name=each.name, max_atom_num=each.most_qubits)
        for each in served_here
    }
    return {name: device.to_abstract_repr() for name, device in devices.items()}


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:500]
