"""The bitstrings of one job as bars. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain.numerals import counted
from runner.results.analysis.observables import expectation
from runner.results.plots.missing_jobs import said_below
from runner.results.plots.observables import reading
from runner.results.plots.picture import Bar, Histogram, Picture, Reading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.job_result import MeasuredJob


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


def _share(counts: Counts, bitstrings: Collection[str]) -> Reading:
    found = reading(expectation(counts, lambda bitstring: float(bitstring in bitstrings)))
    return found or Reading(0.0)
