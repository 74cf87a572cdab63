"""What experiment files ask for, job by job; Pulser is not needed to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.domain import job_key, repetition_key
from runner.domain.slot_jobs import with_recorded_slots
from runner.errors import Problem, SpecError
from runner.project import late_imports
from runner.project.experiments.loader import allowed_code, experiment_files
from runner.project.views.selection import Selection, selected_names
from runner.reconcile import Observation, Snapshot
from runner.reconcile.plan.job_states import job_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from runner.domain import DesiredExperiment, RecordedJob
    from runner.project.project import Project
    from runner.spec import ExperimentFile


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedJob:
    """A job that a file asks for.

    Args:
        key: Digest of the point, as in the records; None for a job with its own sequence, whose key only
            Pulser can tell.

        line: Of the file, where the job or its sweep stands.
    """

    experiment: str
    job: str
    runs: int
    variables: Mapping[str, object]
    key: str | None
    path: str
    line: int


def asked_jobs(project: Project, paths: Sequence[Path], selection: Selection) -> list[AskedJob]:
    """The jobs of some files, or of all files in some folders, in file order; without paths, of all.

    Raises:
        SpecError: Problems in any of the files, as far as they can be seen without Pulser.
    """
    files = _read(project, experiment_files(paths or project.all_files()))
    chosen = set(selected_names([each.experiment.metadata.name for each in files], selection))
    return [job for each in files if each.experiment.metadata.name in chosen for job in _jobs(each)]


def asking_strategies(project: Project, paths: Sequence[Path], selection: Selection) -> list[tuple[str, str]]:
    """The experiments of some files that a strategy asks for, each with its kind; see `asked_jobs`."""
    files = _read(project, experiment_files(paths or project.all_files()))
    chosen = set(selected_names([each.experiment.metadata.name for each in files], selection))
    return [
        (each.experiment.metadata.name, each.strategy.kind)
        for each in files
        if each.strategy is not None and each.experiment.metadata.name in chosen
    ]


def _read(project: Project, paths: Sequence[Path]) -> list[ExperimentFile]:
    limits = project.settings.limits.as_limits()
    make = allowed_code(project.root, project.settings)
    files: list[ExperimentFile] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            files.append(late_imports.load(path, root=project.root, limits=limits, make=make))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return files


def _jobs(file: ExperimentFile) -> list[AskedJob]:
    return [
        AskedJob(
            experiment=file.experiment.metadata.name,
            job=job.name,
            runs=job.runs,
            variables=job.variables,
            key=None
            if job.pointer in file.own
            else repetition_key(job_key(job.variables), job.repetition or 1),
            path=file.path,
            line=file.document.place(job.pointer).line,
        )
        for job in file.jobs
    ]


def ended_for_good(desired: DesiredExperiment, recorded: Iterable[RecordedJob]) -> frozenset[str]:
    """Names of the jobs for which `apply` would buy nothing more although runs are missing.

    They failed as often as the file's retries allow, or were cancelled; or their results could not be had,
    cannot be right, or lack shots.
    """
    known = tuple(recorded)
    snapshot = Snapshot(desired=with_recorded_slots(desired, known), observed=Observation(recorded=known))
    jobs = (state.progress for state in job_states(snapshot))
    return frozenset(job.name for job in jobs if job.failed or (job.is_lost and not job.missing))
