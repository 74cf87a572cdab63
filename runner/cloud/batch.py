"""`Batch`: jobs that run on one device, sent together."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any, Final, TypeVar

from runner.cloud.job import Job
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

T = TypeVar("T")

# Device types whose old options mean nothing.
_NO_CONFIGURATION: Final = frozenset({"EMU_FRESNEL", "EMU_MPS", "EMU_SV"})
_COMPUTED: Final = frozenset({"jobs", "ordered_jobs", "sequence_builder", "configuration"})
_POLL_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
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
    configuration: dict[str, Any] | None

    def __init__(self, payload: Mapping[str, Any], client: Client) -> None:
        self._client = client
        self._ordered_jobs: list[Job] | None = None
        self._sequence_builder: str | None = _UNSET
        self.jobs_count_per_status = {}
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

    def add_jobs(self, jobs: Sequence[Mapping[str, Any]], wait: bool = False) -> None:
        """Appends jobs; the batch must be open.

        Args:
            jobs: Each with `runs`, and `variables` or its own `sequence`.

            wait: Returns only when no job is pending or running.

        Raises:
            JobCreationError: The jobs were refused, or nobody knows; the cause tells which.
        """
        payloads = [_job_payload(job) for job in jobs]
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
        again = {"runs": job.runs, "variables": job.variables, "sequence": job.sequence}
        try:
            self.add_jobs([{key: value for key, value in again.items() if value is not None}], wait=wait)
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

    def _load(self, payload: Mapping[str, Any]) -> None:
        self.__dict__.update((key, value) for key, value in payload.items() if key not in _COMPUTED)
        device_type = getattr(self, "device_type", "")
        self.configuration = None if device_type in _NO_CONFIGURATION else payload.get("configuration")
        if "sequence_builder" in payload:
            self._sequence_builder = payload["sequence_builder"]
        jobs = payload.get("jobs")
        self._ordered_jobs = [Job(job, self._client) for job in jobs] if jobs else None

    def _wait(self) -> None:
        for pause_s in _pauses_s():
            counts = self._ask(BatchFetchingError, "read", lambda: self._client.get_batch_status(self.id))
            per_status = counts.get("jobs_count_per_status") or {}
            if not per_status.get("PENDING") and not per_status.get("RUNNING"):
                break
            time.sleep(pause_s)
        self.refresh()

    def _ask(self, kind: type[CloudError], verb: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except CloudError as error:
            raise kind(f"batch {self.id} could not be {verb}: {error}", hint=error.hint) from error


def _job_payload(job: Mapping[str, Any]) -> dict[str, Any]:
    return {("sequence" if key == "serialized_sequence" else key): value for key, value in job.items()}


def _pauses_s() -> Any:
    yield from _POLL_S
    while True:
        yield _POLL_S[-1]
