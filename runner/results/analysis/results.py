"""`Results`: what came back of an experiment, a job after the other, in file order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from runner.errors import UnknownJobError, UsageError
from runner.results.analysis.choosing import chosen
from runner.results.records.statuses import ResultStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import xarray as xr

    from runner.results.analysis.estimates import Estimates
    from runner.results.analysis.job_result import JobResult
    from runner.results.export.to_pulser import PulserResults
    from runner.results.plots.matplotlib_figure import PictureFigure
    from runner.results.plots.plot import PlotOptions

    Observables = Mapping[str, Callable[[str], float]]


class Results(Sequence["JobResult"]):
    """The jobs of an experiment with what came back of each: an immutable sequence in file order.

    Taken by place (`results[0]`), by name (`results["reference"]`) or as a slice, which is `Results` again.

    Args:
        experiment: Name of the experiment.

        jobs: Those of the file, in its order, whether anything came back or not; behind them what is only
            on record, if it was asked for.
    """

    __slots__ = ("_jobs", "experiment")

    def __init__(self, experiment: str, jobs: Iterable[JobResult]) -> None:
        self.experiment = experiment
        self._jobs = tuple(jobs)

    @overload
    def __getitem__(self, which: int | str) -> JobResult: ...
    @overload
    def __getitem__(self, which: slice) -> Results: ...
    def __getitem__(self, which: int | str | slice) -> JobResult | Results:
        if isinstance(which, slice):
            return Results(self.experiment, self._jobs[which])
        return self._named(which) if isinstance(which, str) else self._jobs[which]

    def _named(self, name: str) -> JobResult:
        for job in self._jobs:
            if job.name == name:
                return job
        from runner.results.analysis.columns import near  # noqa: PLC0415  (only for what went wrong)

        hint = near(name, [job.name for job in self._jobs], kind="jobs")
        raise UnknownJobError(f"{self.experiment} has no job {name!r}", hint=hint)

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[JobResult]:
        return iter(self._jobs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Results) and (self.experiment, self._jobs) == (other.experiment, other._jobs)

    def __hash__(self) -> int:
        return hash((self.experiment, tuple((job.recipe, job.key, job.runs) for job in self._jobs)))

    @property
    def is_complete(self) -> bool:
        """Whether all wanted runs of all jobs of the file are measured."""
        return all(job.status is ResultStatus.DONE for job in self._jobs if job.is_wanted)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of all variables, in the order in which they come first."""
        return tuple(dict.fromkeys(name for job in self._jobs for name in job.variables))

    def where(self, claim: Callable[[JobResult], bool] | None = None, /, **variables: Any) -> Results:
        """The jobs for which all of it holds, in their order; may be none.

        Args:
            claim: Says of a job whether it is meant.

            variables: A value for a variable, or a function of its value that says whether it is meant:
                `where(omega_max=6.28)`, `where(t_sweep_ns=lambda t: t > 1000)`. Floats are compared to one
                part in 10⁹, so that 0.3 is 3 · 0.1.

        Raises:
            UsageError: No job has a variable of this name.
        """
        for name in variables:
            if self._jobs and name not in self.variables:
                known = ", ".join(self.variables) or "none"
                raise UsageError(f"there is no variable {name}", hint=f"variables are: {known}")
        return Results(self.experiment, (job for job in self._jobs if chosen(job, claim, variables)))

    def with_status(self, *statuses: ResultStatus | str) -> Results:
        """The jobs of some statuses, in their order: `with_status("DONE", "PARTIAL")`.

        Raises:
            UsageError: There is no such status.
        """
        try:
            wanted = {ResultStatus(status) for status in statuses}
        except ValueError as error:
            raise UsageError(str(error), hint=f"statuses are: {', '.join(ResultStatus)}") from error
        return Results(self.experiment, (job for job in self._jobs if job.status in wanted))

    def expectation(self, fn: Callable[[str], float]) -> Estimates:
        """The mean of a function of the bitstring, of every job; shape (jobs,), NaN where nothing came back.

        Args:
            fn: Takes a bitstring, character i of which is qubit i of the job's `qubit_ids`.
        """
        from runner.results.analysis.observables import expectations  # noqa: PLC0415  (imports numpy)

        return expectations(tuple(job.name for job in self), [job.counts for job in self], fn)

    def to_pandas(self, *, long: bool = False, observables: Observables | None = None) -> pd.DataFrame:
        """A table.

        Wide, it has one row a job: `job`, a column a variable (`v[0]`, `v[1]` for one that holds several
        numbers), `status`, `runs` (wanted), `measured`, `counts` (a dict, None where nothing came back),
        `created_at`, `started_at`, `ended_at`, and two columns for each observable, `<name>` and
        `<name>_error`. Long, it has one row for each job and bitstring: `job`, the variables, `bitstring`,
        `count`, `probability`; jobs of which nothing came back have none.

        Rows are in file order. A variable that is called like a column of ours has a `_` behind it.

        Args:
            observables: Functions of the bitstring, by name; see `JobResult.expectation`. Wide only.

        Raises:
            RunnerError: pandas is not installed.
        """
        from runner.results.export.to_pandas import long_frame, wide_frame  # noqa: PLC0415  (imports pandas)

        return long_frame(self) if long else wide_frame(self, observables or {})

    def to_xarray(
        self,
        *,
        observables: Observables | None = None,
        counts: bool = False,
        axes: Sequence[str | Sequence[str]] | None = None,
    ) -> xr.Dataset:
        """A labelled array over the points; partial results always, and nothing is sorted.

        Dimensions: where all jobs come from one sweep of the file, one for each of its axes, outermost
        first, called after the axis's first variable; the other variables that move with it are coordinates
        along it. Points of the grid that the file leaves out have the status ABSENT. Where the file repeats
        a point, `repeat` is one dimension more. Any other jobs (several entries, points written out) lie
        along one dimension, `job`: choose those of one sweep first, or name the axes.

        Coordinates: variables with the `units` that their names say, in file order; `job`, the names; a
        variable that no axis has is a number if it has one value, else it lies along all dimensions.
        `qubit` holds the qubit ids.

        Data: `status`, `runs` (wanted), `measured`; along `qubit` too `occupation`, `magnetization` and
        their `_error`, all NaN where nothing came back. A variable that is called like one of ours has a
        `_` behind it.

        Args:
            observables: Functions of the bitstring, by name; each gives `<name>` and `<name>_error`.

            counts: Whether `counts` are there, along `bitstring`: those measured in any of the jobs, in
                lexical order; 0 where it was not measured, NaN where nothing came back.

            axes: Variables of each axis, in the order of the dimensions: `["omega_max", ("t_ns", "phi")]`.
                By default those of the sweep.

        Raises:
            UsageError: An axis names no variable, or the name of an observable is taken.

            RunnerError: xarray is not installed.
        """
        from runner.results.export.to_xarray import dataset  # noqa: PLC0415  (imports xarray)

        return dataset(self, observables=observables or {}, counts=counts, axes=axes)

    def plot(self, kind: str | None = None, **options: Unpack[PlotOptions]) -> PictureFigure:
        """A figure of matplotlib, which a notebook shows; partial results always.

        Args:
            kind: `histogram` of a job, `curve` of an observable along a variable, `heatmap` over two, or
                `register`, an observable of each atom. By default a histogram where nothing varies or a
                job is named, a heatmap where two variables make a grid, else a curve.

            options: `job`, `x`, `y`, `observable`, `top`; see `PlotOptions`.

        Raises:
            UsageError: There is no such kind, job, variable or observable.

            RunnerError: matplotlib is not installed.
        """
        from runner.results.plots.plot import plotted  # noqa: PLC0415  (imports matplotlib)

        return plotted(self.experiment, self, kind, options)

    def to_pulser(self) -> list[PulserResults | None]:
        """Pulser's `Results` of each job, in file order; None where nothing came back.

        See `JobResult.to_pulser`.
        """
        return [job.to_pulser() for job in self._jobs]

    def __repr__(self) -> str:
        by_status = Counter(job.status for job in self._jobs)
        said = ", ".join(f"{by_status[status]} {status}" for status in ResultStatus if status in by_status)
        jobs = "1 job" if len(self) == 1 else f"{len(self)} jobs"
        return f"<Results of {self.experiment}: {jobs}{f', {said}' if said else ''}>"

    def _repr_html_(self) -> str:
        from runner.results.export.html_repr import results_html  # noqa: PLC0415  (for notebooks only)

        return results_html(self)
