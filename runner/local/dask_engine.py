"""An engine over a Dask cluster: jobs are executed by workers on any number of machines.

Dask repeats nothing of its own accord: an attempt that a dead worker had begun is lost, also where the
scheduler's `allowed-failures` would let it begin again elsewhere, and it is the cloud that starts another.
Twice as many attempts are under way as there are threads, so that no worker waits for the next one; all
others wait in our own store, where they keep their order and can be canceled.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from concurrent.futures import CancelledError, Future, InvalidStateError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distributed import KilledWorker

from runner.errors import LocalCloudError
from runner.local.dask_cluster import cluster, joined
from runner.local.dask_worker import STARTED, Work, execute, versions
from runner.local.engine import AttemptLostError, JobFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client

_LOG = logging.getLogger(__name__)
_ATTEMPTS_PER_THREAD = 2
_LOOK_INTERVAL_S = 0.5


class DaskEngine:
    """Executes jobs on a Dask cluster.

    Args:
        scheduler: Address of a running cluster's scheduler; without one the cluster is this machine's own, of
            workers with one thread each, and is ended with the engine.

        workers: How many workers this machine's own cluster has; by default one for each core.

        work: What is done with payloads.

    Raises:
        LocalCloudError: Nobody answers there, or workers have not what they need.
    """

    def __init__(
        self, scheduler: str | None = None, *, workers: int | None = None, work: Work | None = None
    ) -> None:
        self._work = work or Work()
        self._versions = versions()
        self._lock = threading.RLock()
        self._under_way: dict[str, _Attempt] = {}
        self._closed = threading.Event()
        self._announce: Callable[[], None] = lambda: None
        self._n_threads = 0
        self._complaint = ""
        with contextlib.ExitStack() as stack:
            self._address = stack.enter_context(cluster(scheduler, workers))
            self._connection = self._connected()
            self._cluster = stack.pop_all()
        self._watch = threading.Thread(target=self._look_after_cluster, name="watch-cluster", daemon=True)
        self._watch.start()

    def start(self, announce: Callable[[], None]) -> None:
        """Say whenever workers were added."""
        self._announce = announce
        if not self.capacity():
            _LOG.warning("the Dask cluster at %s has no workers; jobs wait for them", self._address)

    def submit(self, job_id: str, attempt: int, payload: str) -> Future[str]:
        """Execute an attempt; see `runner.local.engine.Engine`."""
        # The word in front is Dask's name of the kind of task.
        under_way = _Attempt(f"job-{job_id}-{attempt}")
        with self._lock:
            self._under_way[job_id] = under_way
            under_way.answer.add_done_callback(lambda _: self._forget(job_id, under_way))
            try:
                under_way.task = self._sent(under_way.key, payload)
            except Exception as error:  # noqa: BLE001  (a submission never raises)
                _LOG.warning("the Dask cluster at %s takes no job: %s", self._address, error)
                _fail(under_way.answer, AttemptLostError())
                return under_way.answer
        under_way.task.client.loop.add_callback(_follow, under_way)
        return under_way.answer

    def cancel(self, job_id: str) -> None:
        """Have the job's worker stop it, if there is one."""
        with self._lock:
            under_way = self._under_way.get(job_id)
            if under_way is not None and under_way.answer.cancel():
                _release(under_way)

    def capacity(self) -> int:
        """Two attempts a thread; none while the scheduler is away."""
        return _ATTEMPTS_PER_THREAD * self._n_threads if self._connection.is_alive() else 0

    def workers(self) -> int:
        """How many threads the cluster has."""
        return self._n_threads

    def close(self) -> None:
        """Have all workers stop what they do for this engine; attempts under way are lost."""
        self._closed.set()
        self._watch.join()
        self._drop_connection()
        self._cluster.close()

    def _sent(self, key: str, payload: str) -> Any:
        client = self._connection.client
        return client.submit(execute, key, payload, self._work, self._versions, key=key, pure=False)

    def _forget(self, job_id: str, under_way: _Attempt) -> None:
        with self._lock:
            if self._under_way.get(job_id) is under_way:
                del self._under_way[job_id]

    def _connected(self) -> _Connection:
        client = joined(self._address, self._versions)
        client.subscribe_topic(STARTED, self._note_start)  # type: ignore[no-untyped-call]
        self._n_threads = _threads(client)
        return _Connection(client, client.scheduler_comm)

    def _note_start(self, event: tuple[float, dict[str, str]]) -> None:
        """An attempt begins; if it had begun before, then the worker that had it is gone."""
        _, said = event
        for under_way in list(self._under_way.values()):
            if under_way.key == said["key"]:
                lost_with, under_way.worker = under_way.worker, said["worker"]
                if lost_with is not None:
                    _fail(under_way.answer, AttemptLostError(lost_with))
                    _release(under_way)

    def _look_after_cluster(self) -> None:
        while not self._closed.wait(_LOOK_INTERVAL_S):
            try:
                self._look()
            except Exception as error:  # noqa: BLE001  (whatever it is, the next look may be better)
                _LOG.debug("the Dask cluster at %s: %s", self._address, error)

    def _look(self) -> None:
        """Follow workers as they come and go, and the scheduler too."""
        if self._connection.is_alive():
            before, self._n_threads = self._n_threads, _threads(self._connection.client)
            if self._n_threads > before:
                self._announce()
            return
        if not self._connection.is_dropped:
            _LOG.warning("the Dask scheduler at %s is gone; jobs wait until it is back", self._address)
            self._drop_connection()
        try:
            self._connection = self._connected()
        except LocalCloudError as error:
            self._complain(error.message)
            return
        self._complaint = ""
        _LOG.warning("the Dask scheduler at %s is back", self._address)
        self._announce()

    def _complain(self, complaint: str) -> None:
        """Say why jobs wait, once."""
        if complaint != self._complaint:
            self._complaint = complaint
            _LOG.warning("%s", complaint)

    def _drop_connection(self) -> None:
        """Let go of a connection. The scheduler has its workers stop what nobody waits for any more."""
        self._connection.is_dropped = True
        for under_way in list(self._under_way.values()):
            _fail(under_way.answer, AttemptLostError())
        self._connection.client.close()  # type: ignore[no-untyped-call]


@dataclass(slots=True, eq=False)
class _Connection:
    """A connection to a scheduler. When it is lost, all that was asked of it is lost as well.

    Args:
        comm: The client's line to the scheduler; the client may take another one, which knows nothing of us.
    """

    client: Client
    comm: Any
    is_dropped: bool = False

    def is_alive(self) -> bool:
        """Whether it still stands."""
        is_ours = self.client.scheduler_comm is self.comm
        return is_ours and self.client.status == "running" and not self.is_dropped


class _Attempt:
    """An attempt under way.

    Args:
        key: The task's.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.answer: Future[str] = Future()
        self.task: Any = None
        self.worker: str | None = None


def _threads(client: Client) -> int:
    return sum(client.nthreads().values())  # type: ignore[no-untyped-call]


def _release(under_way: _Attempt) -> None:
    """Let the cluster forget a task; a worker that is at it sees that, and stops it."""
    if under_way.task is not None:
        under_way.task.release()


async def _follow(under_way: _Attempt) -> None:
    """Tell the end of a task; in the client's loop, so that no thread waits for a result that was lost."""
    try:
        ended = await under_way.task.client.gather(under_way.task, asynchronous=True)
    except BaseException as error:  # noqa: BLE001  (told as what ended it)
        _fail(under_way.answer, _readable(error, under_way.worker))
        return
    _release(under_way)
    if ended is None:  # the worker is about to end
        _fail(under_way.answer, AttemptLostError(under_way.worker))
    elif ended.is_failure:
        _fail(under_way.answer, JobFailedError(ended.text))
    else:
        _succeed(under_way.answer, ended.text)


def _readable(error: BaseException, worker: str | None) -> BaseException:
    if isinstance(error, CancelledError | asyncio.CancelledError):
        return AttemptLostError()
    if isinstance(error, KilledWorker | OSError):
        return AttemptLostError(worker)
    return error


def _succeed(answer: Future[str], text: str) -> None:
    with contextlib.suppress(InvalidStateError):  # it was canceled meanwhile, or is known to be lost
        answer.set_result(text)


def _fail(answer: Future[str], error: BaseException) -> None:
    with contextlib.suppress(InvalidStateError):
        answer.set_exception(error)
