"""Query strings as models: which filters there are, what their values mean, and which page is wanted.

Repeated keys mean "one of", different keys mean "and". A key that is not known is refused: a filter that is
silently ignored would answer a question that nobody asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import core_schema

from runner.domain import BatchStatus, JobStatus
from runner.local.rules.errors import InvalidRequestError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import GetCoreSchemaHandler

T = TypeVar("T")
M = TypeVar("M", bound="Query")
Value = str | int | datetime

MAX_LIMIT = 100
# What the store can compare has 18 digits at least; nothing here is as large.
_MAX_DIGITS = 18
_LARGEST = 10**_MAX_DIGITS - 1
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_PRIORITY = "MEDIUM"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column compared with one or several values, "one of" for several.

    Args:
        column: Column of the list's table, a constant in its place, or `tag`.

        comparison: One of `=`, `>=`, `<=`, `<>`.

        values: What it is compared with.
    """

    column: str
    comparison: str
    values: tuple[Value, ...]


# What is compared where a filter is not called like its column.
_COMPARED: Mapping[str, tuple[str, str]] = {
    "start_date": ("created_at", ">="),
    "end_date": ("created_at", "<="),
    "min_runs": ("runs", ">="),
    "max_runs": ("runs", "<="),
    "errors": ("has_errors", "="),
    # There is one queue a device here: every batch has the same priority, and no column says so.
    "queue_priority": (f"'{_PRIORITY}'", "="),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which items of a list, in which order."""

    conditions: tuple[Comparison, ...] = ()
    offset: int = 0
    limit: int | None = MAX_LIMIT
    is_ascending: bool = False

    def narrowed(self, condition: Comparison) -> Selection:
        """The selection with one condition more."""
        return replace(self, conditions=(*self.conditions, condition))


class OneOf:
    """Marks a text as one of some words, without the one that stands for words never seen before."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [str(word) for word in words if word != BatchStatus.UNKNOWN]

    def __get_pydantic_core_schema__(self, _: object, __: GetCoreSchemaHandler) -> core_schema.LiteralSchema:
        return core_schema.literal_schema(self._words)


def _once(values: list[str]) -> str:
    if len(values) > 1:
        raise ValueError("this can be given once")
    return values[0]


def _boolean(value: str) -> bool:
    if value.lower() not in _BOOLEANS:
        raise ValueError("expected true or false")
    return _BOOLEANS[value.lower()]


def _integer(value: str) -> int:
    digits = value.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MAX_DIGITS:
        raise ValueError("expected an integer")
    return int(value)


def _instant(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("expected an ISO 8601 timestamp") from error


_ONCE = BeforeValidator(_once)
_Boolean = Annotated[bool, BeforeValidator(_boolean)]
_INTEGER = BeforeValidator(_integer)
_Runs = Annotated[int, Field(ge=-_LARGEST, le=_LARGEST), _INTEGER, _ONCE] | None
_Instant = Annotated[datetime, BeforeValidator(_instant), _ONCE] | None
_Some = Annotated[list[T], Field(min_length=1)] | None


class Query(BaseModel):
    """The filters of one call."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    def conditions(self) -> tuple[Comparison, ...]:
        """What the filters state."""
        given = {name: value for name, value in self if value is not None and name not in _PAGE}
        return tuple(
            Comparison(
                *_COMPARED.get(name, (name, "=")), tuple(value) if isinstance(value, list) else (value,)
            )
            for name, value in given.items()
        )


class _Dates(Query):
    start_date: _Instant = Field(None, description="Created then or later; UTC without offset.")
    end_date: _Instant = Field(None, description="Created then or earlier; UTC without offset.")


class _Owned(_Dates):
    id: _Some[str] = Field(None, description="Its id.")
    project_id: _Some[str] = Field(None, description="The project that owns it.")
    user_id: _Some[str] = Field(None, description="Who created it.")


class PagedQuery(Query):
    """The filters of a list, and which page of it is wanted."""

    offset: Annotated[int, Field(ge=0, le=_LARGEST), _INTEGER, _ONCE] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT), _INTEGER, _ONCE] = MAX_LIMIT

    def selection(self) -> Selection:
        """What a list is asked for."""
        return Selection(conditions=self.conditions(), offset=self.offset, limit=self.limit)


class BatchesQuery(PagedQuery, _Owned):
    """Which batches are listed."""

    device_type: _Some[str] = Field(None, description="Where it runs.")
    status: _Some[Annotated[str, OneOf(BatchStatus)]] = Field(None, description="Its status.")
    open: _Some[_Boolean] = Field(None, description="Whether it accepts jobs.")
    queue_priority: _Some[Literal["LOW", "MEDIUM", "HIGH"]] = Field(
        None, description=f"Its priority; {_PRIORITY} for every batch here."
    )
    tag: Annotated[str, _ONCE] | None = Field(None, description="One of its tags.")


class JobsToCancel(_Dates):
    """Which jobs of a batch are canceled."""

    id: _Some[str] = Field(None, description="Its id.")
    min_runs: _Runs = Field(None, description="Jobs with at least so many runs.")
    max_runs: _Runs = Field(None, description="Jobs with at most so many runs.")


class JobsToRepeat(JobsToCancel):
    """Which jobs of a batch are repeated."""

    status: _Some[Annotated[str, OneOf(JobStatus)]] = Field(None, description="Its status.")


class JobsQuery(PagedQuery, JobsToRepeat, _Owned):
    """Which jobs are listed, and in which order."""

    batch_id: _Some[str] = Field(None, description="The batch that it belongs to.")
    errors: _Some[_Boolean] = Field(None, description="Whether it has errors.")
    # Ids grow with time in both orders, so there is one order to choose the direction of.
    order_by: Annotated[Literal["creation_order", "created_at"], _ONCE] = "creation_order"
    order_by_direction: Annotated[Literal["DESC", "ASC"], BeforeValidator(str.upper), _ONCE] = "DESC"

    def selection(self) -> Selection:
        """What the list is asked for."""
        return replace(super().selection(), is_ascending=self.order_by_direction == "ASC")


class DevicesQuery(Query):
    """Which device types are listed."""

    device_type: _Some[str] = Field(None, description="Its name.")


class ProjectsQuery(Query):
    """Which projects are listed."""

    project_status: _Some[str] = Field(None, description="Its status; every project here is ACTIVE.")


_PAGE = {*PagedQuery.model_fields, "order_by", "order_by_direction"}


def read_query(kind: type[M], pairs: Iterable[tuple[str, str]]) -> M:
    """What a query string says.

    Raises:
        InvalidRequestError: It has a key that is not known, or a value that is not what its key takes.
    """
    given: dict[str, list[str]] = {}
    for key, value in pairs:
        given.setdefault(key, []).append(value)
    known = kind.model_fields
    unknown = [key for key in given if key not in known]
    if unknown:
        message = f"There is no such filter here; there are {', '.join(sorted(known))}."
        raise InvalidRequestError(*(Problem(("query", key), message) for key in unknown))
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise InvalidRequestError(
            *(Problem(("query", each["loc"][0]), each["msg"], each["type"]) for each in found)
        ) from error
