"""Names of device types: of the local cloud, of PCS, of a target."""

from __future__ import annotations

from runner.local.rules.device_types import DEVICE_TYPES
from runner.sequences.pulser_api.device_specs import is_emulator


def local_device_types() -> frozenset[str]:
    """The device types of the local cloud, whether what they need is installed or not."""
    return frozenset(name for name, each in DEVICE_TYPES.items() if not each.gone)


def known_names() -> frozenset[str]:
    """The device types that PCS is known to have; it may have others."""
    return frozenset(DEVICE_TYPES)


def served_names(specified: frozenset[str]) -> frozenset[str]:
    """The device types of a target that has said which machines it has: emulators need no specification."""
    return specified | {name for name in known_names() if is_emulator(name)}
