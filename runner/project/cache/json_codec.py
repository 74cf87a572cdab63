"""Values of the domain ↔ plain data for JSON, and back to equal values of the same types. Pure."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from runner.domain import desired
from runner.errors import Problem
from runner.project.cache.source_file import Source
from runner.sequences import Compiled

_KIND: Final = "!"
_OF: Final = "of"
_TUPLE, _MAPPING, _MOMENT = "tuple", "mapping", "moment"
_PLAIN: Final = frozenset({type(None), bool, int, float, str})
# What may stand in an entry beside plain data: everything that a desired experiment is made of.
_KINDS: Final[dict[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (*vars(desired).values(), Problem, Source, Compiled)
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum))
}


def encoded(value: Any) -> Any:
    """A value as plain data.

    Raises:
        TypeError: It holds something of a type that could not be told again.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list:
        return [encoded(each) for each in value]
    if kind is tuple:
        return {_KIND: _TUPLE, _OF: [encoded(each) for each in value]}
    if kind is dict:
        return _encoded_mapping(value)
    if kind is datetime:
        return {_KIND: _MOMENT, _OF: value.isoformat()}
    return _encoded_value(value)


def _encoded_value(value: Any) -> dict[str, Any]:
    kind = type(value)
    if _KINDS.get(kind.__name__) is not kind:
        raise TypeError(f"{kind.__name__} cannot be told again from plain data")
    if isinstance(value, Enum):
        return {_KIND: kind.__name__, _OF: value.value}
    return {_KIND: kind.__name__} | {f.name: encoded(getattr(value, f.name)) for f in fields(value)}


def _encoded_mapping(value: dict[Any, Any]) -> dict[str, Any]:
    if not all(type(key) is str for key in value):
        raise TypeError("a key that is no text cannot be told again from plain data")
    if _KIND in value:
        return {_KIND: _MAPPING, _OF: [[key, encoded(each)] for key, each in value.items()]}
    return {key: encoded(each) for key, each in value.items()}


def decoded_mapping(plain: dict[str, Any]) -> Any:
    """What an object of JSON stands for, once its values are decoded: the `object_hook` of `json.loads`.

    Raises:
        ValueError: It is not what `encoded` writes.
    """
    if _KIND not in plain:
        return plain
    kind = plain.pop(_KIND)
    try:
        if kind == _TUPLE:
            return tuple(plain[_OF])
        if kind == _MAPPING:
            return dict(plain[_OF])
        if kind == _MOMENT:
            return datetime.fromisoformat(plain[_OF])
        known = _KINDS[kind]
        return known(plain[_OF]) if issubclass(known, Enum) else known(**plain)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no value of a kind that is known: {error}") from error
