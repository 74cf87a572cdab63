"""The trace of a strategy: the objective of each slot, the best score so far, and what fresh jobs say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.results.analysis.results import MeasuredJobs
from runner.results.plots.labels import AxisQuantity
from runner.results.plots.missing_jobs import said_below
from runner.results.plots.observables import reading
from runner.results.plots.picture import CurveLine, Curves, LineLook, Measured, MeasuredValue, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.analysis.job_result import MeasuredJob, SlotFigures
    from runner.strategies.standing import StrategyStanding

_ROOM: Final = 0.1


def trace(title: str, jobs: Sequence[MeasuredJob]) -> Picture:
    """The objective by slot; jobs that confirm stand behind the last slot.

    Raises:
        UsageError: No strategy has asked for the jobs.
    """
    figures = [job.figures for job in jobs if job.figures]
    if not figures:
        raise UsageError(f"{title}: a trace is of a strategy, and the file has none", hint="--kind curve")
    slots = [each for each in figures if not each.is_fresh]
    lines = [
        CurveLine((), _points(slots), name="objective", look=LineLook.DOTS),
        CurveLine((), _best(slots), name="best score so far", look=LineLook.STEPS),
        *_confirmed(slots, [each for each in figures if each.is_fresh]),
    ]
    stands = jobs.strategy if isinstance(jobs, MeasuredJobs) else None
    return Picture(
        title=title,
        subtitle="error bars hold 68 %",
        body=Curves(x=AxisQuantity("slot"), y=_measured(lines), lines=tuple(lines)),
        notes=(*_said(stands), *said_below(jobs)),
    )


def _points(slots: Sequence[SlotFigures]) -> tuple[tuple[float, MeasuredValue | None], ...]:
    return tuple((float(each.slot), reading(each.objective)) for each in slots)


def _best(slots: Sequence[SlotFigures]) -> tuple[tuple[float, MeasuredValue | None], ...]:
    known = [(float(each.slot), reading(each.best)) for each in slots]
    return tuple((slot, MeasuredValue(each.value) if each else None) for slot, each in known)


def _confirmed(slots: Sequence[SlotFigures], fresh: Sequence[SlotFigures]) -> list[CurveLine]:
    """A line for each slot that is confirmed."""
    behind = max((each.slot for each in slots), default=0) + 1
    places = {id(each): float(behind + place) for place, each in enumerate(fresh, 1)}
    return [
        CurveLine(
            (),
            tuple((places[id(each)], reading(each.objective)) for each in fresh if each.slot == slot),
            name=f"slot {slot} again",
            look=LineLook.DOTS,
        )
        for slot in dict.fromkeys(each.slot for each in fresh)
    ]


def _measured(lines: Sequence[CurveLine]) -> Measured:
    """What is read off, as far as it goes; nothing else bounds an objective."""
    ends = [end for line in lines for _, each in line.points if each for end in (each.low, each.high)]
    room = _ROOM * (max(ends) - min(ends)) if ends else 0.0
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return Measured(quantity=AxisQuantity("objective"), low=low - (room or 1.0), high=high + (room or 1.0))


def _said(stands: StrategyStanding | None) -> tuple[str, ...]:
    return (f"{stands.kind}, {stands}",) if stands else ()
