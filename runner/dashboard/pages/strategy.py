"""The page of a strategy: its slots and rounds, how far it is from each end, and what it has cost. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from runner.domain.json_values import plain_object
from runner.results.analysis.results import MeasuredJobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.dashboard.sight import Sight
    from runner.domain.strategies import Strategy
    from runner.results.analysis.job_result import MeasuredJob, SlotFigures
    from runner.strategies.standing import StrategyStanding

# Of the drawing of all slots (in units of its own): from axis to axis, from top to bottom, and around it.
_APART: Final = 150
_HIGH: Final = 200
_ROOM: Final = 40
_QUARTER: Final = 4


def strategy(
    sight: Sight, name: str, jobs: Sequence[MeasuredJob], trouble: str = ""
) -> dict[str, Any] | None:
    """What the page of a strategy shows; None where the experiment has none.

    Args:
        jobs: Its results.

        trouble: Why these cannot be had; then it is not known what it has cost, nor what ends it.
    """
    desired, planned = sight.experiments[name].desired, sight.planned.get(name)
    asked = desired.strategy
    if asked is None:
        return None
    by_record = jobs.strategy if isinstance(jobs, MeasuredJobs) else None
    stands = (planned.plan.strategy if planned else None) or by_record
    slots = [_slot(asked, job, job.figures) for job in jobs if job.figures]
    return {
        "name": name,
        "kind": asked.kind,
        "said": str(stands) if stands else "",
        "differs": stands.differs if stands else "",
        "is_maximized": asked.is_maximized,
        "trouble": trouble,
        "axes": [plain_object(each) | {"name": each.name} for each in asked.space.dimensions],
        "slots": slots,
        "rounds": [plain_object(each) | {"slots": each.slots} for each in stands.rounds] if stands else [],
        "confirmed": [plain_object(each) for each in stands.confirmed] if stands else [],
        "rules": [] if trouble else [*_rules(asked, stands, slots)],
        "drawing": _drawing(asked, slots, stands.best.slot if stands and stands.best else None),
        "spend": None if trouble else _spend(sight, name, stands),
    }


def _slot(asked: Strategy, job: MeasuredJob, figures: SlotFigures) -> dict[str, Any]:
    return {
        "name": job.name,
        "slot": figures.slot,
        "round": figures.round,
        "objective": _finite(figures.objective.value),
        "error": _finite(figures.objective.error),
        "best": _finite(figures.best.value),
        "point": {
            each.name: _shown(each.variable, each.element, job.variables) for each in asked.space.dimensions
        },
        "units": [round(each, 4) for each in asked.space.units(job.variables)],
    }


def _shown(variable: str, element: int | None, values: Mapping[str, Any]) -> object:
    value = values[variable] if element is None else values[variable][element]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _rules(
    asked: Strategy, stands: StrategyStanding | None, slots: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Each rule that ends it: what is wanted, what there is now, and what is missing between them."""
    stop, rounds = asked.stop, _losses_of_rounds(asked, stands, slots)
    known = [each for some in rounds for each in some]
    if stop.rounds is not None:
        ended = len(rounds) - 1 if rounds else 0
        yield _rule("rounds", stop.rounds, max(ended, 0), stop.rounds - max(ended, 0))
    if stop.target is not None:
        sign = -1 if asked.is_maximized else 1
        nearest = min((loss + 2 * error for loss, error in known), default=None)
        now = None if nearest is None else sign * nearest + 0.0
        yield _rule("target", stop.target, now, None if nearest is None else nearest - sign * stop.target)
    if stop.stall_rounds is not None:
        last, all_before = stop.stall_rounds, rounds[: -stop.stall_rounds]
        before = min((loss for some in all_before for loss, _ in some), default=None)
        gain = None if before is None else before - min(loss for loss, _ in known)
        missing = None if gain is None else gain - stop.stall_by
        yield _rule(f"gain in the last {last} rounds", stop.stall_by, gain, missing)
    if stop.spread is not None:
        spread = stands.spread if stands else None
        missing = None if spread is None else spread - stop.spread
        yield _rule("spread of scores", stop.spread, spread, missing)


def _rule(rule: str, wanted: float, now: float | None, missing: float | None) -> dict[str, Any]:
    return {
        "rule": rule,
        "wanted": wanted,
        "now": now,
        "missing": None if missing is None else max(missing, 0),
    }


def _losses_of_rounds(
    asked: Strategy, stands: StrategyStanding | None, slots: Sequence[Mapping[str, Any]]
) -> list[list[tuple[float, float]]]:
    """What is to be made small, with its error, of each round that has ended; the first points come first."""
    sign = -1 if asked.is_maximized else 1
    ended = (
        {each.round for each in stands.rounds if each.measured + each.failed == each.jobs}
        if stands
        else set()
    )
    return [
        [
            (sign * each["objective"], each["error"] or 0.0)
            for each in slots
            if each["round"] == number and each["objective"] is not None
        ]
        for number in range(max(ended, default=-1) + 1)
    ]


def _drawing(asked: Strategy, slots: Sequence[Mapping[str, Any]], best: int | None) -> dict[str, Any]:
    """A line for each slot over an axis for each variable and one for the objective; the best come last.

    Args:
        best: The best slot, which is not always the one with the best score.
    """
    known = [each for each in slots if each["objective"] is not None and each["round"] is not None]
    values = [each["objective"] for each in known]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    names = [*(each.name for each in asked.space.dimensions), "objective"]
    ranked = sorted(known, key=lambda each: each["objective"], reverse=not asked.is_maximized)
    ranked.sort(key=lambda each: each["slot"] == best)
    return {
        "width": _APART * (len(names) - 1) + 2 * _ROOM,
        "height": _HIGH + 2 * _ROOM,
        "axes": [
            {"x": _ROOM + _APART * place, "top": _ROOM, "bottom": _ROOM + _HIGH, "name": name, **ends}
            for place, (name, ends) in enumerate(zip(names, _ends(asked, low, high), strict=True))
        ],
        "lines": [
            {
                "slot": each["slot"],
                "points": _points([*each["units"], (each["objective"] - low) / ((high - low) or 1.0)]),
                "rank": _rank(place, len(ranked)),
            }
            for place, each in enumerate(ranked, 1)
        ],
    }


def _ends(asked: Strategy, low: float, high: float) -> Iterator[dict[str, str]]:
    for each in asked.space.dimensions:
        yield {"low": f"{each.value(0.0):.4g}", "high": f"{each.value(1.0):.4g}"}
    yield {"low": f"{low:.4g}", "high": f"{high:.4g}"}


def _points(units: Sequence[float]) -> str:
    places = ((_ROOM + _APART * place, _ROOM + _HIGH * (1 - unit)) for place, unit in enumerate(units))
    return " ".join(f"{x},{y:.1f}" for x, y in places)


def _rank(place: int, of: int) -> str:
    """The best one, the best quarter, or one of the others."""
    if place == of:
        return "best"
    return "good" if place > of - of / _QUARTER else "other"


def _spend(sight: Sight, name: str, stands: StrategyStanding | None) -> dict[str, Any]:
    """What slots on record have cost, those of an earlier strategy not counted, and what is left."""
    desired = sight.experiments[name].desired
    recorded = [job for job in sight.recorded.get(name, ()) if desired.recipe.startswith(job.recipe)]
    left = stands.left if stands and not stands.done else None
    return {
        "jobs": len(recorded),
        "runs": sum(job.least_runs for job in recorded),
        "left": plain_object(left) if left else None,
        "left_said": str(left) if left else "",
        "budget_runs": desired.policy.budget.runs,
    }
