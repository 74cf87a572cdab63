"""What executes jobs, seen from the cloud: three verbs, JSON text in and out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypedDict

from runner.local.rules.device_types import emulator_name
from runner.local.rules.records import Outcome, Result, Started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """What is wrong with an engine, in words for people.

    Args:
        complaints: Why all jobs wait.

        lacking: Why those of some emulators do, by the emulator's device type.

        left_out: Why workers get no jobs, by their addresses.

        remarks: What is to be said of attempts at work, by the ids of their jobs.
    """

    complaints: tuple[str, ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)


NOTHING_WRONG = EngineState()


class Engine(Protocol):
    """An engine. It knows nothing of batches, order or time; all of that is decided before."""

    def submit(self, job_id: str, attempt: int, payload: str) -> Future[str]:
        """Execute an attempt; the future has the answer's text, or what ended it. Never raises."""
        ...

    def condition(self) -> EngineState:
        """What is to be known of it now."""
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


class WorkersDieError(WorkerDiedError):
    """No process stays alive, whatever it is to execute."""


class AttemptLostError(Exception):
    """An attempt was lost through no fault of the job, which is to be executed again.

    Args:
        worker: The machine that was lost with it; None if it is of no interest.

        why: What is said of it in place of that.
    """

    def __init__(self, worker: str | None = None, why: str = "") -> None:
        self.said = why or (f"was lost with the worker {worker}" if worker else "")
        self.worker = worker
        who = f"The worker {worker}" if worker else "The cluster"
        super().__init__(f"{who} was lost{f': the attempt {why}' if why else ''}.")


class Payload(TypedDict):
    """What is executed; `emulator` is the device type whose emulator plays it."""

    sequence: str
    variables: Mapping[str, object]
    runs: int
    seed: int
    device_type: str
    emulator: str
    configuration: Mapping[str, object]
    backend_configuration: str | None
    is_long: bool


def payload(started: Started) -> str:
    """What an engine is asked to execute: a `Payload` as JSON."""
    said: Payload = {
        "sequence": started.sequence,
        "variables": dict(started.variables),
        "runs": started.runs,
        "seed": seed(started.job_id),
        "device_type": started.device_type,
        "emulator": emulator_name(started.device_type, started.sequence),
        "configuration": dict(started.configuration or {}),
        "backend_configuration": started.backend_configuration,
        "is_long": started.is_long,
    }
    return json.dumps(said)


def seed(job_id: str) -> int:
    """Seed of a job's randomness (32 bits): the same for every attempt, so that repeating changes nothing."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:4])


def outcome(job_id: str, attempt: int, future: Future[str]) -> Outcome:
    """How an attempt ended whose future is done."""
    try:
        answer = json.loads(future.result())
        result = Result(counter=answer["counter"], serialised_results=answer["serialised_results"])
    except AttemptLostError as loss:
        errors = (f"Attempt {attempt} {loss.said}.",) if loss.said else ()
        return Outcome(job_id=job_id, attempt=attempt, errors=errors, is_lost=True)
    except BaseException as error:  # whatever ended it is the job's error, not ours
        return Outcome(job_id=job_id, attempt=attempt, errors=(sentence(error),))
    return Outcome(job_id=job_id, attempt=attempt, result=result)


def sentence(error: BaseException) -> str:
    """What is said of what ended a job."""
    if isinstance(error, JobFailedError):
        return str(error)
    return f"{type(error).__name__}: {error}".rstrip(": ")
