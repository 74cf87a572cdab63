"""A file as plain data that remembers where each key and value stands, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.errors import Problem
from runner.spec.yaml_text.json_pointers import parent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain.json_values import Json


# What YAML takes for the end of a line; str.splitlines knows more, and would count otherwise.
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_EXCERPT_CHARACTERS = 160


class Place(NamedTuple):
    """A place in a file; line and column are counted from 1."""

    line: int
    column: int


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text, as YAML counts them."""
    return tuple(_LINE_BREAK.split(text))


def offset_of(text: str, place: Place) -> int:
    """How many characters of a text stand before a place in it."""
    starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]
    return starts[place.line - 1] + place.column - 1


def with_excerpt(found: Problem, lines: tuple[str, ...]) -> Problem:
    """A problem with the line of the document that it is about."""
    return replace(found, excerpt=excerpt(lines, Place(found.line, found.column)))


def excerpt(lines: tuple[str, ...], place: Place) -> str:
    """The line at a place, safe to print; empty when it would not help."""
    if place.line > len(lines) or place.column > _EXCERPT_CHARACTERS:
        return ""
    line = lines[place.line - 1].rstrip()[:_EXCERPT_CHARACTERS]
    # One character for one, so that the caret stays under its character.
    return "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as plain data.

    Args:
        data: Its content: dicts, lists, text, numbers and booleans.

        values: Place of every value, by JSON pointer.

        keys: Place of every key, by JSON pointer of its value.

        problems: What the reader could step over: a key that stands twice, a value that is missing.

        grafts: Values that stand in the place of others, by the pointers of those.
    """

    path: str
    lines: tuple[str, ...]
    data: Json
    values: Mapping[str, Place] = field(default_factory=dict)
    keys: Mapping[str, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    grafts: Mapping[str, str] = field(default_factory=dict)

    def grafted(self, pointer: str, scion: str) -> Document:
        """The same file, in which what is said of one value is said of another one, at the place of that.

        Args:
            pointer: What is spoken of, with all that is below it.

            scion: The value that stands in its place.
        """
        return replace(self, grafts={**self.grafts, pointer: scion})

    def place(self, pointer: str, *, of_key: bool = False) -> Place:
        """Where a value stands, or its key; of one that is not there, where it should be."""
        pointer = self._real(pointer)
        if pointer in self.values:
            return self.keys.get(pointer, self.values[pointer]) if of_key else self.values[pointer]
        if not pointer:
            return Place(1, 1)
        # The key of the mapping that lacks the value says best where it should be.
        return self.place(parent(pointer), of_key=True)

    def problem(self, pointer: str, message: str, hint: str = "", *, of_key: bool = False) -> Problem:
        """A problem with a value, or with its key, at its place."""
        pointer = self._real(pointer)
        place = self.place(pointer, of_key=of_key)
        found = Problem(self.path, place.line, place.column, pointer, message, hint)
        return with_excerpt(found, self.lines)

    def _real(self, pointer: str) -> str:
        """Pointer of the value that is meant."""
        for stock, scion in self.grafts.items():
            if pointer == stock or pointer.startswith(f"{stock}/"):
                return scion + pointer.removeprefix(stock)
        return pointer


# More of them are not read, and take a while to be explained.
MOST: Final = 100


class Findings:
    """Collects problems, each at its place; no more than a reader can use."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._problems: list[Problem] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found so far."""
        return (*self._problems, *([more_problems(self._document)] if self.is_full else []))

    @property
    def is_full(self) -> bool:
        """Whether it is of no use to look for more."""
        return len(self._problems) >= MOST

    def has(self, pointer: str) -> bool:
        """Whether a value stands in the file at a pointer."""
        return pointer in self._document.values

    def line(self, pointer: str) -> int:
        """Line of a value."""
        return self._document.place(pointer).line

    def note(self, pointer: str, message: str, hint: str = "", *, of_key: bool = False) -> None:
        """Something is wrong with a value, or with its key, all of which could be read."""
        if not self.is_full and not self._is_read_in_part(pointer):
            self._problems.append(self._document.problem(pointer, message, hint, of_key=of_key))

    def _is_read_in_part(self, pointer: str) -> bool:
        """Whether something stands in for a value that is no number, which would be blamed in its place."""
        return bool(pointer) and any(
            f"{each.pointer}/".startswith(f"{pointer}/") for each in self._document.problems
        )


def more_problems(document: Document) -> Problem:
    """What is said where there may be more problems than are told."""
    return document.problem("", f"there may be more problems: after {MOST} of them nobody looked further")
