"""What the store keeps and hands out: the states with everything about them that never changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from runner.local.rules.state_machine import Batch, Job

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job as it was submitted.

    Args:
        runs: How often the sequence is repeated.

        variables: Values of the sequence's variables; None for a sequence without any.

        sequence: The job's own sequence, in place of the batch's.

        parent_id: The job that this one repeats.

        is_long: Whether it will keep a worker for long.
    """

    runs: int
    variables: Mapping[str, object] | None = None
    sequence: str | None = None
    parent_id: str | None = None
    is_long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFields:
    """What is submitted with a batch, and stays with it.

    Args:
        sequence: Of its jobs; None also where the store was asked for a list.

        parent_id: The batch that this one repeats.
    """

    project_id: str
    tags: tuple[str, ...] = ()
    configuration: Mapping[str, object] | None = None
    backend_configuration: str | None = None
    parent_id: str | None = None
    webhook: str | None = None
    sequence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch(BatchFields):
    """A batch as it was submitted; a valid one, see `runner.local.validation.submission`."""

    device_type: str
    jobs: tuple[NewJob, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord(BatchFields):
    """A batch as the store has it."""

    state: Batch
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord(NewJob):
    """A job as the store has it; its sequence is None also where the store was asked for a list.

    Args:
        order: Grows with every job that was added to the cloud.

        device_type: Where it runs.
    """

    state: Job
    project_id: str
    user_id: str
    created_at: datetime
    order: int
    device_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an attempt measured.

    Args:
        counter: Bitstring counts; character i is qubit i of the register.

        serialised_results: Abstract representation of Pulser's `Results`.
    """

    counter: Mapping[str, int]
    serialised_results: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended: with a result, or with errors.

    Args:
        is_lost: Whether it did not come to an end at all; the errors say what was lost with it.
    """

    job_id: str
    attempt: int
    result: Result | None = None
    errors: tuple[str, ...] = ()
    is_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An attempt that the engine has to execute.

    Args:
        configuration: The batch's old emulator options.

        backend_configuration: Abstract representation of the batch's EmulationConfig.
    """

    job_id: str
    attempt: int
    runs: int
    sequence: str
    project_id: str = ""
    is_long: bool = False
    variables: Mapping[str, object] = field(default_factory=dict)
    device_type: str = "EMU_FREE"
    configuration: Mapping[str, object] | None = None
    backend_configuration: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of the items of a list.

    Args:
        total: How many there are in all.

        offset: How many come before these.
    """

    items: tuple[T, ...]
    total: int
    offset: int
