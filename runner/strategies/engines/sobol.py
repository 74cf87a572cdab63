"""Sobol sequences, scrambled: points that fill the cube evenly, round after round, none of them twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scipy.stats import qmc

from runner.strategies.engines.base import MOST_DRAWS, UnkeptError
from runner.strategies.engines.equal_rounds import EqualRounds

if TYPE_CHECKING:
    import numpy as np

    from runner.domain.strategies import Units
    from runner.strategies.engines.base import Round, Search

_LEAST_POWER: Final = 5


class SobolEngine(EqualRounds):
    """Continues the sequence of the first round."""

    end = ""

    def __init__(self, search: Search) -> None:
        super().__init__(search)
        self._count = 0

    def tell(self, trials: Round) -> None:
        """Count them: the sequence goes on behind."""
        self._count += sum(trial.slot > 0 for trial in trials)

    def propose(self, rng: np.random.Generator) -> list[Units]:  # noqa: ARG002  (the sequence has its own)
        """The next ones of the sequence."""
        return sobol_points(self._search, self._count, self._search.ask)


def sobol_points(search: Search, skipped: int, count: int) -> list[Units]:
    """Points of a strategy's sequence that keep its conditions.

    Args:
        skipped: How many of them come before.

    Raises:
        UnkeptError: One in a thousand does not keep them.
    """
    wanted = skipped + count
    power = max(_LEAST_POWER, (wanted - 1).bit_length())
    while True:
        sequence = qmc.Sobol(search.n, scramble=True, rng=search.random(0)).random_base2(power)
        points = [point for point in map(tuple, sequence.tolist()) if search.allows(point)]
        if len(points) >= wanted:
            return points[skipped:wanted]
        if 2**power > MOST_DRAWS * wanted:
            raise UnkeptError(
                f"of {2**power} that were drawn, {len(points)} keep it, and {wanted} are needed"
            )
        power += 1
