"""Sheets: results as columns and rows, the same whichever form they are written in. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.results.analysis.columns import (
    VARIABLES,
    Quantities,
    Quantity,
    UnknownQuantityError,
    ValueKind,
)
from runner.results.analysis.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.results.analysis.job_result import MeasuredJob

    Cells = tuple[object, ...]

WIDE: Final = ("experiment", "job", VARIABLES, "runs", "measured", "status", "counts")
LONG: Final = ("experiment", "job", VARIABLES)
_BITSTRINGS: Final = ("bitstring", "count", "probability")


class Errors(StrEnum):
    """Where the standard errors of observables are told."""

    INLINE = "inline"
    """In the same cell: 0.512 ± 0.022."""
    COLUMNS = "columns"
    """In a column of their own, `<name>_error`."""
    NONE = "none"
    """Nowhere."""


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """Heading of a column, and what stands in it."""

    name: str
    kind: ValueKind


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns and rows.

    Args:
        rows: A cell for each column; None where there is nothing to say.
    """

    columns: tuple[SheetColumn, ...]
    rows: tuple[Cells, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The headings."""
        return tuple(column.name for column in self.columns)

    def objects(self) -> list[dict[str, object]]:
        """Each row by the names of its columns."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


def column_names(text: str) -> list[str]:
    """The names in a list with commas; those in brackets part nothing.

    `job,correlation[q0,q1]` are two.
    """
    names, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth <= 0:
            names.append("")
        else:
            names[-1] += letter
    return [name.strip() for name in names if name.strip()]


def chosen_columns(names: Iterable[str], quantities: Quantities) -> tuple[Quantity, ...]:
    """What stands in each column; each once, in the order of the names.

    Raises:
        UsageError: Nothing is called so.
    """
    found: dict[str, Quantity] = {}
    for name in names:
        try:
            found |= {each.name: each for each in quantities.chosen(name)}
        except UnknownQuantityError as error:
            raise UsageError(f"--columns {name}: {error.message}", hint=error.hint) from error
    return tuple(found.values())


def wide_sheet(jobs: Iterable[MeasuredJob], columns: Sequence[Quantity]) -> Sheet:
    """One row a job."""
    headings = tuple(SheetColumn(each.name, each.kind) for each in columns)
    return Sheet(headings, tuple(tuple(each.of(job) for each in columns) for job in jobs))


def long_sheet(jobs: Iterable[MeasuredJob], columns: Sequence[Quantity]) -> Sheet:
    """One row for each job and bitstring; jobs of which nothing came back have none.

    Behind the chosen columns come the bitstring, its count, and its share with its error.
    """
    headings = [SheetColumn(each.name, each.kind) for each in columns]
    kinds = (ValueKind.TEXT, ValueKind.NUMBER, ValueKind.ESTIMATE)
    headings += [SheetColumn(*each) for each in zip(_BITSTRINGS, kinds, strict=True)]
    rows = ((*(each.of(job) for each in columns), *said) for job in jobs for said in _bitstrings(job))
    return Sheet(tuple(headings), tuple(rows))


def _bitstrings(job: MeasuredJob) -> Iterator[tuple[str, int, Estimate]]:
    counts = job.counts
    if counts is None:
        return
    for bitstring, count in counts.items():
        yield bitstring, count, share(count, counts.total)


def share(count: int, runs: int) -> Estimate:
    """The share of some of the runs, with its standard error (with N - 1, as that of all means)."""
    value = count / runs
    return Estimate(value, math.sqrt(value * (1 - value) / (runs - 1)) if runs > 1 else math.nan)


def with_errors(sheet: Sheet, errors: Errors) -> Sheet:
    """The sheet without `Estimate`s: texts, or numbers, or numbers with their errors beside them."""
    spread = [list(_headings(column, errors)) for column in sheet.columns]
    rows = tuple(
        tuple(
            cell
            for column, value in zip(sheet.columns, row, strict=True)
            for cell in _cells(column, value, errors)
        )
        for row in sheet.rows
    )
    return Sheet(tuple(column for some in spread for column in some), rows)


def _headings(column: SheetColumn, errors: Errors) -> Iterator[SheetColumn]:
    if column.kind is not ValueKind.ESTIMATE or errors is Errors.INLINE:
        yield column
    else:
        yield SheetColumn(column.name, ValueKind.NUMBER)
        if errors is Errors.COLUMNS:
            yield SheetColumn(f"{column.name}_error", ValueKind.NUMBER)


def _cells(column: SheetColumn, value: object, errors: Errors) -> Cells:
    if column.kind is not ValueKind.ESTIMATE:
        return (value,)
    known = value if isinstance(value, Estimate) and not math.isnan(value.value) else None
    if errors is Errors.INLINE:
        return (str(known) if known else None,)
    number = known.value if known else None
    if errors is Errors.NONE:
        return (number,)
    return number, known.error if known and not math.isnan(known.error) else None
