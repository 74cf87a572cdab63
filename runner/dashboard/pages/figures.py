"""Numbers and words that several pages show. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from runner.domain.slot_jobs import with_recorded_slots
from runner.reconcile import Observation, Snapshot
from runner.reconcile.plan.job_states import job_states

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.domain import RecordedJob
    from runner.project.experiments.loaded import Experiment
    from runner.reconcile import PointProgress

STATES: Final = ("done", "running", "pending", "failed", "wanted")
_STATE_OF: Final = {
    "DONE": "done",
    "ACTIVE": "pending",
    "FAILED": "failed",
    "DROPPED": "failed",
    "PARTIAL": "failed",
    "NO_RESULT": "failed",
    "CANCELED": "failed",
    "WANTED": "wanted",
}
# The worst first.
HEALTHS: Final = ("Degraded", "Missing", "Unknown", "Suspended", "Progressing", "Healthy")
SYNCS: Final = ("OutOfSync", "Unknown", "Synced")


def progress(jobs: Iterable[PointProgress]) -> dict[str, int]:
    """How many wanted jobs are in each state."""
    found = Counter("running" if job.running else _STATE_OF[job.status] for job in jobs)
    return {state: found[state] for state in STATES}


def progress_on_record(experiment: Experiment, recorded: Iterable[RecordedJob]) -> list[PointProgress]:
    """How far each job has come by the records alone, where the target was not seen yet."""
    known = tuple(recorded)
    desired = with_recorded_slots(experiment.desired, known)
    snapshot = Snapshot(desired=desired, observed=Observation(recorded=known))
    return [state.progress for state in job_states(snapshot)]


def moment(at: datetime | None) -> str | None:
    """A moment as JSON has it, to a second."""
    return at.isoformat(timespec="seconds") if at else None


def last_change(recorded: Iterable[RecordedJob]) -> datetime | None:
    """When a job on record last ended."""
    return max((job.ended_at for job in recorded if job.ended_at), default=None)


def worst_first(tile: dict[str, Any]) -> tuple[int, int, int, str]:
    """The order of tiles: what needs a person, then what is ill, then what is out of sync."""
    return (
        -int(bool(tile["holds"])),
        HEALTHS.index(tile["health"]),
        SYNCS.index(tile["sync"]),
        str(tile["name"]),
    )
