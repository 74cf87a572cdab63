"""SPSA: the slope along a random direction, from two jobs, whatever the number of variables.

J. C. Spall, Implementation of the simultaneous perturbation algorithm for stochastic optimization, IEEE
Transactions on Aerospace and Electronic Systems 34, 817 (1998). Round k (from 0) measures θ ± c_k Δ with
random signs Δ, and θ becomes θ − a_k (y₊ − y₋) / (2 c_k Δ), where a_k = a / (k + 1 + A)^α and
c_k = c / (k + 1)^γ. θ stays so far inside the cube that both jobs are in it.
"""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING, Final

import numpy as np

from runner.strategies.engines.base import MOST_DRAWS, UnkeptError, in_cube
from runner.strategies.engines.equal_rounds import EqualRounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from runner.domain.strategies import Units
    from runner.strategies.engines.base import Round, Search

    Vector = NDArray[np.float64]

_DRAWS_OF_A_SIZE: Final = 100


class SpsaEngine(EqualRounds):
    """Steps against the slope that the pairs of a round have."""

    end = ""

    def __init__(self, search: Search) -> None:
        super().__init__(search)
        self._first: Round | None = None
        self._middle: Vector | None = None
        self._slopes: list[Vector] = []

    def tell(self, trials: Round) -> None:
        """Take middle and slope from the values that were bought."""
        if self._first is None:
            self._first = trials
            return
        self._middle = np.mean([trial.units for trial in trials], axis=0)
        self._slopes.append(_slope(trials))

    def propose(self, rng: np.random.Generator) -> list[Units]:
        """Points on both sides of where the last step leads."""
        if self._middle is None:
            middle = np.asarray(self._search.start(self._first or (), rng))
            step = np.zeros(self._search.n)
        else:
            middle, step = self._middle, self._step()
        pairs = [self._pair(middle, step, rng) for _ in range(self._search.ask // 2)]
        return [point for pair in pairs for point in pair]

    def _step(self) -> Vector:
        """The step that the last slope asks for."""
        said, k = self._search.settings, len(self._slopes)
        gain = said["a"] or self._usual_gain()
        step: Vector = self._slopes[-1] * (gain / (k + said["A"]) ** said["alpha"])
        return step

    def _usual_gain(self) -> float:
        """The one with which a slope as steep as those so far would make the first step of the settings."""
        said = self._search.settings
        steep = [float(np.abs(slope).mean()) for slope in self._slopes if slope.any()]
        return said["step"] * (1 + said["A"]) ** said["alpha"] / mean(steep) if steep else 0.0

    def _pair(self, middle: Vector, step: Vector, rng: np.random.Generator) -> tuple[Units, Units]:
        """Both jobs of a pair; if conditions refuse a hundred, with half the step and half the distance."""
        said, k = self._search.settings, len(self._slopes)
        for draw in range(MOST_DRAWS):
            size = 0.5 ** (draw // _DRAWS_OF_A_SIZE)
            distance = size * said["c"] / (k + 1) ** said["gamma"]
            signs = rng.choice((-1.0, 1.0), self._search.n)
            place = np.clip(middle - size * step, distance, 1 - distance)
            pair = in_cube(place + distance * signs), in_cube(place - distance * signs)
            if all(map(self._search.allows, pair)):
                return pair
        raise UnkeptError(f"{MOST_DRAWS} pairs were drawn")


def _slope(trials: Round) -> Vector:
    """The mean slope of the pairs whose jobs have both ended well; without any, none."""
    slopes = [np.zeros(len(trials[0].units))]
    for one, other in zip(trials[::2], trials[1::2], strict=True):
        if one.loss is not None and other.loss is not None:
            way = np.subtract(one.units, other.units)
            slopes.append(np.divide(one.loss - other.loss, way, out=np.zeros(len(way)), where=way != 0))
    slope: Vector = np.mean(slopes[1:] or slopes, axis=0)
    return slope
