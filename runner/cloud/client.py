"""`Client`: one method an endpoint of PCS, raw payloads in and out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from runner.cloud.exchange import Exchange
from runner.cloud.retrying import Retrying
from runner.cloud.transport import RequestsPort
from runner.errors import (
    AuthenticationError,
    CloudError,
    JobFetchingError,
    NotFoundError,
    ProjectError,
    UnknownOutcomeError,
    WireFormatError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from runner.cloud.authentication import TokenProvider
    from runner.cloud.endpoints import Endpoints
    from runner.cloud.transport import Port

Payload = dict[str, Any]

PAGE_SIZE: Final = 100
DOWNLOADS: Final = 32


class Client:
    """The interface of PCS, endpoint by endpoint; usable from several threads.

    A POST is sent exactly once; when nobody can tell what became of it, `UnknownOutcomeError` is raised.
    GET and PATCH are repeated while the cloud asks to try again later, within `retrying`'s budget.

    Args:
        endpoints: Base URLs of the interfaces.

        project_id: Owner of what is created; None for calls that need none.

        tokens: Where tokens come from; None sends none, as for the public routes.

        port: What carries requests; by default HTTP(S).

        retrying: How safe requests are repeated.
    """

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        project_id: str | None = None,
        tokens: TokenProvider | None = None,
        port: Port | None = None,
        retrying: Retrying | None = None,
    ) -> None:
        self.endpoints = endpoints
        self.project_id = project_id
        self._exchange = Exchange(tokens=tokens, port=port or RequestsPort(), retrying=retrying or Retrying())

    def __repr__(self) -> str:
        return f"Client({self.endpoints.core}, project_id={self.project_id!r})"

    # Batches

    def send_batch(self, batch_data: Mapping[str, Any]) -> Payload:
        """Creates a batch; answers it with its jobs. The caller's mapping stays as it is.

        Raises:
            ProjectError: The client has no project id.

            UnknownOutcomeError: The batch may have been created.
        """
        if not self.project_id:
            raise ProjectError(
                "a batch needs a project id", hint="set project_id of the target in runner.toml"
            )
        return self._object("POST", "/api/v1/batches", payload={**batch_data, "project_id": self.project_id})

    def get_batch(self, batch_id: str) -> Payload:
        """One batch, with its sequence and `job_ids`, without its jobs."""
        return self._object("GET", f"/api/v2/batches/{batch_id}")

    def get_batch_status(self, batch_id: str) -> Payload:
        """`status` and `jobs_count_per_status` of one batch: the cheapest question."""
        return self._object("GET", f"/api/v1/batches/{batch_id}/status")

    def get_batches(self, **filters: Any) -> Iterator[Payload]:
        """Batches that pass all filters, newest first, without sequence and jobs; pages come as needed.

        Args:
            filters: id, project_id, user_id, device_type, status, open, start_date, end_date,
                queue_priority, tag. Several values mean "one of".
        """
        return self._pages("/api/v1/batches", filters)

    def add_jobs(self, batch_id: str, jobs_data: Sequence[Mapping[str, Any]]) -> Payload:
        """Adds jobs to an open batch; answers the batch with all its jobs.

        Raises:
            UnknownOutcomeError: The jobs may have been added.
        """
        return self._object("POST", f"/api/v2/batches/{batch_id}/jobs", payload=[dict(j) for j in jobs_data])

    def close_batch(self, batch_id: str) -> Payload:
        """Refuses further jobs from now on; answers the batch."""
        return self._object("PATCH", f"/api/v2/batches/{batch_id}/complete")

    def cancel_batch(self, batch_id: str) -> Payload:
        """Cancels a batch and its pending jobs; answers the batch with its jobs."""
        return self._object("PATCH", f"/api/v2/batches/{batch_id}/cancel")

    def cancel_batches(self, batch_ids: Sequence[str]) -> Payload:
        """Cancels several batches; answers `batches` and `errors`, a reason for each id that was not."""
        return self._object("PATCH", "/api/v1/batches/cancel", payload={"batch_ids": list(batch_ids)})

    def rebatch(self, batch_id: str, **filters: Any) -> Payload:
        """Creates a batch from jobs of a closed one; answers the new batch.

        Args:
            filters: id, status, min_runs, max_runs, start_date, end_date of the jobs to send again.

        Raises:
            UnknownOutcomeError: The batch may have been created.
        """
        return self._object("POST", f"/api/v1/batches/{batch_id}/rebatch", query=as_query(filters))

    def set_batch_tags(self, batch_id: str, tags: Sequence[str]) -> Payload:
        """Replaces all tags of a batch."""
        return self._object("PATCH", f"/api/v1/batches/{batch_id}/tags", payload=list(tags))

    # Jobs

    def get_batch_jobs(self, batch_id: str) -> list[Payload]:
        """All jobs of a batch, in the order in which they were added."""
        order = {"batch_id": batch_id, "order_by": "creation_order", "order_by_direction": "ASC"}
        return list(self._pages("/api/v2/jobs", order))

    def get_jobs(self, **filters: Any) -> Iterator[Payload]:
        """Jobs that pass all filters; pages come as needed.

        Args:
            filters: id, project_id, user_id, batch_id, status, min_runs, max_runs, errors, start_date,
                end_date. Several values mean "one of".
        """
        return self._pages("/api/v2/jobs", filters)

    def get_job(self, job_id: str) -> Payload:
        """One job, with its sequence."""
        return self._object("GET", f"/api/v2/jobs/{job_id}")

    def get_job_status(self, job_id: str) -> Payload:
        """Status of one job."""
        return self._object("GET", f"/api/v1/jobs/{job_id}/status")

    def cancel_job(self, job_id: str) -> Payload:
        """Cancels a job; answers it."""
        return self._object("PATCH", f"/api/v2/jobs/{job_id}/cancel")

    def cancel_jobs(self, batch_id: str, **filters: Any) -> Payload:
        """Cancels the jobs of a batch that pass all filters; answers the batch.

        Args:
            filters: id, min_runs, max_runs, start_date, end_date.
        """
        return self._object("PATCH", f"/api/v2/batches/{batch_id}/cancel/jobs", query=as_query(filters))

    def get_job_results(self, job_id: str) -> Payload | None:
        """What a job measured: `counter`, `raw`, `serialised_results`; None while there is nothing yet.

        A link that leads nowhere is known to happen: a fresh one is asked for, within the time budget.

        Raises:
            JobFetchingError: The result is said to be there and cannot be had.
        """
        waited_s, attempt = 0.0, 0
        while True:
            attempt += 1
            link = self._object("GET", f"/api/v1/jobs/{job_id}/results_link").get("results_link")
            if not link:
                return None
            try:
                return self._exchange.download(str(link))
            except NotFoundError as error:
                pause = self._exchange.retrying.wait_s(attempt, None)
                if waited_s + pause > self._exchange.retrying.budget_s:
                    raise JobFetchingError(
                        f"the result of job {job_id} is not where the cloud says"
                    ) from error
            self._exchange.retrying.sleep(pause)
            waited_s += pause

    def get_results(self, job_ids: Iterable[str]) -> dict[str, Payload | CloudError | None]:
        """What several jobs measured, fetched at the same time; an error stands for its job alone."""
        ids = list(job_ids)
        if not ids:
            return {}
        with ThreadPoolExecutor(min(DOWNLOADS, len(ids)), thread_name_prefix="results") as pool:
            return dict(zip(ids, pool.map(self._result_or_error, ids), strict=True))

    # Devices and projects

    def get_device_specs_dict(self) -> dict[str, str]:
        """Specification of each device type, as Pulser's JSON text."""
        if self._exchange.tokens is None:
            return self.get_public_device_specs()
        return self._object("GET", "/api/v1/devices/specs")

    def get_public_device_specs(self) -> dict[str, str]:
        """Specification of each public device type, as Pulser's JSON text; needs no token."""
        listed = self._exchange.call(
            "GET", f"{self.endpoints.core}/api/v1/devices/public-specs", public=True
        )["data"]
        return {each["device_type"]: each["specs"] for each in listed}

    def get_all_active_projects(self) -> list[Payload]:
        """Projects that are active and that the user belongs to."""
        url = f"{self.endpoints.account}/api/v1/projects"
        data: list[Payload] = self._exchange.call("GET", url, query=(("project_status", "ACTIVE"),))["data"]
        return data

    def _object(
        self, method: str, path: str, *, payload: Any = None, query: tuple[tuple[str, str], ...] = ()
    ) -> Payload:
        url = self.endpoints.core + path
        data = self._exchange.call(method, url, payload=payload, query=query)["data"]
        if not isinstance(data, dict):
            kind = UnknownOutcomeError if method == "POST" else WireFormatError
            raise kind("the answer's `data` is no object", method=method, path=path, body=str(data))
        return data

    def _pages(self, path: str, filters: Mapping[str, Any]) -> Iterator[Payload]:
        query, url, offset = as_query(filters), self.endpoints.core + path, 0
        while True:
            window = (("offset", str(offset)), ("limit", str(PAGE_SIZE)))
            answer = self._exchange.call("GET", url, query=query + window)
            yield from answer["data"]
            pagination = answer.get("pagination") or {}
            end = int(pagination.get("end") or 0)
            if end <= offset or end >= int(pagination.get("total") or 0):
                return
            offset = end

    def _result_or_error(self, job_id: str) -> Payload | CloudError | None:
        try:
            return self.get_job_results(job_id)
        except AuthenticationError:
            raise  # no other job would fare better
        except CloudError as error:
            return error


def as_query(filters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Query of some filters: a key for each of several values; None filters nothing.

    Raises:
        TypeError: A value is of a type that no filter takes; nothing was sent.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in filters.items():
        several = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
        pairs += [(name, _query_text(name, each)) for each in several if each is not None]
    return tuple(pairs)


def _query_text(name: str, value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (str, int, UUID)):
        return str(value)
    raise TypeError(f"filter {name}: {type(value).__name__} is no text, number, date or status")
