"""The OpenAPI document: the same as the route table, the filters and the bodies."""

from __future__ import annotations

import json

import jsonschema
import pytest
from local_fakes import HOST, FakeEngine, FakeSequences

from runner.local.api.openapi import document, operation_id
from runner.local.api.routes import CONTROL_ROUTES, ROUTES
from runner.local.protocol import request_models
from runner.local.protocol.configuration import Configuration
from runner.local.protocol.messages import Request
from runner.local.protocol.queries import BatchesQuery, DevicesQuery, JobsQuery
from runner.local.rules.errors import InvalidRequestError
from runner.local.server.local_cloud import LocalCloud

ALL = ROUTES + CONTROL_ROUTES
TOKENS = {
    "tokens": {"p": "project-0123456789"},
    "control": {"enabled": True, "token": "control-0123456789"},
}


def written(**configuration):
    """The document of all routes."""
    return document(ALL, Configuration.model_validate(configuration))


def operations(said):
    """Each operation of a document by its method and path."""
    return {
        (method.upper(), path): each
        for path, methods in said["paths"].items()
        for method, each in methods.items()
    }


def references(value):
    """Every reference in a JSON value."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for each in value.values() for found in references(each)]
    return [found for each in value for found in references(each)] if isinstance(value, list) else []


def test_document_and_route_table_name_the_same():
    """Every method and path, and none that is not there."""
    assert {(route.method, route.path) for route in ALL} == set(operations(written()))


@pytest.mark.parametrize(("control", "n"), [({}, 0), ({"enabled": True}, 2)])
def test_served_document_has_what_is_served(store, control, n):
    """Without a token, and without the control where there is none."""
    configuration = Configuration.model_validate({"control": control})
    cloud = LocalCloud(store, FakeEngine(), sequences=FakeSequences(), configuration=configuration)
    answer = cloud.handle(a_request("/openapi.json"))
    said = json.loads(answer.body)

    assert (200, n) == (answer.status, sum(path.startswith("/control/") for path in said["paths"]))
    assert document(ROUTES + CONTROL_ROUTES[: 2 * n], configuration) == said


def a_request(path):
    """A GET without a token."""
    return Request(method="GET", path=path, headers=HOST)


def test_everything_that_is_referred_to_is_there():
    """Schemas by their names, and the operations that links lead to."""
    said = written()
    known = {f"#/components/schemas/{name}" for name in said["components"]["schemas"]}
    links = [
        link["operationId"]
        for each in operations(said).values()
        for link in each["responses"].get("200", {}).get("links", {}).values()
    ]

    assert set() == set(references(said)) - known
    assert set() == set(links) - {operation_id(route) for route in ALL}
    assert len(ALL) == len({operation_id(route) for route in ALL})


SCHEMAS = written()["components"]["schemas"]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_one(name):
    """Draft 2020-12, which OpenAPI 3.1 speaks."""
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize(
    ("path", "query"),
    [("/api/v1/batches", BatchesQuery), ("/api/v2/jobs", JobsQuery), ("/api/v1/devices", DevicesQuery)],
)
def test_query_strings_are_those_that_are_read(path, query):
    """Every filter, the page and the order, and none of them has to be there."""
    said = operations(written())["GET", path]["parameters"]

    assert [*query.model_fields] == [each["name"] for each in said]
    assert [] == [each for each in said if each.get("required") or "anyOf" in each["schema"]]


@pytest.mark.parametrize(
    "body",
    [
        {"project_id": "p", "open": True},
        {"project_id": "", "open": True},
        {"project_id": "p", "colour": "red"},
        {"project_id": "p", "jobs": [{"runs": 0}]},
        {"project_id": "p", "jobs": [{"runs": 1, "colour": "red"}]},
        {"project_id": "p", "tags": ["a", "a"]},
        {"project_id": "p", "tags": [""]},
        {"project_id": "p", "open": "yes"},
    ],
)
def test_body_fits_its_schema_if_it_is_read(body):
    """The schema is as strict as the server."""
    said = written()
    schema = {"$ref": "#/components/schemas/BatchBody", "components": said["components"]}
    try:
        request_models.read_model(request_models.BATCH, body)
        is_read = True
    except InvalidRequestError:
        is_read = False

    assert is_read == jsonschema.Draft202012Validator(schema).is_valid(body)


def test_who_needs_a_token_is_said():
    """With tokens everybody but for what is public: health, results, specifications, and what it is."""
    guarded, free = operations(written(**TOKENS)), operations(written())
    open_to_all = {"/", "/health", "/openapi.json", "/results/{link}", "/api/v1/devices/public-specs"}

    assert open_to_all == {path for (_, path), each in guarded.items() if not each["security"]}
    assert open_to_all == {path for (_, path), each in guarded.items() if "401" not in each["responses"]}
    assert [{"project": []}] == guarded["GET", "/api/v2/jobs"]["security"]
    assert [{"control": []}] == guarded["GET", "/control/faults"]["security"]
    assert [{}, {"project": []}] == free["GET", "/api/v2/jobs"]["security"]
