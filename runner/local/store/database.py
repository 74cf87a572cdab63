"""One SQLite database: its connection, its schema, and one transaction at a time."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.errors import LocalCloudError
from runner.local.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
            if version == tables.VERSION:
                return
            script = tables.UPGRADES.get(version) if version else tables.SCHEMA
            if script is None:
                raise LocalCloudError(
                    f"The store {path} has format {version}, this program reads format {tables.VERSION}.",
                    hint="Use the version of the program that wrote it, or another store.",
                )
            for statement in script.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={tables.VERSION}")

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
