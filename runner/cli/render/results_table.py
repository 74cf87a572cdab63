"""Results as tables for people: in a terminal, in a pipe, or as Markdown."""

from __future__ import annotations

import math
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runner.cli import late_imports
from runner.cli.output import say
from runner.cli.render.table import Heading, laid
from runner.domain.ascii import in_encoding
from runner.domain.numerals import counted
from runner.results import ResultStatus
from runner.results.analysis.columns import ValueKind
from runner.results.export.writers import cell_text, markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.export.sheets import Sheet

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class ResultsTable:
    """A title and what stands below it.

    Args:
        notes: Sentences below the rows.
    """

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    notes: tuple[str, ...] = ()


def summary(title: str, jobs: Sequence[MeasuredJob]) -> ResultsTable:
    """A row a job; variables that all jobs share stand in the title."""
    names = tuple(dict.fromkeys(name for job in jobs for name in job.variables))
    texts = {name: [_value(job.variables.get(name)) for job in jobs] for name in names}
    fixed = {name: some[0] for name, some in texts.items() if len(jobs) > 1 and len(set(some)) == 1}
    varying = [name for name in names if name not in fixed]
    said = ", ".join(f"{name}={value}" for name, value in fixed.items())
    is_loop = any(job.figures for job in jobs)
    headings = (
        Heading("job"),
        *([Heading("round", is_right=True)] if is_loop else ()),
        *(Heading(name, is_right=True, is_spare=True) for name in varying),
        *([Heading("objective", is_right=True)] if is_loop else ()),
        Heading("runs", is_right=True),
        Heading("status"),
        Heading("most frequent", is_list=True, is_spare=True),
    )
    rows = tuple(
        (
            cell_text(job.name),
            *([cell_text(job.figures.round_name if job.figures else None)] if is_loop else ()),
            *(texts[name][i] for name in varying),
            *([_objective(job)] if is_loop else ()),
            str(job.runs),
            job.status,
            _frequent(job),
        )
        for i, job in enumerate(jobs)
    )
    return ResultsTable(f"{title}; all with {said}" if said else title, headings, rows)


def _objective(job: MeasuredJob) -> str:
    """The objective with its error; nothing where it has no value."""
    known = job.figures.objective if job.figures else None
    return cell_text(None if known is None or math.isnan(known.value) else known)


def _frequent(job: MeasuredJob) -> str:
    """The most frequent bitstrings with their counts; without any, what went wrong."""
    top = job.counts.most_frequent(_SHOWN) if job.counts else []
    return cell_text(top or list(dict.fromkeys(job.errors)))


def _value(value: object) -> str:
    match value:
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return ", ".join(f"{name}:{_value(each)}" for name, each in value.items())
        case _:
            return cell_text(value)


def sheet_table(title: str, sheet: Sheet) -> ResultsTable:
    """The table of a sheet."""
    numbers = {ValueKind.NUMBER, ValueKind.ESTIMATE}
    headings = tuple(
        Heading(
            column.name,
            is_right=column.kind in numbers,
            is_list=column.name in {"counts", "most_frequent"},
            is_spare=place > 0,
        )
        for place, column in enumerate(sheet.columns)
    )
    return ResultsTable(title, headings, tuple(tuple(map(cell_text, row)) for row in sheet.rows))


def title_of(name: str, statuses: Iterable[str], total: int) -> str:
    """How many jobs an experiment has, and how far they have come: `pair: 2 of 3 jobs, 2 DONE`."""
    by_status = Counter(statuses)
    shown, jobs = by_status.total(), counted(total, "job")
    known = [f"{by_status[status]} {status}" for status in ResultStatus if by_status[status]]
    return f"{name}: {', '.join([jobs if shown == total else f'{shown} of {jobs}', *known])}"


def print_tables(tables: Sequence[ResultsTable]) -> None:
    """Tables for a terminal, as wide as it is; in a pipe, as wide as they are."""
    if not sys.stdout.isatty():
        sys.stdout.write(in_encoding(tables_text(tables), sys.stdout.encoding))
        return
    width = shutil.get_terminal_size().columns
    left_out: dict[str, None] = {}
    for table in tables:
        for line, status in _lines(table, width, left_out):
            late_imports.print_cells(line, has_statuses=status)
    if left_out:
        say(f"too narrow for: {', '.join(left_out)}; --columns chooses, a wider terminal or a pipe has all")


def tables_text(tables: Sequence[ResultsTable]) -> str:
    """The same as plain text of any width."""
    return "".join(f"{''.join(cells)}\n" for table in tables for cells, _ in _lines(table, None, {}))


def _lines(
    table: ResultsTable, width: int | None, left_out: dict[str, None]
) -> Iterable[tuple[tuple[str, ...], bool]]:
    """Lines in cells, and whether their words may be statuses; notes what is left out."""
    yield (table.title,), False
    if table.rows:
        found = laid(table.headings, table.rows, width)
        left_out.update(dict.fromkeys(found.left_out))
        yield (found.head,), False
        yield from ((row, True) for row in found.rows)
    yield from (((note,), False) for note in table.notes)


def markdown_tables(tables: Sequence[ResultsTable]) -> str:
    """Each table below its title."""
    return "\n".join(_markdown(table) for table in tables)


def _markdown(table: ResultsTable) -> str:
    names = [heading.name for heading in table.headings]
    right = [heading.is_right for heading in table.headings]
    below = f"\n{markdown(names, table.rows, right)}" if table.rows else ""
    notes = "".join(f"\n{note}\n" for note in table.notes)
    return f"**{table.title}**\n{below}{notes}"
