"""Every job of a file, built once; what is to be said of it, and where in the file that belongs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runner.domain import job_key
from runner.sequences.check.job_check import BuildResult, build_result, kind_of
from runner.sequences.check.process_pool import built_by_others
from runner.sequences.compiled import Built
from runner.sequences.pulser_api.pulser_messages import Remark, Remarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.domain.json_values import JsonObject
    from runner.sequences.compiled import Former
    from runner.sequences.construction.draft import Draft, Said
    from runner.spec import JobRequest

# Operations are looked for in so many jobs that one kind of warning is about; the others are only counted.
_EXPLAINED: Final = 100


def durations_of_jobs(draft: Draft, text: str | None, said: Said, former: Former) -> tuple[int | None, ...]:
    """How long every job takes (in ns), each built once, unless it was built before.

    Args:
        text: The sequence, as it is sent; None where an operation is missing: then only
            numbers tell.

        former: Remembers what was built before, and what is built now.
    """
    if text is None:
        for job in said.file.jobs:
            if not _is_repeated(job):
                _explain(job, BuildResult(), draft, said)
        return (None,) * len(said.file.jobs)
    keys = [job_key(job.variables) for job in said.file.jobs]
    known = _known(text, keys, said.file.jobs, former)
    judge = _Judge(draft, json.loads(text), said)
    durations = [judge.duration_ns(key, job, known) for key, job in zip(keys, said.file.jobs, strict=True)]
    former.keep(text, known)
    return tuple(durations)


@dataclass(slots=True)
class _Told:
    """What was said of some jobs: a remark for each operation and kind, with the numbers of the first job."""

    remarks: dict[tuple[str | None, str], Remark] = field(default_factory=dict)
    jobs: int = 0

    def add(self, remarks: Iterable[Remark]) -> None:
        """One more job."""
        self.jobs += 1
        for remark in remarks:
            self.remarks.setdefault((remark.operation, kind_of((remark.message,))), remark)


@dataclass(slots=True)
class _Judge:
    """Says of each job what there is to say, and builds it for that where its words are not known.

    Args:
        told: What was said of the first jobs of an entry that one kind of warning is about.
    """

    draft: Draft
    representation: JsonObject
    said: Said
    told: dict[tuple[str, str], _Told] = field(default_factory=dict)

    def duration_ns(self, key: str, job: JobRequest, known: dict[str, Built]) -> int | None:
        """How long a job takes (in ns); what is built for it is put to what is known."""
        built = known.get(key)
        if built is not None and (not built.warned or _is_repeated(job) or self._is_said(job, built)):
            return built.duration_ns
        one = build_result(self.draft.sequence, self.representation, job.variables)
        if one.fault is None and one.duration_ns is not None:
            built = known[key] = Built(one.duration_ns, kind_of(one.warnings))
            if not built.warned or _is_repeated(job) or self._is_said(job, built):
                return built.duration_ns
        if not _is_repeated(job):
            remarks = _explain(job, one, self.draft, self.said)
            if built is not None:
                self.told.setdefault((job.pointer, built.warned), _Told()).add(remarks)
        return one.duration_ns

    def _is_said(self, job: JobRequest, built: Built) -> bool:
        """Says of a job what was said of many others of its entry, if it is of the same kind."""
        told = self.told.get((job.pointer, built.warned))
        if told is None or told.jobs < _EXPLAINED:
            return False
        for remark in told.remarks.values():
            self.said.warnings.take(job, remark)
        return True


def _is_repeated(job: JobRequest) -> bool:
    """Whether all that is to be said of it was said of the repetition before."""
    return (job.repetition or 1) > 1


def _known(text: str, keys: Sequence[str], jobs: Sequence[JobRequest], former: Former) -> dict[str, Built]:
    """Those jobs that were built before, or by others for us, and can be run."""
    known = former.jobs(text)
    new = {key: job.variables for key, job in zip(keys, jobs, strict=True) if key not in known}
    built = dict(zip(new, built_by_others(text, list(new.values())), strict=True))
    of_key = {key: known.get(key) or built.get(key) for key in keys}
    return {key: each for key, each in of_key.items() if each is not None}


def _explain(job: JobRequest, built: BuildResult, draft: Draft, said: Said) -> list[Remark]:
    """Say what is to be said of a job, at the operation that is at fault if that is known.

    Returns:
        The warnings.
    """
    remarks = draft.replay(job.variables) if draft.replay else Remarks()
    for fault in remarks.faults:
        said.faults.take(job, fault)
    if built.fault and not remarks.faults:
        said.faults.take(job, Remark(None, built.fault, fixed=False))
    warnings = remarks.warnings
    if not remarks.faults and not warnings:
        warnings = [Remark(None, message, fixed=False) for message in built.warnings]
    for warning in warnings:
        said.warnings.take(job, warning)
    return warnings
