"""What there is on the cloud, and what is already recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from runner.domain.statuses import BatchStatus, JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedJob:
    """One remote job.

    Args:
        qubit_ids: Order of the qubits of its own sequence; empty for a job that plays its batch's.
    """

    id: str
    batch_id: str
    key: str
    status: JobStatus
    runs: int
    variables: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    errors: tuple[str, ...] = ()
    qubit_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedBatch:
    """One remote batch.

    Args:
        jobs: In creation order; empty where all of them are on record, so that nobody had to ask.

        jobs_count: How many jobs the cloud says it has.
    """

    id: str
    status: BatchStatus
    open: bool
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    jobs: tuple[ObservedJob, ...] = ()
    jobs_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedJob:
    """One job whose end is on record; the cloud may have forgotten it.

    Args:
        recipe: Digest of the experiment it ran for, 16 hexadecimal digits.

        counts: Bitstring counts, in the order of `qubit_ids`; empty while the result could not be had.
    """

    id: str
    batch_id: str
    recipe: str
    key: str
    status: JobStatus
    runs: int
    name: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    rerun: int = 0
    attempt: int = 1
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    qubit_ids: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
