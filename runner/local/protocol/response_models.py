"""Shapes of answers, for who writes a client: what `serializers` puts together, as models.

Nothing is built or checked with them here; the tests hold every answer of a running server against them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from runner.domain import BatchStatus, JobStatus
from runner.local.protocol.faults import Rule
from runner.local.protocol.queries import OneOf

JsonObject = dict[str, JsonValue]

# Text in which Pulser writes its objects down; who generates requests may know the format by its name.
SEQUENCE: JsonObject = {"format": "pulser-sequence", "contentMediaType": "application/json"}
EMULATION_CONFIG: JsonObject = {"format": "pulser-emulation-config", "contentMediaType": "application/json"}

_Count = Annotated[int, Field(ge=0)]
_StatusOfBatch = Annotated[str, OneOf(BatchStatus)]
_StatusOfJob = Annotated[str, OneOf(JobStatus)]
_Counts = Annotated[
    dict[_StatusOfJob, Annotated[int, Field(ge=1)]],
    Field(description="Jobs in each status; statuses without jobs are left out."),
]
_Sequence = Annotated[str, Field(json_schema_extra=SEQUENCE)]
_Bits = Annotated[str, Field(pattern="^[01]+$", description="Character i is qubit i of the register.")]
_Reasons = Annotated[dict[str, str], Field(description="Why each of the others was not canceled, by id.")]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class BatchItem(_Answer):
    """A batch as it stands in a list: without its sequence and jobs. Times are in UTC."""

    id: str
    project_id: str
    user_id: str
    created_at: datetime
    updated_at: datetime
    open: bool = Field(description="Whether it accepts jobs.")
    complete: bool = Field(description="The opposite of open.")
    device_type: str
    status: _StatusOfBatch
    jobs_count: _Count
    jobs_count_per_status: _Counts
    start_datetime: datetime | None = Field(description="When its first job started.")
    end_datetime: datetime | None = Field(description="When it ended.")
    device_status: Literal["UP"] | None
    webhook: str | None
    configuration: JsonObject | None
    backend_configuration: str | None
    tags: list[str]
    parent_id: str | None = Field(description="The batch that this one repeats.")


class BatchWithIds(BatchItem):
    """A batch with its sequence and the ids of its jobs, in the order in which they were added."""

    sequence_builder: _Sequence | None
    job_ids: list[str]


class JobItem(_Answer):
    """A job as it stands in a list: without its sequence. Times are in UTC."""

    id: str
    batch_id: str
    project_id: str
    user_id: str
    status: _StatusOfJob
    runs: int = Field(ge=1, description="How often the sequence is repeated.")
    variables: JsonObject | None
    created_at: datetime
    updated_at: datetime
    start_timestamp: datetime | None
    end_timestamp: datetime | None
    errors: list[str]
    parent_id: str | None = Field(description="The job that this one repeats.")
    creation_order: int = Field(ge=1, description="Grows with every job that is added to the cloud.")


class BatchWithJobs(BatchItem):
    """A batch with its sequence and its jobs, in the order in which they were added."""

    sequence_builder: _Sequence | None
    jobs: list[JobItem]


class SingleJob(JobItem):
    """A job with its own sequence; null for one that runs its batch's."""

    sequence: _Sequence | None


class BatchProgress(_Answer):
    """How far a batch is."""

    status: _StatusOfBatch
    jobs_count_per_status: _Counts


class JobProgress(_Answer):
    """How far a job is."""

    status: _StatusOfJob


class CanceledBatches(_Answer):
    """The batches that are canceled now, and why others are not."""

    batches: list[BatchItem]
    errors: _Reasons


class CanceledJobs(_Answer):
    """The jobs that are canceled now, and why others are not."""

    jobs: list[JobItem]
    errors: _Reasons


class ResultsLink(_Answer):
    """Where the result is, for a while and without a token; null as long as there is none."""

    results_link: Annotated[str, Field(json_schema_extra={"format": "uri"})] | None


class JobResult(_Answer):
    """What a job measured."""

    counter: dict[_Bits, Annotated[int, Field(ge=1)]] = Field(
        description="Shots of each bitstring.", json_schema_extra={"additionalProperties": False}
    )
    raw: list[_Bits] = Field(description="Every shot.")
    serialised_results: str | None = Field(description="Abstract representation of Pulser's Results.")


class DeviceSpec(_Answer):
    """A device type, and Pulser's abstract representation of its device."""

    device_type: str
    specs: str


class DeviceState(_Answer):
    """Whether a device type takes batches."""

    device_type: str
    status: Literal["UP"]
    availability: Literal["ACTIVE"]


class Project(_Answer):
    """A project of the token."""

    id: str
    name: str
    status: Literal["ACTIVE"]


class Health(_Answer):
    """Which server this is."""

    store: str = Field(default="", description="Folder of its store; for who has a token.")
    pid: int = Field(default=0, description="Its process; for who has a token.")
    version: str
    instance: str = Field(description="Another one at each start.")
    complaints: list[str] = Field(default=[], description="Why jobs wait; for who has a token.")
    left_out: dict[str, str] = Field(
        default={}, description="Why workers get no jobs, by their addresses; for who has a token."
    )


class QueueLine(_Answer):
    """What waits of a project for a device type, and runs on it."""

    project_id: str
    device_type: str
    pending: _Count
    running: _Count


class OtherWork(_Answer):
    """What waits and runs of other projects, all together."""

    pending: _Count
    running: _Count


class CloudQueues(_Answer):
    """Workers, and what waits for them."""

    workers: _Count = Field(description="How many jobs are executed at the same time.")
    complaints: list[str] = Field(description="Why jobs wait.")
    left_out: dict[str, str] = Field(description="Why workers get no jobs, by their addresses.")
    queues: list[QueueLine] = Field(description="Of the token's project; of all where there are no tokens.")
    others: OtherWork


class Document(BaseModel):
    """This document: OpenAPI 3.1."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    openapi: str = Field(pattern=r"^3\.1\.")
    info: JsonObject
    paths: JsonObject


class Pagination(_Answer):
    """Where a page stands in its list."""

    total: _Count = Field(description="Items in all.")
    start: _Count = Field(description="Items before this page.")
    end: _Count = Field(description="Items before the next page.")


class Description(_Answer):
    """Why it failed, once more."""

    description: str


class Refused(_Answer):
    """A request that was not carried out."""

    status: Literal["fail"]
    message: str
    code: int = Field(ge=400, le=599, description="The HTTP status.")
    data: Description


class InvalidPart(_Answer):
    """One thing that is wrong in a request."""

    loc: list[str | int] = Field(description="Where, from the outside in.", min_length=1)
    msg: str
    type: str


class InvalidParts(_Answer):
    """All that is wrong in a request."""

    description: list[InvalidPart] = Field(min_length=1)


class Invalid(_Answer):
    """A request that is not what the API takes."""

    status: Literal["fail"]
    message: str
    code: Literal[422]
    data: InvalidParts


class RuleTally(_Answer):
    """A rule, and what was counted of it: what it is about, and what it was applied to."""

    rule: Rule
    seen: _Count
    fired: _Count


class Paused(_Answer):
    """Device types and batches of which nothing starts."""

    devices: list[str]
    batches: list[str]
