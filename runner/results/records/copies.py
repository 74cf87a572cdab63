"""A job that is on record more than once, as merges and reverts in git leave it: it counts once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.domain import RecordedJob


def each_once(jobs: Iterable[RecordedJob]) -> tuple[RecordedJob, ...]:
    """Each job once: with its result, else as it stands last."""
    known: dict[str, RecordedJob] = {}
    for job in jobs:
        before = known.get(job.id)
        if before is None or before.lacks_result or not job.lacks_result:
            known[job.id] = job
    return tuple(known.values())


def contradiction(one: RecordedJob, other: RecordedJob) -> str:
    """What two records of a job say differently; empty where they are copies.

    One may lack the result that the other has, may have been made under another name, or before it was
    proved where the job was measured.
    """
    lacks_result = one.lacks_result or other.lacks_result
    for field in ("batch_id", "recipe", "key", "rerun", "status", "variables"):
        if getattr(one, field) != getattr(other, field):
            return field
    if not lacks_result and one.counts != other.counts:
        return "counts"
    for field in ("runs", "qubit_ids", "target", "constants"):
        if _both(getattr(one, field), getattr(other, field)):
            return field
    return ""


def _both(one: Any, other: Any) -> bool:
    """Whether both say something, and not the same."""
    return bool(one and other) and one != other
