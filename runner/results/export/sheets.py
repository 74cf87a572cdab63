"""Sheets: results as columns and rows, the same whichever form they are written in. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from runner.errors import UsageError
from runner.results.analysis.columns import (
    VARIABLES,
    Kind,
    Quantities,
    Quantity,
    UnknownQuantityError,
)
from runner.results.analysis.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.results.analysis.job_result import MeasuredJob

    Cells = tuple[Any, ...]

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
class Column:
    """Heading of a column, and what stands in it."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns and rows.

    Args:
        rows: A cell for each column; None where there is nothing to say.
    """

    columns: tuple[Column, ...]
    rows: tuple[Cells, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The headings."""
        return tuple(column.name for column in self.columns)

    def objects(self) -> list[dict[str, Any]]:
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
    headings = tuple(Column(each.name, each.kind) for each in columns)
    return Sheet(headings, tuple(tuple(each.of(job) for each in columns) for job in jobs))


def long_sheet(jobs: Iterable[MeasuredJob], columns: Sequence[Quantity]) -> Sheet:
    """One row for each job and bitstring; jobs of which nothing came back have none.

    Behind the chosen columns come the bitstring, its count, and its share with its error.
    """
    headings = [Column(each.name, each.kind) for each in columns]
    kinds = (Kind.TEXT, Kind.NUMBER, Kind.ESTIMATE)
    headings += [Column(*each) for each in zip(_BITSTRINGS, kinds, strict=True)]
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


def _headings(column: Column, errors: Errors) -> Iterator[Column]:
    if column.kind is not Kind.ESTIMATE or errors is Errors.INLINE:
        yield column
    else:
        yield Column(column.name, Kind.NUMBER)
        if errors is Errors.COLUMNS:
            yield Column(f"{column.name}_error", Kind.NUMBER)


def _cells(column: Column, value: Any, errors: Errors) -> Cells:
    if column.kind is not Kind.ESTIMATE:
        return (value,)
    known = isinstance(value, Estimate) and not math.isnan(value.value)
    if errors is Errors.INLINE:
        return (str(value) if known else None,)
    number = value.value if known else None
    if errors is Errors.NONE:
        return (number,)
    return number, value.error if known and not math.isnan(value.error) else None
