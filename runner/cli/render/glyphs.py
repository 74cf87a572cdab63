"""Characters to draw with: those of Unicode, or those that every terminal has. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runner.domain.ascii import can_write


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """What a drawing is made of.

    Args:
        rising: Parts of a cell that is filled from below, less to more; the last one is a full cell.

        falling: The same from above.

        bar: Left end, middle and right end of a scale.
    """

    atom: str
    masked: str
    detuned: str
    trap: str
    rising: str
    falling: str
    axis: str
    pulse: str
    delay: str
    eom: str
    bar: str


BLOCKS: Final = Glyphs(
    atom="●",
    masked="○",
    detuned="◐",
    trap="·",
    rising="▁▂▃▄▅▆▇█",
    falling="▀█",
    axis="─",
    pulse="━",
    delay="·",
    eom="▒",
    bar="├─┤",
)
ASCII: Final = Glyphs(
    atom="o",
    masked="x",
    detuned="@",
    trap=".",
    rising=".:#",
    falling="'#",
    axis="-",
    pulse="=",
    delay=".",
    eom="E",
    bar="|-|",
)


def glyphs_for(encoding: str | None) -> Glyphs:
    """The characters that can be written in an encoding; all of a set, or none."""
    return BLOCKS if can_write("".join(map(str, _all(BLOCKS))), encoding) else ASCII


def _all(glyphs: Glyphs) -> list[str]:
    return [getattr(glyphs, name) for name in glyphs.__slots__]


def short(number: float) -> str:
    """A number in few digits."""
    return f"{number:.4g}".replace("e+0", "e").replace("e-0", "e-") if number else "0"
