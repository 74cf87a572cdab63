"""Plans and what came of them, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain.json_values import plain, plain_object
from runner.domain.numerals import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.reconcile.model.actions import Action
    from runner.reconcile.model.plan import Difference, Plan
    from runner.strategies.standing import StrategyStanding

_MINUTE_S = 60.0
_MOST_DIFFERENCES: Final = 6
# What is told of each round of a strategy.
ROUND_COLUMNS: Final = ("round", "slots", "jobs", "measured", "failed", "best")


def plan_lines(plan: Plan) -> list[str]:
    """The plan for people: how the experiment stands, what is done about it and why, and what that costs."""
    return [
        f"{plan.experiment}: {plan.sync}, {plan.health}; {job_line(plan)}; {cost_text(plan)}",
        *(action_lines(plan) or ["  nothing to do"]),
        *note_lines(plan),
    ]


def action_lines(plan: Plan) -> list[str]:
    """Lines for each action: its reason, and what is not as it is wanted."""
    lines = []
    for action, caused in zip(plan.actions, plan.differences, strict=True):
        lines.append(f"  {action_name(action)}: {action.reason}")
        lines += [f"      {line}" for line in difference_lines(caused)]
    return lines + decision_lines(plan)


def decision_lines(plan: Plan) -> list[str]:
    """A line for each thing that a person must decide."""
    return [f"    to decide: {hold.how}" for hold in plan.holds]


def note_lines(plan: Plan) -> list[str]:
    """A line for each note."""
    return [f"  note: {note}" for note in plan.notes]


def difference_lines(differences: Sequence[Difference]) -> list[str]:
    """A line for each difference, or for the first ones of many."""
    lines = [f"{each.subject}: {each.have} → {each.want}" for each in differences]
    if len(lines) <= _MOST_DIFFERENCES:
        return lines
    shown = _MOST_DIFFERENCES - 1
    return [*lines[:shown], f"and {len(lines) - shown} more"]


def action_name(action: Action) -> str:
    """What the action does, to what."""
    match type(action).__name__:
        case "Claim":
            return "claim a batch, then buy"
        case "Submit":
            return "buy at once"
        case "Hold":
            return "hold"
        case name:
            words = "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
            return f"{words} ({getattr(action, 'batch_id', '')})"


def cost_text(plan: Plan) -> str:
    """What the plan would buy."""
    cost = plan.cost
    if not cost.jobs:
        return "buys nothing"
    qpu = f", about {cost.qpu_s / _MINUTE_S:.1f} min of QPU time" if cost.qpu_s else ", no QPU time"
    return f"buys {counted(cost.jobs, 'job')}, {counted(cost.runs, 'run')}{qpu}"


def job_line(plan: Plan) -> str:
    """How many wanted jobs are how far."""
    counts: dict[str, int] = {}
    for job in plan.jobs:
        counts[job.status] = counts.get(job.status, 0) + 1
    said = ", ".join(f"{count} {status.lower()}" for status, count in sorted(counts.items()))
    return f"{counted(len(plan.jobs), 'job')}: {said}" if said else "no jobs"


def round_rows(strategy: StrategyStanding) -> list[tuple[object, ...]]:
    """A row for each round of which something was bought."""
    return [
        (each.name, each.slots, each.jobs, each.measured, each.failed, str(each.best or "–"))
        for each in strategy.rounds
    ]


def plan_object(plan: Plan) -> dict[str, object]:
    """The plan as data; each action says its kind, and what caused it."""
    actions = [
        {"action": type(action).__name__, **plain_object(action), "differences": plain(caused)}
        for action, caused in zip(plan.actions, plan.differences, strict=True)
    ]
    whole = plain_object(plan)
    del whole["differences"]
    if plan.strategy is None:
        del whole["strategy"]
    return whole | {"actions": actions}


def plan_objects(plans: Iterable[Plan]) -> list[dict[str, object]]:
    """Several plans as data."""
    return [plan_object(plan) for plan in plans]
