"""Round numbers along an axis. Pure."""

from __future__ import annotations

import math
from typing import Final

_TINY: Final = 1e-9


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most so many, in steps of 1, 2 or 5 times a power of ten.

    Where both are the same, it is that number.
    """
    if high <= low:
        return [low]
    step = _step(low, high, most)
    first, last = math.ceil(low / step - _TINY), math.floor(high / step + _TINY)
    return [float(f"{number * step:.10g}") for number in range(first, last + 1)]


def _step(low: float, high: float, most: int) -> float:
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    steps = (factor * power for factor in (1, 2, 5, 10, 20, 50))
    return next(
        step for step in steps if math.floor(high / step + _TINY) - math.ceil(low / step - _TINY) < most
    )
