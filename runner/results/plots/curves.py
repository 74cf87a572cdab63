"""An observable along one variable, as lines. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.results import plots
from runner.results.plots.axes import number_of
from runner.results.plots.missing_jobs import said_below
from runner.results.plots.picture import CurveLine, Curves, Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.plots.axes import Along, Axis, Fixed, Points
    from runner.results.plots.observables import Observable
    from runner.results.plots.picture import MeasuredValue


T = TypeVar("T")
LINES: Final = 7


def curves(title: str, known: Points, shown: Observable, *, x: str, fit: str = "") -> Picture:
    """A line for each value of the other variables; evenly chosen ones where there are too many.

    Args:
        x: The variable along which they run; empty for the one with the most values, or the last of those.

        fit: Model that is fitted to each line; see `runner.results.analysis.fit_models`.
    """
    along = known.along(x)
    axis, groups = known.axes[along], known.lines(along)
    lines = [CurveLine(at, _readings(some, shown, axis.name)) for at, some in groups.items()]
    drawn = evenly(lines, LINES)
    fits: tuple[str, ...] = ()
    if fit:
        drawn, fits = _fitted(drawn, fit, axis, groups, shown)
    left_out = f"{len(drawn)} of {len(lines)} lines are drawn" if len(drawn) < len(lines) else ""
    every = [job for some in known.jobs.values() for job in some]
    said = runs_said(known.jobs.values())
    return Picture(
        title=title,
        subtitle=f"{said}; error bars hold 68 %" if said else "",
        body=Curves(x=axis.quantity, y=shown.measured, lines=tuple(drawn)),
        notes=tuple(
            filter(
                None,
                (
                    *fits,
                    left_out,
                    _gaps_said(every, axis.name),
                    moving(known),
                    off_axes(known),
                    *said_below([*every, *known.others]),
                ),
            )
        ),
    )


def together(pictures: Sequence[Picture]) -> Picture:
    """Curves of several experiments in one picture, each line with its experiment.

    Raises:
        UsageError: One of them has no curves, or they are along different quantities.
    """
    bodies = [each.body for each in pictures if isinstance(each.body, Curves)]
    if len(bodies) < len(pictures):
        raise UsageError("only curves and evolutions are drawn together", hint="--kind curve")
    said = {(body.x.label, body.y.quantity.label) for body in bodies}
    if len(said) > 1:
        along = " and ".join(sorted(f"{y} along {x}" for x, y in said))
        raise UsageError(f"these are different axes: {along}", hint="say --x and --observable")
    lines = tuple(
        replace(line, at=(), name=": ".join(filter(None, (each.title, line.label))))
        for each, body in zip(pictures, bodies, strict=True)
        for line in body.lines
    )
    y = replace(bodies[0].y, low=min(body.y.low for body in bodies), high=max(body.y.high for body in bodies))
    return Picture(
        title=", ".join(each.title for each in pictures),
        subtitle=" · ".join(dict.fromkeys(each.subtitle for each in pictures if each.subtitle)),
        body=Curves(x=bodies[0].x, y=y, lines=lines),
        notes=tuple(dict.fromkeys(note for each in pictures for note in each.notes)),
    )


def _fitted(
    lines: Iterable[CurveLine], model: str, axis: Axis, groups: Mapping[Fixed, Along], shown: Observable
) -> tuple[list[CurveLine], tuple[str, ...]]:
    """Lines with the curves that fit best, and what is to be said of these."""
    found = {line: plots.line_fits.line_fit(model, axis, groups[line.at], shown) for line in lines}
    said = tuple(f"{line.label}: {fit}" if line.at else str(fit) for line, fit in found.items())
    drawn = [
        replace(line, fit=plots.line_fits.sampled(fit, [x for x, _ in line.points]))
        for line, fit in found.items()
    ]
    return drawn, said


def _readings(some: Along, shown: Observable, x: str) -> tuple[tuple[float, MeasuredValue | None], ...]:
    """What was measured along a line; nothing at points that the file leaves out, so that it is broken."""
    there = {value: shown.read(jobs) for value, jobs in some.items()}
    gaps = excluded([job for jobs in some.values() for job in jobs], x)
    return tuple(sorted((dict.fromkeys(gaps) | there).items(), key=lambda each: each[0]))


def excluded(jobs: Iterable[MeasuredJob], x: str) -> set[float]:
    """Values of a variable that the sweeps of some jobs leave out where all else is as it is there."""
    found = set()
    for one in jobs:
        for item in one.sweep.excluded if one.sweep else ():
            values = dict(item)
            at = values.pop(x, None)
            if at is not None and all(one.variables.get(name) == value for name, value in values.items()):
                found.add(number_of(at))
    return found


def _gaps_said(jobs: Iterable[MeasuredJob], x: str) -> str:
    return "gaps: points that the file excludes" if excluded(jobs, x) else ""


def evenly(some: Sequence[T], most: int) -> list[T]:
    """At most so many of them, the first and the last among them, as evenly as can be."""
    if len(some) <= most:
        return list(some)
    return [some[round(place * (len(some) - 1) / (most - 1))] for place in range(most)]


def runs_said(points: Iterable[Sequence[MeasuredJob]]) -> str:
    """How many runs each point has: those of all jobs that measured it; empty where nothing was measured."""
    runs = sorted({sum(job.runs.measured for job in jobs if job.counts) for jobs in points} - {0})
    if not runs:
        return ""
    said = str(runs[0]) if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    return f"{said} run{'' if said == '1' else 's'} a point"


def moving(known: Points) -> str:
    """Which variables move along with those on the axes."""
    together = [f"{', '.join(axis.names[1:])} with {axis.name}" for axis in known.axes if axis.names[1:]]
    return f"moves together: {'; '.join(together)}" if together else ""


def off_axes(known: Points) -> str:
    """How many jobs have no place."""
    if not known.others:
        return ""
    return f"{counted(len(known.others), 'job')} without a variable of the axes"
