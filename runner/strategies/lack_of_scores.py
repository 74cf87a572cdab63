"""When a strategy buys nothing more because no job of it has ever had a score. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.domain.strategies import OnFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.domain.strategies import Strategy, Trial

# So few jobs say nothing of an objective: one place of a round of one job may have no value by chance.
_FEW: Final = 3
# While all jobs fail, so many rounds are tried: what failed them may pass.
_ROUNDS: Final = 3


def reason_without_scores(
    strategy: Strategy, rounds: Sequence[Sequence[Trial]], trials: Iterable[Trial], *, is_over: bool
) -> str:
    """Why nothing more is bought, and what to do, for people; empty while there is a score, or may be one.

    An objective without a value for every job of a whole round will hardly have one in the next. What failed
    says nothing of the objective; where nothing else came back, a few whole rounds are tried.

    Args:
        rounds: Those that have ended, `first` before them.

        trials: Of all slots that have ended.

        is_over: Whether no further round is wanted: then it has come to nothing.
    """
    ended = list(trials)
    if not ended or any(trial.loss is not None for trial in ended):
        return ""
    measured = sum(trial.is_measured for trial in ended)
    if is_over and not measured and strategy.on_failed is OnFailed.STOP:
        return ""  # it ends as the file wants it to
    whole = sum(bool(each) for each in rounds)
    if not is_over and whole < (1 if measured and len(ended) >= _FEW else _ROUNDS):
        return ""
    return _said(strategy, measured, len(ended) - measured)


def _said(strategy: Strategy, measured: int, failed: int) -> str:
    if not measured:
        return (
            f"no job has a score: all {failed} failed or were cancelled; see their errors and mend the cause,"
            " then `runner rerun FILE --failed` tries failed ones again, and `runner rerun FILE` begins anew"
        )
    formula = strategy.objective.get("maximize") or strategy.objective.get("minimize")
    others = f", and {failed} failed" if failed else ""
    return (
        f"no job has a score: {formula} gave no number (NaN) for {_of_all(measured)}{others};"
        f" `runner results --columns {','.join(['slot', *strategy.objective.get('let', {})])}` shows what it"
        " is made of; mend `objective`: with `reuse: true`, what is measured is scored anew"
    )


def _of_all(count: int) -> str:
    return "the only job measured" if count == 1 else f"any of {counted(count, 'job')} measured"
