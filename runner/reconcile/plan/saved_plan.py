"""A saved plan: made from what was observed, and compared with what there is later. Pure.

The desired experiment and the world are kept as trees, not as one digest, so that a refusal can say field by
field what has moved. Time is in none of them: only what it changes in the actions counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.domain import OnDeviceChange, Shortfall, digest
from runner.domain.json_values import plain, plain_differences, plain_object
from runner.reconcile.model.saved_plan import (
    SavedAction,
    SavedCost,
    SavedExperiment,
    SavedJob,
    SavedPlan,
    SavedTarget,
    SavedWorld,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from pydantic import BaseModel

    from runner.domain import DesiredExperiment, DesiredJob
    from runner.reconcile.model.actions import Action
    from runner.reconcile.model.observation import Observation
    from runner.reconcile.model.plan import Difference
    from runner.reconcile.model.snapshot import Planned

FORMAT: Final = "runner/plan/v1"
_UNSIGNED: Final = "0" * 64
# Why, in words: it may name what only time has changed.
_WORDS: Final = {"reason", "how", "differences"}
# Where it comes from: an older version did not say it, and the actions follow from it.
_ORIGINS: Final = ("target", "constants", "experiment")
# Of the device, what the actions follow from; older versions did not say it.
_OF_DEVICE: Final = ("said_constants", "device_source")
# What older versions of a file could not say; left out where it is not said.
_LATER: Final = ("forbidden", "sublattices", "emulation", "configuration", "observables", "strategy")
_TIMES: Final = ("created_at", "updated_at", "started_at", "ended_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One field that is no longer what the plan was made from; None where there is none."""

    field: str
    planned: object
    found: object

    def __str__(self) -> str:
        return f"{self.field}: was {_word(self.planned)}, is {_word(self.found)}"


def _word(value: object) -> str:
    """A value in a few words: of an object, what it is and how it stands."""
    if isinstance(value, dict):
        said = [str(value[name]) for name in ("action", "kind", "status", "state") if name in value]
        runs = [f"{value['runs']} runs"] if "runs" in value else []
        return f"there ({', '.join(said + runs)})" if said + runs else "there"
    return "not there" if value is None else str(value)


def saved_experiment(planned: Planned, path: str) -> SavedExperiment:
    """What a plan promises of an experiment.

    Args:
        path: Its file, relative to the repository's root.
    """
    snapshot, plan = planned
    cost = plan.cost
    bare = SavedExperiment(
        name=plan.experiment,
        path=path,
        desired=desired_facts(snapshot.desired),
        world=world_facts(snapshot.observed),
        actions=tuple(map(saved_action, plan.actions, plan.differences)),
        due=tuple(SavedJob(key=job.key, runs=job.runs) for job in plan.due),
        cost=SavedCost(jobs=cost.jobs, runs=cost.runs, qpu_s=cost.qpu_s),
        digest=_UNSIGNED,
    )
    return bare.model_copy(update={"digest": content_digest(as_json(bare))})


def saved_plan(
    experiments: Iterable[SavedExperiment],
    *,
    target: SavedTarget,
    namespace: str | None,
    runner: str,
    created_at: datetime,
) -> SavedPlan:
    """All that is promised, with its digest.

    Args:
        runner: Version of the runner.
    """
    bare = SavedPlan(
        plan=FORMAT,
        runner=runner,
        created_at=created_at,
        target=target,
        namespace=namespace,
        experiments=tuple(experiments),
        digest=_UNSIGNED,
    )
    return bare.model_copy(update={"digest": content_digest(as_json(bare))})


def saved_action(action: Action, causes: tuple[Difference, ...]) -> SavedAction:
    """An action as it is saved, with what caused it."""
    value = {"action": type(action).__name__, **plain_object(action), "differences": plain(causes)}
    return SavedAction.model_validate(value, strict=False)


def desired_facts(desired: DesiredExperiment) -> dict[str, object]:
    """What the file asks for, as a tree; of the sequence, its digest."""
    jobs = {job.name: _job_facts(job) for job in desired.jobs}
    asked = plain_object(desired)
    policy = plain_object(desired.policy)
    for name in _LATER:
        if not asked[name]:
            del asked[name]  # plans of before there was such a thing still hold
    if desired.policy.shortfall is Shortfall.KEEP:
        del policy["shortfall"]  # the same
    if desired.policy.on_device_change is OnDeviceChange.HOLD:
        del policy["on_device_change"]
    asked = _without(asked, *_OF_DEVICE, "emulated")
    return asked | {"sequence": digest(desired.sequence), "policy": policy, "jobs": jobs}


def _job_facts(job: DesiredJob) -> dict[str, object]:
    """What is asked for of a job; of its own sequence, and of the values of a slot, its key says it."""
    left_out = ("variables", "duration_ns") if job.slot else ("slot",)
    return _without(plain_object(job), "sequence", "strangers", *left_out, *_OF_DEVICE)


def world_facts(observed: Observation) -> SavedWorld:
    """Everything that the planner saw, as trees without times."""
    beside = ("id", "counts", "jobs", "variables", "observables", *_TIMES, *_ORIGINS)
    recorded = {
        job.id: _without(plain_object(job), *beside) | _evaluated(job.observables)
        for job in observed.recorded
    }
    jobs = [job for batch in observed.batches for job in batch.jobs if job.id not in recorded]
    return SavedWorld(
        batches={
            batch.id: _without(plain_object(batch), "id", "jobs", "observables", *_TIMES, *_ORIGINS)
            | _evaluated(batch.observables)
            for batch in observed.batches
        },
        jobs={job.id: _without(plain_object(job), "id", "variables", *_TIMES, *_ORIGINS) for job in jobs},
        recorded=recorded,
        journal={str(entry.seq): _without(plain_object(entry), "seq", "at") for entry in observed.entries},
    )


def _evaluated(observables: Iterable[str]) -> dict[str, object]:
    """Ids of what is evaluated beside the bitstrings, where anything is."""
    ids = sorted(observables)
    return {"observables": ids} if ids else {}


def _without(value: dict[str, object], *names: str) -> dict[str, object]:
    return {name: each for name, each in value.items() if name not in names}


def as_json(value: BaseModel) -> dict[str, object]:
    """A saved value as JSON can say it, without what was never said."""
    return value.model_dump(mode="json", exclude_unset=True)


def content_digest(content: Mapping[str, object]) -> str:
    """Digest of an object of the file, without the digest that it carries."""
    return digest({name: each for name, each in content.items() if name != "digest"})


def moves(saved: SavedExperiment, planned: Planned) -> tuple[Move, ...]:
    """What is no longer as it was when the plan was saved, field by field; empty when it still holds."""
    fresh = saved_experiment(planned, saved.path)
    trees = [
        *_differences(f"{saved.name}: file", saved.desired, fresh.desired),
        *_differences(f"{saved.name}: world", as_json(saved.world), as_json(fresh.world)),
    ]
    if not trees and planned.plan.until is not None:
        return ()  # the day's budget is spent: what is promised waits for another day
    # Where nothing else has moved, time has: a lease or a pause has ended.
    return tuple(trees) or tuple(_differences(f"{saved.name}: actions", _acts(saved), _acts(fresh)))


def moved_file(saved: SavedExperiment, desired: DesiredExperiment) -> tuple[Move, ...]:
    """What the file asks for otherwise than when the plan was saved; of a strategy, what it has asked for.

    Before the target was seen, a strategy has asked for nothing.
    """
    was, now = dict(saved.desired), desired_facts(desired)
    if desired.strategy is not None and not desired.jobs:
        was["jobs"] = now["jobs"]
    return tuple(_differences(f"{saved.name}: file", was, now))


def _acts(saved: SavedExperiment) -> dict[str, object]:
    """The actions by their place, without words."""
    return {str(place): _without(as_json(action), *_WORDS) for place, action in enumerate(saved.actions, 1)}


def _differences(at: str, planned: object, found: object) -> Iterator[Move]:
    for field, was, now in plain_differences(at, _written_out(planned), _written_out(found)):
        yield Move(field=field, planned=was, found=now)


def _written_out(facts: object) -> object:
    """Facts of a file with what its strategy is as data in place of one long line."""
    strategy = facts.get("strategy") if isinstance(facts, dict) else None
    if not isinstance(facts, dict) or not isinstance(strategy, dict) or not strategy.get("text"):
        return facts
    return {**facts, "strategy": {**strategy, "text": json.loads(strategy["text"])}}


def plan_schema() -> dict[str, object]:
    """The published schema of a saved plan (JSON Schema, draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:pulser-runner:plan:v1",
        "title": "Saved plan of the runner",
        **{name: each for name, each in SavedPlan.model_json_schema().items() if name != "title"},
    }
