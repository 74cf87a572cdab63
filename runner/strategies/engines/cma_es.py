"""CMA-ES: generations from a normal distribution that learns its shape.

N. Hansen, The CMA evolution strategy: a tutorial, arXiv:1604.00772; the package `cmaes` (MIT) does it.
Bounds are kept by drawing again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from runner.optional_packages import needed
from runner.strategies.engines.base import loss_of
from runner.strategies.engines.equal_rounds import EqualRounds

if TYPE_CHECKING:
    from runner.domain.strategies import Units
    from runner.strategies.engines.base import Round, Search

_SEEDS = 2**31


class CmaEngine(EqualRounds):
    """Tells a new optimizer every generation that was bought, and asks it for one."""

    end = "the search has narrowed to a point"

    def __init__(self, search: Search) -> None:
        super().__init__(search)
        self._first: Round | None = None
        self._generations: list[Round] = []

    def tell(self, trials: Round) -> None:
        """Keep a generation."""
        if self._first is None:
            self._first = trials
        else:
            self._generations.append(trials)

    def propose(self, rng: np.random.Generator) -> list[Units]:
        """The next generation."""
        start = self._search.start(self._first or (), self._search.random(1))
        optimizer = needed("cmaes", "a strategy of kind cma-es", extra="cma").CMA(
            mean=np.asarray(start),
            sigma=self._search.settings["sigma"],
            bounds=np.tile((0.0, 1.0), (self._search.n, 1)),
            seed=int(rng.integers(_SEEDS)),
            population_size=self._search.ask,
        )
        for generation in self._generations:
            _tell(optimizer, generation)
        if optimizer.should_stop():
            return []
        return [self._search.drawn(optimizer.ask) for _ in range(self._search.ask)]


def _tell(optimizer: Any, generation: Round) -> None:
    """Tell a generation; what failed counts as its worst, and one that failed whole is left out."""
    known = [trial.loss for trial in generation if trial.loss is not None]
    if known:
        optimizer.tell([(np.asarray(each.units), min(loss_of(each), max(known))) for each in generation])
