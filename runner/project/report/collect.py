"""What a report of an experiment shows: records, manifest and drawings of one repository."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from runner.domain.qpu_time import qpu_seconds
from runner.errors import UsageError
from runner.project import late_imports
from runner.project.api import Declared
from runner.project.config.repository import from_root
from runner.project.views.describe import chosen_job, drawings_of, emulation_said, plays_of
from runner.reconcile.model.tags import SHORT
from runner.results.plots.choose import Asked, picture
from runner.results.plots.evolutions import over_time
from runner.results.plots.picture import PictureKind
from runner.results.plots.shown_job import telling_job
from runner.results.report import Drawing, Provenance, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.domain import DesiredJob
    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project
    from runner.results import Results
    from runner.results.plots.picture import Picture


def report_of(project: Project, experiment: Experiment, job_name: str | None = None) -> Report:
    """What there is to show of an experiment; asks no cloud.

    Args:
        job_name: The job whose pulses and counts are drawn; the most telling one if none is named.

    Raises:
        UsageError: There is no such job.

        RecordError: A record cannot be read; says which line.
    """
    results = Declared(project, experiment).results()
    experiment = project.recalled(experiment)
    desired = experiment.desired
    shown = _shown_job(experiment, results, job_name)
    runs = sum(sum(job.counts.values()) for result in results for job in result.remote_jobs)
    return Report(
        title=experiment.name,
        description=experiment.file.content["metadata"].get("description", ""),
        device_type=desired.device_type,
        recipe=desired.recipe,
        target=project.site.target,
        results=results,
        provenance=_provenance(project, experiment, results),
        qpu_s=qpu_seconds(desired.device_type, runs),
        emulation=emulation_said(desired),
        sequence=_sequence(experiment, shown),
        figures=figures(experiment.name, results, shown.name),
    )


def _shown_job(experiment: Experiment, results: Results, name: str | None) -> DesiredJob:
    """The job that is named, else the most telling one, else the first that plays a pulse."""
    telling = None if name else telling_job(results)
    return chosen_job(experiment, telling.name if telling else name)


def _sequence(experiment: Experiment, job: DesiredJob) -> tuple[Drawing, ...]:
    plays = plays_of(experiment, is_emulated=experiment.desired.emulated)
    register, pulses = drawings_of(experiment, job, plays)
    said = f"Pulses of the job {job.name} over time (in ns); played: {plays}"
    return (
        Drawing(f"Register of the job {job.name}: where the atoms are (in µm)", register),
        Drawing(said, pulses, is_wide=True),
    )


def _provenance(project: Project, experiment: Experiment, results: Results) -> Provenance:
    name, manifest = _manifest(project, experiment)
    file = experiment.file
    bought = manifest.get("file") if manifest else None
    expanded = bought.get("expanded") if isinstance(bought, dict) else None
    shown = {job.id for result in results for job in result.remote_jobs}
    known = Provenance(
        path=from_root(file.path, project.root),
        file_digest=file.digest,
        expanded=late_imports.yaml_text(expanded or file.expanded()),
        verdict=project.recorded.verdict(experiment),
        others=sum(job.id not in shown for job in project.recorded.of(experiment)),
    )
    if manifest is None:
        return known
    path = (
        project.root / project.settings.results / name / experiment.desired.recipe[:SHORT] / "manifest.json"
    )
    return replace(
        known,
        manifest=manifest,
        manifest_path=from_root(path, project.root),
        manifest_digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _manifest(project: Project, experiment: Experiment) -> tuple[str, dict[str, object] | None]:
    """What was written down when the recipe was bought, and whether under its own name or a former one."""
    recipe = experiment.desired.recipe[:SHORT]
    names = (job.experiment for job in project.recorded.of(experiment) if job.recipe == recipe)
    found = (
        (name, project.records.manifest(name, recipe)) for name in dict.fromkeys((experiment.name, *names))
    )
    return next((each for each in found if each[1]), (experiment.name, None))


def figures(title: str, results: Results, job_name: str) -> tuple[Drawing, ...]:
    """The picture that the results make, what was evaluated over time, and two pictures of one job.

    None without results. The job is that whose pulses are drawn.

    Args:
        job_name: Name of that job.
    """
    if not any(job.counts for job in results):
        return ()
    drafts = dict.fromkeys(_drafts(title, results, job_name))
    return tuple(
        Drawing(_caption(draft), late_imports.content(late_imports.figure(draft), "svg")) for draft in drafts
    )


def _drafts(title: str, results: Results, job_name: str) -> Iterator[Picture]:
    yield picture(title, results, Asked())
    for name in over_time(results):
        yield picture(title, results, Asked(kind=PictureKind.EVOLUTION, observable=name))
    if results[job_name].counts:
        yield picture(title, results, Asked(kind=PictureKind.HISTOGRAM, job=job_name))
        with suppress(UsageError):  # where the places of the atoms are not known
            yield picture(title, results, Asked(kind=PictureKind.REGISTER, job=job_name))


def _caption(draft: Picture) -> str:
    return "; ".join(filter(None, (draft.title, draft.subtitle, *draft.notes)))
