"""Whether a file asks for far more than anybody means to ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.reconcile.model.cost import qpu_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.errors import Problem
    from runner.project.config.settings import Settings
    from runner.project.experiments.loaded import Experiment

_MOST_RUNS: Final = 1_000_000  # of one job; what the local cloud takes
_MOST_QPU_S: Final = 24 * 3600.0
_JOBS: Final = "/spec/jobs"
_PERIODS: Final = (("year", 365.25 * 24 * 3600), ("day", 24 * 3600.0))
_ZEROS: Final = "is a zero too many? `budget` of the policy is a limit that holds"


def excessive(experiment: Experiment, settings: Settings) -> Iterator[Problem]:
    """Warnings, at the jobs of the file, of very many runs of a job, and of more than a day on a machine."""
    desired = experiment.desired
    most = max((job.runs for job in desired.jobs), default=0)
    entries = experiment.file.entries
    if most > _MOST_RUNS:
        at = next(i for i, job in enumerate(desired.jobs) if job.runs == most)
        place = f"{_JOBS}/{entries[at]}/runs" if at < len(entries) else _JOBS
        yield _problem(experiment, settings, place, f"{most:,} runs of one job")
    spent_s = qpu_seconds(desired.device_type, sum(job.runs for job in desired.jobs))
    if spent_s > _MOST_QPU_S:
        message = f"all jobs together take about {_said(spent_s)} of QPU time"
        yield _problem(experiment, settings, _JOBS, message)


def _problem(experiment: Experiment, settings: Settings, place: str, message: str) -> Problem:
    return experiment.file.problem(place, message, _ZEROS, limits=settings.limits.as_limits())


def _said(seconds: float) -> str:
    """A long time for people: 7.6 years, 3.2 days."""
    name, period_s = next((each for each in _PERIODS if seconds >= each[1]), _PERIODS[-1])
    return f"{seconds / period_s:,.1f} {name}s"
