"""Expressions without variables → the number that they come to, the same one on every machine.

Sums, products and roots of floats are rounded alike everywhere; powers, exponentials and trigonometric
functions are not. These are calculated with many decimal digits, and rounded once: a number decides what was
bought already, and may not depend on the machine.
"""

from __future__ import annotations

import decimal
import functools
import math
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from runner.domain.expressions.parser import CONSTANTS, FUNCTIONS, parsed
from runner.domain.expressions.tree import Number
from runner.domain.expressions.values import OPERATORS, Values, evaluated
from runner.domain.expressions.words import ExpressionError
from runner.domain.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.domain.expressions.tree import Tree

_DIGITS: Final = 80
_CONTEXT: Final = decimal.Context(prec=_DIGITS, Emax=10_000, Emin=-10_000)
_PI: Final = Decimal(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798"
)
_LARGEST_ANGLE: Final = 1e15  # beyond it, neighbouring floats are far apart on the circle
_NOTHING: Final[Mapping[str, float]] = MappingProxyType({})
_SMALL: Final = Decimal("1e-30")  # below it, tanh x is x, as far as a float can tell


@functools.lru_cache(maxsize=10_000)
def constant(text: str) -> float:
    """The number that an expression without variables comes to.

    Raises:
        ExpressionError: It is no expression, has variables, or has no value.
    """
    expression = parsed(text)
    if expression.lists():
        raise ExpressionError("it is several numbers", "in a list of YAML, each item may be an expression")
    for variable in expression.variables():
        near = nearest(variable.name, [*CONSTANTS, *FUNCTIONS])
        hint = f"did you mean {near}?" if near else "variables stand in operations; here, numbers and pi do"
        raise ExpressionError(f"there is no constant {variable.name}", hint)
    return calculated(expression.tree)


def calculated(tree: Tree, variables: Mapping[str, float] = _NOTHING) -> float:
    """The number that a formula comes to.

    Args:
        variables: Value of each of its variables, none of which has an index.

    Raises:
        ExpressionError: It has no value.
    """
    try:
        with decimal.localcontext(_CONTEXT):
            value = float(evaluated(tree, replace(_VALUES, variables=variables)))
    except (ArithmeticError, ValueError) as error:
        raise ExpressionError("it has no value", _REASONS.get(type(error), "")) from error
    if not math.isfinite(value):
        raise ExpressionError("it has no finite value")
    return value + 0.0  # without the sign of a zero


def is_numeral(text: str) -> bool:
    """Whether a text is a single number in digits, and nothing that is to be calculated."""
    try:
        return isinstance(parsed(text).tree, Number) and not any(name in text for name in CONSTANTS)
    except ExpressionError:
        return False


_REASONS: Final[Mapping[type[Exception], str]] = {
    ZeroDivisionError: "it divides by 0",
    decimal.DivisionByZero: "it divides by 0",
    OverflowError: "it is too large for a number",
    decimal.Overflow: "it is too large for a number",
}


def _power(base: float, exponent: float) -> float:
    return float(Decimal(base) ** Decimal(exponent)) if exponent else 1.0


def _in_decimals(function: Callable[[Decimal], Decimal]) -> Callable[[float], float]:
    return lambda value: float(function(Decimal(value)))


def _sine(angle: Decimal) -> Decimal:
    if abs(angle) > _LARGEST_ANGLE:
        raise OverflowError
    x = angle.remainder_near(2 * _PI)
    term = total = x
    for n in range(2, 200, 2):
        term *= -x * x / (n * (n + 1))
        total += term
    return total


def _cosine(angle: Decimal) -> Decimal:
    return _sine(_PI / 2 - angle)


def _tanh(x: Decimal) -> Decimal:
    if abs(x) < _SMALL:
        return x
    if abs(x) > _DIGITS * 2:
        return Decimal(1).copy_sign(x)
    grown = (2 * x).exp()
    return (grown - 1) / (grown + 1)


def _binary_logarithm(x: Decimal) -> Decimal:
    return x.ln() / Decimal(2).ln()


_FUNCTIONS: Final[Mapping[str, Callable[[float], float]]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "sqrt": math.sqrt,
    "cos": _in_decimals(_cosine),
    "exp": _in_decimals(Decimal.exp),
    "log": _in_decimals(Decimal.ln),
    "log2": _in_decimals(_binary_logarithm),
    "sin": _in_decimals(_sine),
    "tan": _in_decimals(lambda angle: _sine(angle) / _cosine(angle)),
    "tanh": _in_decimals(_tanh),
}
_VALUES: Final = Values(variables={}, functions=_FUNCTIONS, operators={**OPERATORS, "**": _power})
