"""A number changed in the text of a file: every comment and every other character stays. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from runner.errors import SpecError
from runner.spec.document import Place, offset_of
from runner.spec.loader import document
from runner.spec.pointers import parent, steps_of

if TYPE_CHECKING:
    from runner.spec.document import Document

RERUN: Final = "/spec/rerun"
RETRY_LIMIT: Final = "/spec/policy/retry/limit"
_TOKEN: Final = re.compile(r"[^\s,{}\[\]#]+")
_BREAK: Final = re.compile(r"\r\n|[\n\r]")


def with_number(text: str, pointer: str, number: int, *, path: str) -> str:
    """The text with a number set at a pointer; the key, and the mappings around it, are added if missing.

    Args:
        pointer: Leads through mappings.

        path: The file, as the user named it.

    Raises:
        SpecError: The file is not YAML, or is written in a way that cannot be edited without harm.
    """
    before = document(text, path=path)
    edit = _replaced if pointer in before.values else _inserted
    edited = edit(text, before, pointer, number)
    if not _says(edited, _with(before.data, steps_of(pointer), number), path):
        message = f"the number {number} cannot be written here without changing the rest of the file"
        raise SpecError([before.problem(pointer, message, f"write it yourself, at {pointer}")])
    return edited


def _replaced(text: str, before: Document, pointer: str, number: int) -> str:
    start = offset_of(text, before.values[pointer])
    token = _TOKEN.match(text, start)
    return text[:start] + str(number) + text[token.end() if token else start :]


def _inserted(text: str, before: Document, pointer: str, number: int) -> str:
    """As the first key of the deepest mapping around it that is there."""
    at, said = pointer, str(number)
    while True:
        key, at = steps_of(at)[-1], parent(at)
        if at in before.values or not at:
            break
        said = f"{{{key}: {said}}}"
    is_flow = text[offset_of(text, before.place(at)) :].startswith("{")
    insert = _inserted_in_braces if is_flow else _inserted_as_line
    return insert(text, before, at, f"{key}: {said}")


def _inserted_in_braces(text: str, before: Document, at: str, entry: str) -> str:
    keys = sorted(place for pointer, place in before.keys.items() if parent(pointer) == at)
    if not keys:
        start = offset_of(text, before.values[at]) + 1
        return text[:start] + entry + text[start:]
    start = offset_of(text, keys[0])
    return f"{text[:start]}{entry}, {text[start:]}"


def _inserted_as_line(text: str, before: Document, at: str, entry: str) -> str:
    """Below the line of the mapping's own key, so that comments stay with what they are about."""
    key = before.keys.get(at)
    found = _BREAK.search(text, offset_of(text, Place(key.line, 1))) if key else None
    if found is None:
        return text  # which does not say it
    indent = " " * (before.values[at].column - 1)
    return f"{text[: found.end()]}{indent}{entry}{found.group()}{text[found.end() :]}"


def _with(value: Any, steps: tuple[str, ...], number: int) -> Any:
    if not steps:
        return number
    inner = value if isinstance(value, dict) else {}
    return {**inner, steps[0]: _with(inner.get(steps[0]), steps[1:], number)}


def _says(text: str, expected: Any, path: str) -> bool:
    try:
        return bool(document(text, path=path).data == expected)
    except SpecError:
        return False
