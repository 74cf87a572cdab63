"""What executes jobs, seen from the cloud: three verbs, JSON text in and out."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Protocol

from runner.local.devices import emulator_name
from runner.local.records import Outcome, Result, Started

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future


class Engine(Protocol):
    """An engine. It knows nothing of batches, devices, order or time; all of that is decided before."""

    def submit(self, job_id: str, attempt: int, payload: str) -> Future[str]:
        """Execute an attempt; the future has the answer's text, or what ended it. Never raises."""
        ...

    def cancel(self, job_id: str) -> None:
        """Stop the job's attempt if it is still at work; nothing happens for a job that is not known."""
        ...

    def capacity(self) -> int:
        """How many attempts may be at work at once."""
        ...

    def workers(self) -> int:
        """How many attempts are executed at the same time; the others at work wait for that."""
        ...


class RunningEngine(Engine, Protocol):
    """An engine as a server has it."""

    def start(self, announce: Callable[[], None]) -> None:
        """Be ready for the first job, and say whenever the capacity has grown."""
        ...

    def close(self) -> None:
        """Let go of everything; attempts at work come to nothing."""
        ...


class JobFailedError(Exception):
    """What ended a job, as a sentence that needs no more explanation."""


class WorkerDiedError(JobFailedError):
    """The process that executed a job ended before the job did."""


class AttemptLostError(Exception):
    """An attempt was lost through no fault of the job, which is to be executed again.

    Args:
        worker: The machine that was lost with it; None if nothing points at the job.
    """

    def __init__(self, worker: str | None = None) -> None:
        super().__init__(f"The worker {worker} was lost." if worker else "The cluster was lost.")
        self.worker = worker


def payload(started: Started) -> str:
    """What an engine is asked to execute."""
    return json.dumps(
        {
            "sequence": started.sequence,
            "variables": dict(started.variables),
            "runs": started.runs,
            "seed": seed(started.job_id),
            "device_type": started.device_type,
            "emulator": emulator_name(started.device_type, started.sequence),
            "configuration": dict(started.configuration or {}),
            "backend_configuration": started.backend_configuration,
        }
    )


def seed(job_id: str) -> int:
    """Seed of a job's randomness (32 bits): the same for every attempt, so that repeating changes nothing."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:4])


def outcome(job_id: str, attempt: int, future: Future[str]) -> Outcome:
    """How an attempt ended whose future is done."""
    try:
        answer = json.loads(future.result())
        result = Result(counter=answer["counter"], serialised_results=answer["serialised_results"])
    except AttemptLostError as loss:
        errors = (f"Attempt {attempt} was lost with the worker {loss.worker}.",) if loss.worker else ()
        return Outcome(job_id=job_id, attempt=attempt, errors=errors, is_lost=True)
    except BaseException as error:  # noqa: BLE001  (whatever ended it is the job's error, not ours)
        return Outcome(job_id=job_id, attempt=attempt, errors=(sentence(error),))
    return Outcome(job_id=job_id, attempt=attempt, result=result)


def sentence(error: BaseException) -> str:
    """What is said of what ended a job."""
    if isinstance(error, JobFailedError):
        return str(error)
    return f"{type(error).__name__}: {error}".rstrip(": ")
