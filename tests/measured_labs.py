"""A lab that has measured, without a cloud: its records are written as an apply would write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import commands

from runner.domain import JobStatus, RecordedJob
from runner.project import Project
from runner.project.config.repository import revision
from runner.project.experiments.manifest import manifest
from runner.results.records.sites import EMULATED

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_measured_lab(folder, *, jobs=None, experiment=commands.EXPERIMENT, error=""):
    """A lab with what came back of the first jobs of its experiment.

    Args:
        jobs: How many of them; all by default.

        error: What the cloud said of one more, which failed.
    """
    lab = commands.a_lab(folder, experiment=experiment)
    project = Project.open(lab)
    (one,) = project.load([lab / "specs"])
    project.journal().close()  # as an apply opens it
    project.records.write_manifest(one.name, one.desired.recipe[:16], _manifest(one, lab))
    project.records.add(
        one.name, [_measured(one.desired, place) for place in range(len(one.desired.jobs))[:jobs]]
    )
    if error:
        failed = {"status": JobStatus.ERROR, "counts": {}, "errors": (error,)}
        project.records.add(one.name, [_measured(one.desired, jobs, **failed)])
    return lab


def _manifest(experiment, lab):
    known = manifest(
        experiment, revision=revision(lab), root=lab, target={"target": "local", "service": EMULATED}
    )
    return known | {"written_at": BEGAN.isoformat()}


def _measured(desired, place, **fields):
    job, width = desired.jobs[place], len(desired.qubit_ids)
    few = job.runs // (place + 2)
    values = {
        "id": f"j{place}",
        "batch_id": "b1",
        "recipe": desired.recipe[:16],
        "key": job.key,
        "status": JobStatus.DONE,
        "runs": job.runs,
        "name": job.name,
        "variables": job.variables,
        "counts": {"0" * width: few, "1" * width: job.runs - few},
        "qubit_ids": desired.qubit_ids,
        "created_at": BEGAN,
        "started_at": BEGAN + timedelta(seconds=10 * place),
        "ended_at": BEGAN + timedelta(seconds=10 * place + 9),
        "target": EMULATED,
        "constants": desired.constants,
    }
    return RecordedJob(**values | fields)
