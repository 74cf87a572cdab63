"""Results as tables for people: in a terminal, in a pipe, or as Markdown."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from runner.cli.output import STYLES, say, stdout
from runner.cli.render.table import Heading, laid
from runner.domain import most_frequent
from runner.domain.ascii import in_encoding
from runner.results import ResultStatus
from runner.results.analysis.columns import Kind
from runner.results.export.writers import cell_text, markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.results import JobResult, JobRow
    from runner.results.export.sheets import Sheet

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is told of a job when nothing else is asked for.

    Args:
        runs: Measured and wanted ones, as 50/100.
    """

    name: str
    variables: Mapping[str, Any]
    runs: str
    status: str
    frequent: str


@dataclass(frozen=True, slots=True)
class Table:
    """A title and what stands below it.

    Args:
        notes: Sentences below the rows.
    """

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    notes: tuple[str, ...] = ()


def facts_of_row(row: JobRow) -> Facts:
    """The facts of a row."""
    return Facts(
        name=row.name,
        variables=row.variables,
        runs=f"{row.measured}/{row.runs}",
        status=row.status,
        frequent=_frequent(row.counts, row.errors),
    )


def facts_of(job: JobResult) -> Facts:
    """The facts of a result."""
    return Facts(
        name=job.name,
        variables=job.variables,
        runs=str(job.runs),
        status=job.status,
        frequent=_frequent(job.counts or {}, job.errors),
    )


def _frequent(counts: Mapping[str, int], errors: Sequence[str]) -> str:
    top = ", ".join(f"{bitstring} {count}" for bitstring, count in most_frequent(counts, _SHOWN))
    return top or cell_text(list(dict.fromkeys(errors)))


def summary(title: str, jobs: Sequence[Facts]) -> Table:
    """A row a job; variables that all jobs share stand in the title."""
    names = tuple(dict.fromkeys(name for job in jobs for name in job.variables))
    texts = {name: [_value(job.variables.get(name)) for job in jobs] for name in names}
    fixed = {name: some[0] for name, some in texts.items() if len(jobs) > 1 and len(set(some)) == 1}
    varying = [name for name in names if name not in fixed]
    said = ", ".join(f"{name}={value}" for name, value in fixed.items())
    headings = (
        Heading("job"),
        *(Heading(name, is_right=True, is_spare=True) for name in varying),
        Heading("runs", is_right=True),
        Heading("status"),
        Heading("most frequent", is_list=True, is_spare=True),
    )
    rows = tuple(
        (cell_text(job.name), *(texts[name][place] for name in varying), job.runs, job.status, job.frequent)
        for place, job in enumerate(jobs)
    )
    return Table(f"{title}; all with {said}" if said else title, headings, rows)


def _value(value: Any) -> str:
    match value:
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return ", ".join(f"{name}:{_value(each)}" for name, each in value.items())
        case _:
            return cell_text(value)


def sheet_table(title: str, sheet: Sheet) -> Table:
    """The table of a sheet."""
    numbers = {Kind.NUMBER, Kind.ESTIMATE}
    headings = tuple(
        Heading(
            column.name,
            is_right=column.kind in numbers,
            is_list=column.name in {"counts", "most_frequent"},
            is_spare=place > 0,
        )
        for place, column in enumerate(sheet.columns)
    )
    return Table(title, headings, tuple(tuple(map(cell_text, row)) for row in sheet.rows))


def title_of(name: str, statuses: Iterable[str], total: int) -> str:
    """How many jobs an experiment has, and how far they have come: `pair: 2 of 3 jobs, 2 DONE`."""
    counted = Counter(statuses)
    shown = sum(counted.values())
    jobs = f"{total} job{'' if total == 1 else 's'}"
    known = [f"{counted[status]} {status}" for status in ResultStatus if counted[status]]
    return f"{name}: {', '.join([jobs if shown == total else f'{shown} of {jobs}', *known])}"


def print_tables(tables: Sequence[Table]) -> None:
    """Tables for a terminal, as wide as it is; in a pipe, as wide as they are."""
    if not sys.stdout.isatty():
        sys.stdout.write(in_encoding(tables_text(tables), sys.stdout.encoding))
        return
    width = shutil.get_terminal_size().columns
    left_out: dict[str, None] = {}
    for table in tables:
        for line, status in _lines(table, width, left_out):
            stdout().print(_coloured(line, status), soft_wrap=True)
    if left_out:
        say(f"too narrow for: {', '.join(left_out)}; --columns chooses, a wider terminal or a pipe has all")


def tables_text(tables: Sequence[Table]) -> str:
    """The same as plain text of any width."""
    return "".join(f"{''.join(cells)}\n" for table in tables for cells, _ in _lines(table, None, {}))


def _lines(
    table: Table, width: int | None, left_out: dict[str, None]
) -> Iterable[tuple[tuple[str, ...], bool]]:
    """Lines in cells, and whether their words may be statuses; notes what is left out."""
    yield (table.title,), False
    if table.rows:
        found = laid(table.headings, table.rows, width)
        left_out.update(dict.fromkeys(found.left_out))
        yield (found.head,), False
        yield from ((row, True) for row in found.rows)
    yield from (((note,), False) for note in table.notes)


def _coloured(cells: tuple[str, ...], has_statuses: bool) -> Text:
    text = Text()
    for cell in cells:
        text.append(cell, style=STYLES.get(cell.strip(), "") if has_statuses else "")
    return text


def markdown_tables(tables: Sequence[Table]) -> str:
    """Each table below its title."""
    return "\n".join(_markdown(table) for table in tables)


def _markdown(table: Table) -> str:
    names = [heading.name for heading in table.headings]
    right = [heading.is_right for heading in table.headings]
    below = f"\n{markdown(names, table.rows, right)}" if table.rows else ""
    notes = "".join(f"\n{note}\n" for note in table.notes)
    return f"**{table.title}**\n{below}{notes}"
