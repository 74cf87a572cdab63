"""Numbers and expressions of a file → numbers, or Pulser's own expressions over its variables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from pulser.parametrized import Parametrized

from runner.domain.expressions.parser import FUNCTIONS
from runner.domain.expressions.tree import Expression, Variable, size_of
from runner.domain.expressions.values import Values, evaluated
from runner.sequences.pulser_api.job_values import MAX_DURATION_NS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain.json_values import JobValues

    # A number, or an expression of Pulser that is one once its variables have values.
    Real: TypeAlias = float | Parametrized
    Whole: TypeAlias = int | Parametrized

# NumPy's functions take numbers and Pulser's variables alike.
_FUNCTIONS = {name: getattr(np, name) for name in FUNCTIONS}


class OperationError(ValueError):
    """An operation that we refuse, whether or not Pulser would.

    Args:
        fixed: Whether that holds whatever the variables are.
    """

    def __init__(self, message: str, *, fixed: bool = False) -> None:
        super().__init__(message)
        self.fixed = fixed


def with_variables(variables: Mapping[str, Parametrized]) -> Values:
    """Expressions become expressions of Pulser, over its variables."""
    return Values(variables=variables, functions=_FUNCTIONS, array=np.array)


def with_numbers(variables: JobValues) -> Values:
    """Expressions become numbers."""
    numbers = {
        name: np.array(value, dtype=float) if isinstance(value, list) else np.float64(value)
        for name, value in variables.items()
        if not isinstance(value, dict)  # the traps of atoms
    }
    return Values(variables=numbers, functions=_FUNCTIONS, constant=np.float64, array=np.array)


def as_written(value: float | Expression, values: Values) -> Real:
    """The same as `quantity`, but a list of one that is calculated with stays a list.

    So Pulser takes phases and setpoints, and so they were sent ever since: another form is another recipe.
    """
    is_alone = not isinstance(value, Expression) or isinstance(value.tree, Variable)
    return quantity(value, values) if is_alone else _number(value, values)


def quantity(value: float | Expression, values: Values) -> Real:
    """A number of the file, or what its expression comes to."""
    return _number(value, replace(values, whole=_only))


def _number(value: float | Expression, values: Values) -> Real:
    if not isinstance(value, Expression):
        return value
    result: Real | np.float64 = _evaluated(value, values)
    # Plain numbers are sent as such, and not as NumPy's.
    return float(result) if isinstance(result, np.floating) else result


def _only(variable: Any) -> Any:
    """A variable where one number is expected: of a list of one, that number."""
    return variable[0] if _size(variable) == 1 else variable


def _evaluated(expression: Expression, values: Values) -> Any:
    try:
        with np.errstate(all="raise", under="ignore"):
            return evaluated(expression.tree, values)
    except ArithmeticError as error:
        reason = str(error).partition(" encountered")[0]
        raise OperationError(f"{expression} has no value: {reason}") from error


def duration(value: int | Expression, values: Values, *, least: int = 1) -> Whole:
    """A duration of the file (in ns): a whole number, or an expression of Pulser that will be one."""
    result = quantity(value, values)
    if isinstance(result, Parametrized):
        return result
    if result != int(result):
        raise OperationError(f"the duration {value} comes to {result:.6g} ns, which is not a whole number")
    if result < least:
        raise OperationError(f"the duration {value} comes to {result:.6g} ns; expected at least {least} ns")
    if result > MAX_DURATION_NS:
        raise OperationError(f"the duration {value} is longer than {MAX_DURATION_NS:,} ns")
    return int(result)


def index(value: int | Expression, values: Values, atoms: int) -> Whole:
    """The number of an atom, from 0 on, or an expression of Pulser that will be one."""
    result = quantity(value, values)
    return result if isinstance(result, Parametrized) else _index(result, atoms)


def indices(
    value: tuple[int | Expression, ...] | Expression, values: Values, atoms: int
) -> list[int] | Parametrized:
    """Numbers of atoms, or an expression of Pulser that will be some."""
    if not isinstance(value, Expression):
        return _indices([index(each, values, atoms) for each in value])
    result = _evaluated(value, values)
    if isinstance(result, Parametrized):
        return result
    return [_index(each, atoms) for each in np.atleast_1d(result).tolist()]


def _indices(items: list[Whole]) -> list[int] | Parametrized:
    """Pulser takes several numbers, or one expression that comes to some."""
    numbers = [each for each in items if not isinstance(each, Parametrized)]
    if len(numbers) == len(items):
        return numbers
    if len(items) > 1:
        raise OperationError("atoms that a job chooses are one expression, as indices: atoms[[0, 1]]")
    (only,) = items
    return only if isinstance(only, Parametrized) else [only]


def _index(number: float, atoms: int) -> int:
    if number != int(number) or not 0 <= number < atoms:
        raise OperationError(f"there is no atom number {number:.6g}: they are counted from 0 to {atoms - 1}")
    return int(number)


def several(value: tuple[float | Expression, ...] | Expression, values: Values) -> list[float] | Parametrized:
    """Numbers of the file as a list, or what an expression over several numbers comes to."""
    if not isinstance(value, Expression):
        return _joined([quantity(each, values) for each in value])
    result = _evaluated(value, values)
    found: list[float] | Parametrized = result.tolist() if isinstance(result, np.ndarray) else result
    return found


def _joined(items: list[Real]) -> list[float] | Parametrized:
    """Numbers as they are; with expressions among them, a sum of vectors: Pulser has no lists of both."""
    numbers: Any = np.array([0.0 if isinstance(each, Parametrized) else each for each in items])
    total = numbers
    for i, each in enumerate(items):
        if isinstance(each, Parametrized):
            total = total + np.eye(len(items))[i] * each
    found: list[float] | Parametrized = total if isinstance(total, Parametrized) else numbers.tolist()
    return found


def count(value: tuple[float | Expression, ...] | Expression, values: Values) -> int:
    """How many numbers there are, or an expression comes to."""
    if not isinstance(value, Expression):
        return len(value)
    sizes = {name: _size(each) for name, each in values.variables.items()}
    return size_of(value.tree, sizes) or 1


def _size(variable: object) -> int | None:
    """How many numbers a variable holds; None for a plain number."""
    if isinstance(variable, np.ndarray):
        return variable.size
    size = getattr(variable, "size", None)
    return size if isinstance(variable, Parametrized) else None
