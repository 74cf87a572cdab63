"""The calls about batches, one function a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.local.protocol import filters, request_models, serializers
from runner.local.protocol.messages import json_body
from runner.local.rules.errors import (
    ForeignProjectError,
    InvalidRequestError,
    Problem,
    RefusalError,
    WrongStateError,
)
from runner.local.rules.records import NewBatch, NewJob
from runner.local.validation import submission

if TYPE_CHECKING:
    from runner.local.api.call_context import Call
    from runner.local.protocol.messages import Answer
    from runner.local.rules.records import BatchRecord


def create(call: Call) -> Answer:
    """POST /api/v1/batches."""
    body = request_models.batch_body(json_body(call.request))
    if call.project not in (None, body.project_id):
        raise ForeignProjectError("The token is that of another project than project_id.")
    if call.treatment.refuses_empty and not body.jobs:
        raise InvalidRequestError(Problem(("body", "jobs"), "A batch needs at least one job.", "too_short"))
    record = call.store.create(
        submission.new_batch(
            body,
            call.sequences,
            webhooks=call.control.configuration.webhooks.allow,
            devices=call.control.devices,
        )
    )
    call.announce()
    return _with_jobs(call, record)


def listed(call: Call) -> Answer:
    """GET /api/v1/batches."""
    page = call.store.batches(call.listed(filters.page_of(call.request.query, filters.BATCHES)))
    items = [serializers.batch_item(record) for record in page.items]
    return serializers.success(items, pagination=serializers.pagination(page))


def single(call: Call) -> Answer:
    """GET /api/v2/batches/{batch_id}."""
    return _with_ids(call, call.batch(call.names["batch_id"]))


def status(call: Call) -> Answer:
    """GET /api/v1/batches/{batch_id}/status."""
    batch = call.batch(call.names["batch_id"]).state
    counts = batch.counts.by_status()
    return serializers.success({"status": batch.status.value, "jobs_count_per_status": counts})


def full_results(call: Call) -> Answer:
    """GET /api/v1/batches/{batch_id}/full_results: what is there of its jobs, by their ids."""
    batch = call.batch(call.names["batch_id"])
    found = {}
    for job_id in call.store.job_ids(batch.state.id):
        link = call.store.result_link(job_id)
        if link is not None:
            found[job_id] = serializers.result_body(*call.store.result(link))
    return serializers.success(found)


def add_jobs(call: Call) -> Answer:
    """POST /api/v2/batches/{batch_id}/jobs."""
    batch_id = call.names["batch_id"]
    jobs = request_models.jobs_body(json_body(call.request))
    before = call.batch(batch_id)
    if not before.state.open:  # said before the jobs are looked at; the store decides again
        raise WrongStateError(f"The batch is not open (its status is {before.state.status}).")
    new = submission.new_jobs(jobs, before, call.sequences, devices=call.control.devices)
    record = call.store.add_jobs(batch_id, new)
    call.announce()
    return _with_jobs(call, record)


def close(call: Call) -> Answer:
    """PATCH /api/v2/batches/{batch_id}/complete."""
    record = call.store.close_batch(call.batch(call.names["batch_id"]).state.id)
    call.announce()
    return _with_ids(call, record)


def cancel(call: Call) -> Answer:
    """PATCH /api/v2/batches/{batch_id}/cancel."""
    record = call.store.cancel_batch(call.batch(call.names["batch_id"]).state.id, is_slow=call.cancels_slowly)
    call.announce()
    return _with_jobs(call, record)


def cancel_several(call: Call) -> Answer:
    """PATCH /api/v1/batches/cancel."""
    done, errors = [], {}
    for batch_id in request_models.batch_ids_body(json_body(call.request)):
        try:
            done.append(
                serializers.batch_item(
                    call.store.cancel_batch(call.batch(batch_id).state.id, is_slow=call.cancels_slowly)
                )
            )
        except RefusalError as error:
            errors[batch_id] = error.message
    call.announce()
    return serializers.success({"batches": done, "errors": errors})


def cancel_jobs(call: Call) -> Answer:
    """PATCH /api/v2/batches/{batch_id}/cancel/jobs."""
    conditions = filters.conditions(call.request.query, filters.JOBS_TO_CANCEL)
    batch = call.batch(call.names["batch_id"])
    jobs, errors = call.store.cancel_jobs(batch.state.id, conditions, is_slow=call.cancels_slowly)
    call.announce()
    return serializers.success({"jobs": [serializers.job_item(job) for job in jobs], "errors": errors})


def set_tags(call: Call) -> Answer:
    """PATCH /api/v1/batches/{batch_id}/tags."""
    batch = call.batch(call.names["batch_id"])
    record = call.store.set_tags(batch.state.id, request_models.tags_body(json_body(call.request)))
    return _with_ids(call, record)


def rebatch(call: Call) -> Answer:
    """POST /api/v1/batches/{batch_id}/rebatch: selected jobs of a closed batch, once more in a new one."""
    parent = call.batch(call.names["batch_id"])
    if parent.state.open:
        raise WrongStateError("The batch is open; only a closed one can be batched again.")
    conditions = filters.conditions(call.request.query, filters.JOBS_TO_REPEAT)
    selected = call.store.jobs_of(parent.state.id, conditions)
    if not selected:
        raise InvalidRequestError(Problem(("query",), "No job of the batch fits these filters."))
    repeated = [call.store.job(job.state.id) for job in selected]
    record = call.store.create(
        NewBatch(
            project_id=parent.project_id,
            device_type=parent.state.device_type,
            sequence=parent.sequence,
            jobs=tuple(
                NewJob(
                    runs=job.runs,
                    variables=job.variables,
                    sequence=job.sequence,
                    parent_id=job.state.id,
                    is_long=job.is_long,
                )
                for job in repeated
            ),
            tags=parent.tags,
            configuration=parent.configuration,
            backend_configuration=parent.backend_configuration,
            parent_id=parent.state.id,
        )
    )
    call.announce()
    return _with_jobs(call, record)


def _with_jobs(call: Call, record: BatchRecord) -> Answer:
    return serializers.success(serializers.batch_with_jobs(record, call.store.jobs_of(record.state.id)))


def _with_ids(call: Call, record: BatchRecord) -> Answer:
    return serializers.success(serializers.batch_with_ids(record, call.store.job_ids(record.state.id)))
