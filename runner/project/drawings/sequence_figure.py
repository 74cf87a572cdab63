"""Register and pulses of a job as figures of matplotlib. Imported when a picture is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.lines import Line2D

from runner.domain.numerals import counted
from runner.project.drawings.panels import panels
from runner.project.drawings.pulse_axes import draw_panel, signs
from runner.results.plots.matplotlib_figure import PictureFigure, our_style
from runner.results.plots.register_axes import AtomSign, DrawnRegister, draw_register, notes
from runner.results.plots.style import BLUE, GREY, LINES, PALE

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

    from runner.project.drawings.panels import Panel, Plays
    from runner.results.plots.picture import Blockade
    from runner.sequences.samples import Atom, Played

_WIDTH: Final = 7.2
_PANEL, _FLAT_PANEL, _TITLE, _AXIS = 0.95, 0.68, 0.28, 0.85
_AROUND: Final = 0.75
_LEGEND, _LABELS = 2.3, 0.7  # beside the atoms
_SMALL: Final = 7.5
_ORANGE: Final = LINES[4]
_MASKED: Final = "#6B6B6B"


def whole_figure(title: str, shown: Played, plays: Plays, blockade: Blockade | None = None) -> PictureFigure:
    """Register and pulses in one figure."""
    register, some = drawn_register(shown, blockade), panels(shown, plays)
    heights = register.size_inches[1] + _AROUND, _height(some)
    with our_style():
        figure = PictureFigure(figsize=(_WIDTH, sum(heights) + 0.35), layout="constrained")
        figure.said = f"{title}: register and pulses"
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", parse_math=False)
        parts: Any = figure.subfigures(2, 1, height_ratios=heights)
        above, below = parts
        _draw_register(above, shown, register)
        _draw_pulses(below, some, plays)
    return figure


def register_figure(shown: Played, blockade: Blockade | None = None) -> PictureFigure:
    """The register alone."""
    register = drawn_register(shown, blockade)
    width, height = register.size_inches
    with our_style():
        beside = _LEGEND if _kinds(shown) else _LABELS
        figure = PictureFigure(figsize=(width + beside, height + _AROUND), layout="constrained")
        figure.said = "register"
        _draw_register(figure, shown, register)
    return figure


def pulses_figure(shown: Played, plays: Plays) -> PictureFigure:
    """The pulses alone."""
    some = panels(shown, plays)
    with our_style():
        figure = PictureFigure(figsize=(_WIDTH, _height(some)), layout="constrained")
        figure.said = "pulses"
        _draw_pulses(figure, some, plays)
    return figure


def _height(some: list[Panel]) -> float:
    return sum(map(_panel_height, some)) + _AXIS


def _panel_height(panel: Panel) -> float:
    return (_FLAT_PANEL if panel.is_zero else _PANEL) + (_TITLE if panel.title else 0.0)


def drawn_register(shown: Played, blockade: Blockade | None) -> DrawnRegister:
    """Atoms by what is done to them alone."""
    atoms = tuple(AtomSign(atom.name, atom.position_um, _color(atom), _weights(atom)) for atom in shown.atoms)
    return DrawnRegister(atoms=atoms, traps_um=shown.traps_um, blockade=blockade)


def _color(atom: Atom) -> str:
    return _MASKED if atom.is_masked else _ORANGE if atom.is_detuned else BLUE


def _weights(atom: Atom) -> str:
    return ", ".join(f"× {weight:.3g}" for _, weight in atom.detuned if weight < 1)


def _draw_register(figure: FigureBase, shown: Played, register: DrawnRegister) -> None:
    axes = figure.add_subplot(projection=None if register.is_flat else "3d")
    draw_register(axes, register)
    axes.set_anchor("W")
    axes.set_title(counted(len(shown.atoms), "atom"), fontsize=8.5, loc="left")
    handles = _kinds(shown)
    if handles:
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1.0), borderaxespad=0.0)
    if said := notes(register):
        figure.supxlabel("; ".join(said), x=0.01, ha="left", fontsize=_SMALL, color=GREY, parse_math=False)


def _kinds(shown: Played) -> list[Line2D]:
    """Of atoms and traps; nothing where there are but atoms."""
    kinds = {
        "atom": (BLUE, any(not atom.is_masked and not atom.is_detuned for atom in shown.atoms)),
        "atom detuned by a DMM": (_ORANGE, any(a.is_detuned and not a.is_masked for a in shown.atoms)),
        "atom masked by the SLM": (_MASKED, any(atom.is_masked for atom in shown.atoms)),
        "empty trap": ("none", bool(shown.traps_um)),
    }
    found = {label: color for label, (color, is_there) in kinds.items() if is_there}
    if list(found) == ["atom"]:
        return []
    return [_dot(label, color) for label, color in found.items()]


def _dot(label: str, color: str) -> Line2D:
    look: dict[str, Any] = {"marker": "o", "markersize": 6, "linestyle": "none", "markerfacecolor": color}
    return Line2D([], [], label=label, markeredgecolor=PALE if color == "none" else GREY, **look)


def _draw_pulses(figure: FigureBase, some: list[Panel], plays: Plays) -> None:
    ratios = {"height_ratios": [_panel_height(panel) for panel in some]}
    grid: Any = figure.subplots(len(some), 1, sharex=True, squeeze=False, gridspec_kw=ratios)
    end_ns = max(1.0, *(panel.end_ns for panel in some))
    for axes, panel in zip(grid[:, 0], some, strict=True):
        draw_panel(axes, panel, end_ns=end_ns)
    grid[-1, 0].set_xlabel("t (ns)")
    figure.align_ylabels(list(grid[:, 0]))
    if handles := signs(some, plays):
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles), handlelength=2.2)
