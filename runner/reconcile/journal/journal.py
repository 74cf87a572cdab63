"""The journal: what was about to happen, written down before it happens.

One row an attempt to create a batch or to add jobs. A row starts as INTENDED; a process that dies leaves it
so. Order is the sequence number, never the time. Losing the file costs nothing where work is claimed first.
Beside it stand the history, for people, and the lock of the checkout.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Unpack

from runner.reconcile.journal.database import JournalFile
from runner.reconcile.journal.history import History
from runner.reconcile.journal.lock import CHECKOUT_LOCK_TTL_S, Lock, Owner
from runner.reconcile.model.entries import BUYING, JournalEntry, RequestKind, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from runner.reconcile.model.entries import Intention


_SELECT = (
    "SELECT seq, at, kind, state, experiment, submission, claim, batch_id, jobs, target, recipe, rerun, "
    "repetitions, job_ids, observables FROM entries"
)


class Journal:
    """A journal in one SQLite file, flushed to the disk at every write; any thread may call.

    Args:
        path: The file; its folder is made when it is missing.

        clock: The time now, with a time zone.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._file = JournalFile(path, clock())
        self._lock: Lock | None = None
        self._nobody = Owner.this_process("")
        self.history = History(self._file, clock, self._who)

    def close(self) -> None:
        """Gives the file back."""
        self._file.close()

    @contextmanager
    def locked(self, verb: str, *, ttl_s: float = CHECKOUT_LOCK_TTL_S) -> Iterator[None]:
        """Keeps other runners out; until it ends, `intend` is refused once another has taken over.

        Args:
            verb: What the user asked for: told to whoever comes in vain.

            ttl_s: After how long without a sign of life another machine may take over (in s).

        Raises:
            JournalError: Somebody else works here.
        """
        lock = Lock(self._file, Owner.this_process(verb), self._clock, ttl_s=ttl_s)
        lock.take()
        self._lock = lock
        try:
            yield
        finally:
            self._lock = None
            lock.release()

    def _who(self) -> Owner:
        return self._lock.owner if self._lock else self._nobody

    @property
    def created_at(self) -> datetime:
        """When this machine began to remember."""
        (created_at,) = self._file.read_as(_moment, "SELECT min(created_at) FROM journal")
        return created_at

    def entries(self, experiment: str) -> tuple[JournalEntry, ...]:
        """All rows of an experiment, oldest first."""
        return self._rows("WHERE experiment = ? ORDER BY seq", experiment)

    def since(self, moment: datetime) -> tuple[JournalEntry, ...]:
        """All rows of all experiments that were last written at or after a moment in UTC, oldest first."""
        return self._rows("WHERE at >= ? ORDER BY seq", moment.isoformat())

    def of_recipe(self, recipe: str) -> tuple[JournalEntry, ...]:
        """All rows of a recipe, of whatever name, oldest first."""
        return self._rows("WHERE recipe = ? ORDER BY seq", recipe)

    def bought_batches(self) -> int:
        """How many batches of all experiments the cloud has taken jobs for."""
        statement = "SELECT count(DISTINCT batch_id) FROM entries WHERE state = ? AND kind IN (?, ?)"
        return int(self._file.read(statement, (State.ACCEPTED, *sorted(BUYING)))[0][0])

    def newest(self, experiment: str) -> JournalEntry | None:
        """The last row of an experiment; None without any."""
        return next(iter(self._rows("WHERE experiment = ? ORDER BY seq DESC LIMIT 1", experiment)), None)

    def _rows(self, which: str, *values: str) -> tuple[JournalEntry, ...]:
        return self._file.read_as(_entry, f"{_SELECT} {which}", values)

    def unclear(self) -> int:
        """How many submissions of all experiments nobody knows the outcome of."""
        counted = self._file.read("SELECT state, count(*) FROM entries GROUP BY state")
        return sum(int(number) for state, number in counted if not State(state).is_clear)

    def intend(self, kind: RequestKind, **row: Unpack[Intention]) -> int:
        """Writes down what is about to happen; answers the row's sequence number.

        Raises:
            JournalError: It cannot be written, or the lock was lost: then the request must not be sent.
        """
        values = {
            "at": self._clock().isoformat(),
            "kind": kind,
            "state": State.INTENDED,
            **row,
            "jobs": json.dumps(row.get("jobs", ())),
        }
        self._file.must_be_in_place()
        with self._file.transaction():
            if self._lock:
                self._lock.must_be_ours()
            return self._file.insert("entries", values)

    def skip(self, entry: JournalEntry, jobs: Mapping[str, Sequence[tuple[str, int]]]) -> None:
        """Writes down that the jobs of a lost submission are not to be bought, as a person decided.

        Args:
            jobs: Its jobs by the work that they are of at present, see `runner.reconcile.model.tags.work`.
        """
        with self._file.transaction():
            self.settle(entry.seq, State.NOT_DONE)
            for work, some in jobs.items():
                about = {
                    "submission": work,
                    "claim": "",
                    "experiment": entry.experiment,
                    "jobs": json.dumps(some),
                }
                row = {"at": self._clock().isoformat(), "kind": RequestKind.SKIP, "state": State.ACCEPTED}
                self._file.insert("entries", row | about)

    def settle(
        self, seq: int, state: State, batch_id: str | None = None, job_ids: Sequence[str] = ()
    ) -> None:
        """Writes down what became of a row.

        Args:
            job_ids: Ids of the jobs that the answer said were new.
        """
        statement = (
            "UPDATE entries SET at = ?, state = ?, batch_id = coalesce(?, batch_id), "
            "job_ids = coalesce(?, job_ids) WHERE seq = ?"
        )
        ids = json.dumps(list(job_ids)) if job_ids else None
        self._file.change(statement, (self._clock().isoformat(), state, batch_id or None, ids, seq))


def _moment(row: tuple[str, ...]) -> datetime:
    return datetime.fromisoformat(row[0])


def _number_or_none(value: object) -> int | None:
    return value if isinstance(value, int) else None


@lru_cache(maxsize=4096)  # each pass reads them all
def _entry(row: tuple[str, ...]) -> JournalEntry:
    seq, at, kind, state, experiment, submission, claim, batch_id, jobs, *rest = row
    target, recipe, rerun, repetitions, job_ids, observables = rest
    return JournalEntry(
        seq=int(seq),
        at=datetime.fromisoformat(at),
        kind=RequestKind(kind),
        state=State(state),
        experiment=experiment,
        submission=submission,
        claim=claim,
        batch_id=batch_id,
        jobs=tuple((key, runs) for key, runs in json.loads(jobs)),
        target=target,
        recipe=recipe,
        rerun=_number_or_none(rerun),
        repetitions=repetitions,
        job_ids=tuple(json.loads(job_ids)),
        observables=observables,
    )
