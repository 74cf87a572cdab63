"""What runs a sequence: devices of Pulser by name, and the limits of PCS's device types."""

from __future__ import annotations

from typing import TypeGuard

import pulser
from pulser import devices
from pulser.devices import Device, VirtualDevice

from runner.sequences.pulser_api.device_specs import is_emulator

AnyDevice = Device | VirtualDevice
AnySequence = pulser.Sequence[AnyDevice]

# PCS's own limits; an emulator that we do not know decides for itself.
_QUBITS = {"EMU_FREE": 12, "EMU_SV": 25, "EMU_MPS": 80}
_QUBITS_OF_QPU = 100


def known_devices() -> dict[str, AnyDevice]:
    """The devices that Pulser brings, by name."""
    found = (getattr(devices, name) for name in devices.__all__)
    return {device.name: device for device in found if not isinstance(device, type)}


def most_qubits(device_type: str) -> int | None:
    """How many qubits a device type takes; None if that is not known."""
    return _QUBITS.get(device_type) if is_emulator(device_type) else _QUBITS_OF_QPU


def own_coefficient_xy(device: AnyDevice) -> float | None:
    """The coefficient of the XY interaction that a device has of its own; None where its level decides."""
    own = device._params().get("interaction_coeff_xy")  # noqa: SLF001  (there is no other way to know)
    return None if own is None else float(own)


def is_machine(device: AnyDevice) -> TypeGuard[Device]:
    """Whether there can be a machine like the device; emulators also take virtual ones."""
    return isinstance(device, Device)
