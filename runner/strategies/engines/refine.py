"""Adaptive refinement of one number: a bracket around the optimum that halves while the errors allow it.

Points stand evenly all over, then evenly in a bracket with one in its middle: from neighbour to neighbour of
the best. A parabola by least squares through all scores in it, older ones too, has its vertex in the middle
of the next bracket. That is half as wide, unless twelve standard errors of the vertex do not fit into either
side. A vertex that is not known to half the bracket leaves it as it is; outside of it, the bracket follows a
slope of more than two standard errors. It is calculated without linear algebra: the winner is the same on
every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import itemgetter
from statistics import fmean
from typing import TYPE_CHECKING, Final

from runner.strategies.engines.equal_rounds import EqualRounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from runner.domain.strategies import Trial, Units
    from runner.strategies.engines.base import Round, Search

    Score = tuple[float, float, float]  # place, loss, error

_ERRORS: Final = 12.0  # of the vertex, from the middle of a bracket to its ends: noise is small in it
_MOST_ERROR: Final = 0.5  # of a vertex that is followed: half the bracket
_COEFFICIENTS: Final = 3
_ROUNDING: Final = 1e-9


class RefineEngine(EqualRounds):
    """Narrows a bracket, as far as scores and their errors say."""

    def __init__(self, search: Search) -> None:
        super().__init__(search)
        self._scores: list[Score] = []
        self._middle, self._width = 0.5, 0.0  # from the middle to the ends; 0 before the first scores
        self._is_fitted = False

    @property
    def end(self) -> str:
        """How well the optimum is known."""
        return f"the optimum is known to {self._search.settings['precision']:g} of the interval"

    def tell(self, trials: Round) -> None:
        """Narrow, move or keep the bracket."""
        self._scores += [(each.units[0], each.loss, each.error) for each in trials if each.loss is not None]
        if not self._scores:
            return
        if not self._width:
            self._middle, self._width = _neighbourhood([(place, loss) for place, loss, _ in self._scores])
        else:
            self._narrow()

    def propose(self, rng: np.random.Generator) -> list[Units]:
        """Points evenly in the bracket; at first, in the middles of as many parts of the interval."""
        count = self._search.ask
        if not self._width:
            evenly = [((i + 0.5) / count,) for i in range(count)]
            return [
                p if self._search.allows(p) else self._search.drawn(lambda: [rng.random()]) for p in evenly
            ]
        if self._width <= self._least():
            return []
        low, high = max(self._middle - self._width, 0.0), min(self._middle + self._width, 1.0)
        best = min(self._scores, key=itemgetter(1))[:1]
        places = [low + (high - low) * i / (count - 1) for i in range(count)]
        nearest = min(range(count), key=lambda i: abs(places[i] - self._middle))
        places[nearest] = self._middle
        return [self._search.pulled(best, (place,)) for place in places]

    def ranked(self, trials: Sequence[Trial]) -> list[Trial]:
        """Best first: in the last bracket by the distance from its middle, all others by their scores.

        Single scores close to an optimum differ by chance; what all of them say is where it is.
        """
        known = [trial for trial in trials if trial.loss is not None]

        def order(trial: Trial) -> tuple[bool, float, int]:
            distance = abs(trial.units[0] - self._middle)
            if self._is_fitted and distance <= self._width:
                return False, distance, trial.slot
            return True, trial.loss or 0.0, trial.slot

        return sorted(known, key=order)

    def _least(self) -> float:
        """The width of the last bracket; between neighbouring whole numbers there is nothing to look for."""
        count = self._search.space.dimensions[0].n_values
        return max(_ERRORS * self._search.settings["precision"], 1 / count if count else 0.0)

    def _narrow(self) -> None:
        near = [
            ((place - self._middle) / self._width, loss, error)
            for place, loss, error in self._scores
            if abs(place - self._middle) <= self._width * (1 + _ROUNDING)
        ]
        fit = _parabola(near) if len(near) > _COEFFICIENTS else None
        if fit is None:
            return
        if fit.bend > 0 and abs(fit.vertex) <= 1 and fit.vertex_error <= _MOST_ERROR:
            self._middle += fit.vertex * self._width
            self._width *= min(1.0, max(0.5, _ERRORS * fit.vertex_error))
            self._is_fitted = True
        elif abs(fit.slope) > 2 * fit.slope_error:
            self._middle = min(max(self._middle - math.copysign(self._width, fit.slope), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class _Parabola:
    """A loss of … + slope · s + bend · s², where s goes from -1 to 1 in the bracket."""

    slope: float
    bend: float
    slope_error: float
    vertex_error: float

    @property
    def vertex(self) -> float:
        """Where it is least."""
        return -self.slope / (2 * self.bend)


def _neighbourhood(scores: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The best place, and how far away the farther neighbour is, or the end of the interval."""
    best = min(scores, key=itemgetter(1))[0]
    places = [place for place, _ in scores]
    left = max((place for place in places if place < best), default=0.0)
    right = min((place for place in places if place > best), default=1.0)
    return best, max(best - left, right - best)


def _parabola(scores: Sequence[Score]) -> _Parabola | None:
    """The parabola of least squares; None where there are too few different places."""
    moments = [math.fsum(s**power for s, _, _ in scores) for power in range(5)]
    sums = [math.fsum(loss * s**power for s, loss, _ in scores) for power in range(3)]
    # The inverse of the matrix of moments, by cofactors.
    m0, m1, m2, m3, m4 = moments
    rows = (
        (m2 * m4 - m3 * m3, m2 * m3 - m1 * m4, m1 * m3 - m2 * m2),
        (m2 * m3 - m1 * m4, m0 * m4 - m2 * m2, m1 * m2 - m0 * m3),
        (m1 * m3 - m2 * m2, m1 * m2 - m0 * m3, m0 * m2 - m1 * m1),
    )
    determinant = m0 * rows[0][0] + m1 * rows[0][1] + m2 * rows[0][2]
    if determinant <= _ROUNDING * m0**3:
        return None
    level, slope, bend = (
        math.fsum(a * b for a, b in zip(row, sums, strict=True)) / determinant for row in rows
    )
    rest = math.fsum((loss - level - slope * s - bend * s * s) ** 2 for s, loss, _ in scores)
    known = fmean(error**2 for _, _, error in scores)
    variance = max(known, rest / (len(scores) - _COEFFICIENTS)) / determinant
    slope_error = math.sqrt(max(variance * rows[1][1], 0.0))
    if not bend:
        return _Parabola(slope, bend, slope_error, math.inf)
    by_slope, by_bend = -1 / (2 * bend), slope / (2 * bend**2)
    spread = by_slope**2 * rows[1][1] + 2 * by_slope * by_bend * rows[1][2] + by_bend**2 * rows[2][2]
    return _Parabola(slope, bend, slope_error, math.sqrt(max(variance * spread, 0.0)))
