"""An engine of worker processes: killable one by one, and gone when the server is gone."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections import deque
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

from runner.local.engines.base import NOTHING_WRONG, EngineState, WorkerDiedError
from runner.local.engines.worker_process import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# A worker waits for some milliseconds until the server has heard of its job's end and given it the next one:
# where jobs are so short that this counts, it has a queue.
_SHORT_S = 0.05
_MORE_IF_SHORT = 4


def emulated(payload: str, kept: Path | None = None) -> str:
    """What a worker does with a job; with a folder, jobs share what is kept in it (see `emulate`)."""
    from runner.local.engines.emulation import emulate  # noqa: PLC0415  (slow to import, and not for the server)

    return emulate(payload, kept)


class ProcessEngine:
    """Executes jobs in child processes that import Pulser once.

    They are forked from a small process that has done the import, so that the one that replaces a killed
    worker is there at once, and so that nothing of the server (threads, sockets, locks) is copied into them.
    Each has a thread here that waits for its answers.

    Args:
        workers: How many; by default one for each core.

        work: What they do with a payload; importable, since another process imports it. By default they
            emulate, and every job computes its own evolution; `partial(emulated, kept=folder)` lets jobs that
            differ only in runs share one.
    """

    def __init__(self, workers: int | None = None, *, work: Callable[[str], str] = emulated) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._work = work
        self._lock = threading.Lock()
        self._is_closed = False
        self._at_work: dict[str, _Attempt] = {}
        self._waiting: SimpleQueue[_Attempt | None] = SimpleQueue()
        self._hands: list[tuple[threading.Thread, Worker]] = []
        self._durations_s = deque([math.inf], maxlen=self._workers)  # of the last jobs

    def start(self, announce: Callable[[], None] | None = None) -> None:
        """Start the workers now; otherwise the first job does. The capacity never changes."""
        del announce
        with self._lock:
            if self._hands or self._is_closed:
                return
            for number in range(self._workers):
                worker = Worker(self._work)
                thread = threading.Thread(
                    target=self._execute_all, args=(worker,), name=f"worker-{number}", daemon=True
                )
                thread.start()
                self._hands.append((thread, worker))

    def submit(self, job_id: str, attempt: int, payload: str) -> Future[str]:
        """Execute an attempt; see `runner.local.engines.base.Engine`."""
        del attempt  # who asked fences by it
        self.start()
        new = _Attempt(payload, Future())
        with self._lock:
            if self._is_closed:
                new.fail(WorkerDiedError("The server ended."))
                return new.answer
            self._at_work[job_id] = new
            self._waiting.put(new)
        new.answer.add_done_callback(lambda _: self._at_work.pop(job_id, None))
        return new.answer

    def cancel(self, job_id: str) -> None:
        """Kill the worker that executes the job, if there is one."""
        attempt = self._at_work.get(job_id)
        if attempt is not None and attempt.answer.cancel():
            with self._lock:
                attempt.stop()

    def capacity(self) -> int:
        """One attempt a worker; a few more while jobs are so short that workers would wait for them."""
        return self._workers * (_MORE_IF_SHORT if max(self._durations_s) < _SHORT_S else 1)

    def condition(self) -> EngineState:
        """Nothing: what goes wrong here is told by the jobs."""
        return NOTHING_WRONG

    def workers(self) -> int:
        """How many worker processes there are."""
        return self._workers

    def close(self) -> None:
        """End all workers, whatever they do; attempts at work end with an error.

        One that is still being started is not waited for: its thread ends it, and at the latest it ends with
        this process.
        """
        with self._lock:
            self._is_closed = True
            hands, self._hands = self._hands, []
            attempts = list(self._at_work.values())
            for attempt in attempts:
                attempt.stop()
        for attempt in attempts:
            attempt.fail(WorkerDiedError("The server ended."))
        for _ in hands:
            self._waiting.put(None)
        for thread, worker in hands:
            if not worker.is_awaited:
                thread.join()

    def _execute_all(self, worker: Worker) -> None:
        """Execute attempts until the engine is closed; what the thread of a worker does."""
        while not self._is_closed:
            with contextlib.suppress(Exception):  # a job that comes tries again, and says so
                worker.start()
            attempt = self._waiting.get()
            if attempt is not None and not attempt.answer.done():
                self._execute(attempt, worker)
        worker.bury()

    def _execute(self, attempt: _Attempt, worker: Worker) -> None:
        try:
            worker.prepare()
            with self._lock:
                if attempt.answer.done() or self._is_closed:  # canceled meanwhile
                    return
                attempt.worker = worker
            begun = time.monotonic()
            answer = worker.answer(attempt.payload)
            self._durations_s.append(time.monotonic() - begun)
            attempt.succeed(answer)
        except Exception as error:  # whatever ended it is the job's error
            attempt.fail(error)
        finally:
            with self._lock:
                attempt.worker = None


@dataclass(slots=True, eq=False)
class _Attempt:
    """An attempt at work.

    Args:
        payload: What is asked.

        answer: What is told; whoever tells first is believed.

        worker: Who is at it now.
    """

    payload: str
    answer: Future[str]
    worker: Worker | None = None

    def stop(self) -> None:
        """Kill who is at it; with the engine's lock held, so that it is at nothing else."""
        if self.worker is not None:
            self.worker.kill()

    def succeed(self, text: str) -> None:
        """Tell the answer."""
        with contextlib.suppress(InvalidStateError):
            self.answer.set_result(text)

    def fail(self, error: Exception) -> None:
        """Tell what ended it."""
        with contextlib.suppress(InvalidStateError):
            self.answer.set_exception(error)
