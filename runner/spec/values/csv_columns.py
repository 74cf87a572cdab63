"""Text of a CSV file → the numbers of a column."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.domain.suggestions import odd_letter, readable, suggestion
from runner.spec.values.sweep_values import SweepError
from runner.spec.yaml_text.scalars import ScalarError, plain_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN_CHARACTERS = 40
_OTHER_SEPARATORS = (";", "\t")
_COMMENT = "#"
_NO_COMMENTS = "a table has no comments: remove the lines that begin with #; the first line holds the names"
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9][0-9.]*,[0-9,.]+(?:[eE][-+]?[0-9]+)?", re.ASCII)
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read, not judged.

    Args:
        name: How problems call its file.

        columns: The names in its first line.

        rows: Line and cells of every other line that is not empty.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...] = field(repr=False)

    def numbers(self, column: str) -> tuple[int | float, ...]:
        """The numbers of a column, row by row.

        Raises:
            SweepError: There is no such column, or there are two, or a cell is no number.
        """
        position = self._position(column)
        return tuple(self._number(column, line, cells[position]) for line, cells in self.rows)

    def _position(self, column: str) -> int:
        match self.columns.count(column):
            case 1:
                return self.columns.index(column)
            case 0:
                hint = _separators(self.columns) or suggestion(column, self.columns, kind="columns")
                raise SweepError(f"{self.name} has no column {column}", hint, key="column")
        raise SweepError(f"{self.name} has several columns {column}", key="column")

    def _number(self, column: str, line: int, cell: str) -> int | float:
        try:
            value = plain_scalar(cell)
        except ScalarError as error:
            raise SweepError(f"{self.name}:{line}: {column}: {error}", key="column") from error
        if isinstance(value, bool) or not isinstance(value, int | float):
            there = f'"{readable(cell, _SHOWN_CHARACTERS)}"' if cell else "nothing"
            message = f"{self.name}:{line}: {column}: expected a number, not {there}"
            raise SweepError(message, _notation(cell), key="column")
        return value


def table_of(text: str, *, name: str, most: int) -> Table:
    """The table that a text holds.

    Args:
        most: How many rows it may have.

    Raises:
        SweepError: It is no table: no rows, too many, or rows of different lengths.
    """
    lines = _lines(text, name)
    _, columns = next(lines, (0, ()))
    rows: list[tuple[int, tuple[str, ...]]] = []
    for line, cells in lines:
        _check_row(f"{name}:{line}", columns, cells)
        rows.append((line, cells))
        if len(rows) > most:
            raise SweepError(f"{name} has more than {most:,} rows", key="file")
    if not rows:
        raise SweepError(f"{name} has no rows", "a line of names, then a line for each value", key="file")
    return Table(name, columns, tuple(rows))


def _lines(text: str, name: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Number and cells of every line that is not empty; of a cell over several lines, the last one counts."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, tuple(cell.strip() for cell in cells)
    except csv.Error as error:
        raise SweepError(f"{name}:{reader.line_num}: this is not CSV: {error}", key="file") from error


def _check_row(place: str, columns: tuple[str, ...], cells: tuple[str, ...]) -> None:
    if len(cells) == len(columns):
        return
    message = f"{place}: expected {len(columns)} cells, not {len(cells)}"
    raise SweepError(
        message, _NO_COMMENTS if cells[0].startswith(_COMMENT) else _separators(columns), key="file"
    )


def _separators(columns: tuple[str, ...]) -> str:
    """A hint where a line of names seems to be written another way."""
    if columns[0].startswith(_COMMENT):
        return _NO_COMMENTS
    is_other = any(each in columns[0] for each in _OTHER_SEPARATORS)
    return "cells are separated by commas, and numbers have a point" if is_other else ""


def _notation(cell: str) -> str:
    """A hint where a number seems to be written another way."""
    if cell.startswith(_COMMENT):
        return _NO_COMMENTS
    if _DECIMAL_COMMA.fullmatch(cell):
        return "numbers have a point, and nothing between thousands"
    return "a number has no zeros in front" if _LEADING_ZERO.fullmatch(cell) else odd_letter(cell)
