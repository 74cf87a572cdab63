"""Sheets: results as columns and rows, the same whichever form they are written in. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.results import analysis
from runner.results.analysis.columns import (
    OBJECTIVE,
    ROUND,
    VARIABLES,
    Quantities,
    Quantity,
    ValueKind,
)
from runner.results.analysis.estimates import Estimate
from runner.results.analysis.names import UnknownQuantityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.results.analysis.job_result import MeasuredJob

    Cells = tuple[object, ...]

WIDE: Final = ("experiment", "job", VARIABLES, "runs", "measured", "status", "counts")
LONG: Final = ("experiment", "job", VARIABLES)
# The same where a strategy asked for the jobs.
WIDE_OF_STRATEGY: Final = (*WIDE[:2], ROUND, VARIABLES, OBJECTIVE, *WIDE[3:])
# What is told of an estimate beside its value, as columns are called.
PARTS: Final = ("error", "low", "high")
_BITSTRINGS: Final = ("bitstring", "count", "probability")


class Errors(StrEnum):
    """Where the standard errors of observables are told."""

    INLINE = "inline"
    """In the same cell: 0.512 ± 0.022."""
    COLUMNS = "columns"
    """In columns of their own: `<name>_error`, and the ends of the interval, `<name>_low`, `<name>_high`."""
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
        yield bitstring, count, analysis.observables.share(count, counts.total)


def with_errors(sheet: Sheet, errors: Errors) -> Sheet:
    """The sheet without `Estimate`s: texts, or numbers, or numbers with their errors beside them."""
    columns: list[tuple[SheetColumn, Iterable[object]]] = []
    for place, column in enumerate(sheet.columns):
        values = [row[place] for row in sheet.rows]
        columns += (
            _spread(column, values, errors) if column.kind is ValueKind.ESTIMATE else [(column, values)]
        )
    rows = zip(*(values for _, values in columns), strict=True)
    return Sheet(tuple(column for column, _ in columns), tuple(rows))


def _spread(
    column: SheetColumn, values: Sequence[object], errors: Errors
) -> list[tuple[SheetColumn, Iterable[object]]]:
    """The columns that a column of estimates becomes."""
    found = [each if isinstance(each, Estimate) and not math.isnan(each.value) else None for each in values]
    if errors is Errors.INLINE:
        return [(column, [str(each) if each else None for each in found])]
    numbers = SheetColumn(column.name, ValueKind.NUMBER), [each.value if each else None for each in found]
    if errors is Errors.NONE:
        return [numbers]
    known = {place: each for place, each in enumerate(found) if each and not math.isnan(each.error)}
    together = analysis.observables.gathered(list(known.values()))
    parts = [dict(zip(known, getattr(together, part).tolist(), strict=True)) for part in PARTS]
    names = [SheetColumn(f"{column.name}_{part}", ValueKind.NUMBER) for part in PARTS]
    return [
        numbers,
        *((name, list(map(part.get, range(len(found))))) for name, part in zip(names, parts, strict=True)),
    ]
