"""Problems as annotations of GitHub's workflows: shown at their line of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from runner.errors import Problem

# A message is one line; a property ends at a comma, and all of them at a colon.
_IN_MESSAGES: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES: Final = {**_IN_MESSAGES, **str.maketrans({":": "%3A", ",": "%2C"})}


def annotation(level: Literal["error", "warning"], problem: Problem) -> str:
    """A problem as a command of a workflow, in one line."""
    place = f"file={_escaped(problem.path, _IN_PROPERTIES)},line={problem.line},col={problem.column}"
    message = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    return f"::{level} {place}::{_escaped(message, _IN_MESSAGES)}"


def _escaped(text: str, escapes: dict[int, str]) -> str:
    return text.translate(escapes)
