"""What can be said about an abstract representation without Pulser: that it is JSON, and its variables."""

from __future__ import annotations

import json
from typing import Any

from runner.spec.models.variables import Declared

_WRAPPERS = ("sequence_builder", "sequence")


class RepresentationError(ValueError):
    """Text that is no abstract representation of a sequence."""


def variables_of(text: str) -> dict[str, Declared]:
    """The variables of a sequence in abstract representation.

    Raises:
        RepresentationError: When the text is not JSON, or not shaped like a sequence.
    """
    representation = _read(text)
    if not isinstance(representation, dict) or not {"device", "register", "operations"} <= set(
        representation
    ):
        raise RepresentationError("it is JSON, but not the abstract representation of a sequence")
    variables = representation.get("variables", {})
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
        return text  # who reads it says what is wrong
    if not isinstance(outer, dict) or "operations" in outer:
        return text
    inner = next((outer[key] for key in _WRAPPERS if outer.get(key)), None)
    if isinstance(inner, dict):
        return json.dumps(inner)
    return inner if isinstance(inner, str) else text


def _read(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise RepresentationError(f"it is not JSON: {error.msg} on line {error.lineno}") from error
    except RecursionError as error:
        raise RepresentationError("it is nested too deep") from error
    except ValueError as error:  # a number that can't be read
        raise RepresentationError(str(error)) from error


def _refuse_constant(word: str) -> None:
    raise RepresentationError(f"it holds {word}, which is no number in JSON")


def _declared(variable: Any) -> Declared:
    # A plain number is a list of one in the representation.
    size = len(variable["value"])
    return Declared(variable["type"] == "int", None if size == 1 else size)
