"""An engine over a Dask cluster: jobs are executed by workers on any number of machines.

Each attempt is given to one worker, which was asked before which versions it has. Dask repeats nothing of its
own accord: an attempt that a dead worker had begun is lost, also where the scheduler's `allowed-failures`
would let it begin again, and it is the cloud that starts another. Twice as many attempts are under way as
there are threads, so that no worker waits for the next one; all others wait in our own store, where they keep
their order and can be canceled.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections import Counter
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from distributed import KilledWorker

from runner.errors import LocalCloudError
from runner.local.engines import dask_members
from runner.local.engines.base import AttemptLostError, EngineState, JobFailedError, sentence
from runner.local.engines.dask_attempts import Attempt, SchedulerConnection, fail, release, succeed
from runner.local.engines.dask_cluster import cluster, introduced, joined, members
from runner.local.engines.dask_members import Load, Member, MemberRules, Silence, next_worker
from runner.local.engines.dask_notices import Notices
from runner.local.engines.dask_worker import STARTED, AttemptEnd, Work, execute, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_LOG = logging.getLogger(__name__)
_LOOK_INTERVAL_S = 0.5


class DaskEngine:
    """Executes jobs on a Dask cluster.

    Args:
        scheduler: Address of a running cluster's scheduler; without one the cluster is this machine's own, of
            workers with one thread each, and is ended with the engine.

        workers: How many workers this machine's own cluster has; by default one for each core.

        work: What is done with payloads.

        patience: How long workers may be silent.

    Raises:
        LocalCloudError: Nobody answers there, or the scheduler cannot read what we send.
    """

    def __init__(
        self,
        scheduler: str | None = None,
        *,
        workers: int | None = None,
        work: Work | None = None,
        patience: Silence | None = None,
    ) -> None:
        self._work = work or Work()
        self._rules = MemberRules(wanted=versions(), patience=patience or Silence())
        self._lock = threading.RLock()
        self._under_way: dict[str, Attempt] = {}
        self._members: tuple[Member, ...] = ()
        self._closed = threading.Event()
        self._announce: Callable[[], None] = lambda: None
        self._trouble = ""
        self._answered_s = time.monotonic()
        self._notices = Notices()
        with contextlib.ExitStack() as stack:
            self._address = stack.enter_context(cluster(scheduler, workers))
            self._connection = self._connected()
            self._cluster = stack.pop_all()
        self._watch = threading.Thread(target=self._look_after_cluster, name="watch-cluster", daemon=True)
        self._watch.start()

    def start(self, announce: Callable[[], None]) -> None:
        """Say whenever workers were added."""
        self._announce = announce
        self._notices.log(self.condition())

    def submit(self, job_id: str, attempt: int, payload: str) -> Future[str]:
        """Execute an attempt; see `runner.local.engines.base.Engine`."""
        asked = json.loads(payload)
        # The word in front is Dask's name of the kind of task.
        under_way = Attempt(f"job-{job_id}-{attempt}", is_long=bool(asked.get("is_long")))
        with self._lock:
            member = self._next_worker(asked.get("emulator", ""))
            if member is None:
                why = self.condition().lacking.get(asked.get("emulator", ""))
                fail(under_way.answer, AttemptLostError(why=f"found no worker: {why}" if why else ""))
                return under_way.answer
            under_way.member = member
            self._under_way[job_id] = under_way
            under_way.answer.add_done_callback(lambda _: self._forget(job_id, under_way))
            try:
                under_way.task = self._sent(under_way.key, payload, member.address)
            except Exception as error:  # a submission never raises
                _LOG.warning("the Dask cluster at %s takes no job: %s", self._address, error)
                fail(under_way.answer, AttemptLostError())
                return under_way.answer
        under_way.task.client.loop.add_callback(self._follow, under_way)
        return under_way.answer

    def cancel(self, job_id: str) -> None:
        """Have the job's worker stop it, if there is one."""
        with self._lock:
            under_way = self._under_way.get(job_id)
            if under_way is not None and under_way.answer.cancel():
                release(under_way)

    def capacity(self) -> int:
        """Two attempts a thread; none while the scheduler is away."""
        with self._lock:
            return dask_members.capacity(self._fit(), self._loads()) if self._is_answering() else 0

    def workers(self) -> int:
        """How many threads there are for jobs."""
        with self._lock:
            return sum(member.n_threads for member in self._fit())

    def condition(self) -> EngineState:
        """Which workers get no jobs, whether any does, and which jobs have silent ones."""
        now_s = time.monotonic()
        with self._lock:
            everybody = self._members
            remarks = {
                job_id: remark
                for job_id, under_way in self._under_way.items()
                if (remark := self._remark(under_way, now_s))
            }
        return EngineState(
            complaints=tuple(filter(None, [self._trouble or self._lack_of_workers(everybody, now_s)])),
            lacking=self._rules.lacking(everybody, now_s),
            left_out=self._rules.left_out(everybody, now_s),
            remarks=remarks,
        )

    def close(self) -> None:
        """Have all workers stop what they do for this engine; attempts under way are lost."""
        self._closed.set()
        self._watch.join()
        self._drop_connection()
        self._cluster.close()

    # Who gets what

    def _fit(self) -> list[Member]:
        return self._rules.fit(self._members, time.monotonic())

    def _loads(self) -> Mapping[str, Load]:
        at_work = [each for each in self._under_way.values() if each.member is not None]
        attempts = Counter(each.member.id for each in at_work if each.member)
        long = Counter(each.member.id for each in at_work if each.member and each.is_long)
        return {id_: Load(attempts=n, long=long[id_]) for id_, n in attempts.items()}

    def _next_worker(self, emulator: str) -> Member | None:
        able = [member for member in self._fit() if self._rules.emulates(member, emulator)]
        return next_worker(able, self._loads())

    def _sent(self, key: str, payload: str, worker: str) -> Any:
        client = self._connection.client
        return client.submit(execute, key, payload, self._work, key=key, pure=False, workers=[worker])

    def _forget(self, job_id: str, under_way: Attempt) -> None:
        with self._lock:
            if self._under_way.get(job_id) is under_way:
                del self._under_way[job_id]

    def _leave_out(self, member: Member, fault: str) -> None:
        """Give a worker no jobs for a while."""
        until_s = time.monotonic() + self._rules.patience.left_out_s
        with self._lock:
            self._members = tuple(
                replace(each, fault=fault, left_out_until_s=until_s) if each.id == member.id else each
                for each in self._members
            )

    # What is said

    def _is_answering(self) -> bool:
        return not self._trouble and self._connection.is_alive()

    def _lack_of_workers(self, everybody: tuple[Member, ...], now_s: float) -> str:
        if self._rules.fit(everybody, now_s):
            return ""
        left_out = [f"{address}: {why}" for address, why in self._rules.left_out(everybody, now_s).items()]
        of_which = f" that may get jobs ({'; '.join(left_out)})" if left_out else ""
        return f"the Dask cluster at {self._address} has no workers{of_which}; jobs wait for them"

    def _remark(self, under_way: Attempt, now_s: float) -> str:
        member = next((each for each in self._members if each.id == under_way.id), None)
        if member is None or member.silent_s < self._rules.patience.silent_s:
            return ""
        age_s, bound_s = now_s - under_way.began_s, self._rules.patience.given_up_s
        return (
            f"Nothing was heard of the worker {member.address} for {member.silent_s:.0f} s, which has had the"
            f" job for {age_s:.0f} s; after {bound_s:.0f} s of silence another one gets it."
        )

    # What happens meanwhile

    def _connected(self) -> SchedulerConnection:
        client = joined(self._address, self._rules.wanted)
        client.subscribe_topic(STARTED, self._note_start)
        connection = SchedulerConnection(client, client.scheduler_comm)
        try:
            self._attend(connection)
        except Exception as error:
            client.close()
            message = f"The Dask scheduler at {self._address} does not say which workers it has: {error}"
            raise LocalCloudError(message) from error
        return connection

    def _note_start(self, event: tuple[float, dict[str, str]]) -> None:
        """An attempt begins; if it had begun before, then the worker that had it is gone."""
        _, said = event
        for under_way in list(self._under_way.values()):
            if under_way.key == said["key"]:
                if under_way.has_begun:
                    fail(under_way.answer, AttemptLostError(said["worker"]))
                    release(under_way)
                under_way.has_begun = True

    def _look_after_cluster(self) -> None:
        while not self._closed.wait(_LOOK_INTERVAL_S):
            before = self.capacity()
            try:
                self._look()
            except Exception as error:  # whatever it is, the next look may be better
                _LOG.debug("the Dask cluster at %s: %s", self._address, error)
            self._notices.log(self.condition())
            if self.capacity() > before:
                self._announce()

    def _look(self) -> None:
        """Follow workers as they come and go, and the scheduler too."""
        if self._connection.is_alive():
            self._look_at_workers()
            return
        is_gone = f"the Dask scheduler at {self._address} is gone; jobs wait until it is back"
        if not self._connection.is_dropped:
            self._trouble = is_gone
            self._notices.log(self.condition())
            self._drop_connection()
        try:
            self._connection = self._connected()
        except LocalCloudError as error:
            self._trouble = f"{is_gone} ({error.message})"
            return
        self._trouble, self._answered_s = "", time.monotonic()
        _LOG.warning("the Dask scheduler at %s is back", self._address)

    def _look_at_workers(self) -> None:
        try:
            self._attend(self._connection)
        except TimeoutError:
            silent_s = time.monotonic() - self._answered_s
            self._trouble = f"the Dask scheduler at {self._address} does not answer; jobs wait for it"
            if silent_s > self._rules.patience.given_up_s:
                self._drop_connection()
            return
        self._trouble, self._answered_s = "", time.monotonic()

    def _attend(self, connection: SchedulerConnection) -> None:
        """See which workers there are; ask new ones what they have, and take from others what they had."""
        answer_s = self._rules.patience.answer_s
        seen = members(connection.client, answer_s)
        known = {member.id: member for member in self._members}
        with self._lock:
            self._members = tuple(
                replace(known.get(each.id, each), silent_s=each.silent_s, address=each.address)
                for each in seen
            )
        self._take_back()
        for member in self._members:
            if member.packages is None and member.silent_s < self._rules.patience.silent_s:
                self._introduce(introduced(connection.client, member, answer_s))

    def _introduce(self, said: Member) -> None:
        with self._lock:
            self._members = tuple(
                replace(each, packages=said.packages, fault=said.fault) if each.id == said.id else each
                for each in self._members
            )

    def _take_back(self) -> None:
        """Take the attempts of workers that are gone, or silent for too long; they are made elsewhere."""
        there = {member.id: member for member in self._members}
        for under_way in list(self._under_way.values()):
            member = there.get(under_way.id)
            if member is None:
                address = under_way.member.address if under_way.member and under_way.has_begun else None
                fail(under_way.answer, AttemptLostError(address))
            elif member.silent_s > self._rules.patience.given_up_s:
                silence = f"nothing was heard of the worker {member.address} for {member.silent_s:.0f} s"
                why = f"was given up: {silence}"
                fail(under_way.answer, AttemptLostError(member.address, why))
            else:
                continue
            release(under_way)

    def _drop_connection(self) -> None:
        """Let go of a connection. The scheduler has its workers stop what nobody waits for any more."""
        self._connection.is_dropped = True
        with self._lock:
            self._members = ()
        for under_way in list(self._under_way.values()):
            fail(under_way.answer, AttemptLostError())
        self._connection.client.close(timeout=_LOOK_INTERVAL_S)

    async def _follow(self, under_way: Attempt) -> None:
        """Tell the end of a task; in the client's loop, so that no thread waits for a lost result."""
        try:
            ended = await under_way.task.client.gather(under_way.task, asynchronous=True)
        except BaseException as error:  # told as what ended it
            self._end_badly(under_way, error)
            return
        release(under_way)
        if ended is None:  # the worker is about to end
            fail(under_way.answer, AttemptLostError(under_way.begun_at))
        elif not isinstance(ended, AttemptEnd) or not isinstance(ended.text, str):
            self._blame_worker(under_way, f"it answered with {type(ended).__name__}, which is no result")
        elif ended.is_failure and ended.is_machines:
            self._blame_worker(under_way, ended.text)
        elif ended.is_failure:
            fail(under_way.answer, JobFailedError(ended.text))
        else:
            succeed(under_way.answer, ended.text)

    def _end_badly(self, under_way: Attempt, error: BaseException) -> None:
        """Tell what ended a task that was not executed to its end, which is never the job's fault."""
        if isinstance(error, CancelledError | asyncio.CancelledError):
            fail(under_way.answer, AttemptLostError())
        elif isinstance(error, KilledWorker | OSError):
            fail(under_way.answer, AttemptLostError(under_way.begun_at))
        else:
            self._blame_worker(under_way, sentence(error))

    def _blame_worker(self, under_way: Attempt, fault: str) -> None:
        """Leave out a worker that could not execute an attempt, which is made elsewhere."""
        if under_way.answer.done() or under_way.member is None:
            return
        self._leave_out(under_way.member, fault)
        address = under_way.member.address
        fail(
            under_way.answer, AttemptLostError(address, f"could not be made by the worker {address}: {fault}")
        )
