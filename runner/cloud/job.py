"""`Job`: one execution of a sequence with one set of variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from runner.errors import CloudError, JobCancellingError, JobFetchingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.cloud.client import Client
    from runner.cloud.wire.transport import Payload

T = TypeVar("T")

_UNSET: Any = object()


class Job:
    """A job as the cloud last described it. Fields that the cloud adds are kept as attributes.

    Args:
        payload: The job in an answer of the cloud; it is taken over, not copied.

        client: Fetches what the answer did not carry.
    """

    __slots__ = ("__dict__", "_client", "_full_result", "_sequence")

    id: str
    batch_id: str
    project_id: str
    status: str
    runs: int | None = None
    variables: Payload | None = None
    created_at: str
    updated_at: str
    errors: list[str] | None = None
    start_timestamp: str | None = None
    end_timestamp: str | None = None
    parent_id: str | None = None
    creation_order: int | None = None

    def __init__(self, payload: Payload, client: Client) -> None:
        # Taken over, not copied: 10,000 more dicts would wake the garbage collector. What is computed below
        # stands on the class as properties, which win over a field of that name.
        self.__dict__ = payload
        self._client = client
        self._sequence: str | None = payload.get("sequence", _UNSET)
        self._full_result: Payload | None = None

    def __repr__(self) -> str:
        return f"Job({self.id}, {self.status})"

    @property
    def sequence(self) -> str | None:
        """The job's own sequence, None when it uses its batch's; fetched on first use."""
        if self._sequence is _UNSET:
            self._sequence = self._fetched("sequence", self._client.get_job).get("sequence")
        return self._sequence

    @property
    def full_result(self) -> Payload | None:
        """All that was measured, None while there is nothing yet; fetched on first use."""
        if self._full_result is None:
            self._full_result = self._fetched("result", self._client.get_job_results)
        return self._full_result

    @property
    def result(self) -> dict[str, int] | None:
        """Bitstring counts; character i of a bitstring is qubit i of the register's order."""
        return self.full_result and self.full_result.get("counter")

    def keep_result(self, full_result: Payload) -> None:
        """Takes a result that was fetched together with others."""
        self._full_result = full_result

    def cancel(self) -> Payload:
        """Cancels the job; answers what the cloud says of it.

        Raises:
            JobCancellingError: The cloud refused, or could not be asked.
        """
        text = f"job {self.id} could not be cancelled"
        payload = asked(JobCancellingError, text, lambda: self._client.cancel_job(self.id))
        self.status = payload.get("status", "CANCELED")
        return payload

    def _fetched(self, what: str, fetch: Callable[[str], T]) -> T:
        text = f"{what} of job {self.id} could not be read"
        return asked(JobFetchingError, text, lambda: fetch(self.id))


def asked(kind: type[CloudError], text: str, call: Callable[[], T]) -> T:
    """What a call gives; its error is raised as the kind that users of `Batch` and `Job` know."""
    try:
        return call()
    except CloudError as error:
        raise kind(f"{text}: {error}", hint=error.hint) from error
