"""Square matrices of numbers, as those of costs: JSON (a list of rows) or CSV. Pure."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable
from typing import Any, Final

from runner.errors import UsageError

Rows = tuple[tuple[float, ...], ...]

_HINT: Final = "say its rows: [[-1, 2], [0, -1]]"


def square(rows: object, of: str = "Q") -> Rows:
    """A square matrix of finite numbers.

    Raises:
        UsageError: It is none.
    """
    try:
        matrix = tuple(tuple(float(each) for each in _listed(row)) for row in _listed(rows))
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"{of} is no matrix of numbers", hint=_HINT) from error
    is_square = matrix and all(len(row) == len(matrix) for row in matrix)
    if not is_square or not all(math.isfinite(each) for row in matrix for each in row):
        raise UsageError(f"{of} is no square matrix of finite numbers", hint=_HINT)
    return matrix


def _listed(several: object) -> Iterable[Any]:
    if not isinstance(several, Iterable) or isinstance(several, str | dict):
        raise TypeError
    return several


def rows_in(name: str, text: str) -> list[list[float]]:
    """The rows that a text holds.

    Args:
        name: Of its file, which says what it is: JSON behind `.json`, else CSV.

    Raises:
        UsageError: It holds no rows of numbers.
    """
    return _json(name, text) if name.lower().endswith(".json") else _csv(name, text)


def _json(name: str, text: str) -> list[list[float]]:
    try:
        rows: list[list[float]] = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}:{error.lineno}:{error.colno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: this is no JSON that can be read") from error
    return rows


def _csv(name: str, text: str) -> list[list[float]]:
    rows = []
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        try:
            rows.append([float(cell) for cell in row])
        except ValueError as error:
            hint = "a line for each row, with commas between its numbers; or a .json file"
            raise UsageError(f"{name}:{number}: {error}", hint=hint) from error
    return [row for row in rows if row]
