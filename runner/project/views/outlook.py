"""Whether more can come of what an experiment lacks, by its records alone. Asks no cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.reconcile import Observation, Snapshot
from runner.reconcile.plan.job_states import job_states

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.domain import DesiredExperiment, RecordedJob


def ended_for_good(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> frozenset[str]:
    """Names of the jobs for which `apply` would buy nothing more although runs are missing.

    They failed as often as the file's retries allow, or were cancelled; or their results could not be had,
    cannot be right, or lack shots.
    """
    snapshot = Snapshot(desired=desired, observed=Observation(recorded=tuple(recorded)))
    jobs = (state.progress for state in job_states(snapshot))
    return frozenset(job.name for job in jobs if job.failed or (job.is_lost and not job.missing))
