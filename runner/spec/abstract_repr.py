"""What can be said about an abstract representation without Pulser: that it is JSON, and its variables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypeAlias, TypedDict

from runner.spec.models.variables import Declared

if TYPE_CHECKING:
    from runner.domain.json_values import Json

_WRAPPERS: Final = ("sequence_builder", "sequence")
_KEYS: Final = {"device", "register", "operations"}

# An operation or a waveform. There are many kinds, and Pulser judges them by a schema of its own.
Part: TypeAlias = dict[str, Any]


class AbstractVariable(TypedDict):
    """A variable, with the values that the sequence proposes; a plain number is a list of one."""

    type: str
    value: list[float]


class AbstractLayout(TypedDict):
    """Places of traps (in µm)."""

    coordinates: list[list[float]]
    slug: NotRequired[str]


class AbstractSequence(TypedDict):
    """A sequence as Pulser writes it down."""

    device: Json
    register: list[Part]
    layout: NotRequired[AbstractLayout]
    channels: dict[str, str]
    variables: dict[str, AbstractVariable]
    operations: list[Part]
    measurement: str | None
    magnetic_field: NotRequired[list[float]]
    slm_mask_targets: NotRequired[list[str | int]]


class RepresentationError(ValueError):
    """Text that is no abstract representation of a sequence."""


def variables_of(text: str) -> dict[str, Declared]:
    """The variables of a sequence in abstract representation.

    Raises:
        RepresentationError: When the text is not JSON, or not shaped like a sequence.
    """
    representation = _read(text)
    if not isinstance(representation, dict) or not set(representation) >= _KEYS:
        raise RepresentationError("it is JSON, but not the abstract representation of a sequence")
    variables: Any = representation.get("variables", {})
    try:
        return {name: _declared(variable) for name, variable in variables.items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise RepresentationError("its variables can't be read") from error


def unwrapped(text: str) -> str:
    """The representation in a text; other tools put it into a larger object.

    Those are bodies of PCS (`sequence_builder`, or `sequence` of a job), and what QRMI takes (`sequence`).
    """
    try:
        outer = json.loads(text)
    except (ValueError, RecursionError):
        return text  # the reader says what is wrong
    if not isinstance(outer, dict) or "operations" in outer:
        return text
    inner = next((outer[key] for key in _WRAPPERS if outer.get(key)), None)
    if isinstance(inner, dict):
        return json.dumps(inner)
    return inner if isinstance(inner, str) else text


def _read(text: str) -> Json:
    try:
        found: Json = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise RepresentationError(f"it is not JSON: {error.msg} on line {error.lineno}") from error
    except RecursionError as error:
        raise RepresentationError("it is nested too deep") from error
    except ValueError as error:  # a number that can't be read
        raise RepresentationError(str(error)) from error
    return found


def _refuse_constant(word: str) -> None:
    raise RepresentationError(f"it holds {word}, which is no number in JSON")


def _declared(variable: AbstractVariable) -> Declared:
    size = len(variable["value"])
    return Declared(variable["type"] == "int", None if size == 1 else size)
