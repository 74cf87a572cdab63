"""Device types of the local cloud: which are served, and what they can carry."""

from __future__ import annotations

from dataclasses import dataclass

from runner.local.queues import is_exclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceType:
    """One target.

    Args:
        max_qubits: Most qubits that are emulated for it on this machine.

        missing: Why it takes no batches here; empty for one that does.
    """

    name: str
    max_qubits: int
    missing: str = ""

    @property
    def is_qpu_like(self) -> bool:
        """Whether it behaves like one machine: real devices only, one batch at a time."""
        return is_exclusive(self.name)


# EMU_FREE as on PCS. The others stand for machines with more qubits than any state vector here can have.
_SERVED = (
    DeviceType(name="EMU_FREE", max_qubits=12),
    DeviceType(name="EMU_FRESNEL", max_qubits=16),
    DeviceType(name="FRESNEL", max_qubits=16),
    DeviceType(name="FRESNEL_CAN1", max_qubits=16),
)
_NOT_YET = "It is not available on the local cloud yet; EMU_FREE is."
_MISSING = (
    DeviceType(name="EMU_SV", max_qubits=25, missing=_NOT_YET),
    DeviceType(name="EMU_MPS", max_qubits=80, missing=_NOT_YET),
    DeviceType(
        name="EMU_TN", max_qubits=80, missing="It is deprecated, and not available on the local cloud."
    ),
)
DEVICE_TYPES = {device.name: device for device in (*_SERVED, *_MISSING)}


def served() -> tuple[DeviceType, ...]:
    """The device types that take batches."""
    return _SERVED
