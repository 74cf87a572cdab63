"""The file under the journal: one SQLite connection for several threads, and the tables of its versions."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from runner.errors import JournalError
from runner.results.records.files import obstacle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    Row = tuple[str, ...]

T = TypeVar("T")

_BUSY_S: Final = 30.0
_BUSY_PAUSE_S: Final = 0.01
# What brings a journal from each version to the next; version 0 is an empty file.
_STEPS: Final = (
    (
        "CREATE TABLE IF NOT EXISTS journal (created_at TEXT NOT NULL)",
        """CREATE TABLE IF NOT EXISTS entries (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            state TEXT NOT NULL,
            experiment TEXT NOT NULL,
            submission TEXT NOT NULL,
            claim TEXT NOT NULL,
            batch_id TEXT,
            jobs TEXT NOT NULL
        )""",
        "CREATE INDEX IF NOT EXISTS entries_experiment ON entries (experiment)",
    ),
    (
        """CREATE TABLE lock (
            only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
            token TEXT NOT NULL,
            host TEXT NOT NULL,
            machine TEXT NOT NULL,
            pid INTEGER NOT NULL,
            started TEXT NOT NULL,
            verb TEXT NOT NULL,
            since TEXT NOT NULL,
            until TEXT NOT NULL
        )""",
        """CREATE TABLE history (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            experiment TEXT NOT NULL,
            action TEXT NOT NULL,
            batch_id TEXT,
            reason TEXT NOT NULL,
            outcome TEXT NOT NULL,
            jobs INTEGER NOT NULL,
            runs INTEGER NOT NULL,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            verb TEXT NOT NULL
        )""",
        "CREATE INDEX history_experiment ON history (experiment)",
    ),
    (
        "ALTER TABLE entries ADD COLUMN target TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entries ADD COLUMN recipe TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entries ADD COLUMN rerun INTEGER",
        "ALTER TABLE entries ADD COLUMN repetitions TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE entries ADD COLUMN job_ids TEXT NOT NULL DEFAULT '[]'",
    ),
    ("ALTER TABLE entries ADD COLUMN observables TEXT NOT NULL DEFAULT ''",),
)
VERSION: Final = len(_STEPS)
# What may pass, and is no damage: somebody else writes, the disk is full or away.
_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
    }
)


class JournalFile:
    """One SQLite file, flushed to the disk at every write; any thread may call.

    Args:
        path: The file; its folder is made when it is missing.

        now: When the journal begins to remember, if it is new.
    """

    def __init__(self, path: Path, now: datetime) -> None:
        self._path = path
        self._turn = threading.RLock()
        if said := obstacle(path):
            raise JournalError(f"{path}: the journal {said}", hint=_moved_away(path))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
            self._share()
            self._db.execute("PRAGMA synchronous=FULL")
            self._bring_up_to_date(now)
            self._place = _place(path)
        except (sqlite3.Error, OSError) as error:
            raise self._failure("opened", error) from error

    def _share(self) -> None:
        """Lets readers and a writer work at once; SQLite itself does not wait while another asks the same."""
        deadline_s = time.monotonic() + _BUSY_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > deadline_s:
                    raise
                time.sleep(_BUSY_PAUSE_S)
            else:
                return

    def _bring_up_to_date(self, now: datetime) -> None:
        if self._version() == VERSION:
            return
        with self.transaction():  # two processes may open an old journal at the same moment
            version = self._version()
            if version > VERSION:
                raise JournalError(
                    f"{self._path}: the journal is of version {version}, this runner reads {VERSION}",
                    hint="use the newer runner that wrote it",
                )
            for statement in (each for step in _STEPS[version:] for each in step):
                self._db.execute(statement)
            self._db.execute(
                "INSERT INTO journal SELECT ? WHERE NOT EXISTS (SELECT 1 FROM journal)", (now.isoformat(),)
            )
            self._db.execute(f"PRAGMA user_version={VERSION}")

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def must_be_in_place(self) -> None:
        """Fails when somebody has deleted or replaced the file: what is written to it is then lost.

        Raises:
            JournalError: It is another file now, or none.
        """
        if _place(self._path) != self._place:
            raise JournalError(
                f"{self._path}: the journal was deleted or replaced while a runner works with it",
                hint="nothing more is bought without it; run the same command again",
            )

    def close(self) -> None:
        """Gives the file back."""
        with self._turn:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is read and written inside happens at once, or not at all; other processes wait."""
        with self._turn:
            self._write("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._write("ROLLBACK")
                raise
            self._write("COMMIT")

    def read(self, statement: str, values: tuple[object, ...] = ()) -> list[Row]:
        """The rows of a query."""
        try:
            with self._turn, closing(self._db.execute(statement, values)) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            raise self._failure("read", error) from error

    def read_as(
        self, made: Callable[[Row], T], statement: str, values: tuple[object, ...] = ()
    ) -> tuple[T, ...]:
        """What is made of the rows of a query.

        Raises:
            JournalError: One of them is none that a runner has written.
        """
        try:
            return tuple(map(made, self.read(statement, values)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            said = f"{self._path}: the journal is damaged: a row of it says {error}"
            raise JournalError(said, hint=_moved_away(self._path)) from error

    def _failure(self, what: str, error: Exception) -> JournalError:
        code = getattr(error, "sqlite_errorcode", None)
        may_pass = isinstance(error, OSError) or (code is not None and code & 0xFF in _PASSING)
        said = f"{self._path}: the journal cannot be {what}: {error}"
        return JournalError(said, hint="" if may_pass else _moved_away(self._path))

    def insert(self, table: str, row: Mapping[str, object]) -> int:
        """Adds a row; answers its sequence number."""
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608  (our own names)
        return self._write(statement, tuple(row.values()))[0]

    def change(self, statement: str, values: tuple[object, ...]) -> int:
        """How many rows a statement has changed."""
        return self._write(statement, values)[1]

    def _write(self, statement: str, values: tuple[object, ...] = ()) -> tuple[int, int]:
        try:
            with self._turn, closing(self._db.execute(statement, values)) as cursor:
                return int(cursor.lastrowid or 0), cursor.rowcount
        except sqlite3.Error as error:
            raise self._failure("written", error) from error


def _moved_away(path: Path) -> str:
    """What may be done with a journal that is damaged, and what that costs."""
    return (
        f"it may be moved away, with what begins with {path.name} beside it: what was bought is found again"
        " by the tags of its batches and on record, and is not bought again. Lost are `runner history`, what"
        " `runner resolve` was told, and purchases with `submission: direct` whose answer never came"
    )


def _place(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of the same name; None where there is none, as in memory."""
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_dev, now.st_ino
