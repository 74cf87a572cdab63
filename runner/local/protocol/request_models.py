"""Shape of request bodies: exact types, and no field that is not known."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from runner.local.protocol.faults import Rule
from runner.local.protocol.messages import INTEGRAL
from runner.local.protocol.response_models import EMULATION_CONFIG, SEQUENCE
from runner.local.rules.device_types import MAX_RUNS
from runner.local.rules.errors import InvalidRequestError, Problem

T = TypeVar("T")


def _unique(tags: list[str]) -> list[str]:
    if len(set(tags)) < len(tags):
        raise ValueError("tags must be unique")
    return tags


Tag = Annotated[str, Field(min_length=1)]
Tags = Annotated[list[Tag], AfterValidator(_unique), Field(json_schema_extra={"uniqueItems": True})]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class JobBody(_Strict):
    """A job inside the bodies of create and add. It has its own sequence or variables, never both."""

    runs: Annotated[int, Field(ge=1, le=MAX_RUNS), INTEGRAL] | None = Field(
        default=None,
        description="How often the sequence is repeated; by default what the backend configuration says.",
    )
    variables: dict[str, JsonValue] | None = Field(
        default=None, description="A value for each variable that the batch's sequence declares."
    )
    sequence: Annotated[str, Field(json_schema_extra=SEQUENCE)] | None = Field(
        default=None, description="Its own sequence: Pulser's abstract representation."
    )


class BatchBody(_Strict):
    """A new batch. Without a sequence of its own every job needs one; without jobs it has to be open."""

    project_id: str = Field(min_length=1, description="The project that owns it.")
    sequence_builder: Annotated[str, Field(json_schema_extra=SEQUENCE)] | None = Field(
        default=None, description="The sequence of its jobs: Pulser's abstract representation."
    )
    jobs: list[JobBody] | None = None
    device_type: str | None = Field(
        default=None, description="Where it runs; by default the device that the sequence was written for."
    )
    open: bool = Field(default=False, description="Whether it accepts more jobs, until it is closed.")
    tags: Tags | None = None
    configuration: dict[str, JsonValue] | None = Field(
        default=None, description="Old emulator options: strict_validation, with_noise."
    )
    backend_configuration: Annotated[str, Field(json_schema_extra=EMULATION_CONFIG)] | None = Field(
        default=None, description="Abstract representation of Pulser's EmulationConfig."
    )
    webhook: str | None = Field(
        default=None, description="Address that is told of its end; one that the cloud allows."
    )


class BatchIdsBody(_Strict):
    """Batches that are canceled together."""

    batch_ids: list[str] = Field(min_length=1, max_length=100)


class PausedBody(_Strict):
    """Device types and batches of which nothing starts; all others go on."""

    devices: list[str] = Field(default=[], max_length=100)
    batches: list[str] = Field(default=[], max_length=100)


BATCH = TypeAdapter(BatchBody)
JOBS = TypeAdapter(Annotated[list[JobBody], Field(min_length=1)])
TAGS = TypeAdapter(Tags, config=ConfigDict(strict=True))
BATCH_IDS = TypeAdapter(BatchIdsBody)
PAUSED = TypeAdapter(PausedBody)
RULES = TypeAdapter(list[Rule], config=ConfigDict(strict=True))


def read_model(adapter: TypeAdapter[T], value: object) -> T:
    """What a JSON value says; InvalidRequestError with every fault of its shape."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise InvalidRequestError(
            *(Problem(("body", *each["loc"]), each["msg"], each["type"]) for each in found)
        ) from error
