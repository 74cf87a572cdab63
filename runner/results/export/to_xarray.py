"""Labelled arrays over results, with xarray."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from runner.errors import UsageError
from runner.optional_packages import needed
from runner.results.analysis.geometry import convention
from runner.results.analysis.grids import JOB, REPEAT, Grid, checked_axes, common_axes, grid_of
from runner.results.analysis.points import columns_of, free_name
from runner.results.analysis.variable_units import units_of
from runner.results.export.observable_columns import column_of
from runner.results.export.sheets import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import xarray as xr

    from runner.results.analysis.estimates import Estimates, Floats
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.results import MeasuredJobs

    Variable = tuple[tuple[str, ...], Any, dict[str, str]]

ABSENT: Final = "ABSENT"
TIME: Final = "time_ns"
_SECOND: Final = 2
_TAKEN: Final = frozenset(
    {"job", "repeat", "qubit", "qubit_2", "bitstring", "status", "runs", "measured", "counts", TIME}
    | {"occupation", "magnetization"}
    | {f"{name}_{part}" for name in ("occupation", "magnetization") for part in PARTS}
)
_PARTS: Final = {
    "error": "one standard error",
    "low": "lower end of the interval of 68.27 %",
    "high": "upper end of the interval of 68.27 %",
}
_SAID: Final = {
    "occupation": "share of runs in which the qubit was measured as 1",
    "magnetization": "⟨σz⟩ = 2⟨n⟩ - 1: +1 where every run gave 1, -1 where every run gave 0",
}


def dataset(
    results: MeasuredJobs[MeasuredJob],
    *,
    observables: Mapping[str, Callable[[str], float] | str],
    counts: bool,
    axes: Sequence[str | Sequence[str]] | None,
) -> xr.Dataset:
    """The arrays of `MeasuredJobs.to_xarray`."""
    xarray = needed("xarray", "to_xarray()")
    jobs = tuple(results)
    taken = _names_taken(observables)
    grid = grid_of(jobs, common_axes(jobs) if axes is None else checked_axes(jobs, axes))
    array = _Arrays(jobs, grid, taken)
    variables = array.standing() | array.of_qubits() | array.of_observables(observables)
    coordinates = array.coordinates()
    if array.times_ns:
        variables |= array.evaluated()
        coordinates[TIME] = ((TIME,), np.array(array.times_ns), {"units": "ns"})
    if counts:
        variables["counts"], coordinates["bitstring"] = array.counted()
    found: xr.Dataset = xarray.Dataset(variables, coordinates, _attributes(results))
    return found


def _names_taken(observables: Iterable[str]) -> frozenset[str]:
    names = {each for name in observables for each in (name, *(f"{name}_{part}" for part in PARTS))}
    clash = sorted(names & _TAKEN)
    if clash:
        raise UsageError(f"{clash[0]} cannot be an observable: another variable is called so")
    return _TAKEN | names


def _attributes(results: MeasuredJobs[MeasuredJob]) -> dict[str, str]:
    """What holds for all jobs; nothing of what differs."""
    said = {"experiment": results.experiment}
    for name in ("recipe", "device_type", "basis"):
        values = {str(getattr(job, name)) for job in results}
        if len(values) == 1 and "" not in values:
            said |= {name: values.pop()}
    return said | ({"convention": convention(said["basis"])} if "basis" in said else {})


@dataclass(frozen=True)
class _Arrays:
    """Jobs laid out in a grid.

    Args:
        taken: Names that no variable of a sequence can have.
    """

    jobs: tuple[MeasuredJob, ...]
    grid: Grid
    taken: frozenset[str]

    def standing(self) -> dict[str, Variable]:
        """How far each point has come."""
        dims, jobs = self._dims, self.jobs
        return {
            "status": (dims, self._laid([str(job.status) for job in jobs], ABSENT), {}),
            "runs": (dims, self._laid([job.runs.wanted for job in jobs], 0), {"long_name": "runs wanted"}),
            "measured": (dims, self._laid([job.runs.measured for job in jobs], 0), {}),
        }

    def of_qubits(self) -> dict[str, Variable]:
        """Occupation and magnetization with errors and intervals, along `qubit`."""
        qubit_ids = self._qubit_ids
        dims = (*self._dims, "qubit")
        found: dict[str, Variable] = {}
        for name, said in _SAID.items():
            rows = [_spread(getattr(job, name), qubit_ids) for job in self.jobs]
            attributes = {"units": "1", "long_name": said}
            told = np.array(rows).reshape(len(rows), 1 + len(PARTS), len(qubit_ids))
            value, *parts = (self._laid(told[:, k], np.nan, len(qubit_ids)) for k in range(told.shape[1]))
            found[name] = (dims, value, attributes)
            for part, laid in zip(PARTS, parts, strict=True):
                found[f"{name}_{part}"] = (dims, laid, {"units": "1", "long_name": _PARTS[part]})
        return found

    def of_observables(self, observables: Mapping[str, Callable[[str], float] | str]) -> dict[str, Variable]:
        """Means of functions of the bitstring, with their errors."""
        found: dict[str, Variable] = {}
        for name, fn in observables.items():
            means = column_of(fn, self.jobs)
            found[name] = (self._dims, self._laid(means.value, np.nan), {})
            for part in PARTS:
                laid = self._laid(getattr(means, part), np.nan)
                found[f"{name}_{part}"] = (self._dims, laid, {"long_name": _PARTS[part]})
        return found

    @cached_property
    def times_ns(self) -> list[float]:
        """When anything was evaluated (in ns)."""
        found = (each for job in self.jobs for each in job.evaluated.values())
        return sorted({float(time) for each in found for time in each.times_ns})

    def evaluated(self) -> dict[str, Variable]:
        """What an emulator evaluated, along `time_ns`; NaN where it did not, or had not all of the qubits."""
        found: dict[str, Variable] = {}
        for name in dict.fromkeys(name for job in self.jobs for name in job.evaluated):
            n_axes = max(job.evaluated[name].values.ndim for job in self.jobs if name in job.evaluated) - 1
            shape = (len(self.times_ns), *[len(self._qubit_ids)] * n_axes)
            dims = (*self._dims, TIME, *("qubit", f"qubit_{_SECOND}")[:n_axes])
            rows = [self._over_time(job, name, shape) for job in self.jobs]
            for i, suffix in enumerate(("", "_error")):
                values = self._laid([row[i] for row in rows], np.nan, *shape)
                found[f"evaluated_{name}{suffix}"] = (dims, values, {})
        return found

    def _over_time(self, job: MeasuredJob, name: str, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
        values, errors = np.full(shape, np.nan), np.full(shape, np.nan)
        known = job.evaluated.get(name)
        if known is not None:
            at = np.searchsorted(self.times_ns, known.times_ns)
            qubits = np.array([self._qubit_ids.index(each) for each in job.qubit_ids])
            place = np.ix_(at, *[qubits] * (len(shape) - 1))
            values[place], errors[place] = known.values, known.errors
        return values, errors

    def counted(self) -> tuple[Variable, Variable]:
        """Counts along `bitstring`, and that coordinate."""
        seen = sorted({bitstring for job in self.jobs for bitstring in job.counts or ()})
        place = {bitstring: i for i, bitstring in enumerate(seen)}
        rows = np.full((len(self.jobs), len(seen)), np.nan)
        for row, job in zip(rows, self.jobs, strict=True):
            if job.counts:
                row[:] = 0
                row[[place[bitstring] for bitstring in job.counts]] = list(job.counts.values())
        values = self._laid(rows, np.nan, len(seen))
        return ((*self._dims, "bitstring"), values, {}), (("bitstring",), np.array(seen, dtype=str), {})

    def coordinates(self) -> dict[str, Variable]:
        """Variables with their units, names of the jobs, and qubits."""
        found: dict[str, Variable] = {}
        on_axes: set[str] = set()
        for dimension, dim in zip(self.grid.dimensions, self._dims, strict=True):
            for name, values in dimension.variables.items():
                on_axes.add(name)
                found[self._name(name)] = ((dim,), _column(values), self._units_of(name))
            if dim == REPEAT:
                found[REPEAT] = ((REPEAT,), np.arange(dimension.size), {})
        for name, values in self._off_axes(on_axes):
            found[self._name(name)] = self._off_axis(name, values)
        names = [job.name for job in self.jobs]
        found[JOB] = (self._dims, self._laid(names, ""), {})
        found["qubit"] = (("qubit",), np.array(self._qubit_ids, dtype=str), {})
        if any(each.values.ndim > _SECOND for job in self.jobs for each in job.evaluated.values()):
            found[f"qubit_{_SECOND}"] = ((f"qubit_{_SECOND}",), np.array(self._qubit_ids, dtype=str), {})
        return found

    @cached_property
    def _units(self) -> dict[str, str]:
        return units_of(self.jobs)

    def _units_of(self, name: str) -> dict[str, str]:
        unit = self._units.get(name)
        return {"units": unit} if unit else {}

    def _off_axes(self, on_axes: set[str]) -> Iterator[tuple[str, list[Any]]]:
        rows = [columns_of(job.variables) for job in self.jobs]
        for name in dict.fromkeys(name for row in rows for name in row):
            if name not in on_axes:
                yield name, [row.get(name) for row in rows]

    def _off_axis(self, name: str, values: list[Any]) -> Variable:
        if len(set(values)) == 1:
            return ((), values[0], self._units_of(name))
        return (self._dims, self._laid(_column(values), np.nan), self._units_of(name))

    def _laid(self, values: Any, empty: Any, *more: int) -> Any:
        """Values of the jobs, each at its place; `empty` where there is no job."""
        rows = np.asarray(values).reshape(len(self.jobs), *more)
        shape = self.grid.shape
        kinds = () if len(self.jobs) == np.prod(shape, dtype=int) else (np.asarray(empty).dtype,)
        array = np.empty((*shape, *more), dtype=np.result_type(rows.dtype, *kinds))
        if kinds:
            array[...] = empty
        if self.jobs:
            array[tuple(np.array(self.grid.places).T)] = rows
        return array

    def _name(self, name: str) -> str:
        return free_name(name, self.taken)

    @property
    def _dims(self) -> tuple[str, ...]:
        return tuple(self._name(dim.name) if dim.is_swept else dim.name for dim in self.grid.dimensions)

    @property
    def _qubit_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(qubit for job in self.jobs for qubit in job.qubit_ids))


def _spread(found: Estimates, qubit_ids: tuple[str, ...]) -> Floats:
    """Values, errors and ends of one job along all qubits, row by row; NaN where it does not have one."""
    told = np.array([found.value, found.error, found.low, found.high])
    if found.labels == qubit_ids:
        return told
    spread = np.full((len(told), len(qubit_ids)), np.nan)
    spread[:, [qubit_ids.index(qubit) for qubit in found.labels]] = told
    return spread


def _column(values: Iterable[Any]) -> Any:
    """Numbers as an array; NaN where one is missing."""
    return np.array([np.nan if value is None else value for value in values])
