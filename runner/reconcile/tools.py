"""What a reconciler works with: everything that is not a pure function."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.cloud import Client
    from runner.reconcile.journal import Journal
    from runner.results import Records


def utc_now() -> datetime:
    """The time now."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The cloud, this machine's memory, and time.

    Args:
        namespace: What this repository's batches are tagged with.

        declared: Names in all experiment files of the repository; None when nobody knows all of them.

        clock: The time now, with a time zone.

        sleep: Waits that many seconds.

        workers: How many experiments are performed at the same time, each in a thread.

        before_action: Called before each action; raises to end a pass between two of them.
    """

    client: Client
    journal: Journal
    records: Records
    namespace: str
    declared: Callable[[], frozenset[str] | None] = field(default=lambda: None, repr=False)
    clock: Callable[[], datetime] = field(default=utc_now, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    workers: int = 1
    before_action: Callable[[], None] = field(default=lambda: None, repr=False)
