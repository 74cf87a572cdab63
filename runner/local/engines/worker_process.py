"""One worker process: started from a process that has imported Pulser, asked over a pipe of its own.

No worker shares a pipe or a lock with another one, so that killing one of them is nobody else's affair.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import multiprocessing.forkserver
import os
import pickle
import signal
import threading
from typing import TYPE_CHECKING

from runner.local.engines.base import WorkerDiedError, WorkersDieError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, ForkServerProcess

# Jobs run beside each other, one core each; threads inside a job only get into each other's way.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_STARTS_PER_JOB = 3
_NICENESS = 5  # answering is more urgent than computing
_LAST_WORDS_S = 5.0  # how long the exit code of a worker may take that has ended
_STARTING = threading.Lock()  # the environment is the process's, and so is its list of children
_READY = b"ready"


class Worker:
    """A child process that executes one payload after the other, and is replaced when it has died.

    Used by one thread, except for `kill`.

    Args:
        work: What it does with a payload.

        is_urgent: Whether that is as urgent as answering requests; else it is nice to others.

    Attributes:
        is_awaited: Whether its thread waits for a process that is not there yet; the import takes seconds.
    """

    def __init__(self, work: Callable[[str], str], *, is_urgent: bool = False) -> None:
        self._work = work
        self._niceness = 0 if is_urgent else _NICENESS
        self._process: ForkServerProcess | None = None
        self._connection: Connection | None = None
        self._is_ready = False
        self.is_awaited = False

    def start(self) -> None:
        """Start the process unless there is one; returns before it is ready."""
        if self._process is not None:
            return
        self.bury()
        self._connection, theirs = multiprocessing.Pipe()
        with self._awaited(), theirs, _template() as context:
            process = context.Process(target=_serve, args=(theirs, self._work, self._niceness), daemon=True)
            process.start()
        self._process = process

    def prepare(self) -> None:
        """Have a process that is ready, a new one if need be; WorkersDieError if none stays alive."""
        for _ in range(_STARTS_PER_JOB):
            with contextlib.suppress(EOFError, OSError):
                self.start()
                if self._is_alive():
                    return
            self.bury()
        raise WorkersDieError("The worker processes do not stay alive.")

    def answer(self, payload: str) -> str:
        """The answer to a payload, from a process that is prepared.

        Raises:
            WorkerDiedError: The process ended before it answered.

            Exception: What the work raised.
        """
        try:
            self._pipe.send_bytes(payload.encode())
            said, error = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  (our own worker wrote it)
        except (EOFError, OSError):
            code = self.bury()
            raise WorkerDiedError(
                f"The worker process died (exit code {code}); it may have run out of memory."
            ) from None
        if error is not None:
            raise error
        return str(said)

    def kill(self) -> None:
        """End the process now, while it is at work; from any thread.

        Not by its own `kill`: once the process that workers are forked from has died, that does nothing.
        """
        process = self._process
        if process is not None and process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)

    def bury(self) -> int | None:
        """Let go of the process, killed if it is still there; gives its exit code if that is known."""
        process, connection = self._process, self._connection
        self._process, self._connection, self._is_ready = None, None, False
        if connection is not None:
            connection.close()
        if process is None or process.pid is None:
            return None
        return _exit_code(process)

    @property
    def _pipe(self) -> Connection:
        if self._connection is None:
            raise EOFError
        return self._connection

    def _is_alive(self) -> bool:
        """Whether the process is ready; EOFError if it has ended. An idle one has nothing to say."""
        if not self._is_ready:
            with self._awaited():
                self._is_ready = self._pipe.recv_bytes() == _READY
        return self._is_ready and not self._pipe.poll(0)

    @contextlib.contextmanager
    def _awaited(self) -> Iterator[None]:
        self.is_awaited = True
        try:
            yield
        finally:
            self.is_awaited = False


def start_template() -> None:
    """Start what workers are forked from now, so that it imports what they need meanwhile."""
    with _template():
        multiprocessing.forkserver.ensure_running()


@contextlib.contextmanager
def _template() -> Iterator[ForkServerContext]:
    """What starts processes, and nobody else meanwhile."""
    with _STARTING, _environment(_ONE_THREAD):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["runner.local.engines.worker_template", __name__])
        yield context


def _exit_code(process: ForkServerProcess) -> int | None:
    with _STARTING:
        if process.exitcode is None:
            process.kill()
        process.join(_LAST_WORDS_S)
        return process.exitcode


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


def _serve(connection: Connection, work: Callable[[str], str], niceness: int) -> None:
    """What a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a key pressed in a terminal is for the server
    os.nice(niceness)
    threading.Thread(target=_die_with_server, name="die-with-server", daemon=True).start()
    with contextlib.suppress(EOFError, OSError):  # the server let go of it
        connection.send_bytes(_READY)
        while True:
            connection.send_bytes(_said(work, connection.recv_bytes().decode()))


def _said(work: Callable[[str], str], payload: str) -> bytes:
    try:
        return pickle.dumps((work(payload), None))
    except Exception as error:  # whatever ended a job is told
        return pickle.dumps((None, _portable(error)))


def _portable(error: Exception) -> Exception:
    """The error, or one that says the same: not every kind survives being sent."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  (written a moment before)
    except Exception:  # there are as many ways to fail as kinds of errors
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _die_with_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        multiprocessing.connection.wait([server.sentinel])
        os._exit(1)
