"""What each call is for a client: who may ask, what it takes, what it answers and how it may refuse.

The values are those that the calls work with: the tables of `filters`, the readers of `request_models`, the
kinds of `errors`. `runner.local.api.openapi` writes them down, and `runner.local.api.app` asks them who may
ask.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from runner.local.api import batches as batch_calls
from runner.local.api import control
from runner.local.api import devices as device_calls
from runner.local.api import health as about_calls
from runner.local.api import jobs as job_calls
from runner.local.protocol import filters, request_models, response_models
from runner.local.rules.errors import (
    ForeignProjectError,
    InvalidRequestError,
    RefusalError,
    UnknownThingError,
    WrongStateError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import TypeAdapter

    from runner.local.api.call_context import Call
    from runner.local.protocol.filters import Filter
    from runner.local.protocol.messages import Answer


class Access(Enum):
    """Whose token a call needs, where there are tokens."""

    EVERYBODY = auto()
    PROJECT = auto()
    CONTROL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call, as a client sees it.

    Args:
        summary: What it does, in a sentence.

        data: Type of what it answers; None for one that never succeeds.

        access: Who may ask.

        is_enveloped: Whether the answer stands in PCS's envelope.

        media: Type of what it answers.

        is_paged: Whether it answers a page of a list.

        filters: Keys of its query string, without those of the page.

        order: Keys of its query string that choose the order.

        body: Reads its body; None for a call without one.

        refusals: How it may refuse, beside what every call may.

        gives: Where in its answer the values of other paths' segments stand, as JSON pointers.
    """

    summary: str
    data: Any
    access: Access = Access.PROJECT
    is_enveloped: bool = True
    media: str = "application/json"
    is_paged: bool = False
    filters: Mapping[str, Filter] = field(default_factory=dict)
    order: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    body: TypeAdapter[Any] | None = None
    refusals: tuple[type[RefusalError], ...] = ()
    gives: Mapping[str, str] = field(default_factory=dict)


_BATCH = {"batch_id": "/data/id"}
_BATCH_WITH_JOBS = {**_BATCH, "job_id": "/data/jobs/0/id"}
_BATCH_WITH_IDS = {**_BATCH, "job_id": "/data/job_ids/0"}

OPERATIONS: Mapping[Callable[[Call], Answer], Operation] = {
    batch_calls.create: Operation(
        summary="Create a batch with its jobs. Each accepted request is a new batch.",
        data=response_models.BatchWithJobs,
        body=request_models.BATCH,
        refusals=(ForeignProjectError, InvalidRequestError),
        gives=_BATCH_WITH_JOBS,
    ),
    batch_calls.listed: Operation(
        summary="List batches, newest first.",
        data=list[response_models.BatchItem],
        is_paged=True,
        filters=filters.BATCHES,
        refusals=(InvalidRequestError,),
        gives={"batch_id": "/data/0/id"},
    ),
    batch_calls.cancel_several: Operation(
        summary="Cancel batches, each with its pending jobs; running jobs go on to their end.",
        data=response_models.CanceledBatches,
        body=request_models.BATCH_IDS,
        refusals=(InvalidRequestError,),
        gives={"batch_id": "/data/batches/0/id"},
    ),
    batch_calls.status: Operation(
        summary="How far a batch is.", data=response_models.BatchProgress, refusals=(UnknownThingError,)
    ),
    batch_calls.full_results: Operation(
        summary="Results of a batch's jobs, by their ids; of those that have one.",
        data=dict[str, response_models.JobResult],
        refusals=(UnknownThingError,),
    ),
    batch_calls.set_tags: Operation(
        summary="Replace all tags of a batch.",
        data=response_models.BatchWithIds,
        body=request_models.TAGS,
        refusals=(UnknownThingError, InvalidRequestError),
        gives=_BATCH_WITH_IDS,
    ),
    batch_calls.rebatch: Operation(
        summary="Repeat the selected jobs of a closed batch in a new one.",
        data=response_models.BatchWithJobs,
        filters=filters.JOBS_TO_REPEAT,
        refusals=(UnknownThingError, WrongStateError, InvalidRequestError),
        gives=_BATCH_WITH_JOBS,
    ),
    batch_calls.single: Operation(
        summary="A batch.",
        data=response_models.BatchWithIds,
        refusals=(UnknownThingError,),
        gives=_BATCH_WITH_IDS,
    ),
    batch_calls.add_jobs: Operation(
        summary="Add jobs to an open batch. Each accepted request adds them once more.",
        data=response_models.BatchWithJobs,
        body=request_models.JOBS,
        refusals=(UnknownThingError, WrongStateError, InvalidRequestError),
        gives=_BATCH_WITH_JOBS,
    ),
    batch_calls.close: Operation(
        summary="Let a batch take no more jobs; those it has still run.",
        data=response_models.BatchWithIds,
        refusals=(UnknownThingError,),
        gives=_BATCH_WITH_IDS,
    ),
    batch_calls.cancel: Operation(
        summary="Cancel a batch with its pending jobs; running jobs go on to their end.",
        data=response_models.BatchWithJobs,
        refusals=(UnknownThingError, WrongStateError),
        gives=_BATCH_WITH_JOBS,
    ),
    batch_calls.cancel_jobs: Operation(
        summary="Cancel the selected pending jobs of a batch.",
        data=response_models.CanceledJobs,
        filters=filters.JOBS_TO_CANCEL,
        refusals=(UnknownThingError, InvalidRequestError),
        gives={"job_id": "/data/jobs/0/id"},
    ),
    job_calls.listed: Operation(
        summary="List jobs, newest first unless asked otherwise.",
        data=list[response_models.JobItem],
        is_paged=True,
        filters=filters.JOBS,
        order=filters.ORDER,
        refusals=(InvalidRequestError,),
        gives={"job_id": "/data/0/id", "batch_id": "/data/0/batch_id"},
    ),
    job_calls.single: Operation(
        summary="A job with its own sequence.", data=response_models.SingleJob, refusals=(UnknownThingError,)
    ),
    job_calls.cancel: Operation(
        summary="Cancel a pending job.",
        data=response_models.SingleJob,
        refusals=(UnknownThingError, WrongStateError),
        gives={"job_id": "/data/id", "batch_id": "/data/batch_id"},
    ),
    job_calls.status: Operation(
        summary="How far a job is.", data=response_models.JobProgress, refusals=(UnknownThingError,)
    ),
    job_calls.results_link: Operation(
        summary="Where the result of a job is.",
        data=response_models.ResultsLink,
        refusals=(UnknownThingError,),
    ),
    job_calls.result: Operation(
        summary="A result, at the address that its link says.",
        data=response_models.JobResult,
        access=Access.EVERYBODY,  # a result link is secret enough
        is_enveloped=False,
        refusals=(UnknownThingError,),
    ),
    device_calls.devices: Operation(
        summary="Device types that take batches.",
        data=list[response_models.DeviceState],
        filters=filters.DEVICES,
        refusals=(InvalidRequestError,),
        gives={"device_type": "/data/0/device_type"},
    ),
    device_calls.specs: Operation(
        summary="Specifications of all device types: Pulser's abstract representation of each.",
        data=dict[str, str],
    ),
    device_calls.one_spec: Operation(
        summary="Specification of a device type.",
        data=response_models.DeviceSpec,
        refusals=(UnknownThingError,),
    ),
    device_calls.public_specs: Operation(
        summary="Specifications of all device types, as a list.",
        data=list[response_models.DeviceSpec],
        access=Access.EVERYBODY,
        gives={"device_type": "/data/0/device_type"},
    ),
    device_calls.projects: Operation(
        summary="Projects of the token.",
        data=list[response_models.Project],
        filters=filters.PROJECTS,
        refusals=(InvalidRequestError,),
    ),
    about_calls.front: Operation(
        summary="What this server is, in words.",
        data=str,
        access=Access.EVERYBODY,
        is_enveloped=False,
        media="text/plain",
    ),
    about_calls.health: Operation(
        summary="Which server this is.",
        data=response_models.Health,
        access=Access.EVERYBODY,
        is_enveloped=False,
    ),
    about_calls.openapi: Operation(
        summary="This document.", data=response_models.Document, access=Access.EVERYBODY, is_enveloped=False
    ),
    about_calls.unsupported: Operation(
        summary="A call of PCS that is not available on the local cloud.", data=None
    ),
    control.faults: Operation(
        summary="The faults that are made, and how often.",
        data=list[response_models.RuleTally],
        access=Access.CONTROL,
    ),
    control.set_faults: Operation(
        summary="Make these faults in place of those in force.",
        data=list[response_models.RuleTally],
        access=Access.CONTROL,
        body=request_models.RULES,
        refusals=(InvalidRequestError,),
    ),
    control.paused: Operation(summary="What is paused.", data=response_models.Paused, access=Access.CONTROL),
    control.set_paused: Operation(
        summary="Pause these device types and batches, and no others.",
        data=response_models.Paused,
        access=Access.CONTROL,
        body=request_models.PAUSED,
        refusals=(InvalidRequestError,),
    ),
}
