"""Conditions between variables that every job of a strategy keeps: `t_rise + t_fall <= 4000`.

Numbers are equal to one part in 10⁹, as in conditions on jobs. A condition in which a formula has no value,
as where it divides by 0, is not kept.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, Final

from runner.domain.expressions import tree
from runner.domain.expressions.constants import calculated
from runner.domain.expressions.parser import parsed_formula_condition
from runner.domain.expressions.words import ExpressionError
from runner.domain.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_CLOSE: Final = 1e-9
_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUAL: Final = ("==", "!=")


def condition(text: str, variables: Mapping[str, object]) -> tree.Tree:
    """The condition that a text says of some variables.

    Args:
        variables: A value of each, as `SearchSpace.variables` gives them.

    Raises:
        ExpressionError: It says none, or of something else.
    """
    said = parsed_formula_condition(text)
    _check(said, variables)
    return said


def holds(said: tree.Tree, variables: Mapping[str, Any]) -> bool:
    """Whether a condition holds for some values.

    Raises:
        ExpressionError: A formula in it has no value.
    """
    match said:
        case tree.Negative(inner):
            return not holds(inner, variables)
        case tree.Operation("and", one, other):
            return holds(one, variables) and holds(other, variables)
        case tree.Operation("or", one, other):
            return holds(one, variables) or holds(other, variables)
        case tree.Operation(sign, one, other) if sign in _SIGNS or sign in _EQUAL:
            return _compared(_number(one, variables), sign, _number(other, variables))
        case tree.Membership(term, choices, is_negated):
            value = _number(term, variables)
            return any(_compared(value, "==", _number(each, variables)) for each in choices) != is_negated
    raise TypeError(f"{said} is no condition")


def all_hold(said: Sequence[tree.Tree], variables: Mapping[str, Any]) -> bool:
    """Whether every condition holds for some values."""
    try:
        return all(holds(each, variables) for each in said)
    except ExpressionError:
        return False


def _number(term: tree.Tree, variables: Mapping[str, Any]) -> float:
    match term:
        case tree.Number(value):
            return value
        case tree.Variable(name, None):
            return float(variables[name])
        case tree.Variable(name, int(index)):
            return float(variables[name][index])
    return calculated(term, variables)


def _compared(left: float, sign: str, right: float) -> bool:
    is_equal = math.isclose(left, right, rel_tol=_CLOSE)
    if sign in _EQUAL:
        return is_equal == (sign == "==")
    return sign in {"<=", ">="} if is_equal else _SIGNS[sign](left, right)


def _check(said: tree.Tree, variables: Mapping[str, object]) -> None:
    """Refuse what is no number of these variables."""
    match said:
        case tree.Negative(inner) | tree.Call(_, inner):
            _check(inner, variables)
        case tree.Operation(_, one, other):
            _check(one, variables)
            _check(other, variables)
        case tree.Membership(term, choices):
            for each in (term, *choices):
                _check(each, variables)
        case tree.Several():
            raise ExpressionError("a list is no number", "say a condition for each number")
        case tree.Variable(name, index):
            _check_variable(name, index, variables)


def _check_variable(name: str, index: object, variables: Mapping[str, object]) -> None:
    if name not in variables:
        near = nearest(name, list(variables))
        raise ExpressionError(f"there is no variable {name}", f"did you mean {near}?" if near else "")
    value = variables[name]
    if not isinstance(value, list | tuple):
        if index is not None:
            raise ExpressionError(f"{name} is a single number", f"say {name}")
    elif not isinstance(index, int) or index >= len(value):
        raise ExpressionError(f"{name} holds {len(value)} numbers", f"say {name}[0] for the first")
