"""What is written with rich, which takes a while to import: colours, and tables whose cells are folded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNBOUNDED: Final = 200
STYLES: Final = {
    **dict.fromkeys(("DONE", "Healthy", "Synced"), "green"),
    **dict.fromkeys(("ERROR", "FAILED", "NO_RESULT", "Degraded"), "red"),
    **dict.fromkeys(("PARTIAL", "CANCELED", "DROPPED", "OutOfSync"), "yellow"),
    **dict.fromkeys(("RUNNING", "ACTIVE", "Progressing"), "cyan"),
}


def stdout() -> Console:
    """Where data goes; as wide as the data where it goes to no terminal."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else UNBOUNDED, highlight=False)


def has_color() -> bool:
    """Whether colours are seen on stdout."""
    console = stdout()
    return console.is_terminal and not console.no_color and console.color_system is not None


def print_pieces(pieces: Iterable[tuple[str, str]]) -> None:
    """A line on stdout, however long, of texts with their styles."""
    stdout().print(Text.assemble(*pieces), soft_wrap=True)


def print_cells(cells: Iterable[str], *, has_statuses: bool) -> None:
    """A line of cells on stdout, however long; words that are statuses get their colour."""
    print_pieces((cell, STYLES.get(cell.strip(), "") if has_statuses else "") for cell in cells)


def print_styled(text: str, style: str) -> None:
    """A line on stderr, in a colour."""
    Console(file=sys.stderr, highlight=False, soft_wrap=True).print(Text(text, style=style))


def print_wide_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout; cells for which there is no room are folded."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    stdout().print(table)
