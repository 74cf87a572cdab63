"""Remote jobs of a point, as they count. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from runner.domain import JobStatus


@dataclass(frozen=True, slots=True)
class CountedJob:
    """One remote job of a point, as it counts.

    Args:
        errors: What is said of its failure.

        is_released: We have cancelled it ourselves: it counts as if it had never been.

        is_skipped: A person has decided that it is not to be bought; then it is no remote job.

        missing_shots: Runs that its result does not count.

        lacks_result: Its result could not be had, or cannot be right.

        is_vague: How many runs were bought is forgotten: those are told that its result counts.
    """

    job_id: str
    key: str
    status: JobStatus
    runs: int
    ended_at: datetime | None
    errors: tuple[str, ...] = ()
    is_released: bool = False
    is_skipped: bool = False
    missing_shots: int = 0
    lacks_result: bool = False
    is_vague: bool = False
