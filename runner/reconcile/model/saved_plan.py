"""A saved plan as it stands in its file: what is promised, and the world that it was made from."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

_DIGEST: Final = r"^[0-9a-f]{64}$"
# For examples
_KEY: Final = "584b796da75d6e5b"
_JOB: Final = "d0360a19-bfe6-4de0-91ad-42ae78a15293"
_BATCH: Final = "41209c2f-f357-4742-af15-1d77a393dbb2"
_SHA_256: Final = "da323f1ae1e741f6715c29800fac17f55bcf3309047a4eaac5d443880e016a81"


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
    differences: tuple[dict[str, object], ...] = Field(
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

    batches: dict[str, dict[str, object]] = Field(
        description="Our batches by id: status, tags, …",
        examples=[{_BATCH: {"status": "DONE", "open": False, "jobs_count": 3}}],
    )
    jobs: dict[str, dict[str, object]] = Field(
        description="Remote jobs that are not on record, by id.",
        examples=[{_JOB: {"status": "DONE", "runs": 300}}],
    )
    recorded: dict[str, dict[str, object]] = Field(
        description="Jobs on record, by id.", examples=[{_JOB: {"status": "DONE", "runs": 100}}]
    )
    journal: dict[str, dict[str, object]] = Field(
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
