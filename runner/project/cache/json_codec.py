"""Values of the domain ↔ plain data for JSON, and back to equal values of the same types. Pure."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from runner.domain import desired, strategies
from runner.errors import Problem
from runner.project.cache.source_file import Source
from runner.sequences import Compiled

if TYPE_CHECKING:
    from runner.domain.json_values import Json, JsonObject

_KIND: Final = "!"
_OF: Final = "of"
_TUPLE, _MAPPING, _MOMENT = "tuple", "mapping", "moment"
_PLAIN: Final = frozenset({bool, int, float, str})  # and nothing derived from them
# What may stand in an entry beside plain data: everything that a desired experiment is made of.
_KINDS: Final[dict[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (*vars(desired).values(), *vars(strategies).values(), Problem, Source, Compiled)
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum))
}


def encoded(value: object) -> Json:
    """A value as plain data.

    Raises:
        TypeError: It holds something of a type that could not be told again.
    """
    if value is None or (isinstance(value, (bool, int, float, str)) and type(value) in _PLAIN):
        return value
    if type(value) is list:
        return [encoded(each) for each in value]
    if type(value) is tuple:
        return {_KIND: _TUPLE, _OF: [encoded(each) for each in value]}
    if type(value) is dict:
        return _encoded_mapping(value)
    if type(value) is datetime:
        return {_KIND: _MOMENT, _OF: value.isoformat()}
    return _encoded_value(value)


def _encoded_value(value: object) -> JsonObject:
    name = type(value).__name__
    if _KINDS.get(name) is not type(value):
        raise TypeError(f"{name} cannot be told again from plain data")
    if isinstance(value, Enum):
        return {_KIND: name, _OF: value.value}
    names = (each.name for each in fields(_KINDS[name]))
    return {_KIND: name} | {each: encoded(getattr(value, each)) for each in names}


def _encoded_mapping(value: dict[object, object]) -> JsonObject:
    plain: JsonObject = {key: encoded(each) for key, each in value.items() if type(key) is str}
    if len(plain) < len(value):
        raise TypeError("a key that is no text cannot be told again from plain data")
    if _KIND in plain:
        return {_KIND: _MAPPING, _OF: [[key, each] for key, each in plain.items()]}
    return plain


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
