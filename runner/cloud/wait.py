"""Waiting for a batch: light questions, ever more rarely, and an end that says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.domain import BatchStatus, JobStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.cloud.client import Client
    from runner.cloud.wire.transport import Payload

_SHORTEST_S: Final = 0.25
_SHORT_S: Final = 2.0
_LONGEST_S: Final = 30.0
_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How a wait ended.

    Args:
        is_over: Whether nothing is left to wait for; False when time ran out.

        status: The batch's status, as the cloud said it last.

        jobs: How many jobs are in which status.

        reason: Why the wait ended, in words.

        waited_s: How long it took (in s).
    """

    is_over: bool
    status: str
    jobs: Mapping[str, int]
    reason: str
    waited_s: float


def wait_for_batch(client: Client, batch_id: str, *, timeout_s: float | None = None) -> Waited:
    """Waits until a batch has ended, or none of its jobs is under way.

    An end is noticed within 2 s, or within a tenth of the time it took, whichever is longer; at most 30 s.

    Args:
        timeout_s: Longest wait (in s); None for no limit.
    """
    time = client.retrying
    started_s = time.clock()
    while True:
        said = client.get_batch_status(batch_id)
        waited_s = time.clock() - started_s
        over = why_over(said)
        left_s = float("inf") if timeout_s is None else timeout_s - waited_s
        if over or left_s <= 0:
            return Waited(
                is_over=bool(over),
                status=str(said.get("status")),
                jobs=_counts(said),
                reason=over or f"patience of {timeout_s:g} s ended: {_in_words(said)}",
                waited_s=waited_s,
            )
        time.sleep(min(pause_s(waited_s), left_s))


def pause_s(waited_s: float) -> float:
    """How long to wait before asking again (in s), after so long."""
    return min(_LONGEST_S, max(_SHORTEST_S, min(_SHORT_S, waited_s / 2), _SHARE * waited_s))


def why_over(said: Payload) -> str:
    """Why there is nothing left to wait for; empty while there is.

    A status never seen before is in progress.
    """
    if BatchStatus(str(said.get("status"))).is_terminal:
        return f"the batch is {_in_words(said)}"
    if all(JobStatus(status).is_terminal for status, count in _counts(said).items() if count):
        return f"no job is under way, the batch is {_in_words(said)}"
    return ""


def _counts(said: Payload) -> dict[str, int]:
    return dict(said.get("jobs_count_per_status") or {})


def _in_words(said: Payload) -> str:
    counts = [f"{count} {status}" for status, count in sorted(_counts(said).items()) if count]
    return f"{said.get('status')}, its jobs: {', '.join(counts) or 'none'}"
