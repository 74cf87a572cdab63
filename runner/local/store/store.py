"""Batches, jobs and results in SQLite: every change of `runner.local.rules.state_machine` as one transaction.

Nothing is kept in memory that is not in the database, so that a process may be killed at any moment; what it
had answered is there when the next one opens the store.
"""

from __future__ import annotations

from runner.local.store.base import random_id, utc_now
from runner.local.store.client_writes import Orders
from runner.local.store.reads import Lookups
from runner.local.store.scheduler_writes import Events

__all__ = ["Store", "random_id", "utc_now"]


class Store(Lookups, Orders, Events):
    """The memory of one local cloud; safe to use from several threads. It is built as `Memory` is."""
