"""Figures of a watch or a sync as Prometheus reads them, and whether it is alive. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.reconcile import Health, Sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from runner.project.sync.loop import Figures, Followed


def exposition(figures: Figures, now: datetime) -> str:
    """The figures in Prometheus' text format; every combination of sync and health is there, also with 0."""
    return "".join(f"{line}\n" for line in _lines(figures, now))


@dataclass(frozen=True, slots=True)
class Liveness:
    """Whether a process does its turns.

    Args:
        last_success_age_s: Since a turn last went well (in s); None for never.

        commit: In force; empty where none is.
    """

    is_alive: bool
    last_success_age_s: float | None
    commit: str


def liveness(figures: Figures, now: datetime) -> Liveness:
    """Whether it does its turns, well or not: a cloud that is away is no reason to restart."""
    until, followed = figures.alive_until, figures.followed
    return Liveness(
        is_alive=until is None or now <= until,
        last_success_age_s=_age_s(figures, now),
        commit=followed.commit if followed else "",
    )


def _age_s(figures: Figures, now: datetime) -> float | None:
    if figures.succeeded_at is None:
        return None
    return max(0.0, (now - figures.succeeded_at).total_seconds())  # clocks are put back, too


def _lines(figures: Figures, now: datetime) -> Iterator[str]:
    yield from _experiments(figures)
    yield from _work(figures)
    yield from _success(figures, now)
    if figures.followed:
        yield from _repository(figures.followed)


def _experiments(figures: Figures) -> Iterator[str]:
    yield from _head("runner_experiments", "gauge", "Experiments by sync and health.")
    found = Counter((plan.sync, plan.health) for plan in figures.plans.values())
    for sync in Sync:
        for health in Health:
            yield _sample("runner_experiments", found[sync, health], sync=sync, health=health)
    yield from _single("runner_broken_files", "gauge", "Experiment files not in order.", figures.broken_files)


def _work(figures: Figures) -> Iterator[str]:
    yield from _single("runner_turns_total", "counter", "Turns since the start.", figures.turns)
    yield from _single(
        "runner_failed_turns_total", "counter", "Turns that ended with an error.", figures.failed_turns
    )
    yield from _single(
        "runner_passes_total", "counter", "Passes of the reconciler, in all turns.", figures.passes
    )
    yield from _head(
        "runner_requests_total", "counter", "Requests to the cloud but logins, by class of the status."
    )
    for (method, outcome), count in sorted(figures.requests.items()):
        yield _sample("runner_requests_total", count, method=method, outcome=outcome)
    yield from _single(
        "runner_unknown_submissions", "gauge", "Submissions without a known outcome.", figures.unknown
    )
    if figures.runs_bought is not None:  # a counter that begins at 0 would look like a purchase
        yield from _single(
            "runner_runs_bought_total",
            "counter",
            "Runs whose purchase was confirmed, since the journal began.",
            figures.runs_bought,
        )


def _success(figures: Figures, now: datetime) -> Iterator[str]:
    yield from _single(
        "runner_last_success_timestamp_seconds",
        "gauge",
        "When a turn last went well, in seconds since 1970; 0 for never.",
        figures.succeeded_at.timestamp() if figures.succeeded_at else 0,
    )
    age_s = _age_s(figures, now)
    yield from _single(
        "runner_last_success_age_seconds",
        "gauge",
        "Seconds since a turn last went well; +Inf for never.",
        "+Inf" if age_s is None else age_s,
    )


def _repository(followed: Followed) -> Iterator[str]:
    yield from _head("runner_commit_info", "gauge", "1, with the commit in force and the branch.")
    yield _sample("runner_commit_info", 1, commit=followed.commit, branch=followed.branch)
    yield from _single(
        "runner_refused_commit",
        "gauge",
        "1 if the newest commit did not come into force.",
        int(followed.is_refused),
    )
    yield from _single(
        "runner_repository_in_reach",
        "gauge",
        "1 if the last look at the repository went well.",
        int(followed.is_in_reach),
    )
    yield from _single(
        "runner_reports_in_order",
        "gauge",
        "1 if all that tells others of it went well.",
        int(followed.reports_in_order),
    )


def _single(name: str, kind: str, text: str, value: float | str) -> Iterator[str]:
    yield from _head(name, kind, text)
    yield f"{name} {value}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, value: float, **labels: str) -> str:
    said = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{said}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
