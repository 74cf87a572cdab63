"""Runs that a cloud has forgotten of jobs that were cancelled, as far as anything tells them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain import JobStatus
from runner.reconcile.model.actions import NewJob
from runner.reconcile.model.tags import submission_tag
from runner.reconcile.plan.job_states import split_runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.domain import DesiredExperiment, ObservedJob
    from runner.reconcile.model.tags import Marks


def runs_by_tag(
    desired: DesiredExperiment | None, marks: Marks, jobs: Sequence[ObservedJob]
) -> Mapping[str, int]:
    """Runs of the cancelled jobs of a batch, by their ids; none where its submission tag does not tell them.

    It is a digest of all that was bought: it tells whether that was what the file asks for now.

    Args:
        desired: The experiment that asks for its recipe; None where none does.

        jobs: All of them, in creation order.
    """
    is_forgotten = any(job.status is JobStatus.CANCELED and not job.runs for job in jobs)
    if desired is None or not marks.submission or not is_forgotten:
        return {}
    keys = [job.key for job in jobs]
    asked = [job for job in _asked(desired, marks.rerun) if job.key in keys]
    if [job.key for job in asked] != keys or submission_tag(desired, asked) != marks.submission:
        return {}
    pairs = zip(jobs, asked, strict=True)
    return {job.id: each.runs for job, each in pairs if job.status is JobStatus.CANCELED}


def _asked(desired: DesiredExperiment, rerun: int) -> Iterator[NewJob]:
    """All jobs of a rerun, as they are bought where nothing is there yet."""
    for job in desired.jobs:
        most = desired.max_runs if job.repetition is None else None
        for runs in split_runs(job.runs, most) if job.rerun == rerun else ():
            yield NewJob(key=job.key, name=job.name, runs=runs, attempt=1, rerun=rerun)
