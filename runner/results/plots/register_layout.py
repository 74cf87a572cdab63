"""How large atoms are drawn, in which frame, and which of their names have room. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Place = tuple[float, ...]
    Box = tuple[float, float, float, float]

WIDTH_INCHES: Final = 4.3
_LOWEST_INCHES, _TALLEST_INCHES = 1.5, 4.3
# Room around the outermost atoms, for their signs and names (in inches).
_SIDE, _ABOVE, _BELOW = 0.4, 0.3, 0.5
_LONE_UM: Final = 20.0  # what is seen around a single atom
_POINTS: Final = 72.0
_LARGEST, _SMALLEST, _SHARE = 15.0, 3.5, 0.55
_LETTER, _LINE, _GAP = 0.62, 1.25, 2.0  # of the size of type; of it; in points


@dataclass(frozen=True, slots=True)
class Frame:
    """What is seen of a plane.

    Args:
        low: Left and lower bound (in µm).

        high: Right and upper bound (in µm).

        size_inches: Width and height of the axes; a µm is as long on both.

        points_per_um: How long a µm is drawn.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    size_inches: tuple[float, float]
    points_per_um: float


@dataclass(frozen=True, slots=True)
class Lettering:
    """How atoms are called on a picture.

    Args:
        size: Of the type (in points).

        is_upright: Whether lines run upwards, for want of room.

        texts: By the number of the atom; those without room are left out.

        left_out: How many have no room.
    """

    size: float
    is_upright: bool
    texts: dict[int, str]
    left_out: int


def frame(places_um: Sequence[Place], *, reach_um: float = 0.0) -> Frame:
    """A frame that holds all places and is no sliver: a chain has room above and below.

    Args:
        places_um: x and y of each (in µm); at least one.

        reach_um: How far around a place something is drawn.
    """
    (left, right), (bottom, top) = (
        _extent([place[axis] for place in places_um], reach_um) for axis in (0, 1)
    )
    um_per_inch = max(
        (right - left) / (WIDTH_INCHES - 2 * _SIDE), (top - bottom) / (_TALLEST_INCHES - _ABOVE - _BELOW)
    )
    um_per_inch = um_per_inch or _LONE_UM / WIDTH_INCHES
    height = max((top - bottom) / um_per_inch + _ABOVE + _BELOW, _LOWEST_INCHES)
    half, middle = WIDTH_INCHES * um_per_inch / 2, (left + right) / 2
    spare = height * um_per_inch - (top - bottom)
    low = bottom - spare * _BELOW / (_ABOVE + _BELOW)
    return Frame(
        low=(middle - half, low),
        high=(middle + half, low + height * um_per_inch),
        size_inches=(WIDTH_INCHES, height),
        points_per_um=_POINTS / um_per_inch,
    )


def _extent(values: Sequence[float], reach: float) -> tuple[float, float]:
    return min(values) - reach, max(values) + reach


def nearest_um(places_um: Sequence[Place]) -> float:
    """Least distance between two (in µm); infinite for a single one."""
    return min((math.dist(one, other) for one, other in combinations(places_um, 2)), default=math.inf)


def pairs_within(places_um: Sequence[Place], distance_um: float) -> Iterator[tuple[int, int]]:
    """Numbers of all pairs that are no further apart."""
    for one, other in combinations(range(len(places_um)), 2):
        if math.dist(places_um[one], places_um[other]) <= distance_um:
            yield one, other


def diameter_points(seen: Frame, places_um: Sequence[Place]) -> float:
    """How large an atom is drawn: neighbours are apart."""
    return min(max(_SHARE * nearest_um(places_um) * seen.points_per_um, _SMALLEST), _LARGEST)


def lettering(
    seen: Frame, places_um: Sequence[Place], names: Sequence[str], values: Sequence[str]
) -> Lettering:
    """Names, and values below them, as far as they have room: nothing of it touches another atom.

    Args:
        values: What is written with each name; may be empty.
    """
    both = [f"{name}\n{value}" if value else name for name, value in zip(names, values, strict=True)]
    in_line = [text.replace("\n", " ") for text in both]
    styles = (
        (7.0, False, both),
        (7.0, False, names),
        (7.0, True, in_line),
        (6.0, False, names),
        (5.5, True, names),
    )
    best: Lettering | None = None
    for size, is_upright, texts in styles:
        found = _placed(seen, places_um, texts, size, is_upright=is_upright)
        if best is None or found.left_out < best.left_out:
            best = found
    return best or Lettering(0.0, False, {}, len(names))


def _placed(
    seen: Frame, places_um: Sequence[Place], texts: Sequence[str], size: float, *, is_upright: bool
) -> Lettering:
    """One after the other, where nothing is in the way yet."""
    points = [(place[0] * seen.points_per_um, place[1] * seen.points_per_um) for place in places_um]
    radius = diameter_points(seen, places_um) / 2
    taken = [(x - radius, y - radius, x + radius, y + radius) for x, y in points]
    placed = {}
    for number, ((x, y), text) in enumerate(zip(points, texts, strict=True)):
        box = _box(x, y - radius - _GAP, text, size, is_upright=is_upright)
        if not any(_overlap(box, other) for other in taken):
            placed[number] = text
            taken.append(box)
    return Lettering(size, is_upright, placed, len(texts) - len(placed))


def _box(x: float, top: float, text: str, size: float, *, is_upright: bool) -> Box:
    lines = text.split("\n")
    wide, tall = max(map(len, lines)) * size * _LETTER, len(lines) * size * _LINE
    if is_upright:
        wide, tall = tall, wide
    return x - wide / 2, top - tall, x + wide / 2, top


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
