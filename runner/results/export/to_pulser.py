"""Results as Pulser's own objects. The one module of this room that imports Pulser, and only when asked."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from jsonschema import ValidationError
from pulser.backend import Results as PulserResults
from pulser.exceptions.serialization import AbstractReprError

from runner.domain import JobStatus
from runner.errors import RecordError

if TYPE_CHECKING:
    from runner.domain import RecordedJob
    from runner.results.analysis.job_result import MeasuredJob

__all__ = ["PulserResults", "pulser_results"]


def pulser_results(job: MeasuredJob) -> PulserResults | None:
    """Pulser's `Results` of a job; see `MeasuredJob.to_pulser`."""
    if job.counts is None:
        return None
    return _whole(job) or _bitstrings(job)


def _whole(job: MeasuredJob) -> PulserResults | None:
    """What the emulator gave, over all remote jobs; None unless all of it was kept and can be added up."""
    measured = [each for each in job.remote_jobs if each.status is JobStatus.DONE and each.counts]
    texts = [(each, job.serialised(each)) for each in measured]
    kept = [_read(each, text) for each, text in texts if text is not None]
    if len(kept) < len(measured):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what cannot be averaged, as states, is left out
            return PulserResults.aggregate(kept)
    except (ValueError, NotImplementedError):
        return None


def _read(job: RecordedJob, text: str) -> PulserResults:
    try:
        return PulserResults.from_abstract_repr(text)
    except (ValueError, KeyError, TypeError, ValidationError, AbstractReprError) as error:
        said = error.message if isinstance(error, ValidationError) else str(error)
        hint = "restore the file from git, or delete it: the bitstrings are in the record"
        raise RecordError(
            f"the results that Pulser serialised for job {job.id} cannot be read: {said}", hint=hint
        ) from error


def _bitstrings(job: MeasuredJob) -> PulserResults:
    if job.duration_ns is None:
        raise RecordError(
            f"{job.name or job.key}: Pulser's results need the duration of the sequence, which is not known",
            hint="it is known of the jobs that the file asks for",
        )
    return PulserResults.from_final_bitstrings(job.qubit_ids, job.duration_ns, dict(job.counts or {}))
