"""Pictures of one job: its bitstrings as bars, and an observable of each atom on the register. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.results import analysis
from runner.results.analysis.vocabulary import MAGNETIZATION, OCCUPATION
from runner.results.plots.labels import AxisQuantity
from runner.results.plots.missing_jobs import said_below
from runner.results.plots.observables import reading
from runner.results.plots.picture import (
    Bar,
    CurveLine,
    Curves,
    DrawnAtom,
    Histogram,
    Measured,
    MeasuredValue,
    Picture,
    Places,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.plots.picture import Blockade


def histogram(title: str, job: MeasuredJob, *, top: int, notes: tuple[str, ...] = ()) -> Picture:
    """The most frequent bitstrings of a job, and all others as one bar.

    Args:
        top: How many have bars of their own; one more where the rest would be a single one.
    """
    counts = job.counts
    return Picture(
        title=f"{title}: {job.name}",
        subtitle=subtitle(job),
        body=Histogram(tuple(_bars(counts, top)) if counts else ()),
        notes=(*notes, *said_below([job])),
    )


def subtitle(job: MeasuredJob) -> str:
    """How many runs there are, and which character of a bitstring is which qubit."""
    runs = counted(job.runs.measured, "run")
    ids = job.qubit_ids
    return f"{runs}; bitstrings from {ids[0]} to {ids[-1]}" if len(ids) > 1 else runs


def _bars(counts: Counts, top: int) -> Iterator[Bar]:
    own = counts.most_frequent(top if len(counts) != top + 1 else top + 1)
    for bitstring, count in own:
        yield Bar(bitstring, count, _share(counts, {bitstring}))
    rest = [bitstring for bitstring in counts if bitstring not in dict(own)]
    if rest:
        yield Bar(
            f"{len(rest)} others", sum(counts[each] for each in rest), _share(counts, set(rest)), is_rest=True
        )


def _share(counts: Counts, bitstrings: Collection[str]) -> MeasuredValue:
    count = sum(counts[bitstring] for bitstring in bitstrings)
    return reading(analysis.observables.share(count, counts.total)) or MeasuredValue(0.0)


_SHOWN: Final = {
    OCCUPATION: Measured(quantity=AxisQuantity("occupation ⟨n⟩"), low=0, high=1),
    MAGNETIZATION: Measured(quantity=AxisQuantity("magnetization ⟨σz⟩"), low=-1, high=1),
}


def correlations_by_distance(title: str, job: MeasuredJob, *, notes: tuple[str, ...] = ()) -> Picture:
    """Connected correlations by distance, averaged over all pairs at it.

    Raises:
        UsageError: The places of the atoms are not known, or there is one atom alone.
    """
    found = job.correlations_by_distance()
    if not found:
        raise UsageError(f"{job.name}: one atom has no distance to another")
    points = tuple((distance, reading(each)) for distance, each in found.items())
    shown = Measured(quantity=AxisQuantity("correlation ⟨nn⟩ − ⟨n⟩⟨n⟩"), low=-0.25, high=0.25)
    return Picture(
        title=f"{title}: {job.name}",
        subtitle=f"{counted(job.runs.measured, 'run')}; means over pairs; error bars hold 68 %",
        body=Curves(x=AxisQuantity("distance", unit="µm"), y=shown, lines=(CurveLine((), points),)),
        notes=(*notes, *said_below([job])),
    )


def occupations(
    title: str,
    job: MeasuredJob,
    observable: str,
    *,
    blockade: Blockade | None = None,
    notes: tuple[str, ...] = (),
) -> Picture:
    """Each atom where it is, with what was measured of it.

    Raises:
        UsageError: The observable is none of single atoms, or the places of the atoms are not known.
    """
    if observable not in _SHOWN:
        raise UsageError(
            f"{observable} is no observable of each atom", hint=f"these are: {', '.join(_SHOWN)}"
        )
    if not job.positions_um:
        raise UsageError(f"{job.name}: nobody knows where its atoms are", hint="the sequence does not tell")
    means = job.occupation if observable == OCCUPATION else job.magnetization
    found = {qubit: reading(means.of(qubit)) for qubit in means.labels}
    atoms = tuple(DrawnAtom(name, place, found.get(name)) for name, place in job.positions_um.items())
    return Picture(
        title=f"{title}: {job.name}",
        subtitle=counted(job.runs.measured, "run"),
        body=Places(_SHOWN[observable], atoms, blockade),
        notes=(*notes, *said_below([job])),
    )
