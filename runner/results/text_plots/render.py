"""Pictures drawn in characters: values in, lines out. Nothing is decided here but how much has room."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.results.analysis.estimates import digits_of
from runner.results.plots.picture import Curves, Heatmap, Histogram
from runner.results.plots.style import BLUE, GREY
from runner.results.text_plots.canvas import Piece, shortened
from runner.results.text_plots.curves import curve_lines
from runner.results.text_plots.maps import heatmap_lines, place_lines
from runner.results.text_plots.signs import spelt

if TYPE_CHECKING:
    from runner.results.plots.picture import MeasuredValue, Picture
    from runner.results.text_plots.canvas import Line
    from runner.results.text_plots.signs import Signs

_LABEL: Final = 0.4  # of the width, at most
_EXACT: Final = 2  # digits where no error is known


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRoom:
    """Where characters are written.

    Args:
        width: Columns that there are.

        has_color: Whether colours are seen; else shades say the same.
    """

    width: int
    signs: Signs
    has_color: bool = False


def lines(picture: Picture, room: TextRoom) -> list[Line]:
    """The picture, line by line, none wider than the room."""
    return [
        *_said(picture.title, room),
        *_said(picture.subtitle, room, GREY),
        (),
        *_body(picture, room),
        *([()] if picture.notes else []),
        *(line for note in picture.notes for line in _said(note, room)),
    ]


def _said(text: str, room: TextRoom, color: str = "") -> list[Line]:
    wrapped = textwrap.wrap(spelt(text, room.signs), room.width)
    return [(Piece(line, color),) for line in wrapped]


def _body(picture: Picture, room: TextRoom) -> list[Line]:
    match picture.body:
        case Histogram():
            return _bars(picture.body, room)
        case Curves():
            return curve_lines(picture.body, width=room.width, signs=room.signs)
        case Heatmap():
            return heatmap_lines(picture.body, width=room.width, signs=room.signs, has_color=room.has_color)
        case _:
            return place_lines(picture.body, width=room.width, signs=room.signs, has_color=room.has_color)


def _bars(body: Histogram, room: TextRoom) -> list[Line]:
    """A line for each bitstring: bar, share and error."""
    if not body.bars:
        return [(Piece("no results yet", GREY),)]
    most = round(room.width * _LABEL)
    labels = [spelt(shortened(bar.label, most), room.signs) for bar in body.bars]
    digits = _digits(body)
    shares = [spelt(_share(bar.share, digits), room.signs) for bar in body.bars]
    label, share = max(map(len, labels)), max(map(len, shares))
    columns = max(room.width - label - share - 2, 1)
    longest = max(bar.share.value for bar in body.bars)
    found: list[Line] = []
    for bar, name, said in zip(body.bars, labels, shares, strict=True):
        length = bar.share.value / longest * columns
        drawn = room.signs.rest * round(length) if bar.is_rest else _bar(length, room.signs)
        found.append(
            (
                Piece(f"{name:>{label}} "),
                Piece(drawn.ljust(columns), GREY if bar.is_rest else BLUE),
                Piece(f" {said}"),
            )
        )
    return found


def _bar(length: float, signs: Signs) -> str:
    """Whole cells, and a part of one; something always."""
    parts = len(signs.bar)
    whole, part = divmod(max(round(length * parts), 1), parts)
    return signs.bar[-1] * whole + (signs.bar[part - 1] if part else "")


def _digits(body: Histogram) -> int:
    """As many as the largest error allows, for all bars: numbers below each other are compared."""
    largest = max((bar.share.error or 0.0 for bar in body.bars), default=0.0)
    return digits_of(largest) if largest else _EXACT


def _share(share: MeasuredValue, digits: int) -> str:
    return share.said(digits) if share.said else f"{share.value:.{digits}f}"
