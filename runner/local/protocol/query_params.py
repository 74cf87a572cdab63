"""Values in query strings: how each kind of them is read, and the same as JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runner.domain import BatchStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Value = str | int | datetime

# What the store can compare has 18 digits at least; nothing here is as large.
_MAX_DIGITS = 18
LARGEST = 10**_MAX_DIGITS - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """What the values of a filter are.

    Args:
        reads: A value of the query string as the store compares it; ValueError says what it takes.

        schema: The same as JSON Schema, for who writes query strings.
    """

    reads: Callable[[str], Value]
    schema: Mapping[str, Any]


def _text(value: str) -> str:
    return value


def _boolean(value: str) -> int:
    words = {"true": 1, "1": 1, "false": 0, "0": 0}
    if value.lower() not in words:
        raise ValueError("expected true or false")
    return words[value.lower()]


def integer(value: str) -> int:
    """The integer in a text; ValueError if it is none."""
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


def one_of(words: Iterable[str]) -> Kind:
    """A word of a list; one that stands for words never seen before is not in it."""
    known = [word for word in words if word != BatchStatus.UNKNOWN]

    def reads(value: str) -> str:
        if value not in known:
            raise ValueError(f"expected one of {', '.join(known)}")
        return value

    return Kind(reads, {"type": "string", "enum": [str(word) for word in known]})


TEXT = Kind(_text, {"type": "string"})
BOOLEAN = Kind(_boolean, {"type": "boolean"})
INTEGER = Kind(integer, {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST})
INSTANT = Kind(_instant, {"type": "string", "format": "date-time"})
