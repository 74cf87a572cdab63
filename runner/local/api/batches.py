"""The calls about batches, one function a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.local.protocol import serializers
from runner.local.protocol.messages import json_body
from runner.local.protocol.queries import BatchesQuery, JobsToCancel, JobsToRepeat, read_query
from runner.local.protocol.request_models import BATCH, BATCH_IDS, JOBS, TAGS, read_model
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
    """Create a batch with its jobs. Each accepted request is a new batch."""
    body = read_model(BATCH, json_body(call.request))
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
    """List batches, newest first."""
    page = call.store.batches(call.listed(read_query(BatchesQuery, call.request.query).selection()))
    items = [serializers.batch_item(record) for record in page.items]
    return serializers.success(items, pagination=serializers.pagination(page))


def single(call: Call) -> Answer:
    """A batch."""
    return _with_ids(call, call.batch(call.names["batch_id"]))


def status(call: Call) -> Answer:
    """How far a batch is."""
    batch = call.batch(call.names["batch_id"]).state
    counts = batch.counts.by_status()
    return serializers.success({"status": batch.status.value, "jobs_count_per_status": counts})


def full_results(call: Call) -> Answer:
    """Results of a batch's jobs, by their ids; of those that have one."""
    batch = call.batch(call.names["batch_id"])
    found = {}
    for job_id in call.store.job_ids(batch.state.id):
        link = call.store.result_link(job_id)
        if link is not None:
            found[job_id] = serializers.result_body(*call.store.result(link))
    return serializers.success(found)


def add_jobs(call: Call) -> Answer:
    """Add jobs to an open batch. Each accepted request adds them once more."""
    batch_id = call.names["batch_id"]
    jobs = read_model(JOBS, json_body(call.request))
    before = call.batch(batch_id)
    if not before.state.open:  # said before the jobs are looked at; the store decides again
        raise WrongStateError(f"The batch is not open (its status is {before.state.status}).")
    new = submission.new_jobs(jobs, before, call.sequences, devices=call.control.devices)
    record = call.store.add_jobs(batch_id, new)
    call.announce()
    return _with_jobs(call, record)


def close(call: Call) -> Answer:
    """Let a batch take no more jobs; those it has still run."""
    record = call.store.close_batch(call.batch(call.names["batch_id"]).state.id)
    call.announce()
    return _with_ids(call, record)


def cancel(call: Call) -> Answer:
    """Cancel a batch with its pending jobs; running jobs go on to their end."""
    record = call.store.cancel_batch(call.batch(call.names["batch_id"]).state.id, is_slow=call.cancels_slowly)
    call.announce()
    return _with_jobs(call, record)


def cancel_several(call: Call) -> Answer:
    """Cancel batches, each with its pending jobs; running jobs go on to their end."""
    done, errors = [], {}
    for batch_id in read_model(BATCH_IDS, json_body(call.request)).batch_ids:
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
    """Cancel the selected pending jobs of a batch."""
    conditions = read_query(JobsToCancel, call.request.query).conditions()
    batch = call.batch(call.names["batch_id"])
    jobs, errors = call.store.cancel_jobs(batch.state.id, conditions, is_slow=call.cancels_slowly)
    call.announce()
    return serializers.success({"jobs": [serializers.job_item(job) for job in jobs], "errors": errors})


def set_tags(call: Call) -> Answer:
    """Replace all tags of a batch."""
    batch = call.batch(call.names["batch_id"])
    tags = read_model(TAGS, json_body(call.request))
    record = call.store.set_tags(batch.state.id, tags)
    return _with_ids(call, record)


def rebatch(call: Call) -> Answer:
    """Repeat the selected jobs of a closed batch in a new one."""
    parent = call.batch(call.names["batch_id"])
    if parent.state.open:
        raise WrongStateError("The batch is open; only a closed one can be batched again.")
    conditions = read_query(JobsToRepeat, call.request.query).conditions()
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
