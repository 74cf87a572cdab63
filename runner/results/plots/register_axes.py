"""Atoms on axes of matplotlib: a register, in a plane or in space, with what is known of each atom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator

from runner.results.plots.plane import FLAT
from runner.results.plots.register_layout import (
    diameter_points,
    frame,
    lettering,
    pairs_within,
)
from runner.results.plots.style import BLUE, GREY, TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from runner.results.plots.picture import Blockade
    from runner.results.plots.register_layout import Frame, Lettering

    Place = tuple[float, ...]

_IN_SPACE_INCHES: Final = (4.3, 4.1)
_MOST_NAMES_IN_SPACE: Final = 40
_LONE_UM: Final = 20.0
_DIGITS: Final = 6  # of places (in µm) that are compared
_ZOOM: Final = 0.86
_STEM: Final = "#C4C4C4"


@dataclass(frozen=True, slots=True)
class AtomSign:
    """How an atom is drawn.

    Args:
        said: Written below its name; may be empty.

        edge: Colour of its rim.

        rim: How thick that is (in points).
    """

    name: str
    position_um: Place
    color: Any = BLUE
    said: str = ""
    edge: str = GREY
    rim: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnRegister:
    """Atoms, the traps that they could sit in, and which atoms block each other."""

    atoms: tuple[AtomSign, ...]
    traps_um: tuple[Place, ...] = ()
    blockade: Blockade | None = None

    @property
    def is_flat(self) -> bool:
        """Whether it lies in a plane."""
        return all(len(place) <= FLAT for place in self.places_um)

    @property
    def places_um(self) -> list[Place]:
        """Of the atoms."""
        return [atom.position_um for atom in self.atoms]

    @property
    def frame(self) -> Frame:
        """What is seen of the plane."""
        reach = self.blockade.radius_um / 2 if self.blockade and self.blockade.shows_radius else 0.0
        return frame([*self.places_um, *self.traps_um], reach_um=reach)

    @property
    def size_inches(self) -> tuple[float, float]:
        """Of the axes."""
        return self.frame.size_inches if self.is_flat else _IN_SPACE_INCHES


def draw_register(axes: Axes, drawn: DrawnRegister) -> None:
    """Draws all of it; axes in space have the projection `3d`."""
    if drawn.is_flat:
        _draw_in_plane(axes, drawn)
    else:
        _draw_in_space(axes, drawn)
    axes.set(xlabel="x (µm)", ylabel="y (µm)")


def notes(drawn: DrawnRegister) -> tuple[str, ...]:
    """What is to be said below a register: what its lines are, and which names had no room."""
    left_out = _lettering(drawn).left_out if drawn.is_flat else _unnamed_in_space(drawn)
    unnamed = f"no room for {left_out} of {len(drawn.atoms)} names" if left_out else ""
    said = drawn.blockade.said(is_flat=drawn.is_flat) if drawn.blockade else ()
    return (*said, *([unnamed] if unnamed else ()))


def _lettering(drawn: DrawnRegister) -> Lettering:
    names, values = [atom.name for atom in drawn.atoms], [atom.said for atom in drawn.atoms]
    return lettering(drawn.frame, drawn.places_um, names, values)


def _draw_in_plane(axes: Axes, drawn: DrawnRegister) -> None:
    seen, places = drawn.frame, drawn.places_um
    traps = _empty(drawn)
    diameter = diameter_points(seen, [*places, *traps])
    if drawn.blockade and drawn.blockade.shows_radius:
        for place in places:
            axes.add_patch(_disc(place, drawn.blockade.radius_um / 2))
    if drawn.blockade and drawn.blockade.shows_graph:
        for pair in pairs_within(places, drawn.blockade.radius_um):
            axes.plot(
                *zip(*(places[atom] for atom in pair), strict=True), color=GREY, linewidth=1.0, zorder=1
            )
    if traps:
        xs, ys = zip(*traps, strict=True)
        axes.scatter(xs, ys, s=(0.6 * diameter) ** 2, facecolors="none", edgecolors=GREY, linewidths=0.7)
    for atom in drawn.atoms:
        look: dict[str, Any] = {"color": [atom.color], "edgecolors": atom.edge, "linewidths": atom.rim}
        x, y = atom.position_um
        axes.scatter(x, y, s=diameter**2, zorder=3, clip_on=False, **look)
    _letter(axes, drawn, diameter)
    axes.set(xlim=(seen.low[0], seen.high[0]), ylim=(seen.low[1], seen.high[1]), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, min_n_ticks=2, steps=[1, 2, 5, 10]))
    axes.grid(visible=True)


def _empty(drawn: DrawnRegister) -> list[Place]:
    """Traps without an atom."""
    taken = {tuple(round(axis, _DIGITS) for axis in place) for place in drawn.places_um}
    return [trap for trap in drawn.traps_um if tuple(round(axis, _DIGITS) for axis in trap) not in taken]


def _disc(place: Place, radius_um: float) -> Circle:
    look: dict[str, Any] = {"facecolor": f"{BLUE}12", "edgecolor": f"{BLUE}66", "linestyle": "--"}
    return Circle((place[0], place[1]), radius_um, linewidth=0.8, zorder=0.5, **look)


def _letter(axes: Axes, drawn: DrawnRegister, diameter: float) -> None:
    found = _lettering(drawn)
    look: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": found.size, "parse_math": False}
    look |= {"rotation": 90 if found.is_upright else 0, "color": TEXT, "linespacing": 1.1}
    if drawn.blockade and drawn.blockade.shows_graph:  # names are read across lines
        look["bbox"] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4}
    look |= {"textcoords": "offset points", "xytext": (0, -diameter / 2 - 2)}
    for number, text in found.texts.items():
        x, y = drawn.atoms[number].position_um
        axes.annotate(text, (x, y), **look)


def _unnamed_in_space(drawn: DrawnRegister) -> int:
    return len(drawn.atoms) if len(drawn.atoms) > _MOST_NAMES_IN_SPACE else 0


def _look_around(axes: Any, places: Sequence[Place]) -> None:
    """Bounds that hold all atoms, as wide as a third of the widest at least: a µm is as long on each axis."""
    extents = [(min(values), max(values)) for values in zip(*places, strict=True)]
    least = max(high - low for low, high in extents) / 3 or _LONE_UM
    for bound, (low, high) in zip((axes.set_xlim, axes.set_ylim, axes.set_zlim), extents, strict=True):
        spare = max(least - (high - low), 0.4 * least) / 2
        bound(low - spare, high + spare)


def _draw_in_space(axes: Any, drawn: DrawnRegister) -> None:
    """With stems down to the lowest plane, which tell where in depth an atom is."""
    places = [(*place, 0.0)[: len("xyz")] for place in drawn.places_um]
    floor = min(place[-1] for place in places)
    _look_around(axes, places)
    if drawn.blockade and drawn.blockade.shows_graph:
        for one, other in pairs_within(places, drawn.blockade.radius_um):
            axes.plot(*zip(places[one], places[other], strict=True), color=GREY, linewidth=1.0)
    for atom, (x, y, z) in zip(drawn.atoms, places, strict=True):
        axes.plot([x, x], [y, y], [floor, z], color=_STEM, linewidth=0.7, linestyle=":")
        look: dict[str, Any] = {"edgecolors": atom.edge, "linewidths": atom.rim, "depthshade": False}
        axes.scatter(x, y, z, s=60 if len(places) <= _MOST_NAMES_IN_SPACE else 25, color=[atom.color], **look)
        if not _unnamed_in_space(drawn):
            said = f"  {atom.name}" + (f" {atom.said}" if atom.said else "")
            axes.text(x, y, z, said, fontsize=7, parse_math=False)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=2, steps=[1, 2, 5, 10]))
    axes.set_zlabel("z (µm)")
    spans = [high - low for low, high in (axes.get_xlim(), axes.get_ylim(), axes.get_zlim())]
    axes.set_box_aspect(spans, zoom=_ZOOM)
