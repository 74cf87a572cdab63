"""How fast jobs end of late, and how long the rest takes then. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from runner.reconcile.display.progress import Progress

# So many jobs tell the rate: workers that begin, and other experiments before, say nothing of the rest.
_LAST: Final = 10
_MINUTE_S: Final = 60.0


def jobs_per_min(progress: Progress) -> float | None:
    """How many jobs ended a minute, of the last ten or so; None before one has."""
    span = _span(progress)
    if span is None:
        return None
    count, spent_s = span
    return count / spent_s * _MINUTE_S if spent_s > 0 else None


def left_s(progress: Progress) -> float | None:
    """How long it takes if it goes on like this (in s); None before it can be told.

    Nobody can tell while a person must decide something.
    """
    rate = jobs_per_min(progress)
    if rate is None or any(part.is_held for part in progress.parts.values()):
        return None
    return progress.numbers.left / rate * _MINUTE_S


def _span(progress: Progress) -> tuple[int, float] | None:
    """How many jobs ended of late, and in which time (in s).

    Time after the last end counts once it is longer than such a job takes.
    """
    ends = [(each.at, each.count) for each in progress.ends]
    if progress.at is None or not ends or ends[-1][1] == ends[0][1]:
        return None
    (begin, before), (last, count) = _first(ends), ends[-1]
    spent_s = (last - begin).total_seconds()
    idle_s = (progress.at - last).total_seconds()
    return count - before, spent_s + max(0.0, idle_s - spent_s / (count - before))


def _first(ends: list[tuple[datetime, int]]) -> tuple[datetime, int]:
    """The moment from which on ends are counted: at best one at which a job has ended itself."""
    recent = [each for each in ends if ends[-1][1] - each[1] >= _LAST]
    if recent:
        return recent[-1]
    return ends[1] if len(ends) > 2 else ends[0]  # noqa: PLR2004  (the first is how it began)
