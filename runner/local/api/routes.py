"""All that can be asked: the table of routes, with what each call takes and answers.

`runner.local.api.app` asks it which call a request means and who may make it; `runner.local.api.openapi`
writes it down. The first line of a call's docstring is its summary there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from runner.local.api import batches, control, devices, health, jobs
from runner.local.protocol.queries import (
    BatchesQuery,
    DevicesQuery,
    JobsQuery,
    JobsToCancel,
    JobsToRepeat,
    ProjectsQuery,
    Query,
)
from runner.local.protocol.request_models import BATCH, BATCH_IDS, JOBS, PAUSED, RULES, TAGS
from runner.local.protocol.response_models import (
    BatchItem,
    BatchProgress,
    BatchWithIds,
    BatchWithJobs,
    CanceledBatches,
    CanceledJobs,
    CloudQueues,
    DeviceSpec,
    DeviceState,
    Document,
    Health,
    JobItem,
    JobProgress,
    JobResult,
    Paused,
    Project,
    ResultsLink,
    RuleTally,
    SingleJob,
)
from runner.local.rules.errors import (
    ForeignProjectError,
    InvalidRequestError,
    RefusalError,
    UnknownThingError,
    WrongMethodError,
    WrongStateError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pydantic import TypeAdapter

    from runner.local.api.call_context import Call
    from runner.local.protocol.messages import Answer

# Clients with one address for all services of PCS write them before each path.
_PREFIXES: Final = ("/core-fast", "/account")
_SEGMENT = re.compile(r"{(\w+)}")


class Access(Enum):
    """Whose token a call needs, where there are tokens."""

    EVERYBODY = auto()
    PROJECT = auto()
    CONTROL = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    Args:
        path: A segment in braces matches any one segment and names it.

        call: Makes the answer.

        data: Type of what it answers; None for a call that never succeeds.

        query: Its query string; None for a call without one.

        body: Reads its body; None for a call without one.

        is_public: Whether it needs no token.

        refused_by: How it may refuse, beside what follows from its path, query and body.

        media: Kind of its answer.
    """

    method: str
    path: str
    call: Callable[[Call], Answer]
    data: Any
    query: type[Query] | None = None
    body: TypeAdapter[Any] | None = None
    is_public: bool = False
    refused_by: tuple[type[RefusalError], ...] = ()
    media: str = "application/json"

    @property
    def segments(self) -> list[str]:
        """The names of segments of its path."""
        return _SEGMENT.findall(self.path)

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.call.__doc__ or "").partition("\n")[0]

    @property
    def access(self) -> Access:
        """Who may ask."""
        if self.is_public:
            return Access.EVERYBODY
        return Access.CONTROL if self.path.startswith("/control/") else Access.PROJECT

    @property
    def is_enveloped(self) -> bool:
        """Whether its answer stands in PCS's envelope."""
        return self.path.startswith(("/api/", "/control/"))

    @property
    def refusals(self) -> Iterator[type[RefusalError]]:
        """How it may refuse, beside what every call may."""
        yield from self.refused_by
        if self.segments and self.data is not None:
            yield UnknownThingError
        if self.query is not None or self.body is not None:
            yield InvalidRequestError


ROUTES = (
    Route(
        "POST",
        "/api/v1/batches",
        batches.create,
        BatchWithJobs,
        body=BATCH,
        refused_by=(ForeignProjectError,),
    ),
    Route("GET", "/api/v1/batches", batches.listed, list[BatchItem], query=BatchesQuery),
    Route("PATCH", "/api/v1/batches/cancel", batches.cancel_several, CanceledBatches, body=BATCH_IDS),
    Route("GET", "/api/v1/batches/{batch_id}/status", batches.status, BatchProgress),
    Route("GET", "/api/v1/batches/{batch_id}/full_results", batches.full_results, dict[str, JobResult]),
    Route("PATCH", "/api/v1/batches/{batch_id}/tags", batches.set_tags, BatchWithIds, body=TAGS),
    Route(
        "POST",
        "/api/v1/batches/{batch_id}/rebatch",
        batches.rebatch,
        BatchWithJobs,
        query=JobsToRepeat,
        refused_by=(WrongStateError,),
    ),
    Route("GET", "/api/v2/batches/{batch_id}", batches.single, BatchWithIds),
    Route(
        "POST",
        "/api/v2/batches/{batch_id}/jobs",
        batches.add_jobs,
        BatchWithJobs,
        body=JOBS,
        refused_by=(WrongStateError,),
    ),
    Route("PATCH", "/api/v2/batches/{batch_id}/complete", batches.close, BatchWithIds),
    Route(
        "PATCH",
        "/api/v2/batches/{batch_id}/cancel",
        batches.cancel,
        BatchWithJobs,
        refused_by=(WrongStateError,),
    ),
    Route(
        "PATCH",
        "/api/v2/batches/{batch_id}/cancel/jobs",
        batches.cancel_jobs,
        CanceledJobs,
        query=JobsToCancel,
    ),
    Route("GET", "/api/v2/jobs", jobs.listed, list[JobItem], query=JobsQuery),
    Route("GET", "/api/v2/jobs/{job_id}", jobs.single, SingleJob),
    Route("PATCH", "/api/v2/jobs/{job_id}/cancel", jobs.cancel, SingleJob, refused_by=(WrongStateError,)),
    Route("GET", "/api/v1/jobs/{job_id}/status", jobs.status, JobProgress),
    Route("GET", "/api/v1/jobs/{job_id}/results_link", jobs.results_link, ResultsLink),
    # A result link is secret enough.
    Route("GET", jobs.RESULT_PATH + "{link}", jobs.result, JobResult, is_public=True),
    Route("GET", "/api/v1/devices", devices.devices, list[DeviceState], query=DevicesQuery),
    Route("GET", "/api/v1/devices/specs", devices.specs, dict[str, str]),
    Route("GET", "/api/v1/devices/specs/{device_type}", devices.one_spec, DeviceSpec),
    Route("GET", "/api/v1/devices/public-specs", devices.public_specs, list[DeviceSpec], is_public=True),
    Route("GET", "/api/v1/projects", devices.projects, list[Project], query=ProjectsQuery),
    Route("GET", "/api/v1/queues", health.queues, CloudQueues),
    Route("GET", "/", health.front, str, is_public=True, media="text/plain"),
    Route("GET", "/health", health.health, Health, is_public=True),
    Route("GET", "/openapi.json", health.openapi, Document, is_public=True),
    Route("POST", "/api/v1/workloads", health.unsupported, None),
    Route("GET", "/api/v2/workloads/{workload_id}", health.unsupported, None),
    Route("PUT", "/api/v1/workloads/{workload_id}/cancel", health.unsupported, None),
)
CONTROL_ROUTES = (
    Route("GET", "/control/faults", control.faults, list[RuleTally]),
    Route("PUT", "/control/faults", control.set_faults, list[RuleTally], body=RULES),
    Route("GET", "/control/paused", control.paused, Paused),
    Route("PUT", "/control/paused", control.set_paused, Paused, body=PAUSED),
)


def bare_path(path: str) -> str:
    """A path as the table has it: without the prefix of one of PCS's services."""
    prefix = next((each for each in _PREFIXES if path.startswith(f"{each}/api/")), "")
    return path.removeprefix(prefix)


def find(routes: Iterable[Route], method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """The route of a request, with the values of the named segments; the first one that fits wins.

    Raises:
        UnknownThingError: There is no such path.

        WrongMethodError: There is one, but not with this method.
    """
    bare, allowed = bare_path(path), []
    for route in routes:
        found = _pattern(route.path).fullmatch(bare)
        if found and route.method == method:
            return route, found.groupdict()
        if found:
            allowed.append(route.method)
    if allowed:
        raise WrongMethodError(method, allowed)
    raise UnknownThingError(f"There is no {path} here.")


@cache
def _pattern(path: str) -> re.Pattern[str]:
    parts = (
        f"(?P<{part[1:-1]}>[^/]*)" if part.startswith("{") else re.escape(part) for part in path.split("/")
    )
    return re.compile("/".join(parts))
