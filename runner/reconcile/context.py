"""What a reconciler works with: everything that is not a pure function."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.reconcile.memory import CloudMemory
from runner.reconcile.model.proposal import nothing_proposed
from runner.results.records.sites import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.cloud import Client
    from runner.reconcile.journal.journal import Journal
    from runner.reconcile.model.proposal import Propose
    from runner.results import Records


def utc_now() -> datetime:
    """The time now."""
    return datetime.now(UTC)


def steady(clock: Callable[[], datetime]) -> Callable[[], float]:
    """Seconds that only ever grow: the machine's own, or, of a clock that is made up, that clock's."""
    return time.monotonic if clock is utc_now else lambda: clock().timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The cloud, this machine's memory, and time.

    Args:
        namespace: What this repository's batches are tagged with.

        site: The service and project that it works with.

        keep_report: Keeps a text for people under a name; answers where it stands, or nothing.

        kept_memory: What this process was told of the target before; None for nothing.

        descends_from: Whether what is checked out descends from a commit, or is it.

        declared: Names in all experiment files of the repository; None when nobody knows all of them.

        clock: The time now, with a time zone.

        sleep: Waits that many seconds.

        workers: How many experiments are performed at the same time, each in a thread.

        remark: What people should know of the target beside; empty for nothing.

        before_action: Called before each action; raises to end a pass between two of them.

        propose: What a strategy asks for next, by what came of its slots.
    """

    client: Client
    journal: Journal
    records: Records
    namespace: str
    site: Site = field(default_factory=Site)
    descends_from: Callable[[str], bool] = field(default=lambda _: False, repr=False)
    declared: Callable[[], frozenset[str] | None] = field(default=lambda: None, repr=False)
    clock: Callable[[], datetime] = field(default=utc_now, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    workers: int = 1
    before_action: Callable[[], None] = field(default=lambda: None, repr=False)
    remark: str = ""
    propose: Propose = field(default=nothing_proposed, repr=False)
    keep_report: Callable[[str, str], str] = field(default=lambda _, __: "", repr=False)
    kept_memory: CloudMemory | None = field(default=None, repr=False)
    memory: CloudMemory = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory", self.kept_memory or CloudMemory(steady(self.clock)))

    def now(self) -> datetime:
        """The time by the cloud's clock, which limits go by; by ours until it has said what it is."""
        return self.client.server_time() or self.clock()
