"""Fits: the parameters of a model that make what was measured most likely. Pure.

How often something was measured at a point is binomial. To maximise that likelihood is to minimise the
deviance, the sum of squares of the deviance residuals (McCullagh and Nelder, Generalized Linear Models,
section 2.4), so that a solver of least squares finds it. Points where all runs agree count like any others;
a fit that is weighted by their standard errors, which are 0 there, would see nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.optimize import least_squares
from scipy.special import xlogy
from scipy.stats import chi2, norm

from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.results.analysis.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.results.analysis.estimates import Floats
    from runner.results.analysis.fit_models import Model

# A probability of 0 forbids what was measured; this close to it, it is only most unlikely.
_LEAST: Final = 1e-9
_TOLERANCE: Final = 1e-12
# How fast it gets worse beyond what a probability can be; a solver that meets the steep wall first gets stuck
_GENTLE: Final = 10.0
_WALLS: Final = (100.0, 1e3)
_ROUGH: Final = 1e-6
_IMPROBABLE: Final = 1e-3
_FAR: Final = 1e3


class Tallies(NamedTuple):
    """How often something was measured, point by point.

    Args:
        x: Where; shape (points,).

        hits: In how many runs it was; shape (points,).

        runs: Of how many; shape (points,).

        low: What the model says where none is a hit.

        high: What it says where all are.
    """

    x: Floats
    hits: Floats
    runs: Floats
    low: float = 0.0
    high: float = 1.0

    @property
    def means(self) -> Floats:
        """What was measured, as the model says it; shape (points,)."""
        return self.low + (self.high - self.low) * self.hits / self.runs

    def probability(self, value: Floats) -> Floats:
        """How probable a hit is by what a model says; beyond 0 and 1 where it says what cannot be."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A model with the parameters that fit best.

    Args:
        parameters: Each with one standard error (1σ), by name.

        deviance: What is left of the deviance; around `freedom` where the model is right.

        freedom: Points less parameters.

        covariance: Of the parameters, in their order; shape (parameters, parameters).

        units: Unit of each parameter that has one, by name.

        scale: x of the model for 1 of what is asked for: 0.001 where that is in ns, and the model in µs.

        bounds: Between which the curve lies, as what was measured does.
    """

    model: Model
    parameters: Mapping[str, Estimate]
    deviance: float
    freedom: int
    covariance: Floats = field(repr=False, compare=False)
    units: Mapping[str, str] = field(default_factory=dict)
    scale: float = 1.0
    bounds: tuple[float, float] = (-np.inf, np.inf)

    def __getitem__(self, name: str) -> Estimate:
        return self.parameters[name]

    def __call__(self, x: Floats) -> Floats:
        """The curve; shape as x, which is in the unit of the variable."""
        curve = self.model.value(np.asarray(x, float) * self.scale, self._values())
        return np.clip(curve, *self.bounds)

    def __str__(self) -> str:
        """The parameters, for example `rabi: frequency = 1.668 ± 0.002 MHz, …`, and how well it fits."""
        said = [
            f"{name} = {each} {self.units.get(name, '')}".rstrip() for name, each in self.parameters.items()
        ]
        fit = f"deviance {self.deviance:.1f} with {counted(self.freedom, 'degree')} of freedom"
        doubt = ": the model does not describe the points" if self.p_value < _IMPROBABLE else ""
        return f"{self.model.name}: {', '.join(said)}; {fit}{doubt}"

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """The interval that holds the true value in this share of repetitions (normal approximation)."""
        value, error = self.parameters[name].value, self.parameters[name].error
        reach = float(norm.ppf((1 + level) / 2)) * error
        return value - reach, value + reach

    @property
    def p_value(self) -> float:
        """How probable a deviance as large as this is if the model is right; small where it is not."""
        return float(chi2.sf(self.deviance, self.freedom)) if self.freedom > 0 else float("nan")

    def _values(self) -> Floats:
        return np.array([self.parameters[name].value for name in self.model.parameters])


def fitted(model: Model, tallies: Tallies, units: Mapping[str, str] | None = None, scale: float = 1.0) -> Fit:
    """The parameters of a model that make the tallies most likely; for `units` and `scale` see `Fit`.

    Raises:
        UsageError: There are fewer points than parameters, or all are at one x.
    """
    names, points = model.parameters, len(np.unique(tallies.x))
    tallies = tallies._replace(x=tallies.x * scale)
    if points < len(names):
        raise UsageError(
            f"{model.name} has {len(names)} parameters, and {counted(points, 'point')} measured",
            hint="a fit needs a point for each parameter at least",
        )
    deviance, found = min(
        (_descended(model, each, tallies) for each in model.starts(tallies.x, tallies.means)),
        key=lambda each: each[0],
    )
    for wall in _WALLS:
        deviance, found = _descended(model, found, tallies, wall, _TOLERANCE)
    covariance = _covariance(model, found, tallies)
    errors = np.sqrt(np.diag(covariance))
    return Fit(
        model=model,
        parameters={n: Estimate(float(v), float(e)) for n, v, e in zip(names, found, errors, strict=True)},
        deviance=deviance,
        freedom=len(tallies.x) - len(names),
        covariance=covariance,
        units=units or {},
        scale=scale,
        bounds=(min(tallies.low, tallies.high), max(tallies.low, tallies.high)),
    )


def _descended(
    model: Model, start: Floats, tallies: Tallies, wall: float = _GENTLE, tolerance: float = _ROUGH
) -> tuple[float, Floats]:
    """The nearest parameters of which the deviance is least, with what it is there."""
    lowest = np.array([0.0 if name in model.positive else -np.inf for name in model.parameters])
    begin = np.maximum(start, lowest)
    found = least_squares(
        lambda p: _residuals(tallies.probability(model.value(tallies.x, p)), tallies, wall),
        begin,
        bounds=(lowest, np.inf),
        x_scale=np.maximum(np.abs(begin), _LEAST),
        xtol=tolerance,
        ftol=tolerance,
    )
    return float(2 * found.cost), found.x


def _residuals(probability: Floats, tallies: Tallies, wall: float) -> Floats:
    """Deviance residuals, the squares of which add up to the deviance.

    Args:
        wall: How fast they grow beyond what a probability can be, so that the solver finds back.
    """
    hits, runs, probability = tallies.hits, tallies.runs, np.nan_to_num(probability, nan=np.inf)
    probability = np.clip(probability, -_FAR, _FAR)
    p = np.clip(probability, _LEAST, 1 - _LEAST)
    deviance = 2 * (xlogy(hits, hits / (runs * p)) + xlogy(runs - hits, (runs - hits) / (runs * (1 - p))))
    signs = np.sign(hits / runs - p)
    residuals: Floats = signs * np.sqrt(np.maximum(deviance, 0))
    return residuals + np.sqrt(runs) * (p - probability) * wall


def _covariance(model: Model, found: Floats, tallies: Tallies) -> Floats:
    """Inverse of the Fisher information at what was found; shape (parameters, parameters).

    Half a hit and half a miss are added to each point, as Jeffreys' prior does: where a curve touches 0 or 1,
    runs that all agree are no proof that it does.
    """
    fitted = np.clip(tallies.probability(model.value(tallies.x, found)), 0, 1)
    p = (tallies.runs * fitted + 0.5) / (tallies.runs + 1)
    slopes = _slopes(model, found, tallies.x) / (tallies.high - tallies.low)
    slopes *= np.sqrt(tallies.runs / (p * (1 - p)))[:, None]
    sizes = np.linalg.norm(slopes, axis=0)
    known = np.where(sizes > 0, sizes, 1.0)
    # of parameters of like size: a time in ns beside a frequency per ns would be lost in rounding
    covariance: Floats = np.linalg.pinv((slopes / known).T @ (slopes / known)) / np.outer(known, known)
    covariance[np.diag_indices_from(covariance)] += np.where(sizes > 0, 0.0, np.inf)
    return covariance


def _slopes(model: Model, found: Floats, x: Floats) -> Floats:
    """Derivatives by each parameter, by central differences; shape (points, parameters)."""
    steps = np.maximum(np.abs(found), 1e-3) * 1e-6
    columns = []
    for place, step in enumerate(steps):
        ahead, behind = found.copy(), found.copy()
        ahead[place] += step
        behind[place] -= step
        columns.append((model.value(x, ahead) - model.value(x, behind)) / (2 * step))
    return np.column_stack(columns).astype(float)
