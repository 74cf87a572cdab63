"""`Client`: one method an endpoint of PCS, raw payloads in and out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from runner.cloud.filters import BatchFilters, JobFilters, JobsOfBatchFilters, RebatchFilters, as_query
from runner.cloud.wire import responses
from runner.cloud.wire.default_port import http_port
from runner.cloud.wire.exchange import Exchange
from runner.cloud.wire.retry import Retrying
from runner.cloud.wire.transport import CONNECTIONS, Payload
from runner.errors import (
    AuthenticationError,
    CloudError,
    CloudUnavailableError,
    JobFetchingError,
    NotFoundError,
    ProjectError,
    UnknownOutcomeError,
    WireFormatError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Unpack

    from runner.cloud.filters import Query
    from runner.cloud.wire.endpoints import Endpoints
    from runner.cloud.wire.request_counts import RequestCounts
    from runner.cloud.wire.tokens import TokenProvider
    from runner.cloud.wire.transport import Port

PAGE_SIZE: Final = 100
_NOTHING_MEASURED: Final[Payload] = {"counter": None, "raw": None, "serialised_results": None}
DOWNLOADS: Final = CONNECTIONS
# Of one list: two hundred thousand entries.
MOST_PAGES: Final = 2000
# What the interface takes in one request.
_CANCELLED_AT_ONCE: Final = 100


class Client:
    """The interface of PCS, endpoint by endpoint; usable from several threads.

    A POST is sent exactly once; when its outcome is not known, `UnknownOutcomeError` is raised.
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
        self._exchange = Exchange(tokens=tokens, port=port or http_port(), retrying=retrying or Retrying())

    def paced(self, requests_per_s: float | None) -> Self:
        """A client like this one that sends at most so many requests a second, whatever the thread.

        Results that are downloaded from signed links do not count; None is no limit.
        """
        return self._by(self._exchange.paced(requests_per_s))

    def counted(self, counts: RequestCounts) -> Self:
        """A client like this one whose requests are counted, each attempt by itself; logins are not."""
        return self._by(self._exchange.counted(counts))

    def _by(self, exchange: Exchange) -> Self:
        other = copy(self)
        other._exchange = exchange  # noqa: SLF001  (of our own kind)
        return other

    @property
    def retrying(self) -> Retrying:
        """How safe requests are repeated, and by which clock."""
        return self._exchange.retrying

    def server_time(self) -> datetime | None:
        """The time by the cloud's own clock; None before it has said any."""
        return self._exchange.server_time.now()

    def __repr__(self) -> str:
        return f"Client({self.endpoints.core}, project_id={self.project_id!r})"

    # Batches

    def send_batch(self, batch_data: Payload) -> Payload:
        """Creates a batch; answers it with its jobs. The caller's mapping stays as it is.

        Raises:
            ProjectError: The client has no project id.

            UnknownOutcomeError: The batch may have been created.
        """
        if not self.project_id:
            raise ProjectError(
                "a batch needs a project id", hint="set project_id of the target in runner.toml"
            )
        payload = {**batch_data, "project_id": self.project_id}
        with _traceable(tags=payload.get("tags") or (), jobs=len(payload.get("jobs") or ())):
            return self._entry("POST", "/api/v1/batches", payload=payload)

    def get_batch(self, batch_id: str) -> Payload:
        """One batch, with its sequence and `job_ids`, without its jobs."""
        return self._entry("GET", f"/api/v2/batches/{batch_id}")

    def is_ours(self, batch: Mapping[str, object]) -> bool:
        """Whether a batch is of the client's project, or does not say whose it is: a token may see others."""
        return batch.get("project_id") in {None, self.project_id}

    def get_batch_status(self, batch_id: str) -> Payload:
        """`status` and `jobs_count_per_status` of one batch: the cheapest question."""
        return self._object("GET", f"/api/v1/batches/{batch_id}/status")

    def get_batches(self, **filters: Unpack[BatchFilters]) -> Iterator[Payload]:
        """Batches that pass all filters, newest first, without sequence and jobs; pages come as needed."""
        return self._pages("/api/v1/batches", as_query(filters, BatchFilters))

    def add_jobs(self, batch_id: str, jobs_data: Sequence[Mapping[str, object]]) -> Payload:
        """Adds jobs to an open batch; answers the batch with all its jobs.

        Raises:
            UnknownOutcomeError: The jobs may have been added.
        """
        payload = [dict(job) for job in jobs_data]
        with _traceable(batch_id=batch_id, jobs=len(payload)):
            return self._entry("POST", f"/api/v2/batches/{batch_id}/jobs", payload=payload)

    def close_batch(self, batch_id: str) -> Payload:
        """Refuses further jobs from now on; answers the batch."""
        return self._entry("PATCH", f"/api/v2/batches/{batch_id}/complete")

    def cancel_batch(self, batch_id: str) -> Payload:
        """Cancels a batch and its pending jobs; answers the batch with its jobs."""
        return self._entry("PATCH", f"/api/v2/batches/{batch_id}/cancel")

    def cancel_batches(self, batch_ids: Sequence[str]) -> Payload:
        """Cancels several batches; answers `batches` and `errors`, a reason for each id that was not.

        The cloud takes 100 ids at once: more are sent in several requests, and none in none.
        """
        found: Payload = {"batches": [], "errors": {}}
        for begin in range(0, len(batch_ids), _CANCELLED_AT_ONCE):
            some = list(batch_ids[begin : begin + _CANCELLED_AT_ONCE])
            said = self._object("PATCH", "/api/v1/batches/cancel", payload={"batch_ids": some})
            found["batches"] += said.get("batches") or []
            found["errors"] |= said.get("errors") or {}
        return found

    def rebatch(self, batch_id: str, **filters: Unpack[RebatchFilters]) -> Payload:
        """Creates a batch from those jobs of a closed one that pass all filters; answers the new batch.

        Raises:
            UnknownOutcomeError: The batch may have been created.
        """
        query = as_query(filters, RebatchFilters)
        with _traceable(batch_id=batch_id):
            return self._entry("POST", f"/api/v1/batches/{batch_id}/rebatch", query=query)

    def set_batch_tags(self, batch_id: str, tags: Sequence[str]) -> Payload:
        """Replaces all tags of a batch."""
        return self._entry("PATCH", f"/api/v1/batches/{batch_id}/tags", payload=list(tags))

    # Jobs

    def get_batch_jobs(self, batch_id: str) -> list[Payload]:
        """All jobs of a batch, in the order in which they were added; pages are fetched at the same time."""
        order = (("batch_id", batch_id), ("order_by", "creation_order"), ("order_by_direction", "ASC"))
        jobs, end, total = self._page("/api/v2/jobs", order)
        if not end or end >= total:
            return jobs
        _check_pages("/api/v2/jobs", total // end)
        offsets = range(end, total, end)
        with ThreadPoolExecutor(min(DOWNLOADS, len(offsets)), thread_name_prefix="pages") as pool:
            queries = [(*order, ("offset", str(offset))) for offset in offsets]
            pages = list(pool.map(lambda query: self._page("/api/v2/jobs", query), queries))
        while pages[-1].entries and pages[-1].end < pages[-1].total:
            # Jobs were added while we read.
            _check_pages("/api/v2/jobs", len(pages))
            pages.append(self._page("/api/v2/jobs", (*order, ("offset", str(pages[-1].end)))))
        return [*jobs, *(job for page in pages for job in page.entries)]

    def get_jobs(self, **filters: Unpack[JobFilters]) -> Iterator[Payload]:
        """Jobs that pass all filters; pages come as needed."""
        return self._pages("/api/v2/jobs", as_query(filters, JobFilters))

    def get_job(self, job_id: str) -> Payload:
        """One job, with its sequence."""
        return self._entry("GET", f"/api/v2/jobs/{job_id}")

    def get_job_status(self, job_id: str) -> Payload:
        """Status of one job."""
        return self._object("GET", f"/api/v1/jobs/{job_id}/status")

    def cancel_job(self, job_id: str) -> Payload:
        """Cancels a job; answers it."""
        return self._object("PATCH", f"/api/v2/jobs/{job_id}/cancel")

    def cancel_jobs(self, batch_id: str, **filters: Unpack[JobsOfBatchFilters]) -> Payload:
        """Cancels the jobs of a batch that pass all filters; answers the batch."""
        query = as_query(filters, JobsOfBatchFilters)
        return self._object("PATCH", f"/api/v2/batches/{batch_id}/cancel/jobs", query=query)

    def get_job_results(self, job_id: str) -> Payload | None:
        """What a job measured: `counter`, `raw`, `serialised_results`; None while there is nothing yet.

        A link that leads nowhere is known to happen: a fresh one is asked for, within the time budget. So it
        is of one that is refused: it carries its own permission, which ends.

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
                return _NOTHING_MEASURED | self._exchange.download(str(link))
            except (ProjectError, ValueError) as error:
                raise JobFetchingError(f"the link to the result of job {job_id} is none: {error}") from error
            except (NotFoundError, AuthenticationError) as error:
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

    def get_devices(self, device_type: str) -> list[Payload]:
        """`status` and `availability` of the devices of a type."""
        url = f"{self.endpoints.core}/api/v1/devices"
        listed: list[Payload] = self._exchange.call("GET", url, query=(("device_type", device_type),))["data"]
        return listed

    def get_queues(self) -> Payload:
        """Workers of a local cloud, and what waits for them by project; PCS does not say."""
        return self._object("GET", "/api/v1/queues")

    def get_all_active_projects(self) -> list[Payload]:
        """Projects that are active and that the user belongs to."""
        url = f"{self.endpoints.account}/api/v1/projects"
        data: list[Payload] = self._exchange.call("GET", url, query=(("project_status", "ACTIVE"),))["data"]
        return data

    def _object(self, method: str, path: str, *, payload: object = None, query: Query = ()) -> Payload:
        url = self.endpoints.core + path
        data = self._exchange.call(method, url, payload=payload, query=query)["data"]
        if not isinstance(data, dict):
            raise _unreadable(method, path, "the answer's `data` is no object")
        return data

    def _entry(self, method: str, path: str, *, payload: object = None, query: Query = ()) -> Payload:
        """A batch or a job."""
        entry = self._object(method, path, payload=payload, query=query)
        if problem := responses.entry_problem(entry):
            raise _unreadable(method, path, problem)
        return entry

    def _pages(self, path: str, query: Query) -> Iterator[Payload]:
        offset, total, n_read = 0, 1, 0
        while offset < total:
            _check_pages(path, n_read)
            n_read += 1
            page = self._page(path, (*query, ("offset", str(offset)), ("limit", str(PAGE_SIZE))))
            if n_read > 1 and page.total < total:
                raise _shorter(path, total, page.total)
            yield from page.entries
            if page.end <= offset:
                return
            offset, total = page.end, page.total

    def _page(self, path: str, query: Query) -> _Page:
        """One page of batches or jobs.

        Raises:
            WireFormatError: It cannot be read.
        """
        page = self._exchange.call("GET", self.endpoints.core + path, query=query)
        entries = page["data"]
        if not isinstance(entries, list):
            raise _unreadable("GET", path, "the answer's `data` is no list")
        problem = next(filter(None, map(responses.entry_problem, entries)), "")
        try:
            end, total = responses.pagination(page)
        except ValueError as error:
            problem = problem or str(error)
        if problem:
            raise _unreadable("GET", path, problem)
        return _Page(entries, end, total)

    def _result_or_error(self, job_id: str) -> Payload | CloudError | None:
        try:
            return self.get_job_results(job_id)
        except AuthenticationError:
            raise  # no other job would fare better
        except CloudError as error:
            return error


class _Page(NamedTuple):
    """Entries of a list, where they end in it, and how many there are in all; zeros where it is not said."""

    entries: list[Payload]
    end: int
    total: int


def _shorter(path: str, before: int, total: int) -> CloudUnavailableError:
    """The error of a list whose pages are of different ages: what stands between them would be missed."""
    message = f"the list had {before} entries, and {total} on its next page: they are of different ages"
    return CloudUnavailableError(message, method="GET", path=path)


def _check_pages(path: str, n_pages: int) -> None:
    if n_pages >= MOST_PAGES:
        raise _unreadable("GET", path, f"the list has more than {MOST_PAGES} pages")


def _unreadable(method: str, path: str, problem: str) -> CloudError:
    """The error of an answer that cannot be read; what became of a POST is not known then."""
    kind = UnknownOutcomeError if method == "POST" else WireFormatError
    return kind(problem, method=method, path=path)


@contextmanager
def _traceable(*, tags: Iterable[str] = (), batch_id: str | None = None, jobs: int = 0) -> Iterator[None]:
    """Puts on an unknown outcome what is needed to look the submission up."""
    sent_at = datetime.now(UTC)
    try:
        yield
    except UnknownOutcomeError as error:
        error.tags, error.batch_id, error.jobs, error.sent_at = tuple(tags), batch_id, jobs, sent_at
        raise
