"""Formulas in which numbers stand for some names: the indices of repeated operations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runner.domain.expressions.constants import calculated
from runner.domain.expressions.tree import (
    Call,
    Expression,
    Negative,
    Number,
    Operation,
    Variable,
    is_calculated,
    parts,
)
from runner.domain.expressions.words import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain.expressions.tree import Tree


def substituted(expression: Expression, numbers: Mapping[str, int]) -> Expression:
    """An expression with numbers for some of its names; its text stays.

    Raises:
        ExpressionError: An index comes to no whole number from 0 on.
    """
    return Expression(expression.text, _substituted(expression.tree, numbers))


def _substituted(tree: Tree, numbers: Mapping[str, int]) -> Tree:
    match tree:
        case Variable(name, None) if name in numbers:
            return Number(float(numbers[name]))
        case Variable(_, index) if is_calculated(index):
            return _indexed(tree, _substituted(index, numbers))
        case Negative(operand):
            return Negative(_substituted(operand, numbers))
        case Call(function, argument):
            return Call(function, _substituted(argument, numbers))
        case Operation(sign, left, right):
            return Operation(sign, _substituted(left, numbers), _substituted(right, numbers))
    return tree


def _indexed(variable: Variable, index: Tree) -> Variable:
    """A variable whose index is a number, unless names are left in it."""
    if any(isinstance(part, Variable) for part in parts(index)):
        return replace(variable, index=index)
    value = calculated(index)
    if value < 0 or not value.is_integer():
        raise ExpressionError(f"an index is a whole number from 0 on: that of {variable.name} is {value:g}")
    return replace(variable, index=int(value))
