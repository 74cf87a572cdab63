"""The API as an OpenAPI 3.1 document: a pure function of the route table and of `operations`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from runner import __version__
from runner.local.api.operations import OPERATIONS, Access
from runner.local.protocol import filters, response_models
from runner.local.protocol.messages import MAX_BODY_BYTES
from runner.local.rules.errors import (
    ForbiddenOriginError,
    InvalidRequestError,
    RefusalError,
    TooLargeError,
    UnauthorizedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.local.api.operations import Operation
    from runner.local.api.routing import Route
    from runner.local.protocol.configuration import Configuration
    from runner.local.protocol.filters import Filter

Json = dict[str, Any]
Shapes = dict[tuple[tuple[str, str], JsonSchemaMode], Json]

_ABOUT = (
    "Pasqal Cloud Services (PCS) on this machine. Times are ISO 8601 in UTC. Repeated keys of a query string"
    ' mean "one of", different keys mean "and". Unknown paths are a 404, other methods of a known path a 405'
    f" with the header Allow. Bodies are JSON in UTF-8 of at most {MAX_BODY_BYTES} bytes, plain or with"
    " Content-Encoding: gzip. On demand the server makes faults: then any request may get any error, no"
    " answer, or a late one."
)
_SEGMENT = re.compile(r"{(\w+)}")
_JSON = "application/json"
_REFUSED, _INVALID, _PAGE = ("", "refused"), ("", "invalid"), ("", "page")
_SHARED = {
    _REFUSED: response_models.Refused,
    _INVALID: response_models.Invalid,
    _PAGE: response_models.Pagination,
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
_COMMON = {
    405: "Another method of this path.",
    500: "The server failed; its log says why.",
    503: "The store cannot be used now.",
}


def document(routes: Iterable[Route[Any]], configuration: Configuration) -> Json:
    """The document of a server.

    Args:
        routes: All that it answers.

        configuration: Says who needs a token.
    """
    routes = tuple(routes)
    shapes, definitions = _shapes(routes)
    guarded = {
        Access.PROJECT: bool(configuration.tokens),
        Access.CONTROL: configuration.control.token is not None,
    }
    paths: dict[str, Json] = {}
    for route in routes:
        parts = _Parts(route, shapes, guarded.get(OPERATIONS[route.call].access, False), routes)
        paths.setdefault(route.template, {})[route.method.lower()] = parts.written()
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


def operation_id(route: Route[Any]) -> str:
    """The name of an operation, like `get_api_v1_batches`."""
    return f"{route.method.lower()}_{'_'.join(re.findall(r'[a-z0-9_]+', route.template.lower()))}"


def _shapes(routes: tuple[Route[Any], ...]) -> tuple[Shapes, Json]:
    """The JSON Schema of every body and answer, and the definitions that they refer to."""
    adapters: list[tuple[tuple[str, str], JsonSchemaMode, TypeAdapter[Any]]] = [
        (key, "serialization", TypeAdapter(kind)) for key, kind in _SHARED.items()
    ]
    for route in routes:
        operation, key = OPERATIONS[route.call], (route.method, route.template)
        if operation.body is not None:
            adapters.append((key, "validation", operation.body))
        if operation.data is not None:
            adapters.append((key, "serialization", TypeAdapter(operation.data)))
    shapes, rest = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    return shapes, rest["$defs"]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one route is written with.

    Args:
        shapes: The JSON Schema of every body and answer.

        needs_token: Whether it is refused without one.

        others: All routes, for links.
    """

    route: Route[Any]
    shapes: Shapes
    needs_token: bool
    others: tuple[Route[Any], ...]

    @property
    def operation(self) -> Operation:
        return OPERATIONS[self.route.call]

    def written(self) -> Json:
        said: Json = {
            "operationId": operation_id(self.route),
            "tags": [self.route.call.__module__.rpartition(".")[2].removesuffix("_calls")],
            "summary": self.operation.summary,
            "parameters": [*self.parameters()],
            "security": [*self.security()],
            "responses": {str(status): answer for status, answer in sorted(self.answers())},
        }
        if self.operation.body is not None:
            schema = self.shapes[(self.route.method, self.route.template), "validation"]
            said["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
        return said

    def security(self) -> Iterator[Json]:
        """Without tokens in its configuration a server takes any token, or none."""
        scheme = _SCHEMES.get(self.operation.access)
        if scheme is not None:
            yield from () if self.needs_token else ({},)
            yield {scheme: []}

    def parameters(self) -> Iterator[Json]:
        for name in _SEGMENT.findall(self.route.template):
            schema = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
            yield {"name": name, "in": "path", "required": True, "schema": schema}
        for name, each in self.operation.filters.items():
            yield {"name": name, "in": "query", "description": each.about, "schema": _filter_schema(each)}
        for name, bounds in {**_pages(self.operation), **self.operation.order}.items():
            yield {"name": name, "in": "query", "schema": dict(bounds)}

    def answers(self) -> Iterator[tuple[int, Json]]:
        """Status and description of every answer."""
        kinds: tuple[type[RefusalError], ...] = (RefusalError, ForbiddenOriginError)
        for kind in (*kinds, *self.operation.refusals):
            yield self.refused(kind.status, _first_line(kind))
        for status, why in _COMMON.items():
            yield self.refused(status, why)
        if self.needs_token:
            yield self.refused(UnauthorizedError.status, _first_line(UnauthorizedError))
        if self.operation.body is not None:
            yield self.refused(TooLargeError.status, _first_line(TooLargeError))
        if self.route.template.startswith("/api/"):
            yield self.refused(429, "Too many requests, where this is made on demand.")
        if self.operation.data is None:
            yield self.refused(501, self.operation.summary)
        else:
            yield 200, self.succeeded()

    def refused(self, status: int, why: str) -> tuple[int, Json]:
        shape = _INVALID if status == InvalidRequestError.status else _REFUSED
        said: Json = {"description": why, "content": {_JSON: {"schema": self.shapes[shape, "serialization"]}}}
        return status, said | ({"headers": _HEADERS[status]} if status in _HEADERS else {})

    def succeeded(self) -> Json:
        schema = self.shapes[(self.route.method, self.route.template), "serialization"]
        if self.operation.is_enveloped:
            schema = _envelope(
                schema, self.shapes[_PAGE, "serialization"] if self.operation.is_paged else None
            )
        return {
            "description": self.operation.summary,
            "content": {self.operation.media: {"schema": schema}},
            "links": {operation_id(target): link for target, link in self.links()},
        }

    def links(self) -> Iterator[tuple[Route[Any], Json]]:
        """What can be asked with what an answer gives."""
        for target in self.others:
            names = _SEGMENT.findall(target.template)
            if names and all(name in self.operation.gives for name in names):
                values = {name: f"$response.body#{self.operation.gives[name]}" for name in names}
                yield target, {"operationId": operation_id(target), "parameters": values}


def _pages(operation: Operation) -> Mapping[str, Mapping[str, Any]]:
    return filters.PAGE if operation.is_paged else {}


def _filter_schema(each: Filter) -> Json:
    one = dict(each.kind.schema)
    return one if each.is_single else {"type": "array", "items": one, "minItems": 1}


def _envelope(data: Json, page: Json | None) -> Json:
    properties: Json = {
        "status": {"const": "success"},
        "message": {"type": "string"},
        "code": {"const": 200},
        "data": data,
        **({} if page is None else {"pagination": page}),
    }
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _first_line(kind: type[RefusalError]) -> str:
    return (kind.__doc__ or "").splitlines()[0]
