"""A saved plan: what was promised, and the world it was promised from. Values and pure functions.

The desired experiment and the world are kept as trees, not as one digest, so that a refusal can say field by
field what has moved. Time is in none of them: only what it changes in the actions counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from runner.domain import OnDeviceChange, Shortfall, digest
from runner.domain.json_values import plain, plain_differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.domain import DesiredExperiment
    from runner.reconcile.model.actions import Action
    from runner.reconcile.model.deed import Deed
    from runner.reconcile.model.plan import Difference
    from runner.reconcile.model.snapshot import Observation

FORMAT: Final = "runner/plan/v1"
_DIGEST: Final = r"^[0-9a-f]{64}$"
_UNSIGNED: Final = "0" * 64
# For examples
_KEY: Final = "584b796da75d6e5b"
_JOB: Final = "d0360a19-bfe6-4de0-91ad-42ae78a15293"
_BATCH: Final = "41209c2f-f357-4742-af15-1d77a393dbb2"
_SHA_256: Final = "da323f1ae1e741f6715c29800fac17f55bcf3309047a4eaac5d443880e016a81"
# Why, in words: it may name what only time has changed.
_WORDS: Final = {"reason", "how", "differences"}
# Where it comes from: an older version did not say it, and the actions follow from it.
_ORIGINS: Final = ("target", "constants")
# Of the device, what the actions follow from; older versions did not say it.
_OF_DEVICE: Final = ("said_constants", "device_source")
_TIMES: Final = ("created_at", "updated_at", "started_at", "ended_at")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class SavedJob(BaseModel):
    """A remote job that an action is about; one that is to be bought has runs."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    key: str = Field(description="Digest of the point that it measures.", examples=[_KEY])
    runs: int = Field(default=0, ge=0, description="Runs to be bought.", examples=[100])


class SavedAction(BaseModel):
    """One action of the plan, in full; what else it says depends on its kind."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    action: str = Field(description="Its kind, for example Claim or CancelBatch.", examples=["Claim"])
    reason: str = Field(
        description="Why, in words.", examples=["3 jobs with 300 runs are wanted and not there"]
    )
    batch_id: str | None = Field(default=None, description="The batch that it is about.", examples=[_BATCH])
    differences: tuple[dict[str, Any], ...] = Field(
        default=(),
        description="What caused it: a field, what there is, and what is wanted.",
        examples=[[{"subject": "jobs.reference.runs", "have": 300, "want": 400}]],
    )
    jobs: tuple[SavedJob, ...] = Field(
        default=(), description="What is bought, or recorded.", examples=[[{"key": _KEY, "runs": 100}]]
    )
    job_ids: tuple[str, ...] = Field(
        default=(), description="Remote jobs that are cancelled.", examples=[[_JOB]]
    )


class SavedCost(_Frozen):
    """What the actions buy."""

    jobs: int = Field(ge=0, description="Remote jobs.", examples=[3])
    runs: int = Field(ge=0, description="Their runs.", examples=[300])
    qpu_s: float = Field(ge=0, description="Estimated time on a QPU (in s).", examples=[0.0])


class SavedWorld(_Frozen):
    """Everything that the planner saw, without times."""

    batches: dict[str, dict[str, Any]] = Field(
        description="Our batches by id: status, tags, …",
        examples=[{_BATCH: {"status": "DONE", "open": False, "jobs_count": 3}}],
    )
    jobs: dict[str, dict[str, Any]] = Field(
        description="Remote jobs that are not on record, by id.",
        examples=[{_JOB: {"status": "DONE", "runs": 300}}],
    )
    recorded: dict[str, dict[str, Any]] = Field(
        description="Jobs on record, by id.", examples=[{_JOB: {"status": "DONE", "runs": 100}}]
    )
    journal: dict[str, dict[str, Any]] = Field(
        description="Rows of this machine's journal, by number.",
        examples=[{"7": {"kind": "claim", "state": "accepted"}}],
    )


class SavedExperiment(_Frozen):
    """What is promised of one experiment."""

    name: str = Field(description="Name in the repository.", examples=["afm-ramp"])
    path: str = Field(
        description="Its file, relative to the repository's root.", examples=["specs/afm-ramp.yaml"]
    )
    desired: dict[str, Any] = Field(
        description="What the file asks for; of the sequence, its digest.",
        examples=[{"name": "afm-ramp", "device_type": "EMU_FREE"}],
    )
    world: SavedWorld = Field(
        description="What the plan was made from.",
        examples=[{"batches": {}, "jobs": {}, "recorded": {}, "journal": {}}],
    )
    actions: tuple[SavedAction, ...] = Field(
        description="The planned actions, in order.",
        examples=[[{"action": "Claim", "reason": "3 jobs with 300 runs are wanted and not there"}]],
    )
    due: tuple[SavedJob, ...] = Field(
        description="All that is bought, by these actions or those after them.",
        examples=[[{"key": _KEY, "runs": 100}]],
    )
    cost: SavedCost = Field(description="What that costs.", examples=[{"jobs": 3, "runs": 300, "qpu_s": 0.0}])
    digest: str = Field(
        pattern=_DIGEST, description="SHA-256 over the rest of this object.", examples=[_SHA_256]
    )


class SavedTarget(_Frozen):
    """The cloud that the plan is for."""

    name: str = Field(description="Its name, or its URL without user and password.", examples=["local"])
    cloud: str = Field(
        pattern=_DIGEST, description="Digest of its addresses and its project.", examples=[_SHA_256]
    )


class SavedPlan(_Frozen):
    """A plan in a file: `runner apply` performs exactly it."""

    plan: Literal["runner/plan/v1"] = Field(description="Version of the format.", examples=["runner/plan/v1"])
    runner: str = Field(description="Version of the runner that wrote it.", examples=["0.1.0"])
    created_at: datetime = Field(description="When it was made.", examples=["2026-03-01T12:00:00Z"])
    target: SavedTarget = Field(
        description="The cloud that it is for.", examples=[{"name": "local", "cloud": _SHA_256}]
    )
    namespace: str | None = Field(description="What our batches are tagged with.", examples=["my-lab"])
    experiments: tuple[SavedExperiment, ...] = Field(
        description="What is promised, file by file.", examples=[[]]
    )
    digest: str = Field(
        pattern=_DIGEST, description="SHA-256 over the rest of this file.", examples=[_SHA_256]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One field that is no longer what the plan was made from; None where there is none."""

    field: str
    planned: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.field}: was {_word(self.planned)}, is {_word(self.found)}"


def _word(value: Any) -> str:
    """A value in a few words: of an object, what it is and how it stands."""
    if isinstance(value, dict):
        said = [str(value[name]) for name in ("action", "kind", "status", "state") if name in value]
        runs = [f"{value['runs']} runs"] if "runs" in value else []
        return f"there ({', '.join(said + runs)})" if said + runs else "there"
    return "not there" if value is None else str(value)


def saved_experiment(deed: Deed, path: str) -> SavedExperiment:
    """What a plan promises of an experiment.

    Args:
        path: Its file, relative to the repository's root.
    """
    cost = deed.plan.cost
    bare = SavedExperiment(
        name=deed.desired.name,
        path=path,
        desired=desired_facts(deed.desired),
        world=world_facts(deed.seen),
        actions=tuple(map(saved_action, deed.plan.actions, deed.plan.differences)),
        due=tuple(SavedJob(key=job.key, runs=job.runs) for job in deed.plan.due),
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
    value = {"action": type(action).__name__, **plain(action), "differences": plain(causes)}
    return SavedAction.model_validate(value, strict=False)


def desired_facts(desired: DesiredExperiment) -> dict[str, Any]:
    """What the file asks for, as a tree; of the sequence, its digest."""
    # Of the sequence, the key says it.
    jobs = {job.name: _without(plain(job), "sequence", *_OF_DEVICE) for job in desired.jobs}
    asked: dict[str, Any] = plain(desired)
    if not desired.forbidden:
        del asked["forbidden"]  # plans of before there was such a thing still hold
    if not desired.sublattices:
        del asked["sublattices"]
    if desired.policy.shortfall is Shortfall.KEEP:
        del asked["policy"]["shortfall"]  # the same
    if desired.policy.on_device_change is OnDeviceChange.HOLD:
        del asked["policy"]["on_device_change"]
    asked = _without(asked, *_OF_DEVICE, "emulated")
    return asked | {"sequence": digest(desired.sequence), "jobs": jobs}


def world_facts(seen: Observation) -> SavedWorld:
    """Everything that the planner saw, as trees without times."""
    recorded = {
        job.id: _without(plain(job), "id", "counts", "variables", *_TIMES, *_ORIGINS) for job in seen.recorded
    }
    jobs = [job for batch in seen.batches for job in batch.jobs if job.id not in recorded]
    return SavedWorld(
        batches={
            batch.id: _without(plain(batch), "id", "jobs", *_TIMES, *_ORIGINS) for batch in seen.batches
        },
        jobs={job.id: _without(plain(job), "id", "variables", *_TIMES, *_ORIGINS) for job in jobs},
        recorded=recorded,
        journal={str(entry.seq): _without(plain(entry), "seq", "at") for entry in seen.entries},
    )


def _without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: each for name, each in value.items() if name not in names}


def as_json(value: BaseModel) -> dict[str, Any]:
    """A saved value as JSON can say it, without what was never said."""
    return value.model_dump(mode="json", exclude_unset=True)


def content_digest(content: Mapping[str, Any]) -> str:
    """Digest of an object of the file, without the digest that it carries."""
    return digest({name: each for name, each in content.items() if name != "digest"})


def moves(saved: SavedExperiment, deed: Deed) -> tuple[Move, ...]:
    """What is no longer as it was when the plan was saved, field by field; empty when it still holds."""
    fresh = saved_experiment(deed, saved.path)
    trees = [
        *_differences(f"{saved.name}: file", saved.desired, fresh.desired),
        *_differences(f"{saved.name}: world", as_json(saved.world), as_json(fresh.world)),
    ]
    if not trees and deed.plan.until is not None:
        return ()  # the day's budget is spent: what is promised waits for another day
    # Where nothing else has moved, time has: a lease or a pause has ended.
    return tuple(trees) or tuple(_differences(f"{saved.name}: actions", _deeds(saved), _deeds(fresh)))


def moved_file(saved: SavedExperiment, desired: DesiredExperiment) -> tuple[Move, ...]:
    """What the file asks for otherwise than when the plan was saved."""
    return tuple(_differences(f"{saved.name}: file", saved.desired, desired_facts(desired)))


def _deeds(saved: SavedExperiment) -> dict[str, Any]:
    """The actions by their place, without words."""
    return {str(place): _without(as_json(action), *_WORDS) for place, action in enumerate(saved.actions, 1)}


def _differences(at: str, planned: Any, found: Any) -> Iterator[Move]:
    for field, was, now in plain_differences(at, planned, found):
        yield Move(field=field, planned=was, found=now)


def plan_schema() -> dict[str, Any]:
    """The published schema of a saved plan (JSON Schema, draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:pulser-runner:plan:v1",
        "title": "Saved plan of the runner",
        **{name: each for name, each in SavedPlan.model_json_schema().items() if name != "title"},
    }
