"""A formula of several names → its value and its standard error.

The error is that of the delta method, with how the names go together: slopes times covariances. A slope is
that over one standard error to either side, as far as a name can go, so kinks and ends are crossed as runs
would cross them; where it is 0, as at the top of a parabola, the second order is left. Where all runs agree
on the formula though not on its names, the error is that of a mean over runs that all agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from runner.domain.expressions.constants import calculated
from runner.domain.expressions.tree import Variable
from runner.domain.expressions.words import ExpressionError
from runner.results.analysis.estimates import Estimate
from runner.results.analysis.objectives.readings import covariance, error_where_all_agree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.domain.expressions.tree import Tree
    from runner.results.analysis.counts import Counts
    from runner.results.analysis.estimates import Floats
    from runner.results.analysis.objectives.readings import Reading

_LEAST_STEP: Final = 1e-3  # of a standard error: nearer to an end, there is no room
_SAME: Final = 1e-9
_PARTS: Final = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From where to where a name is varied, and its value between them."""

    low: float
    value: float
    high: float

    @property
    def width(self) -> float:
        """Length of it."""
        return self.high - self.low


def of_formula(tree: Tree, readings: Mapping[str, Reading], counts: Counts) -> Estimate | None:
    """What a formula comes to; None where it has no value, as where it divides by 0.

    Args:
        readings: Of each name in it.
    """
    if isinstance(tree, Variable):
        return readings[tree.name].estimate
    at = {name: each.estimate.value for name, each in readings.items()}
    value = _value(tree, at)
    if value is None:
        return None
    error = _error(tree, at, readings, counts)
    if len(readings) == 1:
        ((name, only),) = readings.items()
        if _is_straight(tree, name, only.estimate.between):
            return _straight(tree, name, only.estimate, Estimate(value, error))
    return Estimate(value, error)


def _value(tree: Tree, at: Mapping[str, float]) -> float | None:
    try:
        return calculated(tree, at)
    except (ExpressionError, TypeError):  # a power of a negative number may be complex
        return None


def _error(tree: Tree, at: Mapping[str, float], readings: Mapping[str, Reading], counts: Counts) -> float:
    names = list(readings)
    estimates = [each.estimate for each in readings.values()]
    if any(math.isnan(each.error) for each in estimates):
        return math.nan
    stretches = {name: _stretch(tree, name, at, readings[name].estimate) for name in names}
    if any(not stretches[name].width and readings[name].estimate.error for name in names):
        return math.nan
    together = covariance(list(readings.values()), counts)
    slopes, curves = _slopes(tree, at, stretches), _curves(tree, at, stretches)
    variance = float(slopes @ together @ slopes)
    whole = float(np.abs(slopes) @ np.sqrt(np.diag(together)))
    if variance <= (_SAME * whole) ** 2:
        variance = error_where_all_agree(0.0, _ends(slopes, estimates), counts.total) ** 2
    turned = curves @ together
    return math.sqrt(variance + max(float(np.sum(turned * turned.T)), 0.0) / 2)


def _stretch(tree: Tree, name: str, at: Mapping[str, float], estimate: Estimate) -> Stretch:
    """A standard error to either side, where the name can be and the formula has a value."""
    value, error = at[name], estimate.error
    sides = (
        (sign, min(error, room))
        for sign, room in ((-1, value - estimate.between[0]), (1, estimate.between[1] - value))
    )
    low, high = (
        value + sign * step
        if step > _LEAST_STEP * error and _value(tree, {**at, name: value + sign * step}) is not None
        else value
        for sign, step in sides
    )
    return Stretch(low, value, high)


def _slopes(tree: Tree, at: Mapping[str, float], stretches: Mapping[str, Stretch]) -> Floats:
    return np.array(
        [
            _difference(tree, at, {name: each}) / each.width if each.width else 0.0
            for name, each in stretches.items()
        ]
    )


def _curves(tree: Tree, at: Mapping[str, float], stretches: Mapping[str, Stretch]) -> Floats:
    """Second derivatives; shape (names, names)."""
    found = np.diag([_curve(tree, at, name, each) for name, each in stretches.items()])
    for (i, one), (j, other) in combinations(enumerate(stretches), 2):
        pair = {name: stretches[name] for name in (one, other)}
        widths = pair[one].width * pair[other].width
        found[i, j] = found[j, i] = _difference(tree, at, pair) / widths if widths else 0.0
    return found


def _curve(tree: Tree, at: Mapping[str, float], name: str, over: Stretch) -> float:
    if not over.low < over.value < over.high:
        return 0.0
    below, above = Stretch(over.low, over.low, over.value), Stretch(over.value, over.high, over.high)
    rises = [_difference(tree, at, {name: each}) / each.width for each in (below, above)]
    return 2 * (rises[1] - rises[0]) / over.width


def _difference(tree: Tree, at: Mapping[str, float], over: Mapping[str, Stretch]) -> float:
    """What a formula gains from one end to the other; of two names, the gain of the gain. 0 if unknown."""
    if not over:
        return math.nan if (value := _value(tree, at)) is None else value
    (name, first), *others = over.items()
    high, low = (_difference(tree, {**at, name: end}, dict(others)) for end in (first.high, first.low))
    return 0.0 if math.isnan(high - low) else high - low


def _ends(slopes: Floats, estimates: Sequence[Estimate]) -> tuple[float, float]:
    """How far a formula can go from its value, along its slopes."""
    ways = [
        sorted(slope * (end - each.value) for end in each.between)
        for slope, each in zip(slopes.tolist(), estimates, strict=True)
        if slope
    ]
    return math.fsum(low for low, _ in ways), math.fsum(high for _, high in ways)


def _is_straight(tree: Tree, name: str, between: tuple[float, float]) -> bool:
    """Whether a formula of one name is a straight line over all that this can be."""
    low, high = between
    if not math.isfinite(high - low):
        return False
    ends = [_value(tree, {name: end}) for end in between]
    if None in ends:
        return False
    first, last = (end or 0.0 for end in ends)
    found = [(_value(tree, {name: low + part * (high - low)}), part) for part in _PARTS]
    tolerance = _SAME * max(abs(first), abs(last))
    return all(
        value is not None and abs(value - first - part * (last - first)) <= tolerance for value, part in found
    )


def _straight(tree: Tree, name: str, estimate: Estimate, found: Estimate) -> Estimate:
    """With the interval of the name, stretched."""
    low, high = sorted(calculated(tree, {name: end}) for end in estimate.between)
    center = _value(tree, {name: estimate.center})
    return Estimate(
        found.value, found.error, center=math.nan if center is None else center, between=(low, high)
    )
