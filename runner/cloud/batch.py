"""`Batch`: jobs that run on one device, sent together."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, TypeVar

from runner.cloud.emulator_config import read_configuration
from runner.cloud.job import Job, asked
from runner.cloud.wait import wait_for_batch
from runner.errors import (
    BatchCancellingError,
    BatchClosingError,
    BatchFetchingError,
    BatchSetTagsError,
    CloudError,
    JobCreationError,
    JobRetryError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.cloud.client import Client
    from runner.cloud.emulator_config import Configuration
    from runner.cloud.wire.transport import Payload

T = TypeVar("T")

_OPTIONAL: Final = (
    "jobs_count",
    "start_datetime",
    "end_datetime",
    "device_status",
    "webhook",
    "backend_configuration",
    "tags",
    "parent_id",
)
_UNSET: Any = object()


class Batch:
    """A batch as the cloud last described it. Fields that the cloud adds are kept as attributes.

    Args:
        payload: The batch in an answer of the cloud.

        client: Fetches what the answer did not carry.
    """

    id: str
    user_id: str
    project_id: str
    created_at: str
    updated_at: str
    open: bool
    complete: bool
    device_type: str
    status: str
    jobs_count: int = 0
    jobs_count_per_status: dict[str, int]
    start_datetime: str | None = None
    end_datetime: str | None = None
    device_status: str | None = None
    webhook: str | None = None
    backend_configuration: str | None = None
    tags: list[str] | None = None
    parent_id: str | None = None
    configuration: Configuration | None

    def __init__(self, payload: Payload, client: Client) -> None:
        self._client = client
        self._ordered_jobs: list[Job] | None = None
        self._sequence_builder: str | None = _UNSET
        self._load(payload)

    def __repr__(self) -> str:
        return f"Batch({self.id}, {self.status}, {self.jobs_count} jobs)"

    @property
    def ordered_jobs(self) -> list[Job]:
        """Jobs in the order in which they were added; fetched on first use."""
        if self._ordered_jobs is None:
            payloads = self._ask(BatchFetchingError, "read", lambda: self._client.get_batch_jobs(self.id))
            self._ordered_jobs = [Job(payload, self._client) for payload in payloads]
        return self._ordered_jobs

    @ordered_jobs.setter
    def ordered_jobs(self, jobs: list[Job]) -> None:
        self._ordered_jobs = jobs

    @property
    def jobs(self) -> dict[str, Job]:
        """Deprecated: jobs by their id. Use `ordered_jobs`."""
        warnings.warn("`jobs` is deprecated, use `ordered_jobs`", DeprecationWarning, stacklevel=2)
        return {job.id: job for job in self.ordered_jobs}

    @jobs.setter
    def jobs(self, _: object) -> None:
        pass  # as users of PCS know it: assigning does nothing

    @property
    def sequence_builder(self) -> str | None:
        """Abstract representation of the batch's sequence, None without one; fetched on first use."""
        if self._sequence_builder is _UNSET:
            payload = self._ask(BatchFetchingError, "read", lambda: self._client.get_batch(self.id))
            self._sequence_builder = payload.get("sequence_builder")
        return self._sequence_builder

    def add_jobs(self, jobs: Sequence[Mapping[str, object]], wait: bool = False) -> None:
        """Appends jobs; the batch must be open.

        Args:
            jobs: Each with `runs`, and `variables` or its own `sequence`.

            wait: Returns only when no job is pending or running.

        Raises:
            JobCreationError: The jobs were refused, or the outcome is not known; the cause tells which.
        """
        payloads = [job_payload(job) for job in jobs]
        self._load(
            self._ask(JobCreationError, "given more jobs", lambda: self._client.add_jobs(self.id, payloads))
        )
        if wait:
            self._wait()

    def retry(self, job: Job, wait: bool = False) -> None:
        """Appends a new job with the runs, variables and sequence of another.

        Raises:
            JobRetryError: As for `add_jobs`.
        """
        # A job has variables or a sequence of its own: only where it has no variables is it worth asking.
        sequence = None if job.variables else job.sequence
        try:
            self.add_jobs([{"runs": job.runs, "variables": job.variables, "sequence": sequence}], wait=wait)
        except JobCreationError as error:
            raise JobRetryError(f"job {job.id} could not be sent again: {error}") from error

    def close(self, wait: bool = False, fetch_results: bool = False) -> None:
        """Refuses further jobs; those already added still run, then the device is released.

        Args:
            wait: Returns only when no job is pending or running.

            fetch_results: Deprecated spelling of `wait`.

        Raises:
            BatchClosingError: The cloud refused, or could not be asked.
        """
        self._load(self._ask(BatchClosingError, "closed", lambda: self._client.close_batch(self.id)))
        if wait or fetch_results:
            self._wait()

    def declare_complete(self, wait: bool = False, fetch_results: bool = False) -> None:
        """Deprecated: use `close`."""
        warnings.warn("`declare_complete` is deprecated, use `close`", DeprecationWarning, stacklevel=2)
        self.close(wait=wait, fetch_results=fetch_results)

    def cancel(self) -> None:
        """Cancels the batch and its pending jobs; a running job is not interrupted.

        Raises:
            BatchCancellingError: The cloud refused, or could not be asked.
        """
        self._load(self._ask(BatchCancellingError, "cancelled", lambda: self._client.cancel_batch(self.id)))

    def refresh(self) -> None:
        """Fetches the batch and updates it in place.

        Raises:
            BatchFetchingError: The cloud refused, or could not be asked.
        """
        self._load(self._ask(BatchFetchingError, "read", lambda: self._client.get_batch(self.id)))

    def set_tags(self, tags: list[str]) -> None:
        """Replaces all tags.

        Raises:
            BatchSetTagsError: The cloud refused, or could not be asked.
        """
        self._load(self._ask(BatchSetTagsError, "tagged", lambda: self._client.set_batch_tags(self.id, tags)))

    def _load(self, payload: Payload) -> None:
        # What the new answer does not say is not known any more; the class has the defaults.
        for name in _OPTIONAL:
            self.__dict__.pop(name, None)
        self.__dict__.update(payload)
        self.jobs_count_per_status = payload.get("jobs_count_per_status") or {}
        self.configuration = read_configuration(
            self.__dict__.get("device_type", ""), payload.get("configuration")
        )
        if "sequence_builder" in payload:
            self._sequence_builder = payload["sequence_builder"]
        jobs = payload.get("jobs")
        self._ordered_jobs = [Job(job, self._client) for job in jobs] if jobs else None

    def _wait(self) -> None:
        self._ask(BatchFetchingError, "read", lambda: wait_for_batch(self._client, self.id))
        self.refresh()

    def _ask(self, kind: type[CloudError], verb: str, call: Callable[[], T]) -> T:
        return asked(kind, f"batch {self.id} could not be {verb}", call)


def job_payload(job: Mapping[str, object]) -> Payload:
    """A job as it is sent; users of the official SDK call its own sequence `serialized_sequence`."""
    return {("sequence" if key == "serialized_sequence" else key): value for key, value in job.items()}
