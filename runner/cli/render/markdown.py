"""Markdown of which no part is anybody's but ours: what it quotes stands in code, and stays there. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# GitHub takes no more characters in a comment.
MOST_CHARACTERS: Final = 65_536
_MOST_OF_A_TEXT: Final = 300
_FOUR_DIGITS: Final = 0xFFFF
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_TICKS: Final = re.compile("`+")
_NOTHING: Final = "–"


def code(text: object) -> str:
    """A text as a code span, in which no mark has a meaning: no link, no image, no html, no mention.

    It may stand in a cell of a table. What cannot be seen, or would end the cell, is shown as an escape.
    """
    shown = visible(text)
    if not shown.strip(" "):
        return _NOTHING
    fence = "`" * (1 + max(map(len, _TICKS.findall(shown)), default=0))
    pad = " " if "`" in {shown[0], shown[-1]} or " " in {shown[0], shown[-1]} else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def html_code(text: object) -> str:
    """The same where html is expected, as in a summary."""
    kept = "".join(c if c.isalnum() or c in " -" else f"&#{ord(c)};" for c in visible(text))
    return f"<code>{kept}</code>"


def visible(text: object) -> str:
    """A text in one line, cut where it is long, with escapes for what cannot be seen, and for `|`."""
    whole = str(text)
    cut = whole if len(whole) <= _MOST_OF_A_TEXT else f"{whole[:_MOST_OF_A_TEXT]}…"
    return in_one_line(cut).replace("|", _escape("|"))


def in_one_line(text: str) -> str:
    """A text with escapes for what ends a line, and for what cannot be seen."""
    return "".join(_escape(c) if unicodedata.category(c) in _HIDDEN else c for c in text)


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= _FOUR_DIGITS else f"\\U{number:08x}"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; its cells are markdown."""
    return [_row(columns), _row(["---"] * len(columns)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def bullets(lines: Sequence[str], most: int) -> list[str]:
    """A list of the first lines, which are markdown, and how many more there are."""
    shown = [f"- {line}" for line in lines[:most]]
    return [*shown, f"- and {len(lines) - most} more"] if len(lines) > most else shown


def folded(summary: str, lines: Sequence[str]) -> str:
    """A part that is folded; the summary is html, the lines are markdown."""
    return "\n".join([f"<details><summary>{summary}</summary>", "", *lines, "", "</details>"])


def within(head: str, rows: Sequence[str], parts: Sequence[str]) -> str:
    """A comment that is no longer than it may be: parts are left out first, then rows, and it is said.

    Args:
        head: What always stands, to the heading of a table.

        rows: Lines of the table.

        parts: What stands below, each whole.
    """
    room = MOST_CHARACTERS - len(head) - _ROOM_TO_SAY
    kept_rows = _fitting(rows, room)
    room -= sum(len(row) + 1 for row in rows[:kept_rows])
    kept_parts = _fitting(parts, room) if kept_rows == len(rows) else 0
    blocks = ["\n".join([head, *rows[:kept_rows]]), *parts[:kept_parts]]
    if cut := _left_out(len(rows) - kept_rows, len(parts) - kept_parts):
        blocks.append(cut)
    return "\n\n".join(blocks) + "\n"


# For the sentence about what is left out, and the empty lines around it.
_ROOM_TO_SAY: Final = 200


def _fitting(texts: Sequence[str], room: int) -> int:
    """How many of the first texts fit, with an empty line after each."""
    for count, text in enumerate(texts):
        room -= len(text) + 2
        if room < 0:
            return count
    return len(texts)


def _left_out(rows: int, parts: int) -> str:
    said = [f"{counted(rows, 'row')} of the table"] if rows else []
    said += [f"the details of {counted(parts, 'experiment')}"] if parts else []
    return f"Left out, since a comment takes no more: {' and '.join(said)}." if said else ""
