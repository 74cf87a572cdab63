"""The job that is shown where none is named. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.results.analysis.results import MeasuredJobs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.job_result import MeasuredJob


def winner(jobs: Iterable[MeasuredJob]) -> MeasuredJob | None:
    """The best job of a strategy; None where there is none among some jobs."""
    stands = jobs.strategy if isinstance(jobs, MeasuredJobs) else None
    if stands is None or stands.best is None:
        return None
    slot = stands.best.slot
    own = [job for job in jobs if job.figures and not job.figures.is_fresh]
    return next((job for job in own if job.figures and job.figures.slot == slot), None)


def telling_job(jobs: Iterable[MeasuredJob]) -> MeasuredJob | None:
    """The best job of a strategy, else the one whose qubits were measured as 1 most often, per run and qubit.

    Of several it is the first; None where nothing was measured.
    """
    best = winner(jobs)
    if best:
        return best
    measured = [(job, job.counts) for job in jobs if job.counts]
    found = max(measured, key=lambda each: _share_of_ones(each[1]), default=None)
    return found[0] if found else None


def _share_of_ones(counts: Counts) -> float:
    ones = sum(bitstring.count("1") * count for bitstring, count in counts.items())
    return ones / (counts.total * counts.n_qubits)
