"""An engine of worker processes: killable one by one, and gone when the server is gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import threading
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pebble import ProcessExpired, ProcessPool

from runner.local.engine import WorkerDiedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Jobs run beside each other, one core each; threads inside a job only get into each other's way.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
# A pool breaks when one of its processes dies while none has work; who waited in it is innocent.
_POOLS_PER_ATTEMPT = 3
_LOOK_INTERVAL_S = 0.5
_NICENESS = 5


def emulated(payload: str, kept: Path | None = None) -> str:
    """What a worker does with a job; with a folder, jobs share what is kept in it (see `emulate`)."""
    from runner.local.emulation import emulate  # noqa: PLC0415  (slow to import, and not for the server)

    return emulate(payload, kept)


class ProcessEngine:
    """Executes jobs in child processes that import Pulser once.

    They are forked from a small process that has done the import, so that the one that replaces a killed
    worker is there at once, and so that nothing of the server (threads, sockets, locks) is copied into them.

    Args:
        workers: How many; by default one for each core.

        work: What they do with a payload; importable, since another process imports it. By default they
            emulate, and every job computes its own evolution; `partial(emulated, kept=folder)` lets jobs that
            differ only in runs share one.
    """

    def __init__(self, workers: int | None = None, *, work: Callable[[str], str] = emulated) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._work = work
        self._lock = threading.RLock()
        self._pool: ProcessPool | None = None
        self._closed = threading.Event()
        self._at_work: dict[str, _Attempt] = {}
        self._watch = threading.Thread(target=self._look_after_pool, name="watch-pool", daemon=True)

    def start(self, announce: Callable[[], None] | None = None) -> None:
        """Start the workers now; otherwise the first job does. The capacity never changes."""
        del announce
        with self._lock:
            self._running_pool()

    def submit(self, job_id: str, attempt: int, payload: str) -> Future[str]:
        """Execute an attempt; see `runner.local.engine.Engine`."""
        del attempt  # who asked fences by it
        answer: Future[str] = Future()
        with self._lock:
            self._at_work[job_id] = _Attempt(payload, answer)
            answer.add_done_callback(lambda _: self._at_work.pop(job_id, None))
            self._schedule(self._at_work[job_id])
        return answer

    def cancel(self, job_id: str) -> None:
        """Kill the worker that executes the job, if there is one."""
        attempt = self._at_work.get(job_id)
        if attempt is not None and attempt.answer.cancel() and attempt.inner is not None:
            attempt.inner.cancel()

    def capacity(self) -> int:
        """One attempt a worker."""
        return self._workers

    def close(self) -> None:
        """End all workers, whatever they do; attempts at work end with an error."""
        with self._lock:
            self._closed.set()
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()
            self._watch.join()
        for attempt in list(self._at_work.values()):
            _fail(attempt.answer, WorkerDiedError("The server ended."))

    def _schedule(self, attempt: _Attempt) -> None:
        """Give an attempt to the pool; with the lock held."""
        attempt.pools_left -= 1
        try:
            inner = self._running_pool().schedule(self._work, args=(attempt.payload,))
        except Exception as error:  # noqa: BLE001  (a submission never raises)
            _fail(attempt.answer, error)
            return
        attempt.inner = inner
        inner.add_done_callback(lambda done: self._pass_on(done, attempt))

    def _pass_on(self, inner: Future[str], attempt: _Attempt) -> None:
        """Tell the end of a pool's task, unless it is given to a pool again; called by the pool's threads."""
        error = CancelledError() if inner.cancelled() else inner.exception()
        with self._lock:
            if inner is not attempt.inner:
                return
            if isinstance(error, BrokenProcessPool) and attempt.pools_left and not self._closed.is_set():
                self._schedule(attempt)
                return
        if error is None:
            _succeed(attempt.answer, inner.result())
        else:
            _fail(attempt.answer, _readable(error))

    def _running_pool(self) -> ProcessPool:
        if self._closed.is_set():
            raise WorkerDiedError("The server ended.")
        if self._pool is None:
            self._pool = _new_pool(self._workers)
            self._watch.start()
        elif not self._pool.active:
            # Its own threads are told of the breakage first, and may be the ones that come here.
            threading.Thread(target=self._pool.join, name="bury-pool", daemon=True).start()
            self._pool = _new_pool(self._workers)
            self._move_unfinished()
        return self._pool

    def _look_after_pool(self) -> None:
        """Replace a broken pool also when nobody asks for it: jobs may wait in it."""
        while not self._closed.wait(_LOOK_INTERVAL_S):
            with self._lock, contextlib.suppress(WorkerDiedError):
                self._running_pool()

    def _move_unfinished(self) -> None:
        """Give to the new pool what the old one has forgotten: it does not abort all that waits in it."""
        for attempt in list(self._at_work.values()):
            if attempt.inner is not None and not attempt.inner.done():
                self._schedule(attempt)


@dataclass(slots=True, eq=False)
class _Attempt:
    """An attempt at work.

    Args:
        pools_left: How many more pools it may be given to.

        inner: What the present pool says of it.
    """

    payload: str
    answer: Future[str]
    pools_left: int = _POOLS_PER_ATTEMPT
    inner: Future[str] | None = None


def _new_pool(workers: int) -> ProcessPool:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["runner.local.emulation"])
    pool = ProcessPool(max_workers=workers, initializer=_prepare_worker, context=context)
    with _environment(_ONE_THREAD):
        # Asking whether it is active starts it, and its first worker starts the process they fork from.
        _ = pool.active
    return pool


@contextlib.contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _prepare_worker() -> None:
    os.nice(_NICENESS)  # answering is more urgent than computing
    threading.Thread(target=_die_with_server, name="die-with-server", daemon=True).start()


def _die_with_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        multiprocessing.connection.wait([server.sentinel])
        os._exit(1)


def _readable(error: BaseException) -> BaseException:
    if isinstance(error, ProcessExpired):
        return WorkerDiedError(
            f"The worker process died (exit code {error.exitcode}); it may have run out of memory."
        )
    if isinstance(error, BrokenProcessPool):
        return WorkerDiedError(f"The worker processes do not stay alive ({error}).")
    return error


def _succeed(answer: Future[str], text: str) -> None:
    if not answer.done():
        answer.set_result(text)


def _fail(answer: Future[str], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
