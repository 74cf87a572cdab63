"""What lists, rebatch and cancel can be narrowed by; anything else is refused before it is sent. Pure.

Several values of one filter mean "one of"; different filters mean "and".
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, TypedDict
from uuid import UUID

from runner.domain import BatchStatus, JobStatus

Query = tuple[tuple[str, str], ...]
Id = str | UUID
Ids = Id | Iterable[Id] | None
Texts = str | Iterable[str] | None


class BatchFilters(TypedDict, total=False):
    """Filters of a list of batches.

    Args:
        tag: One tag; the cloud searches for no more.

        start_date: Created at or after; with a time zone.

        end_date: Created at or before; with a time zone.
    """

    id: Ids
    project_id: Ids
    user_id: Texts
    device_type: Texts
    status: str | BatchStatus | Iterable[str | BatchStatus] | None
    open: bool | None
    start_date: datetime | None
    end_date: datetime | None
    queue_priority: Texts
    tag: str | None


class JobsOfBatchFilters(TypedDict, total=False):
    """Filters of the jobs of one batch, to cancel them."""

    id: Ids
    min_runs: int | None
    max_runs: int | None
    start_date: datetime | None
    end_date: datetime | None


class RebatchFilters(JobsOfBatchFilters, total=False):
    """Filters of the jobs that are sent again."""

    status: str | JobStatus | Iterable[str | JobStatus] | None


class JobFilters(RebatchFilters, total=False):
    """Filters of a list of jobs.

    Args:
        errors: Only jobs with errors, or only jobs without.
    """

    project_id: Ids
    user_id: Texts
    batch_id: Ids
    errors: bool | None


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError("a text")
    return value


def _id(value: object) -> str:
    return str(value) if isinstance(value, UUID) else _text(value)


def _status(value: object) -> str:
    # A status of tomorrow may be asked for by its name.
    return value.value if isinstance(value, (BatchStatus, JobStatus)) else _text(value)


def _flag(value: object) -> str:
    if not isinstance(value, bool):
        raise TypeError("True or False")
    return str(value)


def _number(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number")
    return str(value)


def _moment(value: object) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("a datetime with a time zone")
    return value.isoformat()


# How a value is written, and whether there may be several of it.
_KINDS: Final[Mapping[str, tuple[Callable[[object], str], bool]]] = {
    "id": (_id, True),
    "project_id": (_id, True),
    "batch_id": (_id, True),
    "user_id": (_text, True),
    "device_type": (_text, True),
    "queue_priority": (_text, True),
    "status": (_status, True),
    "tag": (_text, False),
    "open": (_flag, False),
    "errors": (_flag, False),
    "min_runs": (_number, False),
    "max_runs": (_number, False),
    "start_date": (_moment, False),
    "end_date": (_moment, False),
}


def as_query(filters: Mapping[str, object], allowed: type) -> Query:
    """The query of some filters: a pair for each value; None filters nothing.

    Args:
        allowed: The TypedDict that says which filters there are.

    Raises:
        TypeError: There is no such filter, or its value is of a wrong type; nothing was sent.
    """
    names = allowed.__annotations__
    return tuple(
        (name, text) for name, value in filters.items() for text in _texts(name, value, tuple(names))
    )


def _texts(name: str, value: object, names: tuple[str, ...]) -> list[str]:
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        raise TypeError(
            f"there is no filter {name!r}"
            + (f"; did you mean {near[0]}?" if near else f", only {', '.join(names)}")
        )
    write, may_be_several = _KINDS[name]
    is_several = may_be_several and isinstance(value, (list, tuple, set, frozenset))
    values = list(value) if is_several and isinstance(value, Iterable) else [value]
    try:
        return [write(each) for each in values if each is not None]
    except TypeError as error:
        raise TypeError(f"filter {name}: expected {error}, not {value!r}") from error
