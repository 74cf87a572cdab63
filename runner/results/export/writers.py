"""Sheets as text and as files: CSV, tables of GitHub's Markdown, JSON, Parquet. Pure."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from runner.domain.json_values import plain
from runner.optional_packages import needed
from runner.results.analysis.columns import ValueKind
from runner.results.analysis.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from runner.results.export.sheets import Sheet

NOTHING: Final = "–"
# What Markdown takes for a mark: an underscore only at the edge of a word, a bracket only before a link.
_MARKDOWN: Final = re.compile(r"[\\|`*<~]|(?<!\w)_|_(?!\w)|\](?=\()")
# What a spreadsheet takes for the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_text(sheet: Sheet) -> str:
    """Comma-separated values; nothing where a job has nothing, and JSON where it has several values.

    A text that a spreadsheet would run as a formula has an apostrophe before it: what the cloud says of an
    error, and what a file calls a job, is no program.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(sheet.names)
    writer.writerows([_csv_cell(cell) for cell in row] for row in sheet.rows)
    return text.getvalue()


def _csv_cell(value: object) -> object:
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case datetime():
            return value.isoformat()
        case list() | tuple() | Mapping():
            return json.dumps(plain(value), ensure_ascii=False)
        case _:
            return value


def markdown(names: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """A table of GitHub's Markdown.

    Args:
        right: Whether each column is of numbers.
    """
    lines = [[_markdown_cell(name) for name in names], ["---:" if each else "---" for each in right]]
    lines += [[_markdown_cell(cell) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _markdown_cell(text: str) -> str:
    """Text as it is: nothing of it parts cells, or is a tag, a link or an emphasis."""
    return " ".join(_MARKDOWN.sub(r"\\\g<0>", text).split())


def json_objects(sheet: Sheet) -> list[dict[str, object]]:
    """Each row as JSON can say it; null for what is not a number."""
    return [{name: _json_cell(cell) for name, cell in row.items()} for row in sheet.objects()]


def _json_cell(value: object) -> object:
    said = plain(value)
    return None if isinstance(said, float) and not math.isfinite(said) else said


def parquet_bytes(sheet: Sheet) -> bytes:
    """A Parquet file, with the columns of the CSV; several values are JSON there as well.

    Raises:
        RunnerError: pandas or pyarrow is not installed.
    """
    pandas = needed("pandas", "-o parquet")
    needed("pyarrow", "-o parquet")
    columns = {
        column.name: _series(pandas, column.kind, [row[place] for row in sheet.rows])
        for place, column in enumerate(sheet.columns)
    }
    content: bytes = pandas.DataFrame(columns).to_parquet(engine="pyarrow", index=False)
    return content


def _series(pandas: ModuleType, kind: ValueKind, values: list[object]) -> object:
    """Values of one type, whichever are missing."""
    if kind is ValueKind.MOMENT:
        return pandas.to_datetime(pandas.Series(values, dtype="object"), utc=True)
    if kind is not ValueKind.NUMBER:
        said = [_csv_cell(value) if isinstance(value, (list, tuple, Mapping)) else value for value in values]
        return pandas.Series(said, dtype="object").astype("string")
    if all(value is None or isinstance(value, int) for value in values):
        return pandas.Series(values, dtype="Int64" if None in values else "int64")
    return pandas.Series([math.nan if value is None else value for value in values], dtype="float64")


def cell_text(value: object) -> str:
    """A cell for people: numbers with six digits, a dash where there is nothing."""
    return _text(value) or NOTHING


def _text(value: object) -> str:
    match value:
        case Estimate() | float():
            said = f"{value:.6g}" if isinstance(value, float) else str(value)
            return "" if math.isnan(float(value)) else said
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
        case Mapping():
            return _text(list(value.items()))
        case list() | tuple():  # of pairs, as of bitstrings and counts, or of texts
            pairs = all(isinstance(each, tuple) for each in value)
            return ", ".join(" ".join(map(cell_text, each)) for each in value) if pairs else _listed(value)
        case _:
            said = "" if value is None else str(value)
            return "".join(letter if letter.isprintable() else " " for letter in said)


def _listed(values: Sequence[object]) -> str:
    return "; ".join(map(cell_text, values))
