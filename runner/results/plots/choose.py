"""Which picture results make, what is on it, and from words to a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypedDict

from runner.errors import RunnerError, UsageError
from runner.results import plots
from runner.results.analysis.vocabulary import OCCUPATION
from runner.results.plots.axes import points
from runner.results.plots.curves import curves
from runner.results.plots.evolutions import evolution
from runner.results.plots.heatmaps import heatmap
from runner.results.plots.job_pictures import correlations_by_distance, histogram, occupations
from runner.results.plots.observables import observable
from runner.results.plots.picture import Blockade, PictureKind
from runner.results.plots.shown_job import telling_job, winner
from runner.results.plots.traces import trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.plots.axes import Points
    from runner.results.plots.matplotlib_figure import PictureFigure
    from runner.results.plots.picture import Picture

TOP: Final = 16
_NAMED: Final = 5  # where no job has the name that was asked for
_MAP_FROM: Final = 3
_FILLED: Final = 0.5
_OF_JOB: Final = (PictureKind.HISTOGRAM, PictureKind.REGISTER, PictureKind.CORRELATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be seen; what is left empty is chosen from the results.

    Args:
        job: Name of a job; then the picture is of it alone.

        x: Variable along the horizontal axis.

        y: Variable along the vertical axis of a heatmap.

        observable: Name of one, see `runner.results.analysis.vocabulary`; occupation where it is empty.

        top: How many bitstrings a histogram shows one by one.

        fit: Model that is fitted to the lines of a curve, or a formula.

        blockade_radius_um: Blockade radius, drawn on a register; 0 for none.

        interaction_graph: Whether lines join the atoms of a register that are within that radius.
    """

    kind: PictureKind | None = None
    job: str = ""
    x: str = ""
    y: str = ""
    observable: str = ""
    top: int = TOP
    fit: str = ""
    blockade_radius_um: float = 0.0
    interaction_graph: bool = False


def picture(title: str, jobs: Sequence[MeasuredJob], asked: Asked) -> Picture:
    """The picture of some jobs.

    Without a kind and any choice, it is the trace of a strategy. Else it is a histogram of a job that is
    named, or where nothing varies; a heatmap where two variables have three values or more each, and the file
    asks for half of the grid at least; else a curve.

    Raises:
        UsageError: There is no such job, variable or observable, or what is asked for does not go together.
    """
    if not jobs:
        raise UsageError(f"{title}: there are no jobs to draw")
    is_trace = asked.kind is None and asked == Asked(top=asked.top) and any(job.figures for job in jobs)
    if is_trace or asked.kind is PictureKind.TRACE:
        _check(PictureKind.TRACE, asked)
        return trace(title, jobs)
    return _of_points(title, jobs, asked)


def _of_points(title: str, jobs: Sequence[MeasuredJob], asked: Asked) -> Picture:
    known = points(jobs, first=[name for name in (asked.x, asked.y) if name])
    kind = asked.kind or _kind(known, asked)
    _check(kind, asked)
    if kind in _OF_JOB:
        job, note = one_job(jobs, asked.job)
        notes = (note,) if note else ()
        if kind is PictureKind.HISTOGRAM:
            return histogram(title, job, top=asked.top, notes=notes)
        if kind is PictureKind.CORRELATIONS:
            return correlations_by_distance(title, job, notes=notes)
        return occupations(title, job, asked.observable or OCCUPATION, blockade=_blockade(asked), notes=notes)
    if kind is PictureKind.EVOLUTION:
        return evolution(title, known, asked.observable, _named(jobs, asked.job) if asked.job else None)
    shown = observable(asked.observable or OCCUPATION, jobs)
    if kind is PictureKind.CURVE:
        return curves(title, known, shown, x=asked.x, fit=asked.fit)
    return heatmap(title, known, shown, x=asked.x, y=asked.y)


def _blockade(asked: Asked) -> Blockade | None:
    """With discs of half its radius, and with lines where these are asked for.

    Raises:
        UsageError: Lines are asked for, and no radius is known.
    """
    if asked.blockade_radius_um > 0:
        return Blockade(asked.blockade_radius_um, shows_graph=asked.interaction_graph)
    if asked.interaction_graph or asked.blockade_radius_um:
        raise UsageError("an interaction graph needs a blockade radius", hint="blockade_radius_um: 7.2")
    return None


def _kind(known: Points, asked: Asked) -> PictureKind:
    if asked.fit:
        return PictureKind.CURVE
    if asked.blockade_radius_um or asked.interaction_graph:
        return PictureKind.REGISTER
    if asked.job or not known.axes:
        return PictureKind.HISTOGRAM
    if asked.y:
        return PictureKind.HEATMAP
    sizes = [len(axis.values) for axis in known.axes]
    is_map = len(sizes) == len("xy") and min(sizes) >= _MAP_FROM
    return (
        PictureKind.HEATMAP
        if is_map and len(known.jobs) >= _FILLED * sizes[0] * sizes[1]
        else PictureKind.CURVE
    )


def _check(kind: PictureKind, asked: Asked) -> None:
    """Refuses what would be passed over in silence."""
    useless = {
        "a job": asked.job and kind not in {*_OF_JOB, PictureKind.EVOLUTION},
        "x": asked.x and kind in {*_OF_JOB, PictureKind.EVOLUTION, PictureKind.TRACE},
        "y": asked.y and kind is not PictureKind.HEATMAP,
        "an observable": asked.observable
        and kind in {PictureKind.HISTOGRAM, PictureKind.CORRELATIONS, PictureKind.TRACE},
        "a fit": asked.fit and kind is not PictureKind.CURVE,
        "a blockade": (asked.blockade_radius_um or asked.interaction_graph)
        and kind is not PictureKind.REGISTER,
    }
    for what, is_useless in useless.items():
        if is_useless:
            raise UsageError(f"a {kind} takes no choice of {what}", hint="another kind does")


def one_job(jobs: Sequence[MeasuredJob], name: str) -> tuple[MeasuredJob, str]:
    """The job that is named, else the most telling one; and what to say of the others.

    Raises:
        UsageError: There is no such job.
    """
    if name:
        return _named(jobs, name), ""
    telling = telling_job(jobs)
    others = len(jobs) - 1
    said = "the best one" if winner(jobs) else "the one with most 1s" if telling else "the first"
    return telling or jobs[0], f"of {len(jobs)} jobs, {said}; choose another by its name" if others else ""


def _named(jobs: Sequence[MeasuredJob], name: str) -> MeasuredJob:
    for job in jobs:
        if name in (job.name, job.key):
            return job
    some = ", ".join(job.name for job in jobs[:_NAMED]) + (", …" if len(jobs) > _NAMED else "")
    raise UsageError(f"there is no job {name!r}", hint=f"jobs are: {some}")


class PlotOptions(TypedDict, total=False):
    """What `plot` takes; all of it may be left out, and is then chosen from the results."""

    job: str
    """Name of a job: the picture is of it alone."""
    x: str
    """Variable along the horizontal axis."""
    y: str
    """Variable along the vertical axis of a heatmap."""
    observable: str
    """`occupation`, which is the default, or another; see `runner.results.analysis.vocabulary`."""
    top: int
    """How many bitstrings a histogram shows one by one."""
    fit: str
    """Model that is fitted to each line of a curve: `rabi`, `ramsey`, … or a formula; see `Results.fit`."""
    blockade_radius_um: float
    """Blockade radius, drawn on a register as discs of half of it: those of a blocked pair overlap."""
    interaction_graph: bool
    """Whether lines join the atoms of a register that are within that radius."""


def drafted(title: str, jobs: Sequence[MeasuredJob], kind: str | None, options: PlotOptions) -> Picture:
    """The picture that these words ask for.

    Raises:
        UsageError: There is no such kind, job, variable or observable.
    """
    try:
        known = PictureKind(kind) if kind else None
    except ValueError as error:
        raise UsageError(f"there is no kind {kind!r}", hint=f"kinds are: {', '.join(PictureKind)}") from error
    return picture(title, jobs, Asked(kind=known, **options))


def figure_of(drawn: Picture) -> PictureFigure:
    """A picture as a figure of matplotlib.

    Raises:
        RunnerError: matplotlib is not installed.
    """
    try:
        return plots.matplotlib_figure.figure(drawn)
    except ModuleNotFoundError as error:
        hint = "pip install 'pulser-runner[plot]'"
        raise RunnerError("a figure needs matplotlib, which is not installed", hint=hint) from error


def plotted(title: str, jobs: Sequence[MeasuredJob], kind: str | None, options: PlotOptions) -> PictureFigure:
    """The same at once."""
    return figure_of(drafted(title, jobs, kind, options))


def picture_bytes(drawn: Picture, form: str) -> bytes:
    """A picture as the content of a file.

    Args:
        form: png, svg or pdf.

    Raises:
        RunnerError: matplotlib is not installed.
    """
    return plots.matplotlib_figure.content(figure_of(drawn), form)
