"""Device types of the local cloud: which are served, what they can carry, and what emulates them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from runner.local.rules.queue_policy import is_exclusive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Of atoms with three states, where both lasers play: 3^10 states are nearly as many as 2^16.
MAX_QUTRITS = 10
# Devices without a limit of their own are emulated; each shot is a line of the answer.
MAX_RUNS = 1_000_000
_KEPT_REGISTERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceType:
    """One target.

    Args:
        max_qubits: Most qubits that its own emulator carries on this machine.

        extra: The extra of this project that brings its emulator; empty for one that is always there.

        gone: Why it takes no batches, whatever is installed.

        bases: What its emulator can play and measure.

        larger: The device type whose emulator carries what its own one cannot; empty for none.

        stand_in: The device type whose emulator plays it where its extra is not installed; empty for none.

        stand_in_qubits: Most qubits that the stand-in carries.

        limit: Most qubits that the server was told to take; None for as many as can be emulated.
    """

    name: str
    max_qubits: int
    extra: str = ""
    gone: str = ""
    bases: frozenset[str] = frozenset({"ground-rydberg", "digital", "XY"})
    larger: str = ""
    stand_in: str = ""
    stand_in_qubits: int = 0
    limit: int | None = None

    @property
    def is_qpu_like(self) -> bool:
        """Whether it behaves like one machine: real devices only, one batch at a time."""
        return is_exclusive(self.name)

    @property
    def capability(self) -> int:
        """Most qubits that can be emulated for it with what is installed."""
        if self.is_replaced:
            return self.stand_in_qubits
        larger = DEVICE_TYPES.get(self.larger)
        return self.max_qubits if larger is None or larger.missing else larger.max_qubits

    @property
    def most_qubits(self) -> int:
        """Most qubits that it takes here and now."""
        return self.capability if self.limit is None else min(self.limit, self.capability)

    def emulated_as(self, n_qubits: int) -> DeviceType:
        """The device type whose emulator plays so many qubits."""
        return DEVICE_TYPES[self.larger] if self.larger and n_qubits > self.max_qubits else self

    @property
    def is_replaced(self) -> bool:
        """Whether another emulator plays it, for its own is not installed."""
        return bool(self.stand_in) and not _is_installed(self.extra)

    @property
    def lacks(self) -> DeviceType | None:
        """The device type whose emulator would carry more, and is not installed; None if there is none."""
        if self.is_replaced:
            return self
        larger = DEVICE_TYPES.get(self.larger)
        return larger if larger is not None and larger.missing else None

    @property
    def missing(self) -> str:
        """Why it takes no batches here now; empty for one that does."""
        if self.gone or self.is_replaced or not self.extra or _is_installed(self.extra):
            return self.gone
        return f"Its emulator is not installed; {self.cure} brings it."

    @property
    def cure(self) -> str:
        """What installs its emulator."""
        return f"pip install 'pulser-runner[{self.extra}]'"

    @property
    def said(self) -> str:
        """What it takes, for people."""
        if self.missing:
            return f"{self.name}: nothing. {self.missing}"
        text = f"{self.name}: at most {self.most_qubits} qubits"
        if self.is_replaced:
            text += f", by the solver of {self.stand_in}"
        elif self.most_qubits > self.max_qubits:
            return f"{text}, more than {self.max_qubits} of them by the emulator of {self.larger}"
        if self.lacks is None or self.limit is not None:
            return text
        return f"{text}; {self.lacks.cure} brings an emulator for more"


def _is_installed(package: str) -> bool:
    return find_spec(package.replace("-", "_")) is not None


# EMU_… as on PCS. The others stand for machines with more qubits than a state vector here can have.
_ALL = (
    DeviceType(name="EMU_FREE", max_qubits=12),
    DeviceType(name="EMU_FRESNEL", max_qubits=16, larger="EMU_MPS"),
    DeviceType(name="FRESNEL", max_qubits=16, larger="EMU_MPS"),
    DeviceType(name="FRESNEL_CAN1", max_qubits=16, larger="EMU_MPS"),
    DeviceType(
        name="EMU_SV",
        max_qubits=25,
        extra="emu-sv",
        bases=frozenset({"ground-rydberg"}),
        stand_in="EMU_FREE",
        stand_in_qubits=20,
    ),
    DeviceType(name="EMU_MPS", max_qubits=80, extra="emu-mps", bases=frozenset({"ground-rydberg", "XY"})),
    DeviceType(name="EMU_TN", max_qubits=80, gone="It is deprecated, and not available on the local cloud."),
)
DEVICE_TYPES: Mapping[str, DeviceType] = {device.name: device for device in _ALL}


def limited(limits: Mapping[str, int]) -> Mapping[str, DeviceType]:
    """All device types, some with a limit of qubits."""
    return {name: replace(device, limit=limits.get(name)) for name, device in DEVICE_TYPES.items()}


def limit_problem(name: str, limit: int) -> str:
    """Why a device type cannot take so many qubits; empty if it can."""
    device = DEVICE_TYPES.get(name)
    if device is None:
        return f"there is no device type {name}; there are {', '.join(DEVICE_TYPES)}"
    larger = DEVICE_TYPES.get(device.larger, device)
    if limit > larger.max_qubits:
        return f"{name} takes at most {larger.max_qubits} qubits here"
    if limit > device.capability:
        return f"{name} takes more than {device.capability} qubits only with {larger.cure}"
    return ""


def served(devices: Iterable[DeviceType] = _ALL) -> tuple[DeviceType, ...]:
    """The device types that take batches."""
    return tuple(device for device in devices if not device.missing)


def played_by(device_type: str) -> str:
    """The device type whose emulator plays registers of any size, or the small ones."""
    device = DEVICE_TYPES.get(device_type)
    return device.stand_in if device is not None and device.is_replaced else device_type


def emulator_name(device_type: str, sequence: str) -> str:
    """The device type whose emulator plays a sequence.

    Args:
        device_type: Where it was submitted to.

        sequence: Its abstract representation; only looked at where its size matters.
    """
    device = DEVICE_TYPES.get(device_type)
    if device is None or not device.larger:
        return played_by(device_type)
    return device.emulated_as(_size(sequence)).name


@lru_cache(maxsize=_KEPT_REGISTERS)
def _size(sequence: str) -> int:
    """How many qubits the register of an abstract representation has."""
    return len(json.loads(sequence).get("register", ()))
