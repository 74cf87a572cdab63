"""Device types of the local cloud: which are served, and what they can carry."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from runner.local.queues import is_exclusive

# Of atoms with three states, where both lasers play: 3^10 states are nearly as many as 2^16.
MAX_QUTRITS = 10
# Devices without a limit of their own are emulated; each shot is a line of the answer.
MAX_RUNS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceType:
    """One target.

    Args:
        max_qubits: Most qubits that are emulated for it on this machine.

        extra: The extra of this project that brings its emulator; empty for one that is always there.

        gone: Why it takes no batches, whatever is installed.

        bases: What its emulator can play and measure.
    """

    name: str
    max_qubits: int
    extra: str = ""
    gone: str = ""
    bases: frozenset[str] = frozenset({"ground-rydberg", "digital", "XY"})

    @property
    def is_qpu_like(self) -> bool:
        """Whether it behaves like one machine: real devices only, one batch at a time."""
        return is_exclusive(self.name)

    def most_atoms(self, bases: frozenset[str]) -> int:
        """Most atoms of a sequence that addresses some bases."""
        return min(self.max_qubits, MAX_QUTRITS) if len(bases) > 1 else self.max_qubits

    @property
    def missing(self) -> str:
        """Why it takes no batches here now; empty for one that does."""
        if self.gone or not self.extra or _is_installed(self.extra):
            return self.gone
        return f"Its emulator is not installed; pip install 'pulser-runner[{self.extra}]' brings it."


def _is_installed(package: str) -> bool:
    return find_spec(package.replace("-", "_")) is not None


# EMU_… as on PCS. The others stand for machines with more qubits than any state vector here can have.
_ALL = (
    DeviceType(name="EMU_FREE", max_qubits=12),
    DeviceType(name="EMU_FRESNEL", max_qubits=16),
    DeviceType(name="FRESNEL", max_qubits=16),
    DeviceType(name="FRESNEL_CAN1", max_qubits=16),
    DeviceType(name="EMU_SV", max_qubits=25, extra="emu-sv", bases=frozenset({"ground-rydberg"})),
    DeviceType(name="EMU_MPS", max_qubits=80, extra="emu-mps", bases=frozenset({"ground-rydberg", "XY"})),
    DeviceType(name="EMU_TN", max_qubits=80, gone="It is deprecated, and not available on the local cloud."),
)
DEVICE_TYPES = {device.name: device for device in _ALL}


def served() -> tuple[DeviceType, ...]:
    """The device types that take batches."""
    return tuple(device for device in _ALL if not device.missing)
