"""Values as JSON can say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import DataclassInstance

# A value as JSON has it, and YAML as we read it.
Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"
JsonObject: TypeAlias = dict[str, Json]
# What a job is measured with: numbers, lists of them, and traps of atoms by name under `qubits`.
JobValues: TypeAlias = "Mapping[str, float | list[float] | dict[str, int]]"
_SHOWN_CHARACTERS: Final = 40


def plain_object(value: DataclassInstance) -> dict[str, object]:
    """A dataclass as an object of JSON, see `plain`."""
    return {each.name: plain(getattr(value, each.name)) for each in fields(value)}


def plain(value: object) -> object:
    """A value as JSON can say it: dataclasses become objects, moments become text, sets sorted lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain_object(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return [plain(each) for each in sorted(value)]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else _python_value(value)


def json_default(value: object) -> object:
    """What stands in JSON for a value that `json` does not know: the `default` of `json.dumps` at a border.

    Raises:
        TypeError: It is neither a number nor an array of another library.
    """
    found = _python_value(value)
    if found is value:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return found


def _python_value(value: object) -> object:
    """A scalar or an array of NumPy (or of a library like it) as Python's own numbers and lists."""
    to_python = None if isinstance(value, type) else getattr(value, "tolist", None)
    return to_python() if callable(to_python) else value


def plain_differences(at: str, one: object, other: object) -> Iterator[tuple[str, object, object]]:
    """Every place in which two trees of plain data differ, with what stands there in each; None for nothing.

    Args:
        at: Path of the trees; steps are put behind it with dots.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys([*one, *other]):
            yield from plain_differences(f"{at}.{name}", one.get(name), other.get(name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (here, there) in enumerate(zip(one, other, strict=True)):
            yield from plain_differences(f"{at}.{place}", here, there)
    elif one != other:
        yield at, one, other


def shown(value: object) -> str:
    """What something is, for people: as Python writes it, in few characters."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
