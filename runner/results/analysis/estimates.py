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

    Floats = NDArray[np.float64]


# What is smaller in proportion is no spread, but how computers round.
_ROUNDING: Final = 1e-14


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its standard error; both NaN when nothing was measured.

    Args:
        value: The mean over all runs.

        error: One standard error of it (1σ); NaN for a single run, of which no spread is known.
    """

    value: float
    error: float

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        """The number with as many digits as its error allows, for example 0.512 ± 0.022."""
        if not math.isfinite(self.error):
            return f"{self.value:.6g} ± {self.error:.2g}"
        if self.error <= _ROUNDING * abs(self.value):
            return f"{self.value:.6g} ± 0"
        digits = max(0, 1 - math.floor(math.log10(self.error)))
        return f"{self.value:.{digits}f} ± {self.error:.{digits}f}"


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
    """

    value: Floats
    error: Floats
    labels: tuple[str, ...]

    def __getitem__(self, index: int | str | tuple[int | str, ...]) -> Estimate | Estimates:
        places = index if isinstance(index, tuple) else (index,)
        at = tuple(self.labels.index(each) if isinstance(each, str) else each for each in places)
        value, error = self.value[at], self.error[at]
        if getattr(value, "ndim", 0):
            return Estimates(value, error, self.labels)
        return Estimate(float(value), float(error))

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Estimate | Estimates]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Floats:
        return analysis.observables.array(self.value, dtype, copy)
