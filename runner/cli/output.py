"""What verbs print: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from runner.domain.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_UNBOUNDED: Final = 200
_STYLES: Final = {
    "DONE": "green",
    "Healthy": "green",
    "Synced": "green",
    "ERROR": "red",
    "FAILED": "red",
    "Degraded": "red",
    "CANCELED": "yellow",
    "OutOfSync": "yellow",
    "RUNNING": "cyan",
    "ACTIVE": "cyan",
    "Progressing": "cyan",
}


def stdout() -> Console:
    """Where data goes; as wide as the data when nobody's terminal is in the way."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else _UNBOUNDED, highlight=False)


def stderr() -> Console:
    """Where everything else goes."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """A line for people."""
    stderr().print(Text(text, style=style))


def print_text(text: str) -> None:
    """A line of data for people."""
    stdout().print(Text(text), soft_wrap=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; words that are statuses get their colour."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell), style=_STYLES.get(str(cell), "")) for cell in row))
    stdout().print(table)


def print_json(value: Any) -> None:
    """A value as JSON, as it is: no colours, no wrapping."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def values_text(variables: Mapping[str, Any]) -> str:
    """Variables of a job in a few words."""
    return ", ".join(f"{name}={value}" for name, value in variables.items()) or "–"
