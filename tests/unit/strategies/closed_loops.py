"""Loops without a cloud: what a strategy asks for is scored at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from runner.domain.strategies import SearchDimension, SearchSpace, Strategy, Trial
from runner.strategies.kinds import KINDS
from runner.strategies.rounds import Ask, Done, next_round

Units = tuple[float, ...]
Score = Callable[[Units], float | None]


def space(n: int, **dimension: Any) -> SearchSpace:
    """Numbers from 0 to 1, so that places are values, unless it is said otherwise."""
    dimensions = tuple(SearchDimension(variable="x", element=i, **dimension) for i in range(n))
    return SearchSpace(dimensions=dimensions, values={"x": (0.0,) * n})


def strategy(kind: str = "sobol", n: int | None = None, **said: Any) -> Strategy:
    """A strategy of some numbers: two, or as many as the kind can vary."""
    n = n or (kind in KINDS and KINDS[kind].most_dimensions) or 2
    usual = Strategy(digest="5e" * 32, text="", kind=kind, space=space(n), runs=100, seed=7)
    return replace(usual, **said)


def ended(wanted: Strategy, score: Score, rounds: int, error: float = 0.0) -> tuple[dict[int, Trial], str]:
    """All jobs of some rounds behind the first, and why they came to an end."""
    trials: dict[int, Trial] = {}
    bounded = replace(wanted, stop=replace(wanted.stop, rounds=rounds))
    while isinstance(step := next_round(bounded, trials), Ask):
        for slot, units in step.points.items():
            trials[slot] = Trial(slot, units, score(units), error)
    assert isinstance(step, Done)
    return trials, step.reason


def best_loss(trials: Mapping[int, Trial], score: Score) -> float:
    """The true loss at the best measured place."""
    known = [trial for trial in trials.values() if trial.loss is not None]
    return score(min(known, key=lambda trial: trial.loss).units)


def shots(score: Score, runs: int, seed: int) -> Score:
    """A probability, measured so many times."""
    rng = np.random.default_rng(seed)
    return lambda units: rng.binomial(runs, score(units)) / runs


def sphere(units: Units) -> float:
    """Least at (0.3, 0.3, …)."""
    return float(sum((each - 0.3) ** 2 for each in units))
