"""Tables as wide as a terminal: what does not fit is cut, or left out and named. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_GAP: Final = 2
_READABLE: Final = 20
_NARROW: Final = 10
_CUT: Final = "…"
_PART: Final = ", "


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a column, and how it is laid out.

    Args:
        is_right: Whether its cells are numbers, aligned on the right.

        is_list: Whether its cells are lists with commas, of which the first says most.

        is_spare: Whether the table says something without it.
    """

    name: str
    is_right: bool = False
    is_list: bool = False
    is_spare: bool = False


@dataclass(frozen=True, slots=True)
class Laid:
    """A table in lines.

    Args:
        head: The headings.

        rows: The cells of each row, padded.

        left_out: Headings of columns for which there was no room.
    """

    head: str
    rows: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...] = ()


def laid(headings: Sequence[Heading], rows: Sequence[Sequence[str]], width: int | None) -> Laid:
    """A table that is at most so wide, as far as it can be.

    First lists are cut to what fits, then long texts, then spare columns are left out from the right.

    Args:
        width: In characters; None for no limit.
    """
    columns = [_Column(head, head.name, tuple(row[i] for row in rows)) for i, head in enumerate(headings)]
    left_out: list[str] = []
    if width is not None:
        columns, left_out = _fitted(columns, width)
    cells = [column.padded() for column in columns]
    head, *lines = zip(*cells, strict=True) if cells else [()]
    return Laid("".join(head).rstrip(), tuple(_trimmed(line) for line in lines), tuple(left_out))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column on its way to its width.

    Args:
        shown: The heading, as far as there is room for it.
    """

    head: Heading
    shown: str
    cells: tuple[str, ...]

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.shown, *self.cells)))

    def padded(self) -> tuple[str, ...]:
        gap, width = " " * _GAP, self.width
        return tuple(_aligned(cell, width, self.head.is_right) + gap for cell in (self.shown, *self.cells))

    def cut(self, cut: Callable[[str, int], str], width: int) -> _Column:
        cells = tuple(cut(cell, width) for cell in self.cells)
        room = max((width, _NARROW, *map(cell_len, cells)))
        return replace(self, shown=_cut_text(self.shown, room), cells=cells)


def _aligned(text: str, width: int, is_right: bool) -> str:
    fill = " " * (width - cell_len(text))
    return fill + text if is_right else text + fill


def _trimmed(line: tuple[str, ...]) -> tuple[str, ...]:
    return (*line[:-1], line[-1].rstrip()) if line else line


def _total(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)


def _fitted(columns: list[_Column], width: int) -> tuple[list[_Column], list[str]]:
    left_out: list[str] = []
    columns = _with_short_texts(_with_short_lists(columns, width), width, least=_READABLE)
    while _total(columns) > width and len(columns) > 1:
        spare = [column for column in columns if column.head.is_spare]
        if not spare:
            break
        columns.remove(spare[-1])
        left_out.insert(0, spare[-1].head.name)
    return _with_short_texts(columns, width, least=_NARROW), left_out


def _with_short_texts(columns: list[_Column], width: int, *, least: int) -> list[_Column]:
    """The longest texts cut, one after the other, as far as need be; a number is never cut."""
    columns = list(columns)
    texts = [place for place, column in enumerate(columns) if not column.head.is_right]
    for place in sorted(texts, key=lambda place: -columns[place].width):
        excess, column = _total(columns) - width, columns[place]
        if excess > 0 and column.width > least:
            columns[place] = column.cut(_cut_text, max(least, column.width - excess))
    return columns


def _with_short_lists(columns: list[_Column], width: int) -> list[_Column]:
    excess = _total(columns) - width
    if excess <= 0:
        return columns
    return [
        column.cut(_cut_list, column.width - excess) if column.head.is_list else column for column in columns
    ]


def _cut_list(text: str, width: int) -> str:
    """As many entries as fit, and at least one."""
    parts = text.split(_PART)
    while len(parts) > 1 and cell_len(_PART.join(parts)) > width:
        parts.pop()
    return _PART.join(parts)


def _cut_text(text: str, width: int) -> str:
    """A text without its middle: names differ at their ends."""
    if cell_len(text) <= width:
        return text
    tail = text
    while cell_len(tail) > (width - 1) // 2:
        tail = tail[1:]
    return set_cell_size(text, width - 1 - cell_len(tail)).rstrip() + _CUT + tail
