"""An observable along one variable, as lines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from runner.errors import UsageError
from runner.results.pictures.missing import missing
from runner.results.pictures.picture import Curves, Line, Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.results.job_result import JobResult
    from runner.results.pictures.axes import Points
    from runner.results.pictures.reading import Observable

T = TypeVar("T")
LINES: Final = 7


def curves(title: str, known: Points, shown: Observable, *, x: str) -> Picture:
    """A line for each value of the other variables; evenly chosen ones where there are too many.

    Args:
        x: The variable along which they run; empty for the one with the most values, or the last of those.
    """
    if not known.axes:
        raise UsageError("no variable has several values: there is no curve", hint="--kind histogram")
    along = known.place(x) if x else _longest(known)
    lines = _lines(known, shown, along)
    drawn = evenly(lines, LINES)
    left_out = f"{len(drawn)} of {len(lines)} lines are drawn" if len(drawn) < len(lines) else ""
    every = [job for some in known.jobs.values() for job in some]
    return Picture(
        title=title,
        subtitle=runs_said(every),
        body=Curves(x=known.axes[along].quantity, y=shown.measured, lines=tuple(drawn)),
        notes=tuple(
            filter(None, (left_out, moving(known), off_axes(known), *missing([*every, *known.others])))
        ),
    )


def _longest(known: Points) -> int:
    sizes = [len(axis.values) for axis in known.axes]
    return max(range(len(sizes)), key=lambda number: (sizes[number], number))


def _lines(known: Points, shown: Observable, along: int) -> list[Line]:
    groups: dict[tuple[float, ...], list[tuple[float, Sequence[JobResult]]]] = {}
    for point, jobs in known.jobs.items():
        groups.setdefault(point[:along] + point[along + 1 :], []).append((point[along], jobs))
    others = [axis.quantity for axis in known.axes[:along] + known.axes[along + 1 :]]
    return [
        Line(
            tuple(zip(others, at, strict=True)),
            tuple((value, shown.read(jobs)) for value, jobs in sorted(some, key=lambda each: each[0])),
        )
        for at, some in sorted(groups.items())
    ]


def evenly(some: Sequence[T], most: int) -> list[T]:
    """At most so many of them, the first and the last among them, as evenly as can be."""
    if len(some) <= most:
        return list(some)
    return [some[round(place * (len(some) - 1) / (most - 1))] for place in range(most)]


def runs_said(jobs: Iterable[JobResult]) -> str:
    """How many runs each point has."""
    runs = sorted({job.runs.measured for job in jobs if job.counts})
    if not runs:
        return ""
    said = str(runs[0]) if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    return f"{said} runs a job; error bars are one standard error"


def moving(known: Points) -> str:
    """Which variables move along with those on the axes."""
    together = [f"{', '.join(axis.names[1:])} with {axis.name}" for axis in known.axes if axis.names[1:]]
    return f"moves together: {'; '.join(together)}" if together else ""


def off_axes(known: Points) -> str:
    """How many jobs have no place."""
    return f"{len(known.others)} jobs lack a variable of the axes" if known.others else ""
