"""Intervals that hold a mean with a given probability, by what was measured of it. Pure.

They are quantiles of a beta distribution on what the quantity can be, with the mean and standard deviation
that `runner.results.analysis.means` gives. For a probability that is Jeffreys' interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import betaincinv, ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ends = tuple[Floats | float, Floats | float]

_LEAST: Final = 1e-300
_MOST: Final = 1e12  # runs behind a beta distribution that still differs from a normal one


def ends(
    value: Floats | float, error: Floats | float, center: Floats | float, between: Ends, level: float
) -> tuple[Floats, Floats]:
    """Lower and upper ends of intervals, which hold the values themselves.

    Args:
        value: What was measured.

        error: Standard deviation of what is probable.

        center: Mean of what is probable; NaN where that is the value.

        between: Least and greatest value that is possible; infinite where there is none.
    """
    low, high = (np.broadcast_to(np.asarray(end, float), np.shape(value)) for end in between)
    reach = ndtri((1 + level) / 2) * error
    shape = _shape(error, center, low, high)
    tails = ((1 - level) / 2, (1 + level) / 2)
    with np.errstate(invalid="ignore"):
        below, above = (low + (high - low) * betaincinv(*shape, tail) for tail in tails)
        is_beta = np.isfinite(below) & np.isfinite(above)
        found = (np.where(is_beta, below, value - reach), np.where(is_beta, above, value + reach))
        lower, upper = (np.clip(each, low, high) for each in found)
        return np.minimum(lower, value), np.maximum(upper, value)


def alike(*values: Floats | float) -> tuple[Floats, ...]:
    """Numbers and arrays as arrays of one shape."""
    return tuple(np.broadcast_arrays(*values))


def _shape(error: Floats | float, center: Floats | float, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The two parameters of the beta distribution; NaN where there is none."""
    with np.errstate(all="ignore"):
        share = (center - low) / (high - low)
        runs = share * (1 - share) * ((high - low) / np.maximum(error, _LEAST)) ** 2 - 1
        runs = np.where((runs > 0) & (runs < _MOST), runs, np.nan)
        return share * runs, (1 - share) * runs
