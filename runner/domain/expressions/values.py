"""Trees → what they come to, with values for their names."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from runner.domain.expressions.tree import Call, Negative, Number, Operation, Several, Tree, Variable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


@dataclass(frozen=True, slots=True)
class Values:
    """What the words of a formula stand for: numbers, or anything that can be calculated with.

    Args:
        variables: Value of every variable; those that hold several can be indexed.

        functions: The functions, by name.

        constant: Makes a value of a number.

        array: Makes a value of several numbers.

        operators: The operators, by sign.

        whole: What a variable without an index stands for.
    """

    variables: Mapping[str, Any]
    functions: Mapping[str, Callable[[Any], Any]]
    constant: Callable[[float], Any] = float
    array: Callable[[Sequence[float]], Any] = tuple
    operators: Mapping[str, Callable[[Any, Any], Any]] = field(default_factory=lambda: OPERATORS)
    whole: Callable[[Any], Any] = lambda value: value


def evaluated(tree: Tree, values: Values) -> Any:
    """What a formula comes to.

    Raises:
        TypeError: It is none, but a condition.
    """
    match tree:
        case Number(value):
            return values.constant(value)
        case Several(numbers):
            return values.array(numbers)
        case Variable(name, index):
            return _picked(values.variables[name], index, values)
        case Negative(operand):
            return -evaluated(operand, values)
        case Call(function, argument):
            return values.functions[function](evaluated(argument, values))
        case Operation(sign, left, right):
            return values.operators[sign](evaluated(left, values), evaluated(right, values))
    raise TypeError(f"{tree} is no formula")


def _picked(variable: Any, index: object, values: Values) -> Any:
    if index is None:
        return values.whole(variable)
    return variable[list(index) if isinstance(index, tuple) else index]
