"""What runs cost on a QPU."""

from __future__ import annotations

from typing import Final

# PCS says that 100 runs take about 2 minutes.
QPU_S_PER_RUN: Final = 1.2


def is_emulator(device_type: str) -> bool:
    """Whether a device type is emulated, hence free of QPU time."""
    return device_type.startswith("EMU_")


def qpu_seconds(device_type: str, runs: int) -> float:
    """Estimated time on a QPU (in s), 0 on an emulator."""
    return 0.0 if is_emulator(device_type) else runs * QPU_S_PER_RUN
