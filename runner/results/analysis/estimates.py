"""Estimates: numbers with their standard errors, as values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runner.results import analysis

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import DTypeLike, NDArray

    from runner.results.analysis.intervals import Ends

    Floats = NDArray[np.float64]


# What is smaller in proportion is no spread, but how computers round.
_ROUNDING: Final = 1e-14
# The share that lies within one standard error of a normal distribution.
ONE_SIGMA: Final = math.erf(math.sqrt(0.5))
UNBOUNDED: Final = (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its standard error; both NaN when nothing was measured, an error of NaN is not known.

    Args:
        value: The mean over all runs.

        error: One standard error of it (1σ), never 0 for something that can be otherwise.

        center: Mean of what is probable after the measurement; NaN where that is the value.

        between: Least and greatest number that it can be.
    """

    value: float
    error: float
    center: float = field(default=math.nan, repr=False, compare=False, kw_only=True)
    between: tuple[float, float] = field(default=UNBOUNDED, repr=False, compare=False, kw_only=True)

    @property
    def low(self) -> float:
        """Lower end of the interval that stands for one standard error: it holds 68.27 %."""
        return self.interval(ONE_SIGMA)[0]

    @property
    def high(self) -> float:
        """Upper end of that interval."""
        return self.interval(ONE_SIGMA)[1]

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The interval that holds the true number with this probability; for a probability, Jeffreys'.

        Args:
            level: Between 0 and 1.
        """
        low, high = analysis.intervals.ends(self.value, self.error, self.center, self.between, level)
        return float(low), float(high)

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        """The number with as many digits as its error allows, for example 0.512 ± 0.022.

        Where that would reach what cannot be, the ends of the interval are told: 0.000 +0.010 −0.000.
        """
        if math.isnan(self.error) and not math.isnan(self.value):
            return f"{self.value:.6g}"
        if not math.isfinite(self.error):
            return f"{self.value:.6g} ± {self.error:.2g}"
        if self.error <= _ROUNDING * abs(self.value):
            return f"{self.value:.6g} ± 0"
        return self.said(digits_of(self.error))

    def said(self, digits: int) -> str:
        """The same with so many digits behind the point."""
        said = f"{self.value:.{digits}f}"
        if not self.is_lopsided:
            return f"{said} ± {self.error:.{digits}f}"
        return f"{said} +{self.high - self.value:.{digits}f} −{self.value - self.low:.{digits}f}"

    @property
    def is_lopsided(self) -> bool:
        """Whether one standard error to either side would be beyond what is possible."""
        return not self.between[0] <= self.value - self.error <= self.value + self.error <= self.between[1]


UNKNOWN: Final = Estimate(math.nan, math.nan)


def digits_of(error: float) -> int:
    """How many digits behind the point an error allows."""
    return max(0, 1 - math.floor(math.log10(error)))


@dataclass(frozen=True, slots=True)
class Bootstrap(Estimate):
    """An estimate by resampling, with the resampled values.

    Args:
        value: The statistic of what was measured, not the mean of the samples.

        error: Standard deviation of the samples.

        samples: The statistic of each resampled measurement; shape (n,).
    """

    samples: Floats = field(repr=False, compare=False)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The percentile interval that holds this share of the samples, as much left out below as above.

        Args:
            level: Between 0 and 1.
        """
        return analysis.observables.interval(self.samples, level)


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Several numbers of one kind with their standard errors.

    Indexed by place or by label, one for each dimension: `occupation["q0"]`, `correlations["q0", "q3"]`.
    Where an array is wanted, it is that of the values.

    Args:
        value: Shape (labels,), or (labels, labels) for what is asked of pairs.

        error: One standard error of each (1σ); same shape.

        labels: What the entries along every dimension are about: qubit ids, or names of jobs.

        center: See `Estimate`; None where that is the value.

        between: Least and greatest number that each can be.
    """

    value: Floats
    error: Floats
    labels: tuple[str, ...]
    center: Floats | None = None
    between: Ends = UNBOUNDED

    @property
    def low(self) -> Floats:
        """Lower ends of the intervals that stand for one standard error; same shape."""
        return self.interval(ONE_SIGMA)[0]

    @property
    def high(self) -> Floats:
        """Upper ends of them; same shape."""
        return self.interval(ONE_SIGMA)[1]

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Ends of the intervals that hold the true numbers with this probability, each; same shape."""
        return analysis.intervals.ends(self.value, self.error, self.middle, self.between, level)

    @property
    def middle(self) -> Floats:
        """Means of what is probable; same shape."""
        return self.value if self.center is None else self.center

    def __getitem__(self, index: int | str | tuple[int | str, ...]) -> Estimate | Estimates:
        places = index if isinstance(index, tuple) else (index,)
        at = tuple(self.labels.index(each) if isinstance(each, str) else each for each in places)
        value, error, center, low, high = (
            each[at] for each in analysis.intervals.alike(self.value, self.error, self.middle, *self.between)
        )
        if getattr(value, "ndim", 0):
            return Estimates(value, error, self.labels, center, (low, high))
        return Estimate(float(value), float(error), center=float(center), between=(float(low), float(high)))

    def of(self, *labels: str) -> Estimate:
        """That of one label, or of as many as there are dimensions."""
        found = self[labels]
        if not isinstance(found, Estimate):
            raise TypeError("a label is needed for each dimension")
        return found

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Estimate | Estimates]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Floats:
        return analysis.observables.array(self.value, dtype, copy)
