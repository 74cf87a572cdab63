"""Batches that the cloud has accepted and that no list shows: read by id, or from the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.errors import NotFoundError
from runner.reconcile.model.entries import BUYING, RequestKind, State
from runner.reconcile.observe.batch_reader import at_once
from runner.reconcile.observe.expectations import unshown_batch

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Sequence

    from runner.cloud import Payload
    from runner.domain import RecordedJob
    from runner.reconcile.context import Context
    from runner.reconcile.model.entries import JournalEntry

# For how long a claim of ours that is shown nowhere is asked for (in s): it costs nothing.
_UNLISTED_S: Final = 60.0


class UnlistedBatches:
    """Finds what lists do not show."""

    def __init__(self, context: Context) -> None:
        self._context, self._client, self._memory = context, context.client, context.memory

    def fetch(
        self, listed: Container[str], entries: Iterable[JournalEntry], recorded: Iterable[RecordedJob]
    ) -> tuple[dict[str, Payload], frozenset[str]]:
        """Batches that the journal knows and no list shows, by their ids; and those that are shown nowhere.

        One whose jobs are all on record may be forgotten, and a claim that bought nothing may be lost.
        """
        on_record = {job.id: job for job in recorded}
        measured = {job_id for job_id, job in on_record.items() if not job.lacks_result}
        of_batch: dict[str, list[JournalEntry]] = {}
        for entry in entries:
            if entry.batch_id and entry.batch_id not in listed:
                of_batch.setdefault(entry.batch_id, []).append(entry)
        # What came twice is in no row: its result may lack although all that the rows name is measured.
        lacking = {job.batch_id for job in on_record.values() if job.lacks_result}
        unseen = {
            each: some
            for each, some in of_batch.items()
            if each in lacking or self._is_looked_for(some, measured)
        }
        shown = self._shown(list(unseen))
        # Of one that is gone and lacks only results, nothing is to come any more.
        gone = {each for each in unseen.keys() - shown.keys() if _all_among(unseen[each], on_record)}
        told = self._memory.told()
        found = {
            batch_id: shown.get(batch_id)
            or self._memory.told_batch(batch_id)
            or unshown_batch(some, self._context.namespace)
            for batch_id, some in unseen.items()
            if batch_id not in gone
        }
        payloads = {batch_id: payload for batch_id, payload in found.items() if payload}
        return payloads, frozenset(unseen.keys() - shown.keys() - told)

    def vanished(
        self,
        rows: Iterable[JournalEntry],
        reruns: Container[int],
        on_record: Collection[str],
        shown: Container[str],
    ) -> tuple[str, ...]:
        """Batches that were bought at an emulator which has lost them: it forgets none by itself.

        Args:
            rows: The journal's rows of a recipe.

            reruns: Those that are asked for.

            on_record: Ids of jobs on record.

            shown: Ids of batches that are there.
        """
        lost = {
            row.batch_id
            for row in rows
            if row.kind in BUYING and row.state is State.ACCEPTED and row.batch_id
            if row.rerun in reruns and not (row.job_ids and set(row.job_ids).issubset(on_record))
        }
        unseen = sorted(each for each in lost if each not in shown)
        there = self._shown(unseen)
        return tuple(each for each in unseen if each not in there)

    def _is_looked_for(self, rows: Sequence[JournalEntry], measured: Collection[str]) -> bool:
        if any(map(_may_have_bought, rows)):
            return not _all_among(rows, measured)
        if any(row.kind in BUYING and row.state is State.REJECTED for row in rows):
            return True  # a part of what was refused may have been taken
        created = [row for row in rows if row.kind is RequestKind.CLAIM and row.state is State.ACCEPTED]
        now = self._context.clock()
        return any(abs((now - row.at).total_seconds()) < _UNLISTED_S for row in created)

    def _shown(self, batch_ids: Sequence[str]) -> dict[str, Payload]:
        """Those of some batches that the cloud shows by their ids, and that are of our project."""
        found = at_once(self._batch_or_none, batch_ids)
        return {batch_id: each for batch_id, each in zip(batch_ids, found, strict=True) if each}

    def _batch_or_none(self, batch_id: str) -> Payload | None:
        try:
            found = self._client.get_batch(batch_id)
        except NotFoundError:
            return None
        return found if self._client.is_ours(found) else None


def _may_have_bought(row: JournalEntry) -> bool:
    return row.kind in BUYING and row.state.may_have_bought


def _all_among(rows: Iterable[JournalEntry], job_ids: Collection[str]) -> bool:
    """Whether all that was bought is known, and among some jobs."""
    bought = [row for row in rows if _may_have_bought(row)]
    return bool(bought) and all(row.job_ids and set(row.job_ids).issubset(job_ids) for row in bought)
