"""Every job of a file, built once; what is to be said of it, and where in the file that belongs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.domain import job_key
from runner.sequences.crew import clean_durations
from runner.sequences.remarks import Remark, Remarks
from runner.sequences.verdicts import Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.sequences.drafting import Draft, Said
    from runner.sequences.former import Former
    from runner.spec import JobRequest


def durations_of_jobs(draft: Draft, text: str | None, said: Said, former: Former) -> tuple[int | None, ...]:
    """How long every job takes (in ns), each built once, unless it was built before.

    Args:
        draft: The sequence.

        text: The same, as it is sent; None where an operation is missing, so that only numbers still tell.

        said: Where everything goes that is to be said of a job.

        former: Remembers what was built before, and what is built now.
    """
    if text is None:
        for job in said.file.jobs:
            if not _is_repeated(job):
                _explain(job, Verdict(), draft, said)
        return (None,) * len(said.file.jobs)
    keys = [job_key(job.variables) for job in said.file.jobs]
    clean = _clean(text, keys, said.file.jobs, former)
    representation, durations = json.loads(text), []
    for key, job in zip(keys, said.file.jobs, strict=True):
        if (duration_ns := clean.get(key)) is None:
            built = verdict(draft.sequence, representation, job.variables)
            duration_ns = built.duration_ns
            if not built.is_clean and not _is_repeated(job):
                _explain(job, built, draft, said)
            elif duration_ns is not None:
                clean[key] = duration_ns
        durations.append(duration_ns)
    former.keep(text, clean)
    return tuple(durations)


def _is_repeated(job: JobRequest) -> bool:
    """Whether all that is to be said of it was said of the repetition before."""
    return (job.repetition or 1) > 1


def _clean(text: str, keys: Sequence[str], jobs: Sequence[JobRequest], former: Former) -> dict[str, int]:
    """How long those jobs take (in ns) that were built before, or by others for us, and are fine."""
    known = former.durations(text)
    new = {key: job.variables for key, job in zip(keys, jobs, strict=True) if key not in known}
    built = dict(zip(new, clean_durations(text, list(new.values())), strict=True))
    of_key = {key: known.get(key, built.get(key)) for key in keys}
    return {key: duration_ns for key, duration_ns in of_key.items() if duration_ns is not None}


def _explain(job: JobRequest, built: Verdict, draft: Draft, said: Said) -> None:
    """Say what is to be said of a job, at the operation that is at fault if that is known."""
    remarks = draft.replay(job.variables) if draft.replay else Remarks()
    for fault in remarks.faults:
        said.faults.take(job, fault)
    for warning in remarks.warnings:
        said.warnings.take(job, warning)
    if built.fault and not remarks.faults:
        said.faults.take(job, Remark(None, built.fault, fixed=False))
    if not remarks.faults and not remarks.warnings:
        for message in built.warnings:
            said.warnings.take(job, Remark(None, message, fixed=False))
