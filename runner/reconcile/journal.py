"""The journal: what was about to happen, written down before it happens.

One row an attempt to create a batch or to add jobs. A row starts as INTENDED; a process that dies leaves it
so. Order is the sequence number, never the time. Losing the file costs nothing where work is claimed first.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_VERSION: Final = 1
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS journal (created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    experiment TEXT NOT NULL,
    submission TEXT NOT NULL,
    claim TEXT NOT NULL,
    batch_id TEXT,
    jobs TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS entries_experiment ON entries (experiment);
"""


class Kind(StrEnum):
    """What was about to happen."""

    CLAIM = "claim"
    ADD = "add"
    SUBMIT = "submit"


class State(StrEnum):
    """What became of it, as far as this machine knows.

    REJECTED: the cloud does not take such a request. NOT_DONE: for any other reason nothing happened.
    """

    INTENDED = "intended"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"

    @property
    def is_clear(self) -> bool:
        """Whether the cloud's answer is known."""
        return self not in {State.INTENDED, State.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row.

    Args:
        at: When it was last written, by this machine's clock. Of an accepted creation it is later than the
            creation itself, however long the request was under way: settling counts from here.

        claim: Nonce of the batch, see `runner.reconcile.tags.Marks`.

        jobs: Key and runs of each job that was about to be bought.
    """

    seq: int
    at: datetime
    kind: Kind
    state: State
    experiment: str
    submission: str
    claim: str
    batch_id: str | None = None
    jobs: tuple[tuple[str, int], ...] = ()


class Journal:
    """A journal in one SQLite file, flushed to the disk at every write; usable from several threads.

    Args:
        path: The file; its folder is made when it is missing.

        clock: The time now, with a time zone.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"{path}: the journal cannot be opened: {error}") from error

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in {0, _VERSION}:
            raise JournalError(
                f"{self._path}: the journal is of version {version}, this runner reads {_VERSION}",
                hint="use the newer runner that wrote it",
            )
        self._db.executescript(_TABLES)
        self._db.execute(f"PRAGMA user_version={_VERSION}")
        self._db.execute(
            "INSERT INTO journal SELECT ? WHERE NOT EXISTS (SELECT 1 FROM journal)",
            (self._clock().isoformat(),),
        )

    def close(self) -> None:
        """Gives the file back."""
        self._db.close()

    @property
    def created_at(self) -> datetime:
        """When this machine began to remember."""
        return datetime.fromisoformat(self._read("SELECT created_at FROM journal")[0][0])

    def entries(self, experiment: str) -> tuple[Entry, ...]:
        """All rows of an experiment, oldest first."""
        rows = self._read("SELECT * FROM entries WHERE experiment = ? ORDER BY seq", (experiment,))
        return tuple(_entry(row) for row in rows)

    def intend(  # noqa: PLR0913  (the columns of one row)
        self,
        kind: Kind,
        *,
        experiment: str,
        submission: str,
        claim: str,
        batch_id: str | None = None,
        jobs: tuple[tuple[str, int], ...] = (),
    ) -> int:
        """Writes down what is about to happen; answers the row's sequence number."""
        at = self._clock().isoformat()
        row = (at, kind, State.INTENDED, experiment, submission, claim, batch_id, json.dumps(jobs))
        columns = "at, kind, state, experiment, submission, claim, batch_id, jobs"
        return self._write(f"INSERT INTO entries ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608  (constants)

    def settle(self, seq: int, state: State, batch_id: str | None = None) -> None:
        """Writes down what became of a row."""
        statement = "UPDATE entries SET at = ?, state = ?, batch_id = coalesce(?, batch_id) WHERE seq = ?"
        self._write(statement, (self._clock().isoformat(), state, batch_id, seq))

    def _read(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[str, ...]]:
        try:
            with self._lock, closing(self._db.execute(statement, values)) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: the journal cannot be read: {error}") from error

    def _write(self, statement: str, values: tuple[object, ...]) -> int:
        try:
            with self._lock, closing(self._db.execute(statement, values)) as cursor:
                return int(cursor.lastrowid or 0)
        except sqlite3.Error as error:
            raise JournalError(f"{self._path}: the journal cannot be written: {error}") from error


def _entry(row: tuple[str, ...]) -> Entry:
    seq, at, kind, state, experiment, submission, claim, batch_id, jobs = row
    return Entry(
        seq=int(seq),
        at=datetime.fromisoformat(at),
        kind=Kind(kind),
        state=State(state),
        experiment=experiment,
        submission=submission,
        claim=claim,
        batch_id=batch_id,
        jobs=tuple((key, runs) for key, runs in json.loads(jobs)),
    )
