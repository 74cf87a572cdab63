"""What runs cost on a QPU, and how long it is worth to wait before it is paid twice."""

from __future__ import annotations

from typing import Final

# PCS says that 100 runs take about 2 minutes.
QPU_S_PER_RUN: Final = 1.2

# On a machine, or where a part of it is shown, a purchase without a clear answer has so many settle windows
# to come to light: how far views lag is promised by nobody, and a few seconds are little beside its queue.
_WINDOWS: Final = 5


def is_emulator(device_type: str) -> bool:
    """Whether a device type is emulated, hence free of QPU time."""
    return device_type.startswith("EMU_")


def qpu_seconds(device_type: str, runs: int) -> float:
    """Estimated time on a QPU (in s), 0 on an emulator."""
    return 0.0 if is_emulator(device_type) else runs * QPU_S_PER_RUN


def unclear_settle_s(device_type: str, settle_s: float, *, is_in_part: bool = False) -> float:
    """How long (in s) a batch must have been seen shut, on which a purchase had no clear answer.

    Args:
        is_in_part: Whether some of its jobs are shown, and not all: a view that is behind shows it so, too.
    """
    return settle_s * (1 if is_emulator(device_type) and not is_in_part else _WINDOWS)
