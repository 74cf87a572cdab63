"""Shape of request bodies: exact types, and no field that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from runner.local.devices import MAX_RUNS
from runner.local.faults import Rule
from runner.local.refusals import InvalidRequestError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


def _unique(tags: list[str]) -> list[str]:
    if len(set(tags)) < len(tags):
        raise ValueError("tags must be unique")
    return tags


Tag = Annotated[str, Field(min_length=1)]
Tags = Annotated[list[Tag], AfterValidator(_unique)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class JobBody(_Strict):
    """A job inside the bodies of create and add."""

    runs: int | None = Field(default=None, ge=1, le=MAX_RUNS)
    variables: dict[str, JsonValue] | None = None
    sequence: str | None = None


class BatchBody(_Strict):
    """Body of POST /api/v1/batches."""

    project_id: str = Field(min_length=1)
    sequence_builder: str | None = None
    jobs: list[JobBody] | None = None
    device_type: str | None = None
    open: bool = False
    tags: Tags | None = None
    configuration: dict[str, JsonValue] | None = None
    backend_configuration: str | None = None
    webhook: str | None = None


class BatchIdsBody(_Strict):
    """Body of PATCH /api/v1/batches/cancel."""

    batch_ids: list[str] = Field(min_length=1, max_length=100)


class PausedBody(_Strict):
    """Body of PUT /control/paused."""

    devices: list[str] = Field(default=[], max_length=100)
    batches: list[str] = Field(default=[], max_length=100)


_BATCH = TypeAdapter(BatchBody)
_JOBS = TypeAdapter(Annotated[list[JobBody], Field(min_length=1)])
_TAGS = TypeAdapter(Tags, config=ConfigDict(strict=True))
_BATCH_IDS = TypeAdapter(BatchIdsBody)
_PAUSED = TypeAdapter(PausedBody)
_RULES = TypeAdapter(list[Rule], config=ConfigDict(strict=True))


def batch_body(value: Any) -> BatchBody:
    """The body of a create call; InvalidRequestError with every fault of its shape."""
    return _read(_BATCH, value)


def jobs_body(value: Any) -> list[JobBody]:
    """The body of an add call: a bare list of jobs, at least one."""
    return _read(_JOBS, value)


def tags_body(value: Any) -> list[str]:
    """The body of a call that sets tags: a bare list."""
    return _read(_TAGS, value)


def batch_ids_body(value: Any) -> list[str]:
    """The batches that a call cancels together."""
    return _read(_BATCH_IDS, value).batch_ids


def paused_body(value: Any) -> PausedBody:
    """What is paused from now on."""
    return _read(_PAUSED, value)


def rules_body(value: Any) -> list[Rule]:
    """The faults that are made from now on: a bare list."""
    return _read(_RULES, value)


def _read(adapter: TypeAdapter[T], value: Any) -> T:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise InvalidRequestError(*_problems(error.errors(include_url=False))) from error


def _problems(errors: Sequence[Any]) -> list[Problem]:
    return [Problem(("body", *error["loc"]), error["msg"], error["type"]) for error in errors]
