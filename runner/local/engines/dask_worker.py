"""What a Dask worker does with an attempt: it has a child process execute it, and ends that on demand.

Dask cannot stop what runs in a worker's thread, and a job that runs out of memory must not take the worker
with it. The children are those of `runner.local.engines.process_engine`, kept from job to job.
"""

from __future__ import annotations

import functools
import multiprocessing
import platform
import threading
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from distributed import Worker, WorkerPlugin, get_worker
from distributed.utils import sync

from runner.local.engines.base import WorkersDieError, sentence
from runner.local.engines.process_engine import ProcessEngine, emulated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

# Where workers say that they begin with an attempt.
STARTED = "pulser-runner-started"
_LOOK_INTERVAL_S = 0.2
# What has to be the same on the server and on a worker, and on the scheduler, which reads what is sent.
REQUIRED = ("python", "pulser-runner", "pulser-core", "pulser-simulation", "qutip", "numpy")
OF_SCHEDULER = ("python", "pulser-runner")
# The packages of emulators, which a worker needs for their jobs only.
EMULATORS = {"EMU_SV": "emu-sv", "EMU_MPS": "emu-mps"}
# The version of what is not installed.
NO_VERSION = "(none)"
# What a machine lacks is not the fault of the job that meets it.
_FAULTS_OF_MACHINES = (ImportError, OSError, WorkersDieError)
_engines: dict[Work, ProcessEngine] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with payloads.

    Args:
        function: Importable; given the payload, and the folder as `kept`.

        kept: Folder of evolutions that jobs share, if they do; one that is not absolute is each worker's own.
    """

    function: Callable[..., str] = emulated
    kept: Path | None = None


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How an attempt came to its end: with the answer's text, or with what is said of its failure.

    Args:
        is_machines: Whether it failed for what the worker lacks, so that another one may well execute it.
    """

    text: str
    is_failure: bool = False
    is_machines: bool = False


def versions() -> dict[str, str]:
    """The versions of all that jobs need, here."""
    python = ".".join(platform.python_version_tuple()[:2])
    packages = [name for name in (*REQUIRED, *EMULATORS.values()) if name != "python"]
    return {"python": python} | {name: _version(name) for name in packages}


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """What a worker has of another version, in words; empty if nothing."""
    return ", ".join(
        f"{name} {there.get(name)} in place of {wanted}"
        for name, wanted in here.items()
        if there.get(name) != wanted
    )


def execute(key: str, payload: str, work: Work) -> AttemptEnd | None:
    """Have a child execute an attempt; None if it was stopped, since nobody wants it any more.

    Args:
        key: The task's.

        payload: What `runner.local.engines.base.payload` gives.

        work: What is done with it.
    """
    worker: Worker = get_worker()
    _say_start(worker, key)
    engine = _engine(work, worker)
    answer = engine.submit(key, 1, payload)
    while not _is_over(answer) and _is_wanted(worker, key):
        pass
    if not _is_wanted(worker, key):
        engine.cancel(key)
        return None
    try:
        return AttemptEnd(answer.result())
    except _FAULTS_OF_MACHINES as error:
        return AttemptEnd(sentence(error), is_failure=True, is_machines=True)
    except Exception as error:  # whatever ended it is the job's error, and no task's
        return AttemptEnd(sentence(error), is_failure=True)


def _say_start(worker: Worker, key: str) -> None:
    """Tell the scheduler, and wait until it knows: the worker may die of what comes next."""
    said = {"key": key, "worker": worker.address}
    sync(worker.loop, worker.scheduler.log_event, topic=STARTED, msg=said)


def _is_over(answer: Future[str]) -> bool:
    try:
        answer.exception(_LOOK_INTERVAL_S)
    except NotYetError:
        return False
    return True


def _is_wanted(worker: Worker, key: str) -> bool:
    """Whether the cluster still waits for a task: neither was it canceled, nor has its server gone away."""
    task = worker.state.tasks.get(key)
    is_released = task is None or task.state in {"cancelled", "released", "forgotten"}
    return not is_released and worker.status.name not in {"closing", "closed", "failed"}


def _engine(work: Work, worker: Worker) -> ProcessEngine:
    with _lock:
        if work not in _engines:
            # The worker of a nanny is a daemon, and those may not have children. Ours die with it anyway.
            multiprocessing.current_process().daemon = False
            kept = work.kept and Path(worker.local_directory) / work.kept
            function = functools.partial(work.function, kept=kept)
            _engines[work] = ProcessEngine(worker.state.nthreads, work=function)
            plugin = _EndWithWorker(_engines[work])
            sync(worker.loop, worker.plugin_add, plugin, name=f"pulser-runner-{len(_engines)}")
        return _engines[work]


class _EndWithWorker(WorkerPlugin):
    """Ends children with their worker; otherwise its process would not end in good time."""

    def __init__(self, engine: ProcessEngine) -> None:
        self._engine = engine

    def teardown(self, worker: Worker) -> None:
        """Called by the worker when it closes."""
        del worker
        self._engine.close()


@functools.cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return NO_VERSION
