"""Which variables vary over some jobs, and which jobs measured the same point. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.results.analysis.points import columns_of
from runner.results.analysis.variable_units import units_of
from runner.results.plots.labels import AxisQuantity, quantity_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.results.analysis.job_result import MeasuredJob

    Row = Mapping[str, float]
    Fixed = tuple[tuple[AxisQuantity, float], ...]
    Along = Mapping[float, tuple[MeasuredJob, ...]]

_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Axis:
    """Variables that move together: one tells the others.

    Args:
        names: All of them; the first one gives the axis its name.

        values: Those of the first one, rising.

        unit: Of the first one; empty where it is not known.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    unit: str = ""

    @property
    def name(self) -> str:
        """The variable that it is called after."""
        return self.names[0]

    @property
    def quantity(self) -> AxisQuantity:
        """What it is, with its unit."""
        return quantity_of(self.name, self.unit)


@dataclass(frozen=True, slots=True)
class Points:
    """Jobs by the point that they measured.

    Args:
        axes: Those with more than one value, in the order in which the file has them.

        jobs: Values along the axes, and the jobs that measured there.

        others: Jobs that have no number on one of the axes.
    """

    axes: tuple[Axis, ...]
    jobs: Mapping[tuple[float, ...], tuple[MeasuredJob, ...]]
    others: tuple[MeasuredJob, ...] = ()

    def place(self, name: str) -> int:
        """Number of the axis on which a variable is.

        Raises:
            UsageError: It is on none; says which ones there are.
        """
        for number, axis in enumerate(self.axes):
            if name in axis.names:
                return number
        names = [each for axis in self.axes for each in axis.names]
        near = get_close_matches(name, names, n=1)
        raise UsageError(
            f"{name} does not vary" + (f"; did you mean {near[0]}?" if near else ""),
            hint=f"what varies: {', '.join(names) or 'nothing'}",
        )

    def along(self, x: str) -> int:
        """Number of the axis along which lines run.

        Args:
            x: A variable on it; empty for the axis with the most values, or the last of those.

        Raises:
            UsageError: Nothing varies, or not this variable.
        """
        if not self.axes:
            raise UsageError("no variable has several values: there is no curve", hint="--kind histogram")
        sizes = [len(axis.values) for axis in self.axes]
        return self.place(x) if x else max(range(len(sizes)), key=lambda number: (sizes[number], number))

    def lines(self, along: int) -> dict[Fixed, Along]:
        """The jobs along each line, by rising x, by what else is fixed."""
        groups: dict[tuple[float, ...], dict[float, tuple[MeasuredJob, ...]]] = {}
        for point, jobs in sorted(self.jobs.items(), key=itemgetter(0)):
            groups.setdefault(point[:along] + point[along + 1 :], {})[point[along]] = jobs
        others = [axis.quantity for axis in self.axes[:along] + self.axes[along + 1 :]]
        return {tuple(zip(others, at, strict=True)): some for at, some in sorted(groups.items())}


def points(jobs: Sequence[MeasuredJob], *, first: Sequence[str] = ()) -> Points:
    """The points that some jobs measured.

    Args:
        first: Variables that give their axes the name, rather than the first one on it.
    """
    rows = [_numbers(job) for job in jobs]
    units = units_of(jobs)
    axes = tuple(replace(axis, unit=units.get(axis.name, "")) for axis in _axes(rows, first))
    found: dict[tuple[float, ...], list[MeasuredJob]] = {}
    others = []
    for job, row in zip(jobs, rows, strict=True):
        if all(axis.name in row for axis in axes):
            found.setdefault(tuple(row[axis.name] for axis in axes), []).append(job)
        else:
            others.append(job)
    return Points(axes, {point: tuple(some) for point, some in found.items()}, tuple(others))


def _numbers(job: MeasuredJob) -> dict[str, float]:
    columns = columns_of(job.variables)
    return {name: number_of(value) for name, value in columns.items() if isinstance(value, int | float)}


def number_of(value: float) -> float:
    """A value as it stands along an axis: 0.3 is 3 · 0.1."""
    return float(f"{value:.{_DIGITS}g}")


def _axes(rows: Sequence[Row], first: Sequence[str]) -> tuple[Axis, ...]:
    names = dict.fromkeys(name for row in rows for name in row)
    ordered = sorted(names, key=lambda name: name not in first)
    groups: dict[tuple[object, ...], list[str]] = {}
    for name in ordered:
        column = [row.get(name) for row in rows]
        if len({value for value in column if value is not None}) > 1:
            groups.setdefault(_pattern(column), []).append(name)
    in_file = sorted(groups.values(), key=lambda group: min(map(list(names).index, group)))
    return tuple(Axis(tuple(group), _values(group[0], rows)) for group in in_file)


def _pattern(column: Iterable[float | None]) -> tuple[object, ...]:
    """Which rows have the same value; the same for variables of which one tells the other."""
    seen: dict[float | None, int] = {}
    return tuple(seen.setdefault(value, len(seen)) for value in column)


def _values(name: str, rows: Iterable[Row]) -> tuple[float, ...]:
    return tuple(sorted({row[name] for row in rows if name in row}))
