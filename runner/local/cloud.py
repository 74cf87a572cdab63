"""The local cloud put together: what is asked of it (`handle`) and what happens by itself (`step`).

A server calls `handle` from many threads and `step` from one. A simulation calls both from a single thread,
with an engine and a clock of its own:

    store = Store(":memory:", clock=clock, new_id=ids)
    cloud = LocalCloud(store, engine, sequences=sequences)
    cloud.handle(Request(method="GET", path="/api/v1/batches", headers={"host": "localhost"}))
    cloud.step()

A crash of the server is a new `LocalCloud` on the same store (and an engine that forgot everything).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runner.local.api import Api
from runner.local.engine import outcome, payload
from runner.local.pulser_sequences import PulserSequences
from runner.local.queues import startable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from runner.local.engine import Engine
    from runner.local.messages import Answer, Request
    from runner.local.records import Started
    from runner.local.store import Store
    from runner.local.submissions import SequenceReader

# PCS says "a few minutes".
IDLE_PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did.

    Args:
        finished: Jobs whose end was taken.

        timed_out: Open batches that were idle for too long.

        started: Jobs that were given to the engine.

        look_again_at: When the next open batch will have been idle for too long; None without any.
    """

    finished: tuple[str, ...] = ()
    timed_out: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    look_again_at: datetime | None = None


class LocalCloud:
    """PCS's API over one store and one engine. Jobs that ran when the store was last used wait again.

    Args:
        store: Its memory; the caller closes it.

        engine: What executes jobs; the caller closes it.

        sequences: What knows sequences; Pulser by default.

        idle_patience: How long an open batch may have nothing left to run.

        about: What `/health` answers.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        *,
        sequences: SequenceReader | None = None,
        idle_patience: timedelta = IDLE_PATIENCE,
        about: Mapping[str, object] | None = None,
    ) -> None:
        self.changed = threading.Event()
        self._store = store
        self._engine = engine
        self._idle_patience = idle_patience
        self._at_work: dict[tuple[str, int], Future[str]] = {}
        self._api = Api(store, sequences or PulserSequences(), announce=self.changed.set, about=about or {})
        if store.requeue_interrupted():
            self.changed.set()

    def handle(self, request: Request) -> Answer:
        """The answer to a request; what it changed is on disk when this returns. Never raises."""
        return self._api.handle(request)

    def step(self) -> Step:
        """Take what finished, end what idled for too long, start what may start.

        To be called whenever `changed` is set, and at `look_again_at`. One caller at a time.
        """
        self.changed.clear()
        finished = self._take_finished()
        timed_out = self._store.time_out_idle(self._idle_patience) if self._store.idle_longest() else ()
        started = self._start()
        idle_since = self._store.idle_longest()
        return Step(
            finished=finished,
            timed_out=timed_out,
            started=started,
            look_again_at=None if idle_since is None else idle_since + self._idle_patience,
        )

    def has_work(self) -> bool:
        """Whether any job waits or runs."""
        return self._store.has_work()

    def _take_finished(self) -> tuple[str, ...]:
        done = {key: future for key, future in self._at_work.items() if future.done()}
        if not done:
            return ()
        taken = self._store.finish(outcome(job_id, n, future) for (job_id, n), future in done.items())
        for key in done:  # only now: had the store failed, they would be looked at again
            del self._at_work[key]
        return taken

    def _start(self) -> tuple[str, ...]:
        free = self._engine.capacity() - len(self._at_work)
        if free <= 0:
            return ()
        job_ids = startable(self._store.queues(free), free)
        if not job_ids:
            return ()
        started = self._store.start(job_ids)
        for each in started:
            self._submit(each)
        return tuple(each.job_id for each in started)

    def _submit(self, started: Started) -> None:
        future = self._engine.submit(started.job_id, started.attempt, payload(started))
        self._at_work[started.job_id, started.attempt] = future
        future.add_done_callback(lambda _: self.changed.set())
