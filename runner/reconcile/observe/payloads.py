"""Payloads of the cloud → observed values. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.domain import BatchStatus, JobStatus, ObservedBatch, ObservedJob, job_key, own_sequence_key
from runner.domain.identity import measured_constants
from runner.errors import WireFormatError
from runner.reconcile.model.repetitions import FIRST, keyed
from runner.reconcile.model.tags import read_marks
from runner.reconcile.observe.job_sequences import qubits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.cloud import Payload
    from runner.reconcile.model.repetitions import Places


def observed_batch(payload: Payload) -> ObservedBatch:
    """A batch, without its jobs.

    Raises:
        WireFormatError: A field that decisions rest on is missing.
    """
    try:
        tags = tuple(payload.get("tags") or ())
        marks = read_marks(tags)
        return ObservedBatch(
            id=payload["id"],
            status=BatchStatus(payload["status"]),
            open=bool(payload["open"]),
            created_at=moment(payload["created_at"]),
            updated_at=moment(payload.get("updated_at") or payload["created_at"]),
            tags=tags,
            jobs_count=jobs_count(payload),
            constants=marks.constants,
            observables=marks.observables,
            parent_id=parent_of(payload),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise WireFormatError(f"a batch in the answer cannot be read: {error!r}") from error


def observed_jobs(
    payloads: Iterable[Payload], repetitions: Places = FIRST, keys: Mapping[str, str] | None = None
) -> tuple[ObservedJob, ...]:
    """All jobs of a batch, in the order of their payloads.

    Args:
        repetitions: Those that the batch has of its points, or its slots.

        keys: Of jobs of other batches that these may repeat, by their ids.

    Raises:
        WireFormatError: A field that decisions rest on is missing.
    """
    try:
        return keyed([observed_job(payload) for payload in payloads], repetitions, keys)
    except (KeyError, ValueError, TypeError) as error:
        raise WireFormatError(f"a job in the answer cannot be read: {error!r}") from error


def observed_job(payload: Payload) -> ObservedJob:
    """A job, with the key of its point; only an answer for it alone tells of a sequence of its own.

    Args:
        payload: Also with the device type of its batch, which no answer for a job has.
    """
    sequence = payload.get("sequence")
    variables = payload.get("variables") or {}
    return ObservedJob(
        id=payload["id"],
        batch_id=payload["batch_id"],
        key=own_sequence_key(sequence) if sequence else job_key(variables),
        status=JobStatus(payload["status"]),
        runs=payload.get("runs") or 0,
        variables=variables,
        created_at=_moment_or_none(payload.get("created_at")),
        started_at=_moment_or_none(payload.get("start_timestamp")),
        ended_at=_moment_or_none(payload.get("end_timestamp")),
        errors=tuple(str(error) for error in payload.get("errors") or ()),
        qubit_ids=qubits_of(sequence) if sequence else (),
        constants=measured_constants(sequence, payload.get("device_type") or "") if sequence else "",
        parent_id=parent_of(payload),
    )


def parent_of(payload: Payload) -> str:
    """The batch or job that one repeats; empty for none."""
    parent = payload.get("parent_id")
    return parent if isinstance(parent, str) else ""


def jobs_count(payload: Payload) -> int:
    """How many jobs a batch has; an answer for one batch may list their ids instead."""
    count = payload.get("jobs_count")
    if type(count) is int and count >= 0:
        return count
    listed = payload.get("job_ids") or payload.get("jobs")
    return len(listed) if isinstance(listed, list) else 0


def moment(text: str) -> datetime:
    """A timestamp; without a time zone it is UTC."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _moment_or_none(text: str | None) -> datetime | None:
    return moment(text) if text else None
