"""For how long this process has seen what it sees: no clock that can be set decides it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from runner.domain import BatchStatus
from runner.reconcile.model.observation import Sighting
from runner.reconcile.observe.payloads import jobs_count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.cloud import Payload
    from runner.reconcile.context import Context
    from runner.reconcile.model.entries import JournalEntry


class Sightings:
    """Tells how old what one look shows is.

    Args:
        began_s: When the first request of the look was made, as this process counts (in s).
    """

    def __init__(self, context: Context, began_s: float) -> None:
        self._memory, self._journal, self._now_s = context.memory, context.journal, began_s
        self._now = context.clock() - timedelta(seconds=context.memory.now_s() - began_s)

    def of(self, payload: Payload, gap: str) -> Sighting:
        """How well, and for how long, a batch is seen as it is.

        Args:
            gap: What is missing of it; empty where nothing is.
        """
        batch_id, memory, now_s = payload["id"], self._memory, self._now_s
        if not gap:
            memory.forget((batch_id, "gap"))
        is_open = payload.get("open") is True and not is_over(payload)
        return Sighting(
            gap=gap,
            gap_s=memory.seconds_of((batch_id, "gap"), now_s) if gap else 0.0,
            seen_s=memory.seconds_seen(batch_id, now_s),
            same_s=self.same_s(payload),
            shut_s=0.0 if is_open else memory.seconds_seen((batch_id, "shut"), now_s),
            ended_s=self.ended_s(payload),
            lost_s=memory.lost_s(batch_id, now_s),
        )

    def same_s(self, payload: Payload) -> float:
        """For how long a batch has been seen to take jobs or not, with as many jobs (in s)."""
        state = (payload["id"], str(payload.get("status")), bool(payload.get("open")), jobs_count(payload))
        return self._memory.seconds_seen(state, self._now_s)

    def unlisted_s(self, batch_id: str) -> float:
        """For how long the jobs that are listed of a batch have not been all that are known (in s)."""
        what = (batch_id, "unlisted")
        return self._memory.seconds_of(what, self._now_s) if self._memory.is_known(what) else 0.0

    def ended_s(self, payload: Payload) -> float:
        """For how long a batch has been seen to have ended (in s); 0 while it has not."""
        return self._memory.seconds_seen((payload["id"], "ended"), self._now_s) if is_over(payload) else 0.0

    def remembered_s(self) -> float:
        """For how long the journal has remembered (in s), as `ages_s`."""
        already_s = max(0.0, (self._now - self._journal.created_at).total_seconds())
        return self._memory.seconds_of("journal", self._now_s, already_s=already_s)

    def ages_s(self, name: str, entries: Iterable[JournalEntry]) -> dict[int, float]:
        """How long ago each row of an experiment was last written (in s), by its number.

        What this process finds at its first look is as old as the clock says; what comes later is new.
        """
        is_first = not self._memory.is_known((name, "rows"))
        self._memory.seconds_of((name, "rows"), self._now_s)
        return {
            entry.seq: self._memory.seconds_of(
                ("row", entry.seq, entry.state),
                self._now_s,
                already_s=max(0.0, (self._now - entry.at).total_seconds()) if is_first else 0.0,
            )
            for entry in entries
        }


def is_over(payload: Payload) -> bool:
    """Whether a batch has ended."""
    return not BatchStatus(str(payload.get("status"))).is_live
