"""An engine of any kind that knows points of earlier strategies from the beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.strategies.engines.base import Converging, ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from runner.domain.strategies import Trial, Units
    from runner.strategies.engines.base import Round, SearchEngine


class ContinuedEngine:
    """Tells another engine what is known before, together with its first round.

    Args:
        earlier: Trials, with numbers of slots below 1.
    """

    def __init__(self, engine: SearchEngine, earlier: Round) -> None:
        self._engine, self._earlier = engine, earlier
        self.has_scores = any(trial.loss is not None for trial in earlier)

    @property
    def end(self) -> str:
        """As the other engine has it."""
        return self._engine.end

    def size(self) -> int:
        """As many as the other engine asks for."""
        return self._engine.size()

    def most(self, rounds: int) -> int:
        """As many as the other engine has."""
        return self._engine.most(rounds)

    def tell(self, trials: Round) -> None:
        """Hand a round on, the first one behind what is known before."""
        self._engine.tell((*self._earlier, *trials))
        self._earlier = ()

    def propose(self, rng: np.random.Generator) -> list[Units]:
        """What the other engine proposes."""
        return self._engine.propose(rng)

    def compared(self) -> list[float]:
        """As the other engine has them."""
        return self._engine.compared() if isinstance(self._engine, Converging) else []

    def ranked(self, trials: Sequence[Trial]) -> list[Trial]:
        """As the other engine has them."""
        return ranked(self._engine, trials)
