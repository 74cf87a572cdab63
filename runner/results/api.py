"""`JobResult` and `Results`: measured jobs, with all that they can be turned into.

What they become is made beside this module, and imported when it is asked for: numbers need no pandas, no
xarray, no matplotlib and no Pulser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from runner.results import export, plots
from runner.results.analysis.job_result import MeasuredJob
from runner.results.analysis.results import MeasuredJobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    import xarray as xr

    from runner.results.analysis.fits import Fit
    from runner.results.export.to_pulser import PulserResults
    from runner.results.plots.choose import PlotOptions
    from runner.results.plots.matplotlib_figure import PictureFigure

    Observables = Mapping[str, Callable[[str], float] | str]


class JobResult(MeasuredJob):
    """What came back of one job of the file: its counts, and what follows from them."""

    __slots__ = ()

    def plot(self, kind: str = "histogram", **options: Unpack[PlotOptions]) -> PictureFigure:
        """A figure of matplotlib: its bitstrings, or with `register` an observable of each atom.

        Args:
            options: `observable` and `top`; see `Results.plot`.

        Raises:
            UsageError: There is no such kind or observable.

            RunnerError: matplotlib is not installed.
        """
        return plots.choose.plotted(self.experiment, [self], kind, options)

    def to_pulser(self) -> PulserResults | None:
        """Pulser's `Results`; None when nothing was measured. Imports Pulser, which takes a second.

        What the emulator gave is there whole if it was kept for all remote jobs and can be put together,
        else the bitstrings alone, at the end of the sequence.

        Raises:
            RecordError: The bitstrings are all there is and the duration of the sequence is not known, or
                what was kept cannot be read.
        """
        return export.to_pulser.pulser_results(self)

    def _repr_html_(self) -> str:
        return export.html_repr.job_html(self)


class Results(MeasuredJobs[JobResult]):
    """The jobs of an experiment with what came back of each: an immutable sequence in file order.

    Taken by place (`results[0]`), by name (`results["reference"]`) or as a slice, which is `Results` again.
    """

    __slots__ = ()

    def to_pandas(self, *, long: bool = False, observables: Observables | None = None) -> pd.DataFrame:
        """A table.

        Wide, it has one row a job: `job`, a column a variable (`v[0]`, `v[1]` for one that holds several
        numbers), `status`, `runs` (wanted), `measured`, `counts` (a dict, None where nothing came back),
        `created_at`, `started_at`, `ended_at`, and four columns for each observable, `<name>`,
        `<name>_error`, and the ends of the interval, `<name>_low` and `<name>_high`. Long, it has one row
        for each job and bitstring: `job`, the variables, `bitstring`, `count`, `probability` and the three
        of that; jobs of which nothing came back have none.

        Rows are in file order. A variable that is called like a column of ours has a `_` behind it. Of a
        strategy there are `slot`, `round` (none of jobs that confirm) and `objective` with its three, too.

        Args:
            observables: Functions of the bitstring, or names of observables, by the name of their column; see
                `JobResult.expectation` and `JobResult.observable`. Wide only.

        Raises:
            RunnerError: pandas is not installed.
        """
        frames = export.to_pandas
        return frames.long_frame(self) if long else frames.wide_frame(self, observables or {})

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
        their `_error`, `_low` and `_high`, all NaN where nothing came back. A variable that is
        called like one of ours has a `_` behind it.

        Args:
            observables: The same as `to_pandas` takes; each gives `<name>` and the three of it.

            counts: Whether `counts` are there, along `bitstring`: those measured in any of the jobs, in
                lexical order; 0 where it was not measured, NaN where nothing came back.

            axes: Variables of each axis, in the order of the dimensions: `["omega_max", ("t_ns", "phi")]`.
                By default those of the sweep.

        Raises:
            UsageError: An axis names no variable, or the name of an observable is taken.

            RunnerError: xarray is not installed.
        """
        return export.to_xarray.dataset(self, observables=observables or {}, counts=counts, axes=axes)

    def plot(self, kind: str | None = None, **options: Unpack[PlotOptions]) -> PictureFigure:
        """A figure of matplotlib, which a notebook shows; partial results always.

        Args:
            kind: `histogram` of a job, `curve` of an observable along a variable, `heatmap` over two,
                `evolution` over time, `register`, an observable of each atom, or `correlations` of a job by
                distance, or the `trace` of a strategy. By default the trace of a strategy where nothing else
                is chosen, a histogram where nothing varies or a job is named, a heatmap where two
                variables make a grid, else a curve.

            options: `job`, `x`, `y`, `observable`, `top`; see `PlotOptions`.

        Raises:
            UsageError: There is no such kind, job, variable or observable.

            RunnerError: matplotlib is not installed.
        """
        return plots.choose.plotted(self.experiment, self, kind, options)

    def fit(self, model: str, *, x: str = "", observable: str = "") -> Fit:
        """A model with the parameters that make what was measured most likely.

        Times are in µs where the variable is in ns, and frequencies in MHz; `fit.units` says it. The curve
        is `fit(x)`, with x as the file has it.

        Args:
            model: `rabi`, `ramsey`, `exponential`, `lorentz` or `gauss`, or a formula over x and parameters
                with names of your own: `"c + a * sin(pi * f * x)**2"`, x in the unit of the variable.

            x: The variable along which is fitted; by default the one with the most values.

            observable: What is fitted; by default occupation. See `runner.results.analysis.vocabulary`.

        Raises:
            UsageError: There is no such model, variable or observable, too little is measured, or another
                variable has several values.
        """
        return plots.line_fits.fit_of(self, model, x=x, shown=observable)

    def to_pulser(self) -> list[PulserResults | None]:
        """Pulser's `Results` of each job, in file order; None where nothing came back.

        See `JobResult.to_pulser`.
        """
        return [job.to_pulser() for job in self._jobs]

    def _repr_html_(self) -> str:
        return export.html_repr.results_html(self)
