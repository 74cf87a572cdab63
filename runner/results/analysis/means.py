"""Means over runs, with errors that are never 0 as long as the runs are finite. Pure.

Half a run is added at the least and half a run at the greatest value that was measured; where all runs agree,
at the ends of what the quantity can be. The weights of the values then have a Dirichlet distribution, as in
a Bayesian bootstrap, and the error is the standard deviation of the mean under it. With v the variance among
N runs and the added one, it is √(v / (N + 2)). For a probability that is the standard deviation of Jeffreys'
posterior distribution, Beta(k + 1/2, N - k + 1/2), exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from runner.results.analysis.estimates import Floats
    from runner.results.analysis.intervals import Ends


class Moments(NamedTuple):
    """What was measured of some quantities over the same runs.

    Args:
        mean: Over the runs.

        variance: Among the runs (divided by their number).

        low: Least value that was measured.

        high: Greatest value that was measured.
    """

    mean: Floats
    variance: Floats
    low: Floats
    high: Floats


class LikelyMean(NamedTuple):
    """What is probable of a mean.

    Args:
        error: Its standard deviation.

        center: Its mean.
    """

    error: Floats
    center: Floats


def moments(values: Floats, runs: Floats) -> Moments:
    """Moments of values that were measured in so many runs each, column by column.

    Means are sums of whole numbers where values are such, divided once; where all runs agree they are what
    they agree on, to the last digit.
    """
    low, high, total = values.min(axis=0), values.max(axis=0), runs.sum()
    mean = np.where(low == high, values[0], runs @ values / total)
    return Moments(mean, runs @ (values - mean) ** 2 / total, low, high)


def likely_mean(measured: Moments, runs: int, possible: Ends) -> LikelyMean:
    """What is probable of the means, by so many runs.

    Args:
        possible: Least and greatest value that a run can give; NaN comes of infinite ones where runs agree.
    """
    mean, variance, low, high = measured
    agree = low == high
    least, most = (np.where(agree, end, seen) for end, seen in zip(possible, (low, high), strict=True))
    with np.errstate(invalid="ignore"):
        center = (runs * mean + (least + most) / 2) / (runs + 1)
        added = ((least - center) ** 2 + (most - center) ** 2) / 2
        whole = (runs * (variance + (mean - center) ** 2) + added) / (runs + 1)
        error = np.sqrt(whole / (runs + 2))
    return LikelyMean(
        np.where(np.isfinite(error), error, np.nan), np.where(np.isfinite(center), center, np.nan)
    )
