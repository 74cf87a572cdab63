"""Watching: how long to pause between two turns, and what of two successive plans is worth a line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.reconcile.display.plan_text import job_line
from runner.reconcile.model.actions import Hold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.reconcile.model.actions import Action
    from runner.reconcile.model.plan import Plan


class News(StrEnum):
    """What a line is about."""

    FILE = "file"
    STATE = "state"
    ACTION = "action"
    HELD = "held"
    DECIDED = "decided"
    ERROR = "error"
    RECOVERED = "recovered"
    COMMIT = "commit"
    REFUSED = "refused"
    INVALID = "invalid"
    UNREACHABLE = "unreachable"
    RECORDS = "records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to look.

    Args:
        interval_s: Pause after a turn that went well (in s).

        first_retry_s: Pause after the first failure; each further one doubles it (in s).

        longest_retry_s: The longest pause after a failure (in s).

        spread: How much longer or shorter a pause may be, as a part of it: those that were started together
            drift apart.
    """

    interval_s: float = 30.0
    first_retry_s: float = 2.0
    longest_retry_s: float = 300.0
    spread: float = 0.1


def pause_s(pace: Pace, failures: int, jitter: float) -> float:
    """How long to pause before the next turn (in s).

    Args:
        failures: How many turns have failed in a row; 0 after a good one.

        jitter: A number between 0 and 1, by chance.
    """
    if not failures:
        return pace.interval_s * (1 + pace.spread * (2 * jitter - 1))
    # 2**60 s is longer than anybody waits; beyond, a float would overflow one day.
    longest_s = min(pace.longest_retry_s, pace.first_retry_s * 2.0 ** min(failures - 1, 60))
    return longest_s * (1 + jitter) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """Something that has changed."""

    news: News
    text: str


def lines(before: Plan | None, after: Plan) -> tuple[ChangeLine, ...]:
    """What has changed between two plans of an experiment, in the order in which people want to read it.

    Args:
        before: None for the first plan.
    """
    return (*_state(before, after), *_actions(before, after), *_decided(before, after))


def _state(before: Plan | None, after: Plan) -> Iterator[ChangeLine]:
    now = state_text(after)
    if before is None or state_text(before) != now:
        yield ChangeLine(news=News.STATE, text=now)


def _actions(before: Plan | None, after: Plan) -> Iterator[ChangeLine]:
    known = before.actions if before else ()
    for action in after.actions:
        if action in known:
            continue
        if isinstance(action, Hold):
            yield ChangeLine(news=News.HELD, text=f"held: {action.reason}; {action.how}")
        else:
            yield ChangeLine(news=News.ACTION, text=_action_text(action))


def _decided(before: Plan | None, after: Plan) -> Iterator[ChangeLine]:
    for hold in before.holds if before else ():
        if hold not in after.holds:
            yield ChangeLine(news=News.DECIDED, text=f"no longer held: {hold.reason}")


def state_text(plan: Plan) -> str:
    """Sync, health, how many jobs are how far, and where a strategy is."""
    said = f"{plan.sync}, {plan.health}; {job_line(plan)}"
    return f"{said}; {plan.strategy.brief}" if plan.strategy else said


def _action_text(action: Action) -> str:
    batch_id = getattr(action, "batch_id", "")
    return f"{type(action).__name__}{f' {batch_id}' if batch_id else ''}: {action.reason}"
