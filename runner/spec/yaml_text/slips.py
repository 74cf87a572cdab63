"""Slips of the keyboard that YAML complains about elsewhere, or not at all: what they are in words. Pure."""

from __future__ import annotations

import re
from typing import Final

from runner.domain.suggestions import LOOKALIKES, odd_letter
from runner.spec.yaml_text.document import Place

_MARK: Final = "mapping values"
_ENDS_OF_BLOCKS: Final = ("expected <block end>", "expected <block sequence")
_KEY: Final = re.compile(r"\s*(?:- +)*[\w.-]+")
_KEY_WITHOUT_SPACE: Final = re.compile(r"\s*(?:- +)*(?P<word>[A-Za-z_][\w.-]*:(?=[^\s/\\])\S*)")
_DECIMAL_COMMA: Final = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?", re.ASCII)
_MEGAHERTZ: Final = re.compile(r"([-+]?[\d.]+) *MHz", re.ASCII | re.IGNORECASE)
_TIMES_PI: Final = re.compile(r"([-+]?[\d.]+) *pi", re.ASCII)
POINT: Final = "numbers have a point, not a comma"


def number_hint(text: str) -> str:
    """A hint where text was meant to be a number; empty if that is not clear."""
    word = text.strip()
    if _DECIMAL_COMMA.fullmatch(word):
        return POINT
    if found := _MEGAHERTZ.fullmatch(word):
        return f"say {{mhz: {found[1]}}}"
    if found := _TIMES_PI.fullmatch(word):
        return f"say {found[1]} * pi"
    return odd_letter(text)


def is_behind_comma(line: str, column: int) -> bool:
    """Whether a number stands in a line just behind the comma of another one; columns are counted from 1."""
    return bool(re.search(r"\d,$", line[: column - 1])) and line[column - 1 : column].isdigit()


def slip(lines: tuple[str, ...], place: Place, message: str) -> tuple[Place, str, str] | None:
    """Where a syntax error comes from, what it is, and what to do; None if that is not clear.

    Args:
        place: Where the parser gave up.

        message: What it says.
    """
    if place.line > len(lines):
        return None
    line = lines[place.line - 1]
    if message.startswith(_ENDS_OF_BLOCKS):
        odd = _odd_line(lines, place.line)
        return odd or (place, "the indentation of this line fits none above", _indentation(line))
    if message.startswith(_MARK) and _KEY.fullmatch(line[: place.column - 1]):
        return _odd_line(lines, place.line) or _without_space(lines, place.line) or _deeper(line, place)
    return None


def _indentation(line: str) -> str:
    spaces = len(line) - len(line.lstrip())
    return (
        f"it begins with {spaces} space{'' if spaces == 1 else 's'}; keys of one mapping begin in one column"
    )


def _deeper(line: str, place: Place) -> tuple[Place, str, str]:
    begin = Place(place.line, len(line) - len(line.lstrip()) + 1)
    return begin, "this line is read as more of the text above it", "indent it as the key above it"


def _before(lines: tuple[str, ...], number: int) -> int:
    """Number of the last line above that is not empty; 0 if there is none."""
    return next((each for each in range(number - 1, 0, -1) if lines[each - 1].strip()), 0)


def _odd_line(lines: tuple[str, ...], number: int) -> tuple[Place, str, str] | None:
    """A letter that looks like a space, in the line or in the one above."""
    for each in (_before(lines, number), number):
        text = lines[each - 1] if each else ""
        at = next(
            (i for i, letter in enumerate(text) if LOOKALIKES.get(letter) in ("a space", "nothing", ":")),
            None,
        )
        if at is not None and "#" not in text[:at]:
            return (
                Place(each, at + 1),
                "this line holds a letter that only looks like another",
                odd_letter(text[at]),
            )
    return None


def _without_space(lines: tuple[str, ...], number: int) -> tuple[Place, str, str] | None:
    above = _before(lines, number)
    found = _KEY_WITHOUT_SPACE.match(lines[above - 1]) if above else None
    if found is None:
        return None
    key, _, value = found["word"].partition(":")
    place = Place(above, found.start("word") + len(key) + 1)
    return place, f"there is no space behind the colon of {found['word']}", f"say {key}: {value}"
