"""Query strings of lists: which filters there are, what their values mean, and which page is wanted.

Repeated keys mean "one of", different keys mean "and". A key that is not in the table is refused: a filter
that is silently ignored would answer a question that nobody asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.domain import BatchStatus, JobStatus
from runner.local.refusals import InvalidRequestError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Value = str | int | datetime
Query = tuple[tuple[str, str], ...]

MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """A column compared with one or several values, "one of" for several.

    Args:
        column: Column of the list's table, or `tag`.

        comparison: One of `=`, `>=`, `<=`, `<>`.

        values: What it is compared with.
    """

    column: str
    comparison: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which items of a list, in which order."""

    conditions: tuple[Condition, ...] = ()
    offset: int = 0
    limit: int | None = MAX_LIMIT
    is_ascending: bool = False

    def narrowed(self, condition: Condition) -> Selection:
        """The selection with one condition more."""
        return replace(self, conditions=(*self.conditions, condition))


@dataclass(frozen=True, slots=True)
class _Filter:
    column: str
    reads: Callable[[str], Value]
    comparison: str = "="


def _text(value: str) -> str:
    return value


def _boolean(value: str) -> int:
    words = {"true": 1, "1": 1, "false": 0, "0": 0}
    if value.lower() not in words:
        raise ValueError("expected true or false")
    return words[value.lower()]


def _integer(value: str) -> int:
    if not value.isascii() or not value.removeprefix("-").isdigit() or len(value) > 18:  # noqa: PLR2004
        raise ValueError("expected an integer")
    return int(value)


def _instant(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("expected an ISO 8601 timestamp") from error


def _status_of(known: Iterable[str]) -> Callable[[str], str]:
    words = [word for word in known if word != BatchStatus.UNKNOWN]

    def status(value: str) -> str:
        if value not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return value

    return status


_DATES = {
    "start_date": _Filter("created_at", _instant, ">="),
    "end_date": _Filter("created_at", _instant, "<="),
}
_RUNS = {"min_runs": _Filter("runs", _integer, ">="), "max_runs": _Filter("runs", _integer, "<=")}
_IDS = {key: _Filter(key, _text) for key in ("id", "project_id", "user_id")}
_JOB_STATUS = _Filter("status", _status_of(JobStatus))

BATCHES: Mapping[str, _Filter] = {
    **_IDS,
    **_DATES,
    "device_type": _Filter("device_type", _text),
    "status": _Filter("status", _status_of(BatchStatus)),
    "open": _Filter("open", _boolean),
    "tag": _Filter("tag", _text),
}
JOBS: Mapping[str, _Filter] = {
    **_IDS,
    **_DATES,
    **_RUNS,
    "batch_id": _Filter("batch_id", _text),
    "status": _JOB_STATUS,
    "errors": _Filter("has_errors", _boolean),
}
JOBS_TO_CANCEL: Mapping[str, _Filter] = {"id": _IDS["id"], **_DATES, **_RUNS}
JOBS_TO_REPEAT: Mapping[str, _Filter] = {**JOBS_TO_CANCEL, "status": _JOB_STATUS}

_PAGE_KEYS = ("offset", "limit")
_ORDER_KEYS = ("order_by", "order_by_direction")


def conditions(query: Query, table: Mapping[str, _Filter]) -> tuple[Condition, ...]:
    """The conditions that a query string states, in the order of its keys.

    Raises:
        InvalidRequestError: A key is not in the table, or a value is not what it takes.
    """
    grouped: dict[str, list[str]] = {}
    for key, value in query:
        grouped.setdefault(key, []).append(value)
    return tuple(_condition(key, values, table) for key, values in grouped.items())


def page_of(query: Query, table: Mapping[str, _Filter], *, is_ordered: bool = False) -> Selection:
    """What a list is asked for: filters, page and, where the list has one, the order.

    Raises:
        InvalidRequestError: A key or a value is not known.
    """
    special = _PAGE_KEYS + (_ORDER_KEYS if is_ordered else ())
    given = {key: value for key, value in query if key in special}
    return Selection(
        conditions=conditions(tuple(pair for pair in query if pair[0] not in special), table),
        offset=_bounded("offset", given.get("offset", "0"), at_least=0),
        limit=_bounded("limit", given.get("limit", str(MAX_LIMIT)), at_least=1, at_most=MAX_LIMIT),
        is_ascending=_is_ascending(given),
    )


def _condition(key: str, values: list[str], table: Mapping[str, _Filter]) -> Condition:
    if key not in table:
        raise _refusal(key, f"There is no such filter here; there are {', '.join(sorted(table))}.")
    found = table[key]
    if len(values) > 1 and found.comparison != "=":
        raise _refusal(key, "This filter can be given once.")
    try:
        return Condition(found.column, found.comparison, tuple(map(found.reads, values)))
    except ValueError as error:
        raise _refusal(key, f"Wrong value: {error}.") from error


def _bounded(key: str, value: str, *, at_least: int, at_most: int | None = None) -> int:
    try:
        number = _integer(value)
    except ValueError as error:
        raise _refusal(key, f"Wrong value: {error}.") from error
    if number < at_least or (at_most is not None and number > at_most):
        upper = "" if at_most is None else f" and at most {at_most}"
        raise _refusal(key, f"Expected at least {at_least}{upper}.")
    return number


def _is_ascending(given: Mapping[str, str]) -> bool:
    # Ids grow with time in both orders, so there is one order to choose the direction of.
    if given.get("order_by", "creation_order") not in ("creation_order", "created_at"):
        raise _refusal("order_by", "Expected creation_order or created_at.")
    direction = given.get("order_by_direction", "DESC").upper()
    if direction not in ("ASC", "DESC"):
        raise _refusal("order_by_direction", "Expected ASC or DESC.")
    return direction == "ASC"


def _refusal(key: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(Problem(("query", key), message))
