"""What a pass may do, as data: every action with its reason in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.domain import job_key

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be bought.

    Args:
        rerun: Counter that it is bought by; the same for all jobs of a batch.

        repetition: Which one of its point's repetitions it is, from 1.

        point: Key of the point; empty where it is the job's.

        slot: Label of what it is for a strategy; empty where a file lists its jobs.
    """

    key: str
    name: str
    runs: int
    attempt: int
    variables: Mapping[str, object] = field(default_factory=dict)
    rerun: int = 0
    repetition: int = 1
    point: str = ""
    slot: str = ""

    @property
    def values(self) -> str:
        """Key of the values of its variables: jobs with the same ones look the same on the cloud."""
        return job_key(self.variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """A job whose end is to be recorded."""

    id: str
    key: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Create an open batch without jobs; it costs nothing and leads to buying `jobs`."""

    submission: str
    jobs: tuple[NewJob, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddJobs:
    """Buy: add all jobs to our open batch with one POST."""

    batch_id: str
    jobs: tuple[NewJob, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Buy at once: create a closed batch with all its jobs with one POST."""

    submission: str
    jobs: tuple[NewJob, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Take a batch as ours whose creation was never confirmed to us."""

    batch_id: str
    claim: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Shut a batch so that a request that is still under way is refused."""

    batch_id: str
    holds_jobs: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBatch:
    """Add nothing more to an open batch."""

    batch_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJobs:
    """Cancel pending jobs that the file no longer asks for."""

    batch_id: str
    job_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelBatch:
    """Cancel the pending jobs of a batch that the file no longer asks for.

    Args:
        mark: Tag that says why, put on the batch first; empty when a person asked.
    """

    batch_id: str
    reason: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTags:
    """Put tags of ours on a batch again that it has lost: a change of its tags replaces them all."""

    batch_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordResults:
    """Write down how jobs ended."""

    batch_id: str
    jobs: tuple[EndedJob, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Do nothing until a person has decided."""

    reason: str
    how: str


Action = (
    Claim
    | AddJobs
    | Submit
    | Adopt
    | Fence
    | CloseBatch
    | CancelJobs
    | CancelBatch
    | RestoreTags
    | RecordResults
    | Hold
)
