"""The calls about jobs and results, one function a route."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from runner.domain import JobStatus
from runner.local.protocol import serializers
from runner.local.protocol.messages import json_answer
from runner.local.protocol.queries import JobsQuery, read_query

if TYPE_CHECKING:
    from runner.local.api.call_context import Call
    from runner.local.engines.base import EngineState
    from runner.local.protocol.messages import Answer
    from runner.local.rules.records import JobRecord

RESULT_PATH = "/results/"


def listed(call: Call) -> Answer:
    """List jobs, newest first unless asked otherwise."""
    page = call.store.jobs(call.listed(read_query(JobsQuery, call.request.query).selection()))
    condition = call.condition()
    items = [serializers.job_item(record, told(record, condition)) for record in page.items]
    return serializers.success(items, pagination=serializers.pagination(page))


def single(call: Call) -> Answer:
    """A job with its own sequence."""
    record = call.job(call.names["job_id"])
    return serializers.success(serializers.single_job(record, told(record, call.condition())))


def told(job: JobRecord, condition: EngineState) -> tuple[str, ...]:
    """What is to be said of a job that waits or runs, beside its errors: why it does so for long."""
    if job.state.status is JobStatus.RUNNING:
        remark = condition.remarks.get(job.state.id)
        return (remark,) if remark else ()
    if job.state.status is not JobStatus.PENDING:
        return ()
    lacking = condition.lacking.get(job.device_type)
    reasons = (*condition.complaints, *([lacking] if lacking else []))
    return tuple(f"The job waits: {reason}." for reason in reasons)


def status(call: Call) -> Answer:
    """How far a job is."""
    return serializers.success({"status": call.job(call.names["job_id"]).state.status.value})


def cancel(call: Call) -> Answer:
    """Cancel a pending job."""
    record = call.store.cancel_job(call.job(call.names["job_id"]).state.id, is_slow=call.cancels_slowly)
    call.announce()
    return serializers.success(serializers.single_job(record))


def results_link(call: Call) -> Answer:
    """Where the result of a job is."""
    lifetime = timedelta(seconds=call.control.configuration.results.link_lifetime_s)
    link = call.store.result_link(call.job(call.names["job_id"]).state.id, lifetime)
    url = None if link is None else f"http://{call.request.headers['host']}{RESULT_PATH}{link}"
    return serializers.success({"results_link": url})


def result(call: Call) -> Answer:
    """A result, at the address that its link says."""
    return json_answer(200, serializers.result_body(*call.store.result(call.names["link"])))
