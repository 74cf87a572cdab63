"""Which jobs of a strategy are best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain.strategies import by_score
from runner.strategies import engines
from runner.strategies.kinds import KINDS
from runner.strategies.rounds import told_engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain.strategies import Strategy, Trial
    from runner.strategies.rounds import MakeEngine


def best(
    strategy: Strategy, trials: Mapping[int, Trial], *, engine: MakeEngine | None = None
) -> tuple[Trial, ...]:
    """The jobs that have a score, best first; of equal ones the earlier.

    The score alone decides, unless the kind knows better. The loss less its error would prefer jobs that are
    known badly, the loss with it added those that are known well: all have equal runs, and how their errors
    differ comes from the scores themselves. That the best of many noisy scores is too good on average, no
    order mends; fresh jobs at the winner (`confirm`) do. The order is the same on every machine: jobs are
    bought by it.
    """
    kind = KINDS.get(strategy.kind)
    if kind and kind.ranks:
        told = told_engine(strategy, trials, engine=engine)
        return tuple(engines.base.ranked(told, list(trials.values())))
    return tuple(by_score(trials.values()))
