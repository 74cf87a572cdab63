"""What the expressions of a job come to, told from its representation before Pulser calculates them.

Pulser keeps every nanosecond of a waveform, and makes them before it looks at any limit: half a second,
written by mistake for half a microsecond, would take gigabytes. Its integers have 64 bits and wrap around
without a word.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Final

from runner.spec.abstract_repr import RepresentationError
from runner.spec.from_abstract.expressions import expression_text, plain_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from runner.domain.json_values import JobValues, Json, JsonObject

    _Value = float | list[float]

MAX_DURATION_NS: Final = 1_000_000  # a hundred times what any machine plays
_BITS: Final = 63
# Pulser has more to say about these.
_FAULTS: Final = (ArithmeticError, KeyError, IndexError, TypeError, ValueError, RecursionError)


class _TooLargeError(Exception):
    """A whole number left the 64 bits."""


def shortest(max_val: float, area: float) -> float:
    """The least that a window takes (in ns): nothing below its largest value covers an area sooner.

    Args:
        max_val: Largest value (in rad/µs).

        area: What it covers (in rad).
    """
    return abs(area / max_val) * 1e3 if max_val else 0.0  # 1 rad / (rad/µs) is 1e3 ns


def is_too_long(representation: JsonObject, variables: JobValues) -> bool:
    """Whether a job's waveforms and delays take longer than anything could play.

    Args:
        variables: The job's values; numbers or lists of numbers.
    """
    durations = _durations(representation.get("operations"))
    return sum(_duration_ns(each, variables) for each in durations) > MAX_DURATION_NS


def _duration_ns(node: Json, variables: JobValues) -> float:
    try:
        value = _calculated(node, variables, lambda number: number)
    except _TooLargeError:
        return math.inf
    except _FAULTS:
        return 0
    value = value[0] if isinstance(value, list) and value else value  # a list of one stands for its number
    return max(value, 0) if isinstance(value, int | float) and not math.isnan(value) else 0


def _durations(node: Json) -> Iterator[Json]:
    """Everything that stands for a duration below a node."""
    if isinstance(node, list):
        for item in node:
            yield from _durations(item)
    elif isinstance(node, dict) and "max_val" in node:
        yield {"expression": "shortest", "lhs": node["max_val"], "rhs": node.get("area")}
    elif isinstance(node, dict) and node.get("op") != "truncate":
        for key, value in node.items():
            if key in ("duration", "time"):
                yield value
            else:
                yield from _durations(value)


def beyond_integers(representation: JsonObject, variables: JobValues) -> str | None:
    """The first expression of a job that Pulser would take for another number; None where there is none."""
    declared = representation.get("variables")
    kinds = declared.values() if isinstance(declared, dict) else ()
    if not any(isinstance(each, dict) and each["type"] == "int" for each in kinds):
        return None
    for expression in _expressions(representation.get("operations")):
        try:
            _calculated(expression, variables, _held)
        except _TooLargeError:
            return _text(expression, representation)
        except _FAULTS:
            continue
    return None


def _text(expression: Json, representation: JsonObject) -> str:
    try:
        return expression_text(expression, plain_variables(representation))
    except RepresentationError:
        return "an expression"


def _expressions(node: Json) -> Iterator[Json]:
    """Every whole expression below a node."""
    if isinstance(node, dict) and "expression" in node:
        yield node
    elif isinstance(node, list | dict):
        for each in node.values() if isinstance(node, dict) else node:
            yield from _expressions(each)


def _held(number: float) -> float:
    if isinstance(number, int) and not -(2**_BITS) <= number < 2**_BITS:
        raise _TooLargeError
    return number


def _calculated(
    node: Json | list[float] | dict[str, int], variables: JobValues, held: Callable[[float], float]
) -> _Value:
    """What an expression comes to: Python's whole numbers have no end, and else count as Pulser's do.

    Args:
        held: What becomes of each number on the way.
    """
    if isinstance(node, int | float):
        return node
    if isinstance(node, list):
        return [each for each in node if isinstance(each, int | float)]
    if not isinstance(node, dict):
        raise TypeError(node)
    if "variable" in node:
        return _calculated(variables[str(node["variable"])], variables, held)
    operands = [_calculated(node[side], variables, held) for side in ("lhs", "rhs") if side in node]
    name = str(node["expression"])
    if name != "index":
        return _of_each(_OPERATORS[name], operands, held)
    values, index = operands
    return values[int(_number(index))] if isinstance(values, list) else values


def _number(value: _Value) -> float:
    return value[0] if isinstance(value, list) else value


def _of_each(
    function: Callable[..., float], operands: list[_Value], held: Callable[[float], float]
) -> _Value:
    """A function of numbers, or of the elements of lists; a number goes with every element."""
    sizes = [len(each) for each in operands if isinstance(each, list)]
    if not sizes:
        return held(function(*operands))
    rows = [each if isinstance(each, list) else [each] * sizes[0] for each in operands]
    return [held(function(*each)) for each in zip(*rows, strict=True)]


def _power(base: float, exponent: float) -> float:
    # Not computed where it cannot be held: it could fill all memory.
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent > _BITS:
        raise _TooLargeError
    power: float = base**exponent
    return power


_OPERATORS: Final[Mapping[str, Callable[..., float]]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "mod": operator.mod,
    "pow": _power,
    "neg": operator.neg,
    "abs": abs,
    "ceil": lambda x: x if isinstance(x, int) else float(math.ceil(x)),
    "floor": lambda x: x if isinstance(x, int) else float(math.floor(x)),
    **{name: getattr(math, name) for name in ("sqrt", "exp", "log", "log2", "sin", "cos", "tan", "tanh")},
    "shortest": shortest,
}
