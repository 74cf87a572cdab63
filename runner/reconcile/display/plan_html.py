"""Plans and conditions as a notebook shows them: HTML, everything escaped. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from runner.reconcile.display.plan_text import (
    ROUND_COLUMNS,
    action_name,
    cost_text,
    difference_lines,
    job_line,
    round_rows,
)
from runner.results.export.html_repr import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.reconcile.model.plan import Plan, PointProgress
    from runner.reconcile.plan.conditions import Condition
    from runner.strategies.standing import StrategyStanding

_ROWS: Final = 100


def plan_html(plan: Plan) -> str:
    """How the experiment stands, a row for each action with what caused it, and what a person must decide."""
    rows = [
        (action_name(action), action.reason, "; ".join(difference_lines(caused)))
        for action, caused in zip(plan.actions, plan.differences, strict=True)
    ]
    done = table(("action", "why", "have → want"), rows) if rows else "<p>nothing to do</p>"
    return f"{_lead(plan)}{done}{remarks_html(plan)}"


def remarks_html(plan: Plan) -> str:
    """What a person must decide, and the plan's notes."""
    decisions = "".join(f"<p><b>to decide:</b> {escape(hold.how)}</p>" for hold in plan.holds)
    return decisions + "".join(f"<p>note: {escape(note)}</p>" for note in plan.notes)


def conditions_html(conditions: Sequence[Condition]) -> str:
    """A row for each condition."""
    rows = [(each.type, each.status, each.reason, each.message) for each in conditions]
    return table(("condition", "status", "reason", "message"), rows)


def strategy_html(strategy: StrategyStanding) -> str:
    """How a strategy stands, and a row for each of its last rounds."""
    rows = round_rows(strategy)[-_ROWS:]
    return f"<p>{escape(strategy.kind)}, {escape(str(strategy))}</p>{table(ROUND_COLUMNS, rows)}"


def jobs_html(jobs: Sequence[PointProgress]) -> str:
    """A row for each of the first hundred jobs: how many of its runs are how far."""
    rows = [(each.name, each.status, each.runs, each.done, each.active, each.failures) for each in jobs]
    more = f"<p>… and {len(rows) - _ROWS} more</p>" if len(rows) > _ROWS else ""
    head = ("job", "status", "runs wanted", "done", "active", "failures")
    return f"{table(head, rows[:_ROWS])}{more}"


def _lead(plan: Plan) -> str:
    said = f"{plan.sync}, {plan.health}; {job_line(plan)}; {cost_text(plan)}"
    return f"<p><b>{escape(plan.experiment)}</b>: {escape(said)}</p>"
