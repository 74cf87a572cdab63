"""What was spent, what is reserved and what is left: by experiment, folder, device type and day."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from runner.dashboard.pages.figures import progress_on_record
from runner.domain import JobStatus
from runner.domain.qpu_time import qpu_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from runner.dashboard.sight import Sight
    from runner.domain import RecordedJob

_RATE_DAYS: Final = 7
COLUMNS: Final = ("runs", "qpu_s", "failed_runs", "reserved_runs", "missing_runs", "budget_runs", "left_runs")


def spending(sight: Sight, today: date) -> dict[str, Any]:
    """What the page of spending shows.

    Args:
        today: In UTC, as days of records are.
    """
    rows = [_row(sight, name) for name in sorted(sight.experiments)]
    days = _days(sight)
    missing = sum(row["missing_runs"] for row in rows)
    return {
        "experiments": rows,
        "folders": _sums(rows, "folder"),
        "devices": _sums(rows, "device_type"),
        "days": days,
        "total": _sum(rows),
        "forecast": _forecast(days, missing, today),
    }


def as_csv(data: Mapping[str, Any]) -> str:
    """The table of experiments as CSV."""
    text = io.StringIO()
    names = ("name", "folder", "device_type", *COLUMNS)
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _inert(row[name]) for name in names} for row in data["experiments"])
    return text.getvalue()


def _inert(value: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _row(sight: Sight, name: str) -> dict[str, Any]:
    """One experiment. Reserved is what was bought and has not ended; missing is what is still wanted."""
    one, planned, recorded = sight.experiments[name], sight.planned.get(name), sight.recorded.get(name, ())
    states = planned.plan.jobs if planned else progress_on_record(one, recorded)
    measured = sum(job.least_runs for job in recorded if job.status is JobStatus.DONE)
    failed = sum(job.runs for job in recorded if job.status is JobStatus.ERROR)
    reserved = sum(state.active for state in states)
    spent = measured + failed
    budget = one.desired.policy.budget.runs
    return {
        "name": name,
        "folder": PurePosixPath(sight.paths.get(name, "")).parent.as_posix(),
        "device_type": one.desired.device_type,
        "runs": spent,
        "qpu_s": qpu_seconds(one.desired.device_type, spent),
        "failed_runs": failed,
        "reserved_runs": reserved,
        "missing_runs": sum(state.missing for state in states),
        "budget_runs": budget,
        "left_runs": None if budget is None else max(0, budget - spent - reserved),
    }


def _sum(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    some = list(rows)
    return {name: sum(row[name] or 0 for row in some) for name in COLUMNS[:5]}


def _sums(rows: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    names = sorted({row[key] for row in rows})
    return [{"name": name, **_sum(row for row in rows if row[key] == name)} for name in names]


def _days(sight: Sight) -> list[dict[str, Any]]:
    """Runs that ended on each day of UTC, with or without a result; the newest first."""
    runs: Counter[date] = Counter()
    qpu_s: dict[date, float] = {}
    for name, recorded in sight.recorded.items():
        device_type = sight.experiments[name].desired.device_type
        for day, n in _ended(recorded):
            runs[day] += n
            qpu_s[day] = qpu_s.get(day, 0.0) + qpu_seconds(device_type, n)
    return [
        {"day": f"{day}", "runs": n, "qpu_s": qpu_s[day]} for day, n in sorted(runs.items(), reverse=True)
    ]


def _ended(recorded: Iterable[RecordedJob]) -> Iterable[tuple[date, int]]:
    for job in recorded:
        if job.ended_at and job.status in {JobStatus.DONE, JobStatus.ERROR}:
            yield job.ended_at.date(), job.least_runs


def _forecast(days: Sequence[Mapping[str, Any]], missing: int, today: date) -> dict[str, Any]:
    """How long what is missing takes at the rate of the last days; None where nothing ran lately."""
    first = (today - timedelta(days=_RATE_DAYS - 1)).isoformat()
    rate = sum(each["runs"] for each in days if each["day"] >= first) / _RATE_DAYS
    return {
        "runs_a_day": rate,
        "missing_runs": missing,
        "days_left": missing / rate if rate and missing else None,
    }
