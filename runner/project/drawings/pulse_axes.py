"""Pulses on axes of matplotlib: a panel for each quantity of each channel, below each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from runner.project.drawings.panels import Plays
from runner.results.plots.style import GREY, LINES, TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from runner.project.drawings.panels import Panel, Point

_COLORS: Final = {"Ω (rad/µs)": LINES[0], "δ (rad/µs)": LINES[1], "φ (rad)": LINES[2]}
_EOM: Final[Any] = {"facecolor": "#EFE6F2", "edgecolor": "none", "zorder": 0}
_MASK: Final[Any] = {"facecolor": "none", "edgecolor": "#BDBDBD", "hatch": "////", "linewidth": 0}
_OTHER: Final[Any] = {"color": "#555555", "linestyle": (0, (4, 2)), "linewidth": 0.9}
_TARGET: Final[Any] = {"color": TEXT, "linestyle": ":", "linewidth": 0.8}
_SMALL: Final = 8
_ROOM, _LETTERED = 0.09, 4.0
_NEAR: Final = 0.05  # of π/2
_LETTER: Final = 0.009  # of the width that a letter takes
_MOST_TURNS: Final = 4  # half turns of a phase that have a tick each
_SAID: Final = {Plays.PROGRAMMED: "output of the modulators, which a QPU plays", Plays.OUTPUT: "programmed"}


def draw_panel(axes: Axes, panel: Panel, *, end_ns: float) -> None:
    """One quantity of a channel over time, up to an end."""
    color = _COLORS[panel.label]
    for start, end in panel.eom_ns:
        axes.axvspan(start, end, **_EOM)
    for start, end in panel.masked_ns:
        axes.axvspan(start, end, zorder=0.2, **_MASK)
    if not panel.is_phase:
        axes.axhline(0, color=GREY, linewidth=0.6, zorder=1)
        axes.fill(*_closed(panel.played), color=color, alpha=0.22, linewidth=0)
    axes.plot(*_xy(panel.played), color=color, linewidth=1.3, solid_joinstyle="miter")
    if panel.other:
        axes.plot(*_xy(panel.other), **_OTHER)
    axes.set(xlim=(0, end_ns))
    axes.set_ylabel(panel.label, fontsize=_SMALL)
    _bound(axes, panel)
    _targets(axes, panel, end_ns)
    axes.set_title(panel.title, fontsize=8.5, color=TEXT, loc="left", parse_math=False)
    axes.grid(visible=True)


def _xy(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [time for time, _ in points], [value for _, value in points]


def _closed(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    """The same, from zero and back to it."""
    times, values = _xy(points)
    return [times[0], *times, times[-1]], [0.0, *values, 0.0]


def _bound(axes: Axes, panel: Panel) -> None:
    if panel.is_zero:
        axes.set(ylim=(-1, 1), yticks=[0])
        return
    values = [value for _, value in (*panel.played, *panel.other)]
    low, high = min(0.0, *values), max(0.0, *values)
    spare = _ROOM * (high - low)
    is_lettered = panel.title and panel.targets
    axes.set_ylim(low - spare, high + spare * (_LETTERED if is_lettered else 1))
    if panel.is_phase and high - low <= _MOST_TURNS * math.pi:
        ticks = range(math.ceil(2 * low / math.pi - _NEAR), math.floor(2 * high / math.pi + _NEAR) + 1)
        every = 1 if len(ticks) <= _MOST_TURNS + 1 else 2
        some = [tick for tick in ticks if tick % every == 0]
        axes.set_yticks([tick * math.pi / 2 for tick in some], [_half_turns(tick) for tick in some])


def _half_turns(count: int) -> str:
    """So many times π/2."""
    if count == 0:
        return "0"
    whole = count // 2 if count % 2 == 0 else count
    number = {1: "", -1: "−"}.get(whole, str(whole).replace("-", "−"))
    return f"{number}π" if count % 2 == 0 else f"{number}π/2"


def _targets(axes: Axes, panel: Panel, end_ns: float) -> None:
    """A line where the channel turns to other atoms, and their names where they have room."""
    free = 0.0
    for number, (start, names) in enumerate(panel.targets):
        if number:
            axes.axvline(start, **_TARGET)
        at, said = start / end_ns, f"→ {', '.join(names)}"
        if panel.title and at >= free:
            look: dict[str, Any] = {"xytext": (2, -2), "textcoords": "offset points", "fontsize": 7}
            look |= {"xycoords": ("data", "axes fraction"), "va": "top", "parse_math": False}
            look |= {"bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}}
            axes.annotate(said, (start, 1.0), **look)
            free = at + _LETTER * (len(said) + 1)


def signs(panels: Sequence[Panel], plays: Plays) -> list[Line2D | Patch]:
    """What the signs of the panels mean."""
    found: list[Line2D | Patch] = []
    if any(panel.other for panel in panels):
        found.append(Line2D([], [], color=TEXT, linewidth=1.3, label=f"played: {plays}"))
        found.append(Line2D([], [], label=_SAID[plays], **_OTHER))
    if any(panel.eom_ns for panel in panels):
        found.append(Patch(label="EOM mode", **_EOM))
    if any(panel.masked_ns for panel in panels):
        found.append(Patch(label="SLM mask on", **_MASK))
    if any(len(panel.targets) > 1 for panel in panels):
        found.append(Line2D([], [], label="new target", **_TARGET))
    return found
