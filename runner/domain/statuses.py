"""Statuses of batches and jobs, as on the wire."""

from __future__ import annotations

from enum import StrEnum


class _Status(StrEnum):
    """A status that reads words never seen before as UNKNOWN instead of failing."""

    @classmethod
    def _missing_(cls, value: object) -> _Status:
        del value  # whatever PCS invents tomorrow: in progress, do not act
        return cls["UNKNOWN"]


class BatchStatus(_Status):
    """Status of a batch."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    TIMED_OUT = "TIMED_OUT"
    ERROR = "ERROR"
    PAUSED = "PAUSED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_terminal(self) -> bool:
        """Whether the batch will never change its status again."""
        return self in _TERMINAL_BATCH

    @property
    def is_live(self) -> bool:
        """Whether the batch may still run jobs that are pending in it."""
        return not self.is_terminal and self is not BatchStatus.CANCELING


class JobStatus(_Status):
    """Status of a job."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    ERROR = "ERROR"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_terminal(self) -> bool:
        """Whether the job will never change its status again."""
        return self in _TERMINAL_JOB


_TERMINAL_BATCH = frozenset(
    {BatchStatus.DONE, BatchStatus.CANCELED, BatchStatus.TIMED_OUT, BatchStatus.ERROR}
)
_TERMINAL_JOB = frozenset({JobStatus.DONE, JobStatus.ERROR, JobStatus.CANCELED})
