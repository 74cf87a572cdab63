"""Query strings of lists: which filters there are, what their values mean, and which page is wanted.

Repeated keys mean "one of", different keys mean "and". A key that is not in the table is refused: a filter
that is silently ignored would answer a question that nobody asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runner.domain import BatchStatus, JobStatus
from runner.local.protocol.query_params import BOOLEAN, INSTANT, INTEGER, LARGEST, TEXT, integer, one_of
from runner.local.rules.errors import InvalidRequestError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.local.protocol.query_params import Kind, Value

Query = tuple[tuple[str, str], ...]

MAX_LIMIT = 100
MAX_OFFSET = LARGEST


@dataclass(frozen=True, slots=True)
class Condition:
    """A column compared with one or several values, "one of" for several.

    Args:
        column: Column of the list's table, a constant in its place, or `tag`.

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
class Filter:
    """One key of a query string.

    Args:
        column: What it is compared with.

        kind: What its values are.

        about: What it selects, for who writes query strings.

        comparison: One of `=`, `>=`, `<=`.

        is_single: Whether it can be given once only; else several values mean "one of".
    """

    column: str
    kind: Kind
    about: str
    comparison: str = "="
    is_single: bool = False


_PRIORITY = "MEDIUM"

_DATES = {
    "start_date": Filter("created_at", INSTANT, "Created then or later; UTC without offset.", ">=", True),
    "end_date": Filter("created_at", INSTANT, "Created then or earlier; UTC without offset.", "<=", True),
}
_RUNS = {
    "min_runs": Filter("runs", INTEGER, "Jobs with at least so many runs.", ">=", True),
    "max_runs": Filter("runs", INTEGER, "Jobs with at most so many runs.", "<=", True),
}
_IDS = {
    "id": Filter("id", TEXT, "Its id."),
    "project_id": Filter("project_id", TEXT, "The project that owns it."),
    "user_id": Filter("user_id", TEXT, "Who created it."),
}
_JOB_STATUS = Filter("status", one_of(JobStatus), "Its status.")

BATCHES: Mapping[str, Filter] = {
    **_IDS,
    **_DATES,
    "device_type": Filter("device_type", TEXT, "Where it runs."),
    "status": Filter("status", one_of(BatchStatus), "Its status."),
    "open": Filter("open", BOOLEAN, "Whether it accepts jobs."),
    # There is one queue a device here: every batch has the same priority, and no column says so.
    "queue_priority": Filter(
        f"'{_PRIORITY}'",
        one_of(("LOW", "MEDIUM", "HIGH")),
        f"Its priority; {_PRIORITY} for every batch here.",
    ),
    "tag": Filter("tag", TEXT, "One of its tags.", is_single=True),
}
JOBS: Mapping[str, Filter] = {
    **_IDS,
    **_DATES,
    **_RUNS,
    "batch_id": Filter("batch_id", TEXT, "The batch that it belongs to."),
    "status": _JOB_STATUS,
    "errors": Filter("has_errors", BOOLEAN, "Whether it has errors."),
}
JOBS_TO_CANCEL: Mapping[str, Filter] = {"id": _IDS["id"], **_DATES, **_RUNS}
JOBS_TO_REPEAT: Mapping[str, Filter] = {**JOBS_TO_CANCEL, "status": _JOB_STATUS}
DEVICES: Mapping[str, Filter] = {"device_type": Filter("device_type", TEXT, "Its name.")}
PROJECTS: Mapping[str, Filter] = {
    "project_status": Filter("status", TEXT, "Its status; every project here is ACTIVE.")
}

# Ids grow with time in both orders, so there is one order to choose the direction of.
_ORDERS = ("creation_order", "created_at")
_DIRECTIONS = ("DESC", "ASC")
PAGE: Mapping[str, Mapping[str, Any]] = {
    "offset": {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": MAX_LIMIT},
}
ORDER: Mapping[str, Mapping[str, Any]] = {
    "order_by": {"type": "string", "enum": list(_ORDERS), "default": _ORDERS[0]},
    "order_by_direction": {"type": "string", "enum": list(_DIRECTIONS), "default": _DIRECTIONS[0]},
}


def conditions(query: Query, table: Mapping[str, Filter]) -> tuple[Condition, ...]:
    """The conditions that a query string states, in the order of its keys.

    Raises:
        InvalidRequestError: A key is not in the table, or a value is not what it takes.
    """
    grouped: dict[str, list[str]] = {}
    for key, value in query:
        grouped.setdefault(key, []).append(value)
    return tuple(_condition(key, values, table) for key, values in grouped.items())


def page_of(query: Query, table: Mapping[str, Filter], *, is_ordered: bool = False) -> Selection:
    """What a list is asked for: filters, page and, where the list has one, the order.

    Raises:
        InvalidRequestError: A key or a value is not known.
    """
    special = (*PAGE, *(ORDER if is_ordered else ()))
    given = _given_once(pair for pair in query if pair[0] in special)
    return Selection(
        conditions=conditions(tuple(pair for pair in query if pair[0] not in special), table),
        offset=_bounded("offset", given),
        limit=_bounded("limit", given),
        is_ascending=_is_ascending(given),
    )


def _given_once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    given: dict[str, str] = {}
    for key, value in pairs:
        if key in given:
            raise _refusal(key, "This can be given once.")
        given[key] = value
    return given


def _condition(key: str, values: list[str], table: Mapping[str, Filter]) -> Condition:
    if key not in table:
        raise _refusal(key, f"There is no such filter here; there are {', '.join(sorted(table))}.")
    found = table[key]
    if len(values) > 1 and found.is_single:
        raise _refusal(key, "This filter can be given once.")
    try:
        return Condition(found.column, found.comparison, tuple(map(found.kind.reads, values)))
    except ValueError as error:
        raise _refusal(key, f"Wrong value: {error}.") from error


def _bounded(key: str, given: Mapping[str, str]) -> int:
    bounds = PAGE[key]
    try:
        number = integer(given.get(key, str(bounds["default"])))
    except ValueError as error:
        raise _refusal(key, f"Wrong value: {error}.") from error
    if not bounds["minimum"] <= number <= bounds["maximum"]:
        raise _refusal(key, f"Expected at least {bounds['minimum']} and at most {bounds['maximum']}.")
    return number


def _is_ascending(given: Mapping[str, str]) -> bool:
    if given.get("order_by", _ORDERS[0]) not in _ORDERS:
        raise _refusal("order_by", f"Expected one of {', '.join(_ORDERS)}.")
    direction = given.get("order_by_direction", _DIRECTIONS[0]).upper()
    if direction not in _DIRECTIONS:
        raise _refusal("order_by_direction", f"Expected one of {', '.join(_DIRECTIONS)}.")
    return direction == "ASC"


def _refusal(key: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(Problem(("query", key), message))
