"""Batches, jobs and results as PCS writes them in JSON."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

from runner.domain import BatchStatus
from runner.local.protocol.messages import Answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.local.rules.errors import RefusalError
    from runner.local.rules.records import BatchRecord, JobRecord, Page, Result

Json = dict[str, object]
T = TypeVar("T")
_OK = 200


def success(data: object, *, pagination: Json | None = None) -> Answer:
    """An answer in PCS's envelope."""
    envelope: Json = {"status": "success", "message": "OK.", "code": _OK, "data": data}
    if pagination is not None:
        envelope["pagination"] = pagination
    return json_answer(_OK, envelope)


def failure(status: int, message: str, description: object = None, *headers: tuple[str, str]) -> Answer:
    """A refusal in PCS's envelope."""
    data = {"description": message if description is None else description}
    envelope = {"status": "fail", "message": message, "code": status, "data": data}
    return json_answer(status, envelope, *headers)


def refusal(error: RefusalError) -> Answer:
    """The answer that tells a client why its request was refused."""
    description = [
        {"loc": list(problem.loc), "msg": problem.msg, "type": problem.type} for problem in error.problems
    ]
    return failure(error.status, error.message, description or None, *error.headers)


def pagination(page: Page[T]) -> Json:
    """Where a page stands in its list; `end` is the offset of the next one."""
    return {"total": page.total, "start": page.offset, "end": page.offset + len(page.items)}


def batch_item(record: BatchRecord) -> Json:
    """A batch as it stands in a list: without its sequence and jobs."""
    batch = record.state
    return {
        "id": batch.id,
        "project_id": record.project_id,
        "user_id": record.user_id,
        "created_at": _time(batch.created_at),
        "updated_at": _time(batch.updated_at),
        "open": batch.open,
        "complete": not batch.open,
        "device_type": batch.device_type,
        "status": batch.status.value,
        "jobs_count": batch.counts.total,
        "jobs_count_per_status": batch.counts.by_status(),
        "start_datetime": _time(batch.started_at),
        "end_datetime": _time(batch.ended_at),
        "device_status": "UP" if batch.status is BatchStatus.RUNNING else None,
        "webhook": record.webhook,
        "configuration": record.configuration,
        "backend_configuration": record.backend_configuration,
        "tags": list(record.tags),
        "parent_id": record.parent_id,
    }


def batch_with_ids(record: BatchRecord, job_ids: Iterable[str]) -> Json:
    """A batch with its sequence and the ids of its jobs."""
    return batch_item(record) | {"sequence_builder": record.sequence, "job_ids": list(job_ids)}


def batch_with_jobs(record: BatchRecord, jobs: Iterable[JobRecord]) -> Json:
    """A batch with its sequence and its jobs."""
    return batch_item(record) | {"sequence_builder": record.sequence, "jobs": [job_item(job) for job in jobs]}


def job_item(record: JobRecord, told: Iterable[str] = ()) -> Json:
    """A job as it stands in a list: without its sequence.

    Args:
        record: The job.

        told: What is to be said of it now, beside its errors.
    """
    job = record.state
    return {
        "id": job.id,
        "batch_id": job.batch_id,
        "project_id": record.project_id,
        "user_id": record.user_id,
        "status": job.status.value,
        "runs": record.runs,
        "variables": record.variables,
        "created_at": _time(record.created_at),
        "updated_at": _time(job.updated_at),
        "start_timestamp": _time(job.started_at),
        "end_timestamp": _time(job.ended_at),
        "errors": [*job.errors, *told],
        "parent_id": record.parent_id,
        "creation_order": record.order,
    }


def single_job(record: JobRecord, told: Iterable[str] = ()) -> Json:
    """A job with its own sequence."""
    return job_item(record, told) | {"sequence": record.sequence}


def result_body(job_id: str, result: Result) -> Json:
    """What a result's link answers.

    The emulator gives counts. Its shots are independent, so that the counts in a random order are a sample of
    `raw` like any other; the order is derived from the job's id and stays the same.
    """
    raw = [bits for bits, n in sorted(result.counter.items()) for _ in range(n)]
    random.Random(job_id).shuffle(raw)  # noqa: S311  (no secret)
    return {"counter": dict(result.counter), "raw": raw, "serialised_results": result.serialised_results}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="microseconds")
