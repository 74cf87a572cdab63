"""The page of one experiment: how it stands and why, its jobs, its batches, what happened, and its file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runner.dashboard.pages.figures import moment, progress_on_record
from runner.dashboard.pages.observables import mean_occupation
from runner.dashboard.pages.revisions import history_data
from runner.dashboard.pages.tiles import tile
from runner.domain import merged_counts, most_frequent
from runner.domain.json_values import plain
from runner.domain.slot_jobs import with_recorded_slots
from runner.reconcile.display.plan_text import plan_lines
from runner.reconcile.plan.conditions import conditions
from runner.results.analysis.points import columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.dashboard.sight import Sight
    from runner.domain import DesiredJob, RecordedJob
    from runner.project.revisions.file_history import PastCommit

_MOST_EVENTS = 50
_MOST_TOP = 3


def experiment(
    sight: Sight, name: str, text: str, commits: Sequence[PastCommit], asked: Mapping[str, str]
) -> dict[str, Any]:
    """What the page of an experiment shows.

    Args:
        text: Its file.

        commits: Those that changed it, newest first.

        asked: Filters: a status of jobs, words in their names.
    """
    one, planned = sight.experiments[name], sight.planned.get(name)
    recorded = sight.recorded.get(name, ())
    desired = planned.snapshot.desired if planned else with_recorded_slots(one.desired, recorded)
    states = planned.plan.jobs if planned else progress_on_record(one, recorded)
    rows = _rows(desired.jobs, {state.key: state for state in states}, recorded)
    shown = [row for row in rows if _is_asked(row, asked)]
    return {
        **tile(sight, name),
        "recipe": desired.recipe,
        "has_strategy": one.desired.strategy is not None,
        "qubit_ids": list(desired.qubit_ids),
        "rerun": max((job.rerun for job in desired.jobs), default=0),
        "conditions": plain(conditions(*planned)) if planned else [],
        "notes": list(planned.plan.notes) if planned else [],
        "holds": [{"reason": each.reason, "how": each.how} for each in planned.plan.holds] if planned else [],
        "plan": list(plan_lines(planned.plan)) if planned else [],
        "jobs": shown,
        "jobs_total": len(rows),
        "varying": _varying(rows),
        "statuses": sorted({row["status"] for row in rows}),
        "filters": {name: asked.get(name, "") for name in ("status", "q")},
        "batches": _batches(sight, name),
        "events": _events(sight, name),
        "file": text.splitlines(),
        "history": history_data(commits),
        "is_uncommitted": planned is not None and bool(commits) and not planned.snapshot.commit,
    }


def _rows(
    jobs: Sequence[DesiredJob], states: Mapping[str, Any], recorded: Sequence[RecordedJob]
) -> list[dict[str, Any]]:
    by_key: dict[str, list[RecordedJob]] = {}
    for record in recorded:
        by_key.setdefault(record.key, []).append(record)
    return [_row(job, states.get(job.key), by_key.get(job.key, [])) for job in jobs]


def _row(job: DesiredJob, state: Any, records: Sequence[RecordedJob]) -> dict[str, Any]:
    counts = merged_counts(record.counts for record in records)
    return {
        "name": job.name,
        "key": job.key,
        "status": state.status if state else "WANTED",
        "runs": job.runs,
        "done": state.done if state else 0,
        "failures": state.failures if state else 0,
        "point": {name: _shown(value) for name, value in columns_of(job.variables).items()},
        "occupation": str(mean_occupation(counts) or ""),
        "top": [{"bits": bits, "count": n} for bits, n in most_frequent(counts, _MOST_TOP)],
        "errors": list(dict.fromkeys(problem for record in records for problem in record.problems)),
    }


def _shown(value: object) -> object:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _varying(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Variables that are not the same in all jobs, in the order of their declaration."""
    names = dict.fromkeys(name for row in rows for name in row["point"])
    if len(rows) == 1:
        return list(names)
    return [name for name in names if len({json.dumps(row["point"].get(name)) for row in rows}) > 1]


def _is_asked(row: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    status, words = asked.get("status", ""), asked.get("q", "").casefold().split()
    return status in {"", row["status"]} and all(word in row["name"].casefold() for word in words)


def _batches(sight: Sight, name: str) -> list[dict[str, Any]]:
    planned = sight.planned.get(name)
    batches = planned.snapshot.observed.batches if planned else ()
    return [
        {
            "id": batch.id,
            "status": str(batch.status),
            "open": batch.open,
            "jobs": batch.jobs_count,
            "created_at": moment(batch.created_at),
            "tags": list(batch.tags),
        }
        for batch in sorted(batches, key=lambda each: each.created_at, reverse=True)
    ]


def _events(sight: Sight, name: str) -> list[dict[str, Any]]:
    happened = [each for each in sight.happened if each.experiment == name][-_MOST_EVENTS:]
    return [event(each) for each in reversed(happened)]


def event(each: Any) -> dict[str, Any]:
    """One thing that was done."""
    return {
        "at": moment(each.at),
        "experiment": each.experiment,
        "action": each.action,
        "batch": each.batch_id or "",
        "jobs": each.jobs,
        "runs": each.runs,
        "outcome": each.outcome,
        "reason": each.reason,
        "by": f"{each.verb} {each.pid}@{each.host}".strip(),
    }
