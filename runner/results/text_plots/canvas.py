"""Characters with colours: pieces of lines, and a grid to put them on. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.results.plots.style import CIVIDIS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_GAP: Final = 2


class Piece(NamedTuple):
    """Text in one colour; colours are as in HTML, empty for the terminal's own."""

    text: str
    color: str = ""
    background: str = ""


Line = tuple[Piece, ...]


def text_of(line: Line) -> str:
    """A line without colours."""
    return "".join(piece.text for piece in line)


def flowing(entries: Iterable[Piece], width: int) -> list[Line]:
    """Pieces side by side, as many in a line as have room."""
    rows: list[list[Piece]] = [[]]
    for entry in entries:
        used = sum(len(piece.text) for piece in rows[-1])
        if rows[-1] and used + len(entry.text) + _GAP > width:
            rows.append([])
        if rows[-1]:
            rows[-1].append(Piece(" " * _GAP))
        rows[-1].append(entry._replace(text=entry.text[:width]))
    return [tuple(row) for row in rows]


def shortened(text: str, width: int) -> str:
    """Text of at most so many characters, its middle left out: bitstrings often differ at both ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


@dataclass(slots=True)
class Canvas:
    """Cells to put characters on, row by row from the top; it grows to what is put there."""

    cells: dict[tuple[int, int], Piece] = field(default_factory=dict)

    def put(self, row: int, column: int, text: str, color: str = "") -> None:
        """Puts text over what is there, from a cell to the right."""
        for offset, letter in enumerate(text):
            self.cells[row, column + offset] = Piece(letter, color)

    def is_free(self, row: int, column: int, length: int) -> bool:
        """Whether nothing stands on some cells."""
        return not any((row, column + offset) in self.cells for offset in range(length))

    def lines(self) -> list[Line]:
        """What was put, without blanks at the ends of lines."""
        rows: dict[int, dict[int, Piece]] = {}
        for (row, column), piece in self.cells.items():
            rows.setdefault(row, {})[column] = piece
        return [_line(rows.get(row, {})) for row in range(max(rows, default=-1) + 1)]


def _line(cells: dict[int, Piece]) -> Line:
    row = [cells.get(column, Piece(" ")) for column in range(max(cells, default=-1) + 1)]
    runs = groupby(row, key=lambda piece: piece[1:])
    return tuple(Piece("".join(piece.text for piece in some), *colors) for colors, some in runs)


def shade(share: float, colors: Sequence[str] = CIVIDIS) -> str:
    """The colour map's colour for a share between 0 and 1."""
    place = min(max(share, 0.0), 1.0) * (len(colors) - 1)
    low = min(int(place), len(colors) - 2)
    parts = [
        round(
            int(colors[low][i : i + 2], 16) * (low + 1 - place)
            + int(colors[low + 1][i : i + 2], 16) * (place - low)
        )
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)
