"""`results.plot()` and `job.plot()`: from words to a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from runner.errors import RunnerError, UsageError
from runner.results.plots.choose import Asked, picture
from runner.results.plots.picture import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.plots.matplotlib_figure import PictureFigure
    from runner.results.plots.picture import Picture


class PlotOptions(TypedDict, total=False):
    """What `plot` takes; all of it may be left out, and is then chosen from the results."""

    job: str
    """Name of a job: the picture is of it alone."""
    x: str
    """Variable along the horizontal axis."""
    y: str
    """Variable along the vertical axis of a heatmap."""
    observable: str
    """`occupation`, which is the default, or another; see `runner.results.plots.observables`."""
    top: int
    """How many bitstrings a histogram shows one by one."""


def drafted(title: str, jobs: Sequence[MeasuredJob], kind: str | None, options: PlotOptions) -> Picture:
    """The picture that these words ask for.

    Raises:
        UsageError: There is no such kind, job, variable or observable.
    """
    try:
        known = Kind(kind) if kind else None
    except ValueError as error:
        raise UsageError(f"there is no kind {kind!r}", hint=f"kinds are: {', '.join(Kind)}") from error
    return picture(title, jobs, Asked(kind=known, **options))


def figure_of(drawn: Picture) -> PictureFigure:
    """A picture as a figure of matplotlib.

    Raises:
        RunnerError: matplotlib is not installed.
    """
    try:
        from runner.results.plots.matplotlib_figure import figure  # noqa: PLC0415  (imports matplotlib)
    except ModuleNotFoundError as error:
        hint = "pip install 'pulser-runner[plot]'"
        raise RunnerError("a figure needs matplotlib, which is not installed", hint=hint) from error
    return figure(drawn)


def plotted(title: str, jobs: Sequence[MeasuredJob], kind: str | None, options: PlotOptions) -> PictureFigure:
    """The same at once."""
    return figure_of(drafted(title, jobs, kind, options))
