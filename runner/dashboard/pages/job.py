"""The page of one job: its counts and what they come to, its attempts, and the raw records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.dashboard.pages.figures import moment
from runner.dashboard.pages.observables import observables
from runner.domain import merged_counts, most_frequent
from runner.domain.json_values import plain_object
from runner.domain.slot_jobs import with_recorded_slots

if TYPE_CHECKING:
    from datetime import datetime

    from runner.dashboard.sight import Sight
    from runner.domain import RecordedJob
    from runner.results import Verdict

_MOST_BITSTRINGS = 64


def job(sight: Sight, name: str, key: str, verdict: Verdict | None = None) -> dict[str, Any] | None:
    """What the page of a job shows; None where the experiment has no such job.

    Args:
        verdict: Whether the experiment's records are as they were recorded; None if that was not looked at.
    """
    planned, recorded = sight.planned.get(name), sight.recorded.get(name, ())
    desired = sight.experiments[name].desired
    desired = planned.snapshot.desired if planned else with_recorded_slots(desired, recorded)
    wanted = next((each for each in desired.jobs if each.key == key), None)
    if wanted is None:
        return None
    records = [record for record in recorded if record.key == wanted.key]
    counts = merged_counts(record.counts for record in records)
    shots = sum(counts.values())
    states = {state.key: state.status for state in planned.plan.jobs} if planned else {}
    return {
        "experiment": name,
        "name": wanted.name,
        "status": states.get(wanted.key, "Unknown"),
        "runs": wanted.runs,
        "variables": dict(wanted.variables),
        "duration_ns": wanted.duration_ns,
        "qubit_ids": list(desired.qubit_ids_of(wanted)),
        "shots": shots,
        "counts": [
            {"bits": bits, "count": n, "share": n / shots}
            for bits, n in most_frequent(counts, _MOST_BITSTRINGS)
        ],
        "bitstrings": len(counts),
        "observables": observables(records, desired.qubit_ids_of(wanted), desired.observables),
        "verified": None if verdict is None else not any(map(verdict.flaws_of, records)),
        "attempts": [_attempt(record, verdict) for record in records],
        "raw": [plain_object(record) for record in records],
    }


def _attempt(record: RecordedJob, verdict: Verdict | None) -> dict[str, Any]:
    flaws = verdict.flaws_of(record) if verdict else ()
    return {
        "id": record.id,
        "batch": record.batch_id,
        "attempt": record.attempt,
        "status": str(record.status),
        "runs": record.runs,
        "target": record.target,
        "created_at": moment(record.created_at),
        "started_at": moment(record.started_at),
        "ended_at": moment(record.ended_at),
        "waited_s": _seconds(record.created_at, record.started_at),
        "ran_s": _seconds(record.started_at, record.ended_at),
        "errors": list(record.problems),
        "flaws": [str(replace(each, path=Path(each.path.name))) for each in flaws],
    }


def _seconds(begin: datetime | None, end: datetime | None) -> float | None:
    return round((end - begin).total_seconds(), 1) if begin and end else None
