"""The strategy of a file as a value, and what its kind does not take."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runner.domain import canonical_json
from runner.domain.json_values import plain_object
from runner.domain.strategies import Confirmation, OnFailed, StopRules, Strategy, with_functions
from runner.spec.yaml_text.json_pointers import child, pointer_of
from runner.strategies.kinds import KINDS, problems

if TYPE_CHECKING:
    from runner.domain.json_values import JsonObject
    from runner.domain.strategies import NamedFunction, SearchSpace
    from runner.spec.models.strategy import DeclaredStrategy, StopWhen
    from runner.spec.yaml_text.document import Findings

STRATEGY: Final = pointer_of("spec", "strategy")
_ELEMENT: Final = re.compile(r"(.+)\[([0-9]+)\]")


def strategy_value(
    said: DeclaredStrategy, space: SearchSpace, objective: JsonObject, own: NamedFunction | None, rerun: int
) -> Strategy:
    """The strategy of a file; its digest is empty until its recipe is known.

    What counts of it is all that decides which points it asks for, also what its kind adds to it: the version
    of its engine, and every default. How long it goes on, what confirms its winners, and in which batches it
    buys does not count.

    Args:
        objective: As plain data, see `checked_objective`.

        own: What proposes, of the kind `python`.
    """
    kind = KINDS[said.kind]
    strategy = Strategy(
        digest="",
        text="",
        kind=said.kind,
        space=space,
        runs=said.runs,
        seed=said.seed,
        settings=dict(said.settings),
        where=said.where,
        first=said.first.sobol if said.first else 0,
        ask=said.ask,
        objective=objective,
        python=own,
        reuse=said.reuse,
        stop=_stop(said.stop),
        confirm=_confirmation(said),
        on_failed=OnFailed(said.on_failed),
        think_limit_s=said.think_limit_s,
        rerun=rerun,
    )
    # What files of functions are called does not count.
    named = with_functions(strategy, lambda name: name.rpartition(":")[2])
    parts = {
        "kind": said.kind,
        "version": kind.version,
        "seed": said.seed,
        "over": plain_object(space),
        "where": list(said.where),
        "runs": said.runs,
        "first": said.first.sobol if said.first else 0,
        "ask": kind.jobs_of_a_round(said.ask, len(space.dimensions)),
        "settings": kind.values(said.settings),
        "objective": named.objective,
        "on_failed": said.on_failed,
        **({"reuse": True} if said.reuse else {}),
        **({"python": plain_object(named.python)} if named.python else {}),
    }
    return replace(strategy, text=canonical_json(parts).decode())


def check_kind(findings: Findings, strategy: Strategy) -> None:
    """Note everything that its kind does not take."""
    for problem in problems(strategy):
        place = STRATEGY
        for step in problem.place:
            element = _ELEMENT.fullmatch(step)
            place = child(child(place, element[1]), int(element[2])) if element else child(place, step)
        findings.note(place, problem.message, problem.hint)


def check_target(findings: Findings, said: DeclaredStrategy) -> None:
    """Note a target on the wrong side."""
    way = said.objective.way
    sign = ">=" if way == "maximize" else "<="
    if said.stop.target is not None and not said.stop.target.startswith(sign):
        message = f"the target of what is {way}d begins with {sign}"
        findings.note(child(child(STRATEGY, "stop"), "target"), message)


def _confirmation(said: DeclaredStrategy) -> Confirmation | None:
    confirm = said.confirm
    return Confirmation(best=confirm.best, runs=confirm.runs, repeat=confirm.repeat) if confirm else None


def _stop(said: StopWhen) -> StopRules:
    return StopRules(
        target=float(said.target.lstrip("<>= ")) if said.target is not None else None,
        rounds=said.rounds,
        stall_rounds=said.stall.rounds if said.stall else None,
        stall_by=said.stall.by if said.stall else 0.0,
        spread=said.spread,
    )
