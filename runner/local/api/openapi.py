"""The API as an OpenAPI 3.1 document: a pure function of the route table."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from runner import __version__
from runner.local.api.routes import Access
from runner.local.protocol import response_models as shapes
from runner.local.protocol.messages import MAX_BODY_BYTES
from runner.local.protocol.queries import PagedQuery
from runner.local.rules.errors import (
    ForbiddenOriginError,
    InvalidRequestError,
    RefusalError,
    TooLargeError,
    UnauthorizedError,
    WrongMethodError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.local.api.routes import Route
    from runner.local.protocol.configuration import Configuration

Json = dict[str, Any]
Schemas = dict[tuple[Hashable, JsonSchemaMode], Json]

_ABOUT = (
    "Pasqal Cloud Services (PCS) on this machine. Times are ISO 8601 in UTC. Repeated keys of a query string"
    ' mean "one of", different keys mean "and". Unknown paths are a 404, other methods of a known path a 405'
    f" with the header Allow. Bodies are JSON in UTF-8 of at most {MAX_BODY_BYTES} bytes, plain or with"
    " Content-Encoding: gzip. On demand the server makes faults: then any request may get any error, no"
    " answer, or a late one."
)
_JSON = "application/json"
_SHARED = (shapes.Refused, shapes.Invalid, shapes.Pagination)
# Where in an answer the values of other paths' segments stand, as JSON pointers.
_GIVEN: Mapping[object, Mapping[str, str]] = {
    shapes.BatchWithJobs: {"batch_id": "/data/id", "job_id": "/data/jobs/0/id"},
    shapes.BatchWithIds: {"batch_id": "/data/id", "job_id": "/data/job_ids/0"},
    list[shapes.BatchItem]: {"batch_id": "/data/0/id"},
    shapes.CanceledBatches: {"batch_id": "/data/batches/0/id"},
    shapes.CanceledJobs: {"job_id": "/data/jobs/0/id"},
    list[shapes.JobItem]: {"job_id": "/data/0/id", "batch_id": "/data/0/batch_id"},
    shapes.SingleJob: {"job_id": "/data/id", "batch_id": "/data/batch_id"},
    list[shapes.DeviceState]: {"device_type": "/data/0/device_type"},
    list[shapes.DeviceSpec]: {"device_type": "/data/0/device_type"},
}
_SCHEMES = {Access.PROJECT: "project", Access.CONTROL: "control"}
_HEADERS: Mapping[int, Mapping[str, Json]] = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "enum": ["Bearer"]}}},
    405: {"Allow": {"required": True, "schema": {"type": "string", "pattern": "^[A-Z]+(, [A-Z]+)*$"}}},
    429: {
        "Retry-After": {
            "description": "When to ask again (in s).",
            "schema": {"type": "integer", "minimum": 0},
        }
    },
}
_FAILURES = {500: "The server failed; its log says why.", 503: "The store cannot be used now."}


def document(routes: Iterable[Route], configuration: Configuration) -> Json:
    """The document of a server.

    Args:
        routes: All that it answers.

        configuration: Says who needs a token.
    """
    routes = tuple(routes)
    schemas, definitions = _schemas(routes)
    guarded = {Access.PROJECT} if configuration.tokens else set()
    if configuration.control.token is not None:
        guarded.add(Access.CONTROL)
    paths: dict[str, Json] = {}
    for route in routes:
        operation = _Operation(route, schemas, route.access in guarded, routes)
        paths.setdefault(route.path, {})[route.method.lower()] = operation.written()
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "The local cloud", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "project": bearer | {"description": "The token of a project."},
                "control": bearer | {"description": "The token of the control."},
            },
        },
    }


def operation_id(route: Route) -> str:
    """The name of an operation, like `get_api_v1_batches`."""
    return f"{route.method.lower()}_{'_'.join(re.findall(r'[a-z0-9_]+', route.path.lower()))}"


def _schemas(routes: tuple[Route, ...]) -> tuple[Schemas, Json]:
    """The JSON Schema of every body and answer, and the definitions that they refer to."""
    answers = dict.fromkeys((*_SHARED, *(route.data for route in routes if route.data is not None)))
    adapters: list[tuple[Hashable, JsonSchemaMode, TypeAdapter[Any]]] = [
        (kind, "serialization", TypeAdapter(kind)) for kind in answers
    ]
    adapters += [(id(route.body), "validation", route.body) for route in routes if route.body is not None]
    schemas, rest = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    return schemas, rest["$defs"]


@dataclass(frozen=True, slots=True)
class _Operation:
    """What is written of one route.

    Args:
        schemas: The JSON Schema of every body and answer.

        needs_token: Whether it is refused without one.

        others: All routes, for links.
    """

    route: Route
    schemas: Schemas
    needs_token: bool
    others: tuple[Route, ...]

    def written(self) -> Json:
        route = self.route
        said: Json = {
            "operationId": operation_id(route),
            "tags": [route.call.__module__.rpartition(".")[2]],
            "summary": route.summary,
            "parameters": [*self.parameters()],
            "security": [*self.security()],
            "responses": {str(status): answer for status, answer in sorted(self.answers())},
        }
        if route.body is not None:
            schema = self.schemas[id(route.body), "validation"]
            said["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
        return said

    def security(self) -> Iterator[Json]:
        """Without tokens in its configuration a server takes any token, or none."""
        scheme = _SCHEMES.get(self.route.access)
        if scheme is not None:
            yield from () if self.needs_token else ({},)
            yield {scheme: []}

    def parameters(self) -> Iterator[Json]:
        for name in self.route.segments:
            schema = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
            yield {"name": name, "in": "path", "required": True, "schema": schema}
        if self.route.query is not None:
            for name, schema in self.route.query.model_json_schema()["properties"].items():
                yield {"name": name, "in": "query"} | _parameter(schema)

    def answers(self) -> Iterator[tuple[int, Json]]:
        """Status and description of every answer."""
        kinds: tuple[type[RefusalError], ...] = (RefusalError, ForbiddenOriginError, WrongMethodError)
        for kind in (*kinds, *self.route.refusals):
            yield self.refused(kind.status, _first_line(kind))
        for status, why in _FAILURES.items():
            yield self.refused(status, why)
        if self.needs_token:
            yield self.refused(UnauthorizedError.status, _first_line(UnauthorizedError))
        if self.route.body is not None:
            yield self.refused(TooLargeError.status, _first_line(TooLargeError))
        if self.route.path.startswith("/api/"):
            yield self.refused(429, "Too many requests, where this is made on demand.")
        if self.route.data is None:
            yield self.refused(501, self.route.summary)
        else:
            yield 200, self.succeeded()

    def refused(self, status: int, why: str) -> tuple[int, Json]:
        shape = shapes.Invalid if status == InvalidRequestError.status else shapes.Refused
        schema = self.schemas[shape, "serialization"]
        said: Json = {"description": why, "content": {_JSON: {"schema": schema}}}
        return status, said | ({"headers": _HEADERS[status]} if status in _HEADERS else {})

    def succeeded(self) -> Json:
        return {
            "description": self.route.summary,
            "content": {self.route.media: {"schema": self.answer()}},
            "links": {operation_id(target): link for target, link in self.links()},
        }

    def answer(self) -> Json:
        """The schema of the answer, in PCS's envelope where it has one."""
        data = self.schemas[self.route.data, "serialization"]
        if not self.route.is_enveloped:
            return data
        properties: Json = {
            "status": {"const": "success"},
            "message": {"type": "string"},
            "code": {"const": 200},
            "data": data,
        }
        if self.route.query is not None and issubclass(self.route.query, PagedQuery):
            properties["pagination"] = self.schemas[shapes.Pagination, "serialization"]
        return {
            "type": "object",
            "properties": properties,
            "required": [*properties],
            "additionalProperties": False,
        }

    def links(self) -> Iterator[tuple[Route, Json]]:
        """What can be asked with what an answer gives."""
        given = _GIVEN.get(self.route.data, {})
        for target in self.others:
            if target.segments and given.keys() >= set(target.segments):
                values = {name: f"$response.body#{given[name]}" for name in target.segments}
                yield target, {"operationId": operation_id(target), "parameters": values}


def _parameter(schema: Json) -> Json:
    """A key of a query string: what stands for one that is left out is nothing that can be given."""
    kind = schema["anyOf"][0] if "anyOf" in schema else schema
    return {
        **({"description": schema["description"]} if "description" in schema else {}),
        "schema": {name: value for name, value in kind.items() if name != "title"},
    }


def _first_line(kind: type[RefusalError]) -> str:
    return (kind.__doc__ or "").splitlines()[0]
