"""What every part of the store stands on: a database, a clock, and where ids come from."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from runner.local.store import queries
from runner.local.store.database import Database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

_TICK = timedelta(microseconds=1)


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


def random_id() -> str:
    """A random id, as PCS gives them."""
    return str(uuid.uuid4())


class Memory:
    """A database with a clock.

    Args:
        path: File of the database, or `:memory:`.

        clock: Where the time comes from; an aware time in UTC.

        new_id: Where ids of batches and jobs come from.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        clock: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._database = Database(path)
        self._clock = clock
        self._new_id = new_id

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def now(self) -> datetime:
        """The time of the store's clock."""
        return self._clock()

    @contextmanager
    def together(self) -> Iterator[None]:
        """One commit for several changes; nobody sees any of them before, and an exception undoes all."""
        with self._database.writing():
            yield

    def _now(self, connection: sqlite3.Connection) -> datetime:
        """The time of a transaction: never that of the newest batch, also when the clock stands or jumps."""
        now, newest = self._clock(), queries.newest_creation(connection)
        return now if newest is None else max(now, newest + _TICK)
