"""Square matrices of numbers, as those of costs: JSON (a list of rows) or CSV. Pure."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable
from typing import Any, Final

from runner.domain.numerals import counted
from runner.errors import UsageError

Rows = tuple[tuple[float, ...], ...]

_HINT: Final = "say its rows: [[-1, 2], [0, -1]]"
_CSV_HINT: Final = "a line for each row, with commas between its numbers; or a .json file"


def square(rows: object, of: str = "Q") -> Rows:
    """A square matrix of finite numbers.

    Raises:
        UsageError: It is none.
    """
    try:
        matrix = tuple(tuple(float(each) for each in _listed(row)) for row in _listed(rows))
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"{of} is no matrix of numbers", hint=_HINT) from error
    if not matrix:
        raise UsageError(f"{of} has no rows", hint=_HINT)
    for number, row in enumerate(matrix, 1):
        if len(row) != len(matrix):
            there = f"row {number} has {counted(len(row), 'number')}, and rows are {len(matrix)}"
            raise UsageError(f"{of} is no square matrix: {there}", hint=_HINT)
        if not all(map(math.isfinite, row)):
            raise UsageError(f"{of} is no matrix of finite numbers: see row {number}", hint=_HINT)
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
    rows: list[list[float]] = []
    reader = csv.reader(text.splitlines())
    for row in reader:
        place = f"{name}:{reader.line_num}"
        numbers = [_number(cell, place) for cell in row]
        if numbers and rows and len(numbers) != len(rows[0]):
            message = f"{place}: a row of {counted(len(numbers), 'number')}, expected {len(rows[0])}"
            raise UsageError(message, hint=_CSV_HINT)
        rows += [numbers] if numbers else []
    return rows


def _number(cell: str, place: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise UsageError(f"{place}: {cell!r} is no number", hint=_CSV_HINT) from error
