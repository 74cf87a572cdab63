"""One SQLite database: its schema, its connection, and one transaction at a time.

Times are stored as integers (in µs since 1970, UTC): they sort, and nothing is rounded.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runner.errors import LocalCloudError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Row = dict[str, object]

_VERSION = 3
# What never changes in the life of a batch or a job.
_FIXED = {"id", "batch_id", "device_type", "created_at"}

_WEBHOOKS = """
CREATE TABLE webhooks (
    batch_id TEXT PRIMARY KEY REFERENCES batches (id), url TEXT NOT NULL, n_tries INTEGER NOT NULL,
    not_before INTEGER NOT NULL, is_over INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhooks_to_tell ON webhooks (not_before) WHERE NOT is_over;
"""

# What waits, by project: the first of each is found without looking at the others.
_WAITING = """
CREATE INDEX jobs_waiting ON jobs (device_type, project_id, is_long, seq) WHERE status = 'PENDING';
CREATE INDEX batches_waiting ON batches (device_type, project_id, created_at)
    WHERE status = 'PENDING' AND pending > 0;
"""

# The sequence stands last in its row: a list that does not ask for it never reads its pages.
_SCHEMA = (
    """
CREATE TABLE batches (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, device_type TEXT NOT NULL,
    status TEXT NOT NULL, open INTEGER NOT NULL,
    created_at INTEGER NOT NULL UNIQUE, updated_at INTEGER NOT NULL,
    started_at INTEGER, ended_at INTEGER, idle_since INTEGER,
    pending INTEGER NOT NULL, running INTEGER NOT NULL, done INTEGER NOT NULL, error INTEGER NOT NULL,
    canceled INTEGER NOT NULL, canceling INTEGER NOT NULL,
    parent_id TEXT, tags TEXT NOT NULL, configuration TEXT, backend_configuration TEXT, sequence TEXT
) STRICT;
CREATE INDEX batches_by_device ON batches (device_type, status, created_at);
CREATE INDEX batches_by_status ON batches (status, created_at);
CREATE INDEX batches_idle ON batches (idle_since) WHERE idle_since IS NOT NULL;

CREATE TABLE tags (
    tag TEXT NOT NULL, batch_id TEXT NOT NULL REFERENCES batches (id), PRIMARY KEY (tag, batch_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_batch ON tags (batch_id);

CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    batch_id TEXT NOT NULL REFERENCES batches (id), project_id TEXT NOT NULL, user_id TEXT NOT NULL,
    device_type TEXT NOT NULL, status TEXT NOT NULL, attempt INTEGER NOT NULL, runs INTEGER NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER,
    has_errors INTEGER NOT NULL, errors TEXT NOT NULL, parent_id TEXT, variables TEXT,
    is_long INTEGER NOT NULL DEFAULT 0, sequence TEXT
) STRICT;
CREATE INDEX jobs_by_batch ON jobs (batch_id, status, seq);
CREATE INDEX jobs_by_device ON jobs (device_type, status, seq);
CREATE INDEX jobs_by_status ON jobs (status, seq);

CREATE TABLE results (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id), link TEXT NOT NULL UNIQUE,
    attempt INTEGER NOT NULL, counter TEXT NOT NULL, serialised TEXT
) STRICT;
"""
    + _WEBHOOKS
    + _WAITING
)

_LONG = "ALTER TABLE jobs ADD COLUMN is_long INTEGER NOT NULL DEFAULT 0;" + _WAITING

# What a store of an earlier format has to be given, by its format.
_UPGRADES = {
    1: "ALTER TABLE batches ADD COLUMN canceling INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE batches ADD COLUMN backend_configuration TEXT;" + _WEBHOOKS + _LONG,
    2: _LONG,
}


class Database:
    """A database on disk, or in memory for `:memory:`.

    One connection behind one lock: there is a single writer, and who reads sees all that was committed.
    A commit reaches the disk before it returns (`synchronous=FULL`), because an accepted job is a promise.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise _unusable(path, error) from error
        try:
            self._prepare(path)
            self._check()
        except sqlite3.Error as error:
            self._connection.close()
            raise _unusable(path, error) from error
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the connection; what was committed stays."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, with nobody writing meanwhile."""
        with self._lock:
            yield self._connection

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """All rows that a question gives."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Row | None:
        """The first row that a question gives; None without any."""
        with self._lock:
            found: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
            return found

    def value(self, statement: str, values: Sequence[object] = ()) -> Any:
        """The first value that a question gives; None without any."""
        found = self.row(statement, values)
        return None if found is None else found[0]

    def execute(self, statement: str, values: Sequence[object] | Row = ()) -> None:
        """Change something, inside of a transaction."""
        with self._lock:
            self._connection.execute(statement, values)

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Add rows, all with the same columns; by name, since an upgraded store has them in another order."""
        rows = list(rows)
        if rows:
            names, marks = ", ".join(rows[0]), ", ".join(f":{name}" for name in rows[0])
            with self._lock:
                self._connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)

    def update(self, table: str, row: Row) -> None:
        """Change the columns of the row that has this id, but for those that never change."""
        changes = ", ".join(f"{name} = :{name}" for name in row if name not in _FIXED)
        self.execute(f"UPDATE {table} SET {changes} WHERE id = :id", row)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection inside a transaction: committed at the end, or rolled back by an exception.

        Inside of another one of the same thread it is a part of that.
        """
        with self._lock:
            is_part = self._connection.in_transaction
            if is_part:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may end the transaction by itself, and may also be met only by the commit.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _prepare(self, path: Path | str) -> None:
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self.writing() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == _VERSION:
                return
            script = _UPGRADES.get(version) if version else _SCHEMA
            if script is None:
                raise LocalCloudError(
                    f"The store {path} has format {version}, this program reads format {_VERSION}.",
                    hint="Use the version of the program that wrote it, or another store.",
                )
            for statement in script.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={_VERSION}")

    def _check(self) -> None:
        """Refuses a damaged file now rather than in the middle of a request; a gigabyte takes a second."""
        (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(f"it is damaged ({found.splitlines()[-1]})")


def _unusable(path: Path | str, error: sqlite3.Error) -> LocalCloudError:
    return LocalCloudError(
        f"The store {path} cannot be opened: {error}.",
        hint="Nothing in it was changed. Move it away, with what begins with its name beside it, to begin"
        " with an empty one: its batches are gone then, and what `runner` has on record counts still.",
    )
