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

import functools
import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runner.local.api.app import Api
from runner.local.api.call_context import Call
from runner.local.api.routes import bare_path
from runner.local.engines.base import outcome, payload
from runner.local.protocol.configuration import Configuration
from runner.local.protocol.control import Control
from runner.local.rules.job_costs import most_long
from runner.local.rules.queue_policy import FreeWorkers, Shares, startable, without
from runner.local.rules.retry_delays import Rests
from runner.local.validation.sequences import PulserSequences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.local.engines.base import Engine
    from runner.local.protocol.faults import Treatment
    from runner.local.protocol.messages import Answer, Request
    from runner.local.rules.records import Outcome, Started
    from runner.local.store.store import Store
    from runner.local.validation.sequence_facts import SequenceReader


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What one step did.

    Args:
        finished: Jobs whose end was taken.

        timed_out: Open batches that were idle for too long.

        started: Jobs that were given to the engine.

        look_again_at: When an open batch will have been idle for too long, or a cancel will have lasted;
            None without any.
    """

    finished: tuple[str, ...] = ()
    timed_out: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    look_again_at: datetime | None = None


class FaultOnDemandError(Exception):
    """What ended a job that was to end in ERROR."""


@dataclass(frozen=True, slots=True)
class _AtWork:
    """An attempt that the engine has, and whose it is."""

    answer: Future[str]
    project_id: str
    is_long: bool


class LocalCloud:
    """PCS's API over one store and one engine. Jobs that ran when the store was last used wait again.

    Args:
        store: Its memory; the caller closes it.

        engine: What executes jobs; the caller closes it.

        sequences: What knows sequences; Pulser by default.

        about: What `/health` answers.

        configuration: All that a configuration file says.

        key: A token that every call needs, of whatever project; None asks for none.
    """

    def __init__(  # noqa: PLR0913  (what a whole cloud is made of)
        self,
        store: Store,
        engine: Engine,
        *,
        sequences: SequenceReader | None = None,
        about: Mapping[str, object] | None = None,
        configuration: Configuration | None = None,
        key: str | None = None,
    ) -> None:
        configuration = configuration or Configuration()
        self.changed = threading.Event()
        self._store = store
        self._engine = engine
        self._idle_patience = timedelta(seconds=configuration.life_cycle.idle_patience_s)
        self._canceling = timedelta(seconds=configuration.life_cycle.canceling_s)
        self._at_work: dict[tuple[str, int], _AtWork] = {}
        self._turns: dict[str, int] = {}
        self._rests = Rests()
        self._kept_for_short = configuration.workers.kept_for_short
        self._control = Control(configuration, key)
        new_call = functools.partial(
            Call,
            store=store,
            sequences=sequences or PulserSequences(self._control.devices),
            announce=self.changed.set,
            condition=engine.condition,
            workers=engine.workers,
        )
        self._api = Api(new_call, self._control, about or {})
        if store.requeue_interrupted():
            self.changed.set()

    def treatment(self, request: Request) -> Treatment:
        """How a request is treated, for who carries out delays; to be asked once a request."""
        return self._control.treatment(request.method, bare_path(request.path))

    def handle(self, request: Request, treatment: Treatment | None = None) -> Answer:
        """The answer to a request; what it changed is on disk when this returns. Never raises.

        Args:
            request: The request.

            treatment: Its treatment, if that was asked for already. Delays are no affair of this function.
        """
        treatment = treatment or self.treatment(request)
        if treatment.instead is not None:
            return treatment.instead
        answer = self._api.handle(request, treatment)
        return treatment.afterwards or answer

    def step(self) -> StepReport:
        """Take what finished, end what idled for too long, start what may start.

        To be called whenever `changed` is set, and at `look_again_at`. One caller at a time.
        """
        self.changed.clear()
        done = {key: each.answer for key, each in self._at_work.items() if each.answer.done()}
        outcomes = [outcome(job_id, attempt, answer) for (job_id, attempt), answer in done.items()]
        with self._store.together():
            finished = self._store.finish(outcomes) if outcomes else ()
            rests = self._rested(outcomes)
            timed_out = self._end_what_waited()
            self._store.pause(self._control.paused)
            at_work = [each for key, each in self._at_work.items() if key not in done]
            started = self._start(self._room(at_work), at_work, rests.resting(self._store.now()))
        self._rests = rests
        for key in done:  # only now: had the store failed, they would be looked at again
            del self._at_work[key]
        for each in started:
            self._submit(each)
        return StepReport(
            finished=finished,
            timed_out=timed_out,
            started=tuple(each.job_id for each in started),
            look_again_at=self._look_again_at(),
        )

    def has_work(self) -> bool:
        """Whether any job waits or runs."""
        return self._store.has_work()

    def _look_again_at(self) -> datetime | None:
        """When the next thing happens by itself."""
        since = (
            (self._store.idle_longest(), self._idle_patience),
            (self._store.canceling_longest(), self._canceling),
            (self._rests.next_end(self._store.now()), timedelta()),
        )
        return min((begin + patience for begin, patience in since if begin is not None), default=None)

    def _end_what_waited(self) -> tuple[str, ...]:
        """End what was idle or CANCELING for long enough; gives the batches that timed out."""
        if self._store.canceling_longest():
            self._store.end_canceling(self._canceling)
        return self._store.time_out_idle(self._idle_patience) if self._store.idle_longest() else ()

    def _room(self, at_work: list[_AtWork]) -> FreeWorkers:
        """How much more the engine takes; whatever it says meanwhile, long jobs leave some workers."""
        n_long = sum(each.is_long for each in at_work)
        may_be_long = most_long(self._engine.workers(), self._kept_for_short)
        return FreeWorkers(self._engine.capacity() - len(at_work), may_be_long - n_long)

    def _rested(self, outcomes: list[Outcome]) -> Rests:
        """The rests of jobs after some attempts came to their ends."""
        lost = [each.job_id for each in outcomes if each.is_lost and each.errors]
        ended = [each.job_id for each in outcomes if not each.is_lost]
        return self._rests.after(lost, ended, self._store.now())

    def _start(
        self, room: FreeWorkers, at_work: list[_AtWork], resting: frozenset[str]
    ) -> tuple[Started, ...]:
        if room.free <= 0:
            return ()
        # Asked again: a batch that came after the pause of this step is not PAUSED yet.
        queues, paused = self._store.queues(room.free + len(resting)), self._control.paused
        device_types = paused.device_types | set(self._engine.condition().lacking)
        shares = Shares(running=Counter(each.project_id for each in at_work), turns=self._turns)
        chosen = startable(without(queues, device_types, paused.batch_ids, resting), room, shares)
        return self._store.start([each.job_id for each in chosen]) if chosen else ()

    def _submit(self, started: Started) -> None:
        error = self._control.job_error()
        if error is None:
            future = self._engine.submit(started.job_id, started.attempt, payload(started))
        else:
            future = _failed(FaultOnDemandError(error))
        self._at_work[started.job_id, started.attempt] = _AtWork(future, started.project_id, started.is_long)
        self._turns[started.project_id] = max(self._turns.values(), default=0) + 1
        future.add_done_callback(lambda _: self.changed.set())


def _failed(error: Exception) -> Future[str]:
    future: Future[str] = Future()
    future.set_exception(error)
    return future
