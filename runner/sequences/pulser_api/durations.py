"""How long a job will get, told from its representation before Pulser fills memory with its samples.

Pulser keeps every nanosecond of a waveform, and makes them before it looks at any limit: half a second,
written by mistake for half a microsecond, would take gigabytes.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_DURATION_NS = 1_000_000  # a hundred times what any machine plays


def shortest(max_val: float, area: float) -> float:
    """The least that a window takes (in ns): nothing below its largest value covers an area sooner.

    Args:
        max_val: Largest value (in rad/µs).

        area: What it covers (in rad).
    """
    return abs(area / max_val) * 1e3 if max_val else 0.0  # 1 rad / (rad/µs) is 1e3 ns


_OPERATORS: Mapping[str, Callable[..., float]] = {
    "index": lambda values, index: values[int(index)],
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "mod": operator.mod,
    "pow": math.pow,
    "neg": operator.neg,
    **{name: getattr(math, name) for name in ("ceil", "floor", "sqrt", "exp", "log", "log2")},
    **{name: getattr(math, name) for name in ("sin", "cos", "tan", "tanh")},
    "abs": abs,
    "shortest": shortest,
}


def is_too_long(representation: Mapping[str, Any], variables: Mapping[str, Any]) -> bool:
    """Whether a job's waveforms and delays take longer than anything could play.

    Args:
        representation: The sequence, as JSON has it.

        variables: The job's values; numbers or lists of numbers.
    """
    total = 0.0
    for duration in _durations(representation.get("operations", [])):
        value = _value(duration, variables)
        value = value[0] if isinstance(value, list) else value
        total += max(value, 0) if isinstance(value, int | float) and not math.isnan(value) else 0
    return total > MAX_DURATION_NS


def _durations(node: Any) -> Iterator[Any]:
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


def _value(node: Any, variables: Mapping[str, Any]) -> Any:
    """What an expression comes to; None where Pulser will have more to say about it."""
    try:
        return _calculated(node, variables)
    except (ArithmeticError, KeyError, IndexError, TypeError, ValueError, RecursionError):
        return None


def _calculated(node: Any, variables: Mapping[str, Any]) -> Any:
    if not isinstance(node, dict):
        return node
    if "variable" in node:
        value = variables[node["variable"]]
        return value if isinstance(value, list) else [value]
    operands = [_calculated(node[side], variables) for side in ("lhs", "rhs") if side in node]
    # Where a list of one stands for its number.
    if node["expression"] != "index":
        operands = [each[0] if isinstance(each, list) else each for each in operands]
    return _OPERATORS[node["expression"]](*operands)
