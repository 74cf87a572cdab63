"""Observables that arrays and frames are asked for: functions of the bitstring, or names. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.results.analysis.observables import expectations, gathered
from runner.results.analysis.vocabulary import of_jobs
from runner.results.matrix_files import matrix_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.results.analysis.estimates import Estimates
    from runner.results.analysis.job_result import MeasuredJob


def column_of(observable: Callable[[str], float] | str, jobs: Sequence[MeasuredJob]) -> Estimates:
    """An observable of some jobs; shape (jobs,)."""
    if isinstance(observable, str):
        return gathered(of_jobs(observable, jobs, matrix_in))
    return expectations((), [job.counts for job in jobs], observable)
