"""What an experiment file means, for people: facts, and what one of its jobs plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.domain.qpu_time import qpu_seconds
from runner.domain.suggestions import suggested_job
from runner.errors import UsageError
from runner.project import late_imports

if TYPE_CHECKING:
    from runner.domain import Budget, DesiredJob
    from runner.project.experiments.loaded import Experiment
    from runner.sequences.samples import Played


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An experiment, and what one of its jobs plays.

    Args:
        qpu_s: Estimated time on a QPU that all jobs take (in s); 0 on an emulator.

        job: The one that is played.
    """

    name: str
    description: str
    device_type: str
    recipe: str
    budget: Budget
    runs: int
    qpu_s: float
    jobs: tuple[DesiredJob, ...]
    job: DesiredJob
    played: Played


def shown(experiment: Experiment, job_name: str | None = None) -> Shown:
    """An experiment with one of its jobs, the first one if none is named.

    Raises:
        UsageError: There is no such job.
    """
    desired, job = experiment.desired, chosen_job(experiment, job_name)
    runs = sum(each.runs for each in desired.jobs)
    return Shown(
        name=desired.name,
        description=experiment.file.content["metadata"].get("description", ""),
        device_type=desired.device_type,
        recipe=desired.recipe,
        budget=desired.policy.budget,
        runs=runs,
        qpu_s=qpu_seconds(desired.device_type, runs),
        jobs=desired.jobs,
        job=job,
        played=late_imports.played(desired.sequence_of(job), job.variables),
    )


def picture_of(experiment: Experiment, job_name: str | None, *, form: str) -> bytes:
    """A picture of register and pulses; the same bytes for the same file.

    Args:
        form: png, svg or pdf.

    Raises:
        UsageError: There is no such job.
    """
    job = chosen_job(experiment, job_name)
    title = f"{experiment.name}: {job.name}"
    return late_imports.picture(experiment.desired.sequence_of(job), job.variables, title=title, form=form)


def drawings_of(experiment: Experiment, job_name: str | None) -> tuple[bytes, bytes]:
    """Register, and pulses of a job, as two SVG documents; the same bytes for the same file.

    Raises:
        UsageError: There is no such job.
    """
    job = chosen_job(experiment, job_name)
    return late_imports.register_and_pulses(experiment.desired.sequence, job.variables)


def chosen_job(experiment: Experiment, name: str | None) -> DesiredJob:
    """The job of a name; the first one if there is none.

    Raises:
        UsageError: There is no such job.
    """
    jobs = {job.name: job for job in experiment.desired.jobs}
    if name is None:
        return experiment.desired.jobs[0]
    if name not in jobs:
        raise UsageError(f"{experiment.name} has no job {name}", hint=suggested_job(name, jobs))
    return jobs[name]
