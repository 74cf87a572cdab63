"""Numbers changed in the text of a file: every comment and every other character stays. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from runner.errors import SpecError
from runner.spec.yaml_text.document import Place, offset_of
from runner.spec.yaml_text.json_pointers import child, parent, steps_of
from runner.spec.yaml_text.loader import document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.domain.json_values import Json
    from runner.spec.yaml_text.document import Document

RERUN: Final = "/spec/rerun"
RETRY_LIMIT: Final = "/spec/policy/retry/limit"
_RERUN_OF_ALL: Final = child(RERUN, "all")
_RERUNS_OF_JOBS: Final = child(RERUN, "jobs")
# Keys that every reader of YAML takes for text without quotes.
_PLAIN_KEY: Final = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[a-z][a-z0-9_-]*", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[^\s,{}\[\]#]+")
_BREAK: Final = re.compile(r"\r\n|[\n\r]")


def with_raised_rerun(text: str, jobs: Iterable[str] = (), *, path: str) -> str:
    """The text with the rerun counter of all jobs raised by one, or those of the named ones.

    Raises:
        SpecError: The file is not YAML, or is written in a way that cannot be edited without harm.
    """
    names = list(dict.fromkeys(jobs))
    for name in names:
        text = _with_rerun_of_job(text, name, path)
    return text if names else _with_rerun_of_all(text, path)


def _with_rerun_of_all(text: str, path: str) -> str:
    said = _rerun_in(text, path)
    if isinstance(said, dict):
        return with_number(text, _RERUN_OF_ALL, said.get("all", 0) + 1, path=path)
    return with_number(text, RERUN, said + 1, path=path)


def _with_rerun_of_job(text: str, name: str, path: str) -> str:
    """A number for all jobs becomes a mapping with the same meaning, in its place."""
    said = _rerun_in(text, path)
    if isinstance(said, dict):
        raised = said.get("jobs", {}).get(name, 0) + 1
        return with_number(text, child(_RERUNS_OF_JOBS, name), raised, path=path)
    of_all = {"all": said} if said else {}
    return _edited(text, RERUN, {**of_all, "jobs": {name: 1}}, path)


def _rerun_in(text: str, path: str) -> Any:
    said = document(text, path=path).data
    for step in steps_of(RERUN):
        said = said.get(step, {}) if isinstance(said, dict) else {}
    return said or 0


def with_number(text: str, pointer: str, number: int, *, path: str) -> str:
    """The text with a number set at a pointer; the key, and the mappings around it, are added if missing.

    Args:
        pointer: Leads through mappings.

    Raises:
        SpecError: The file is not YAML, or is written in a way that cannot be edited without harm.
    """
    return _edited(text, pointer, number, path)


def _edited(text: str, pointer: str, value: Json, path: str) -> str:
    before = document(text, path=path)
    edit = _replaced if pointer in before.values else _inserted
    edited = edit(text, before, pointer, _flow(value))
    if not _says(edited, _with(before.data, steps_of(pointer), value), path):
        what = f"the number {value}" if isinstance(value, int) else _flow(value)
        message = f"{what} cannot be written here without changing the rest of the file"
        raise SpecError([before.problem(pointer, message, f"write it yourself, at {pointer}")])
    return edited


def _flow(value: Json) -> str:
    """A value on one line."""
    if not isinstance(value, dict):
        return str(value)
    return "{" + ", ".join(f"{_key(name)}: {_flow(each)}" for name, each in value.items()) + "}"


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=not name.isprintable())


def _replaced(text: str, before: Document, pointer: str, said: str) -> str:
    """In the place of a number."""
    start = offset_of(text, before.values[pointer])
    token = _TOKEN.match(text, start)
    return text[:start] + said + text[token.end() if token else start :]


def _inserted(text: str, before: Document, pointer: str, said: str) -> str:
    """As the first key of the deepest mapping around it that is there."""
    at = pointer
    while True:
        key, at = _key(steps_of(at)[-1]), parent(at)
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


def _with(value: Json, steps: tuple[str, ...], new: Json) -> Json:
    if not steps:
        return new
    inner = value if isinstance(value, dict) else {}
    return {**inner, steps[0]: _with(inner.get(steps[0]), steps[1:], new)}


def _says(text: str, expected: object, path: str) -> bool:
    try:
        return bool(document(text, path=path).data == expected)
    except SpecError:
        return False
