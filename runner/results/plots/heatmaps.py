"""An observable over two variables. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.results.plots.curves import moving, off_axes, runs_said
from runner.results.plots.missing_jobs import said_below
from runner.results.plots.picture import Heatmap, Hole, Picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.plots.axes import Points
    from runner.results.plots.observables import Observable
    from runner.results.plots.picture import Measured, MeasuredValue

    Plane = Mapping[tuple[float, float], tuple[MeasuredJob, ...]]

_TWO: Final = 2


def heatmap(title: str, known: Points, shown: Observable, *, x: str, y: str) -> Picture:
    """A cell for each pair of values; of further variables, only their first values are shown.

    Args:
        x: Variable along the horizontal axis; empty for the last one that is left.

        y: Variable along the vertical axis; empty for the first one that is left.
    """
    across, up = _axes(known, x, y)
    plane, fixed = _plane(known, across, up)
    x_axis, y_axis = known.axes[across], known.axes[up]
    rows = tuple(tuple(_cell(plane, (a, b), shown) for a in x_axis.values) for b in y_axis.values)
    body = Heatmap(
        x=x_axis.quantity,
        y=y_axis.quantity,
        shown=_scaled(shown, rows),
        xs=x_axis.values,
        ys=y_axis.values,
        rows=rows,
    )
    jobs = [job for some in plane.values() for job in some]
    notes = (*_holes(body), fixed, moving(known), off_axes(known), *said_below(jobs))
    return Picture(
        title=title, subtitle=runs_said(plane.values()), body=body, notes=tuple(filter(None, notes))
    )


def _axes(known: Points, x: str, y: str) -> tuple[int, int]:
    if len(known.axes) < _TWO:
        raise UsageError("a heatmap needs two variables with several values each", hint="--kind curve")
    across, up = (known.place(name) if name else None for name in (x, y))
    if across is not None and across == up:
        raise UsageError(f"{x} and {y} move together: they cannot be the two axes of a heatmap")
    left = [number for number in range(len(known.axes)) if number not in (across, up)]
    if up is None:
        up = left.pop(0)
    return left[-1] if across is None else across, up


def _plane(known: Points, across: int, up: int) -> tuple[Plane, str]:
    """The jobs by x and y, where further variables have their first values; and which those are."""
    others = [number for number in range(len(known.axes)) if number not in (across, up)]
    first = next(iter(known.jobs))
    plane = {
        (point[across], point[up]): jobs
        for point, jobs in known.jobs.items()
        if all(point[number] == first[number] for number in others)
    }
    said = ", ".join(known.axes[number].quantity.valued(first[number]) for number in others)
    return plane, f"only at {said}" if said else ""


def _cell(plane: Plane, at: tuple[float, float], shown: Observable) -> MeasuredValue | Hole:
    return (shown.read(plane[at]) or Hole.MISSING) if at in plane else Hole.ABSENT


def _scaled(shown: Observable, rows: Sequence[Sequence[MeasuredValue | Hole]]) -> Measured:
    """What the colours stand for: what can be, or what was measured where that is a small part of it."""
    values = [cell.value for row in rows for cell in row if not isinstance(cell, Hole)]
    if not shown.named.is_wide or len(set(values)) < _TWO:
        return shown.measured
    return replace(shown.measured, low=min(values), high=max(values))


def _holes(body: Heatmap) -> list[str]:
    said = {Hole.MISSING: "hatched: no result", Hole.ABSENT: "blank: not asked for"}
    return [text for hole, text in said.items() if any(hole in row for row in body.rows)]
