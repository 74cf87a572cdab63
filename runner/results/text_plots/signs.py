"""Signs to draw with in characters: those of Unicode, or those that every terminal has. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from runner.domain.ascii import IN_ASCII, can_write


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a drawing is made of.

    Args:
        marks: Of the points of each line of a curve.

        bar: Parts of a cell filled from the left, less to more.

        rising: Parts of a cell filled from below, less to more; the last one is a full cell.

        falling: The same from above.

        shades: Of cells, for less to more.

        discs: Of atoms, for less to more.

        scale: Left end, middle and right end of a length.
    """

    marks: str = "●■▲◆▼○□"
    bar: str = "▏▎▍▌▋▊▉█"
    rising: str = "▁▂▃▄▅▆▇█"
    falling: str = "▀█"
    shades: str = "·░▒▓█"
    discs: str = "○◔◑◕●"
    scale: str = "├─┤"
    rest: str = "░"
    trace: str = "·"
    error: str = "│"
    across: str = "─"
    up: str = "│"
    corner: str = "└"
    tick: str = "┤"
    hatch: str = "╱"
    nothing: str = "?"
    full: str = "█"
    atom: str = "●"
    masked: str = "○"
    detuned: str = "◐"
    trap: str = "·"
    pulse: str = "━"
    delay: str = "·"
    eom: str = "▒"


UNICODE: Final = Signs()
ASCII: Final = Signs(
    marks="o#^*vx+",
    bar="#",
    rising=".:#",
    falling="'#",
    shades=".:+*#",
    discs=".:oO@",
    scale="|-|",
    rest=":",
    trace=".",
    error="|",
    across="-",
    up="|",
    corner="+",
    tick="+",
    hatch="/",
    full="#",
    atom="o",
    masked="x",
    detuned="@",
    trap=".",
    pulse="=",
    delay=".",
    eom="E",
)
_IN_ASCII: Final = IN_ASCII | {"…": "~"}  # as long as it is


def signs_for(encoding: str | None) -> Signs:
    """The signs that can be written in an encoding: all of a set, or none."""
    all_signs = "".join(getattr(UNICODE, field.name) for field in fields(Signs))
    return UNICODE if can_write(all_signs + "".join(_IN_ASCII), encoding) else ASCII


def spelt(text: str, signs: Signs) -> str:
    """Text for people as it is, or in letters that every terminal has."""
    if signs is UNICODE:
        return "".join(letter if letter.isprintable() else " " for letter in text)
    plain = "".join(_IN_ASCII.get(letter, letter) for letter in text)
    return "".join(letter if " " <= letter <= "~" else "?" for letter in plain)
