"""When a strategy is done. No rule changes which points were asked for, or would be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.domain.strategies import OnFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.domain.strategies import Strategy, Trial


@dataclass(frozen=True, slots=True)
class ScoreSpread:
    """How far some scores are apart.

    Args:
        of: Which, for people.
    """

    value: float
    of: str


def reason_to_stop(
    strategy: Strategy,
    rounds: Sequence[Sequence[Trial]],
    trials: Iterable[Trial],
    spread: ScoreSpread | None = None,
) -> str:
    """Why no further job is wanted, for people; empty while more are.

    Args:
        rounds: Those that have ended, `first` before them.

        trials: Of all slots that have ended.

        spread: Of the scores that its kind compares; None where there are none to compare.
    """
    return (
        _failed(strategy, trials)
        or _reached(strategy, trials)
        or _enough(strategy, rounds)
        or _stalled(strategy, rounds)
        or _close(strategy, spread)
    )


def score_said(value: float, error: float | None) -> str:
    """A value with its error, in as many digits as that allows; one of 0 says nothing of them."""
    if not error or math.isnan(error):
        return f"{value:.4g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _failed(strategy: Strategy, trials: Iterable[Trial]) -> str:
    if strategy.on_failed is not OnFailed.STOP:
        return ""
    slots = [trial.slot for trial in trials if trial.loss is None]
    return f"slot {min(slots)} has no score" if slots else ""


def _reached(strategy: Strategy, trials: Iterable[Trial]) -> str:
    target = strategy.stop.target
    if target is None:
        return ""
    most = -target if strategy.is_maximized else target
    there = [trial for trial in trials if trial.loss is not None and trial.loss + 2 * trial.error <= most]
    if not there:
        return ""
    first = min(there, key=lambda trial: trial.slot)
    value = -(first.loss or 0.0) if strategy.is_maximized else first.loss or 0.0
    said = score_said(value + 0.0, first.error)
    return f"the target {target:g} is reached: slot {first.slot} has {said}"


def _enough(strategy: Strategy, rounds: Sequence[Sequence[Trial]]) -> str:
    most, ended = strategy.stop.rounds, len(rounds) - 1
    if most is None or ended < most:
        return ""
    have, are = "has" if ended == 1 else "have", "is" if most == 1 else "are"
    return f"{_rounds(ended)} {have} ended, and {most} {are} wanted"


def _stalled(strategy: Strategy, rounds: Sequence[Sequence[Trial]]) -> str:
    """The best of all rounds is hardly better than the best of all but the last few."""
    last, by = strategy.stop.stall_rounds, strategy.stop.stall_by
    if last is None or len(rounds) <= last or not any(rounds[:-last]):
        return ""
    before, now = _best(rounds[:-last]), _best(rounds)
    gain = before - now if now < before else 0.0
    return "" if gain > by else f"the best got better by {gain:.4g} in the last {_rounds(last)}"


def _close(strategy: Strategy, spread: ScoreSpread | None) -> str:
    most = strategy.stop.spread
    if most is None or spread is None or spread.value > most:
        return ""
    return f"the scores of {spread.of} are within {spread.value:.4g}"


def _best(rounds: Sequence[Sequence[Trial]]) -> float:
    losses = [trial.loss for ended in rounds for trial in ended if trial.loss is not None]
    return min(losses, default=math.inf)


def _rounds(count: int) -> str:
    return f"{count} round{'s' * (count != 1)}"
