"""Text of a YAML file → what PyYAML's parsers read in it, or the reason why it is no YAML.

Its parser in C reads, its parser in Python explains. A hostile file costs neither of them more than a time
proportional to its length: the one in C reads it once, and again up to a bracket that it refuses; the one in
Python reads only what stands before the error, where nothing is nested deeply.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

import yaml

from runner.spec.yaml_text.document import Place, lines_of
from runner.spec.yaml_text.slips import slip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FAST: Final[Callable[[str], _Parser]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TOO_DEEP: Final = "exceeded maximum nesting depth"  # libyaml's word for more than a thousand levels
_EXPLAINED_CHARACTERS: Final = 200_000
_READ_AHEAD_CHARACTERS: Final = 2_000  # a parser looks for the colon of a key, within 1,024 characters
_MAX_DIRECTIVES: Final = 100
_DIRECTIVE: Final = re.compile("(?:^|(?<=[\n\r\x85\u2028\u2029]))%TAG")
# The parser in Python makes numbers of escapes and versions without looking at their size.
_ERRORS: Final = (yaml.YAMLError, ValueError, OverflowError)
_HINTS: Final = {
    "'\\t'": "indent with spaces, not with tabs",
    "but got '['": "inside of braces, an expression with an index needs quotes",
    "mapping values": "text with a colon in it needs quotes",
    "cannot start any token": "put text that begins with this character into quotes",
    "indentation indicators": "put text that begins with this character into quotes",
    "unexpected ':'": "a space belongs behind the colon of a key",
    "flow sequence": "is there a ] missing?",
    "flow mapping": "is there a } missing?",
    "quoted scalar": "is there a quote missing?",
}
_QUOTE: Final = "is there a quote missing?"


class _Parser(Protocol):
    """One of PyYAML's."""

    def get_event(self) -> yaml.Event | None:
        """The next event; None behind the last."""


class NotYamlError(Exception):
    """There is no reading on."""

    def __init__(self, place: Place, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.place, self.message, self.hint = place, message, hint


def events_of(text: str) -> Iterator[yaml.Event]:
    """The events of a text, each as soon as it is read.

    Raises:
        NotYamlError: Behind the last event that can be read.
    """
    _refuse_directives(text)
    taken = 0
    try:
        for event in _parsed(text, _FAST):
            yield event
            taken += 1
    except _ERRORS as error:
        refusal: Exception = error
    else:
        return
    if _is_too_deep(refusal):
        # It looks ahead for the bracket, and has not told yet of those before it.
        before = text[: _index(refusal)]
        try:
            yield from islice(_parsed(before, _FAST), taken, None)
        except _ERRORS as error:
            # All that it finds at the end is that the text has been cut there.
            refusal = error if _index(error) < len(before) - 1 else refusal
    raise _explained(text, refusal)


def _refuse_directives(text: str) -> None:
    """Refuse a text with many of them: libyaml compares each with all before."""
    found = list(islice(_DIRECTIVE.finditer(text), _MAX_DIRECTIVES + 1))
    if len(found) > _MAX_DIRECTIVES:
        place = Place(len(lines_of(text[: found[0].start()])), 1)
        raise NotYamlError(place, "tags are not supported", "remove the lines that begin with %TAG")


def _parsed(text: str, kind: Callable[[str], _Parser]) -> Iterator[yaml.Event]:
    loader = kind(text)
    # None behind the last; yaml.parse asks twice for each.
    while event := loader.get_event():
        yield event


def _is_too_deep(error: Exception) -> bool:
    return getattr(error, "problem", None) == _TOO_DEEP


def _index(error: Exception) -> int:
    """How many characters stand before the error, where that is known."""
    mark = getattr(error, "problem_mark", None)
    return mark.index if mark else 0


def _explained(text: str, error: Exception) -> NotYamlError:
    """A syntax error in words."""
    error = _better_words(text, error)
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _unreadable(text, error)
    reasons = (getattr(error, "problem", None), getattr(error, "context", None))
    message = ", ".join(str(reason) for reason in reasons if reason)
    if found := _slip(text, error, mark, message):
        return found
    hint = next((hint for sign, hint in _HINTS.items() if sign in message), "")
    return NotYamlError(Place(mark.line + 1, mark.column + 1), f"this is not YAML: {message}", hint)


def _slip(text: str, error: Exception, mark: yaml.Mark, message: str) -> NotYamlError | None:
    """The same for slips that the parser finds elsewhere; None for others."""
    lines = lines_of(text[: mark.index + _READ_AHEAD_CHARACTERS])
    begin: yaml.Mark | None = getattr(error, "context_mark", None)
    if "unexpected" in message and "quoted scalar" in message and begin is not None:
        place = Place(begin.line + 1, begin.column + 1)
        return NotYamlError(place, "this is not YAML: the quote that begins here does not end", _QUOTE)
    is_flow = "flow sequence" in message or "flow mapping" in message
    if is_flow and begin is not None and _has_odd_quotes(lines[mark.line]):
        return NotYamlError(Place(mark.line + 1, mark.column + 1), f"this is not YAML: {message}", _QUOTE)
    found = slip(lines, Place(mark.line + 1, mark.column + 1), message)
    return None if found is None else NotYamlError(found[0], f"this is not YAML: {found[1]}", found[2])


def _has_odd_quotes(line: str) -> bool:
    return any(line.count(quote) % 2 for quote in "\"'")


def _better_words(text: str, error: Exception) -> Exception:
    """What the parser in Python says of an error, if it finds one there as well."""
    end = _index(error)
    if end > _EXPLAINED_CHARACTERS or _is_too_deep(error):
        return error
    try:
        for event in _parsed(text, yaml.SafeLoader):
            if (mark := event.start_mark) and mark.index > end + _READ_AHEAD_CHARACTERS:
                break
    except yaml.YAMLError as better:
        return better
    except _ERRORS:
        return error
    return error


def _unreadable(text: str, error: Exception) -> NotYamlError:
    position = getattr(error, "position", getattr(error, "start", 0)) or 0
    lines = lines_of(text[:position])
    return NotYamlError(Place(len(lines), len(lines[-1]) + 1), "a text file can't hold this character")
