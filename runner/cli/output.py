"""What verbs print: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from runner.cli import late_imports
from runner.domain.json_values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_UNBOUNDED: Final = 200
_GAP: Final = 2
# What would move the cursor, ring, or speak to the terminal: texts of the cloud and of files are only text.
_CONTROLS: Final = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)))


def say(text: str, style: str = "") -> None:
    """A line for people."""
    if style and sys.stderr.isatty():
        late_imports.print_styled(readable(text), style)
    else:
        sys.stderr.write(f"{readable(text)}\n")


def print_text(text: str) -> None:
    """A line of data for people."""
    sys.stdout.write(f"{readable(text)}\n")


def readable(text: str) -> str:
    """A text without the characters that a terminal would obey."""
    return text.translate(_CONTROLS)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; words that are statuses get their colour."""
    cells = [[readable(str(cell)) for cell in row] for row in rows]
    if lines := [] if sys.stdout.isatty() else plain_lines(columns, cells):
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return
    late_imports.print_wide_table(columns, cells)


def plain_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table without colours, as rich lays them out, in a fraction of the time.

    None at all where rich has more to do: cells to be folded, or with characters of another width.
    """
    cells = [columns, *rows]
    if not all(cell.isascii() and cell.isprintable() for row in cells for cell in row):
        return []
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if not all(widths) or sum(widths) + _GAP * (len(widths) - 1) > _UNBOUNDED:
        return []
    widths[:-1] = [width + _GAP for width in widths[:-1]]
    return ["".join(map(str.ljust, row, widths)) for row in cells]


def print_json(value: object) -> None:
    """A value as JSON, as it is: no colours, no wrapping."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def values_text(variables: Mapping[str, object]) -> str:
    """Variables of a job in a few words."""
    return ", ".join(f"{name}={value}" for name, value in variables.items()) or "–"
