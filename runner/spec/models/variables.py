"""Variables of a sequence: what is declared, and which values fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.spec.models.sequence import Vector
from runner.spec.yaml_text.scalars import EXACT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.spec.values.sweep_values import Value

# Words that Pulser's Sequence.build takes for something else.
RESERVED = frozenset({"qubits", "seq_name", "json_dumps_options"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What a variable may hold.

    Args:
        whole: Whether only whole numbers fit.

        size: How many numbers it holds; None for a plain number.
    """

    whole: bool
    size: int | None = None


def declared(variables: Mapping[str, str | Vector]) -> dict[str, Declared]:
    """What the variables of a written-out sequence may hold, in file order."""
    return {
        name: Declared(variable.type == "int", variable.size)
        if isinstance(variable, Vector)
        else Declared(variable == "int")
        for name, variable in variables.items()
    }


def fitted(name: str, value: Value, kind: Declared) -> Value:
    """The value as the variable holds it: whole numbers as int, others as float.

    Raises:
        ValueError: When it does not fit.
    """
    if kind.size is None:
        if isinstance(value, tuple):
            raise ValueError(f"{name} holds one number, not a list of {len(value)}")
        return _fitted_number(name, value, kind)
    items = value if isinstance(value, tuple) else (value,)
    # A number is a list of one.
    if len(items) != kind.size:
        raise ValueError(
            f"{name} holds {kind.size} numbers: expected a list of {kind.size}, not {shown(value)}"
        )
    return tuple(_fitted_number(name, item, kind) for item in items)


def _fitted_number(name: str, value: float, kind: Declared) -> int | float:
    if not kind.whole:
        return float(value)
    if abs(value) > EXACT:
        raise ValueError(
            f"{name} is an int, and {value} is too large to be kept exactly: whole numbers stay below 2^53"
        )
    if value != int(value):
        raise ValueError(f"{name} is an int and takes whole numbers only, not {value}")
    return int(value)


def shown(value: Value) -> str:
    """A value as people write it: 6.0 is 6."""
    if isinstance(value, tuple):
        return "[" + ",".join(map(shown, value)) + "]"
    return repr(value).removesuffix(".0")


def plain(values: Mapping[str, Value]) -> dict[str, float | list[float]]:
    """The values as JSON has them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
