"""Where each job lies in an array over the points: dimensions, places, and coordinates. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.results.analysis.points import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.results.analysis.job_result import MeasuredJob

    Axis = tuple[str, ...]
    Label = tuple[object, ...]

JOB: Final = "job"
REPEAT: Final = "repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One dimension of an array over points.

    Args:
        variables: What varies along it, by name, with a value for each place.

        is_swept: Whether it is called after a variable, and not by us.
    """

    name: str
    size: int
    variables: Mapping[str, Sequence[object]]
    is_swept: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """Dimensions, and the place of each job in them.

    Args:
        places: One index for each dimension; no two jobs have the same.
    """

    dimensions: tuple[Dimension, ...]
    places: tuple[tuple[int, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of each dimension."""
        return tuple(each.size for each in self.dimensions)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each dimension."""
        return tuple(each.name for each in self.dimensions)


def common_axes(jobs: Sequence[MeasuredJob]) -> tuple[Axis, ...]:
    """The axes of the sweep that all jobs come from; none when they come from several, or from none."""
    sweeps = {job.sweep for job in jobs}
    sweep = next(iter(sweeps)) if len(sweeps) == 1 else None
    return sweep.axes if sweep else ()


def checked_axes(jobs: Sequence[MeasuredJob], axes: Sequence[str | Sequence[str]]) -> tuple[Axis, ...]:
    """Axes as they are named.

    Raises:
        UsageError: One names what is no variable of all jobs, or a variable comes twice.
    """
    found = tuple((axis,) if isinstance(axis, str) else tuple(axis) for axis in axes)
    named = [name for axis in found for name in axis]
    for name in named:
        if not all(name in job.variables for job in jobs):
            raise UsageError(f"{name} cannot be an axis: not every job has a variable of this name")
    if len(set(named)) != len(named) or not all(found):
        raise UsageError("every axis needs variables, and no variable is on two axes")
    return found


def grid_of(jobs: Sequence[MeasuredJob], axes: Sequence[Axis]) -> Grid:
    """The array that jobs lie in; without axes, one behind the other along `job`."""
    if not axes:
        return _row(jobs)
    points = [tuple(_label(job, axis) for axis in axes) for job in jobs]
    labels = [file_order(points, k) for k in range(len(axes))]
    places = [tuple(order[label] for order, label in zip(labels, point, strict=True)) for point in points]
    dimensions = tuple(_dimension(jobs, axis, order) for axis, order in zip(axes, labels, strict=True))
    return _with_repeats(dimensions, places)


def _row(jobs: Sequence[MeasuredJob]) -> Grid:
    rows = [columns_of(job.variables) for job in jobs]
    names = dict.fromkeys(name for row in rows for name in row)
    variables = {name: [row.get(name) for row in rows] for name in names}
    dimension = Dimension(name=JOB, size=len(jobs), variables=variables)
    return Grid((dimension,), tuple((i,) for i in range(len(jobs))))


def _label(job: MeasuredJob, axis: Axis) -> Label:
    return tuple(_hashable(job.variables[name]) for name in axis)


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _dimension(jobs: Sequence[MeasuredJob], axis: Axis, order: Mapping[Label, int]) -> Dimension:
    one = {_label(job, axis): job for job in reversed(jobs)}
    rows = [columns_of({name: one[label].variables[name] for name in axis}) for label in order]
    variables = {name: [row.get(name) for row in rows] for name in dict.fromkeys(n for r in rows for n in r)}
    return Dimension(name=axis[0], size=len(order), variables=variables, is_swept=True)


def file_order(points: Sequence[tuple[Label, ...]], axis: int) -> dict[Label, int]:
    """The place of each label of an axis, as the file has them.

    A point that the file leaves out takes no label away as long as another point has it. So every row of
    the grid tells a part of the order, and a label that an earlier row did not have comes as late as its
    own row allows.
    """
    rows: dict[tuple[Label, ...], list[Label]] = {}
    for point in points:
        rows.setdefault(point[:axis] + point[axis + 1 :], []).append(point[axis])
    order: list[Label] = []
    known: set[Label] = set()
    for row in rows.values():
        if known.issuperset(row):
            continue
        _merge(order, known, row)
    return {label: place for place, label in enumerate(order)}


def _merge(order: list[Label], known: set[Label], row: Iterable[Label]) -> None:
    """Puts the labels of a row into the order, each new one before the next that is there already."""
    before = len(order)
    for label in reversed(list(dict.fromkeys(row))):
        if label in known:
            before = order.index(label)
        else:
            order.insert(before, label)
    known.update(row)


def _with_repeats(dimensions: tuple[Dimension, ...], places: Sequence[tuple[int, ...]]) -> Grid:
    """The grid with one more dimension, if several jobs measure the same point."""
    seen: dict[tuple[int, ...], int] = {}
    numbers = []
    for place in places:
        numbers.append(seen.get(place, 0))
        seen[place] = numbers[-1] + 1
    repeats = max(seen.values(), default=1)
    if repeats == 1:
        return Grid(dimensions, tuple(places))
    more = Dimension(name=REPEAT, size=repeats, variables={})
    whole = tuple((*place, number) for place, number in zip(places, numbers, strict=True))
    return Grid((*dimensions, more), whole)
