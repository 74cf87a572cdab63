"""Whole numbers that are too large for Pulser, whose integers have 64 bits and wrap around without a word."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, Final

from runner.spec.abstract_repr import RepresentationError
from runner.spec.from_abstract.expressions import expression_text, plain_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Number = int | float

_BITS: Final = 63


class _TooLargeError(Exception):
    """A whole number left the 64 bits."""


def beyond_integers(representation: Mapping[str, Any], variables: Mapping[str, Any]) -> str | None:
    """The first expression of a job that Pulser would take for another number; None where there is none.

    Args:
        representation: The sequence, as JSON has it.

        variables: The job's values; numbers or lists of numbers.
    """
    if not any(each["type"] == "int" for each in representation.get("variables", {}).values()):
        return None
    for expression in _expressions(representation.get("operations", [])):
        try:
            _exact(expression, variables)
        except _TooLargeError:
            return _said(expression, representation)
        except (ArithmeticError, KeyError, IndexError, TypeError, ValueError, RecursionError):
            continue  # Pulser has more to say about it
    return None


def _said(expression: Any, representation: Mapping[str, Any]) -> str:
    try:
        return expression_text(expression, plain_variables(representation))
    except RepresentationError:
        return "an expression"


def _expressions(node: Any) -> Iterator[Any]:
    """Every whole expression below a node."""
    if isinstance(node, dict) and "expression" in node:
        yield node
    elif isinstance(node, list | dict):
        for each in node.values() if isinstance(node, dict) else node:
            yield from _expressions(each)


def _exact(node: Any, variables: Mapping[str, Any]) -> Number | list[Number]:
    """What an expression comes to: Python's whole numbers have no end, and else count as Pulser's do."""
    if not isinstance(node, dict):
        return node  # type: ignore[no-any-return]
    if "variable" in node:
        return variables[node["variable"]]  # type: ignore[no-any-return]
    operands = [_exact(node[side], variables) for side in ("lhs", "rhs") if side in node]
    if node["expression"] == "index":
        values, index = operands
        return values[int(index)] if isinstance(values, list) else values  # type: ignore[arg-type]
    return _of_each(_OPERATORS[node["expression"]], operands)


def _of_each(function: Callable[..., Number], operands: list[Number | list[Number]]) -> Number | list[Number]:
    """A function of numbers, or of the elements of lists; a number goes with every element."""
    sizes = [len(each) for each in operands if isinstance(each, list)]
    if not sizes:
        return _held(function(*operands))
    rows = [each if isinstance(each, list) else [each] * sizes[0] for each in operands]
    return [_held(function(*each)) for each in zip(*rows, strict=True)]


def _held(number: Number) -> Number:
    if isinstance(number, int) and not -(2**_BITS) <= number < 2**_BITS:
        raise _TooLargeError
    return number


def _power(base: Number, exponent: Number) -> Number:
    # Not computed where it cannot be held: it could fill all memory.
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent > _BITS:
        raise _TooLargeError
    return base**exponent


_OPERATORS: Final[Mapping[str, Callable[..., Number]]] = {
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
}
