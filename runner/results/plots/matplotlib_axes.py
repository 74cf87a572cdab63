"""Each kind of picture on axes of matplotlib."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import Rectangle

from runner.results.plots.labels import AxisQuantity, short, with_unit
from runner.results.plots.picture import Curves, Heatmap, Histogram, Hole, LineLook, MeasuredValue, Places
from runner.results.plots.register_axes import AtomSign, DrawnRegister, draw_register
from runner.results.plots.register_layout import WIDTH_INCHES
from runner.results.plots.style import BLUE, DIVERGING, GREY, LINES, MARKERS, PALE, TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from runner.results.plots.picture import CurveLine, Measured

    Body = Histogram | Curves | Heatmap | Places

_WIDTH: Final = 5.5
_HEIGHT: Final = 3.7
_BAR, _CELL, _MARGIN = 0.24, 0.45, 1.15
_BAR_PAD: Final = 0.03
_AROUND: Final = 1.0  # title and label of the axis, above and below atoms
_MOST_TICKS: Final = 12
_MOST_MARKS: Final = 20
_LONG: Final = 24
_ROOM: Final = 0.08


def size_inches(body: Body) -> tuple[float, float]:
    """How large a picture is drawn, without what is said below it."""
    match body:
        case Histogram():
            return _WIDTH, max(_MARGIN + _BAR * len(body.bars), 2.0)
        case Heatmap():
            return _WIDTH, min(max(_MARGIN + _CELL * len(body.ys), 2.4), 6.5)
        case Places():
            width, height = register_of(body).size_inches
            return width + _WIDTH - WIDTH_INCHES, height + _AROUND
        case _:
            return _WIDTH, _HEIGHT


def draw(axes: Axes, body: Body) -> None:
    """Draws what there is, and says so when there is nothing."""
    match body:
        case Histogram():
            _bars(axes, body)
            is_empty = not body.bars
        case Curves():
            _curves(axes, body)
            is_empty = not any(each for line in body.lines for _, each in line.points)
        case Heatmap():
            _heatmap(axes, body)
            is_empty = False
        case Places():
            _places(axes, body)
            is_empty = False
    if is_empty:
        axes.set_yticks([])
        if isinstance(body, Histogram):
            axes.set_xticks([])
        axes.text(0.5, 0.5, "no results yet", ha="center", va="center", color=GREY, transform=axes.transAxes)


def math_label(quantity: AxisQuantity) -> str:
    """A symbol in italics with its index below the line, and the unit."""
    return with_unit(_math(quantity), quantity.unit)


def _math(quantity: AxisQuantity) -> str:
    is_plain = quantity.index.replace(",", "").isalnum()
    if len(quantity.symbol) > 1 or not is_plain:  # text that can be searched for
        return quantity.name.replace("$", r"\$")
    return rf"${quantity.symbol}_{{\mathrm{{{quantity.index}}}}}$"


def _bars(axes: Axes, body: Histogram) -> None:
    rows = range(len(body.bars))
    errors = _reaches([bar.share for bar in body.bars])
    axes.barh(
        rows,
        [bar.share.value for bar in body.bars],
        height=0.72,
        color=[PALE if bar.is_rest else BLUE for bar in body.bars],
        xerr=errors,
        error_kw={"ecolor": TEXT, "elinewidth": 0.9, "capsize": 2},
    )
    longest = max((len(bar.label) for bar in body.bars), default=0)
    axes.set_yticks(rows, [bar.label for bar in body.bars], family="DejaVu Sans Mono")
    axes.tick_params(axis="y", length=0, labelsize=8 if longest <= _LONG else max(8 * _LONG / longest, 4))
    axes.invert_yaxis()
    axes.set(xlabel="probability", xlim=(0, None))
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)


def _curves(axes: Axes, body: Curves) -> None:
    for number, line in enumerate(body.lines):
        _line(axes, line, LINES[number % len(LINES)], MARKERS[number % len(MARKERS)])
    axes.set(xlabel=math_label(body.x), ylabel=math_label(body.y.quantity))
    axes.grid(visible=True)
    if len(body.lines) > 1:
        _legend(axes, body)
    _as_far_as_asked(axes, body)
    _within(axes, body.y)


def _line(axes: Axes, line: CurveLine, color: str, marker: str) -> None:
    label = line.name or ", ".join(_valued(quantity, value) for quantity, value in line.at)
    look: dict[str, Any] = {"color": color, "marker": marker, "label": label}
    if line.fit or line.look is LineLook.DOTS:
        look["linestyle"] = "none"
    if line.look is LineLook.STEPS:
        look |= {"marker": "", "drawstyle": "steps-post"}
    _points(axes, line, look)
    if line.fit:
        axes.plot(*zip(*line.fit, strict=True), color=color, linewidth=1.1, marker="")


def _points(axes: Axes, line: CurveLine, look: dict[str, Any]) -> None:
    """With error bars; without, and with fewer marks, where no error is known, as of an evolution."""
    xs = [x for x, _ in line.points]
    values = [math.nan if each is None else each.value for _, each in line.points]
    if all(each is None or each.error is None for _, each in line.points):
        axes.plot(xs, values, markevery=math.ceil(len(xs) / _MOST_MARKS), **look)
        return
    errors = _reaches([each for _, each in line.points])
    axes.errorbar(xs, values, yerr=errors, capsize=2, elinewidth=0.9, **look)


def _reaches(values: Sequence[MeasuredValue | None]) -> tuple[list[float], list[float]]:
    """How far each error bar goes down, and up."""
    known = [MeasuredValue(0.0) if each is None else each for each in values]
    return [each.value - each.low for each in known], [each.high - each.value for each in known]


def _valued(quantity: AxisQuantity, value: float) -> str:
    return f"{_math(quantity)} = {short(value)}{f' {quantity.unit}' if quantity.unit else ''}"


def _legend(axes: Axes, body: Curves) -> None:
    """Beside the lines, where it hides none of them; one quantity is named once."""
    quantities = [quantity for quantity, _ in body.lines[0].at]
    handles, labels = axes.get_legend_handles_labels()
    title = None
    if len(quantities) == 1:
        title, labels = math_label(quantities[0]), [short(line.at[0][1]) for line in body.lines]
    axes.legend(handles, labels, title=title, loc="upper left", bbox_to_anchor=(1.0, 1.0), alignment="left")


def _as_far_as_asked(axes: Axes, body: Curves) -> None:
    """Along x there is room for what is missing, too."""
    xs = [x for line in body.lines for x, _ in line.points]
    room = _ROOM / 2 * (max(xs) - min(xs))
    axes.set_xlim(min(xs) - room, max(xs) + room)


def _within(axes: Axes, measured: Measured) -> None:
    """Bounds that the data suggest, hardly beyond what is possible."""
    low, high = axes.get_ylim()
    margin = _ROOM / 2 * (measured.high - measured.low)
    axes.set_ylim(max(low, measured.low - margin), min(high, measured.high + margin))


def _heatmap(axes: Axes, body: Heatmap) -> None:
    values = [[math.nan if isinstance(each, Hole) else each.value for each in row] for row in body.rows]
    columns, rows = len(body.xs), len(body.ys)
    norm = Normalize(body.shown.low, body.shown.high)
    mesh = axes.pcolormesh(values, norm=norm, cmap=_map(body.shown), edgecolors="white", linewidth=0.5)
    for row, cells in enumerate(body.rows):
        for column, cell in enumerate(cells):
            if cell is Hole.MISSING:
                hatched: dict[str, Any] = {
                    "facecolor": "white",
                    "edgecolor": "#B0B0B0",
                    "hatch": "/////",
                    "linewidth": 0.5,
                }
                axes.add_patch(Rectangle((column, row), 1, 1, **hatched))
    axes.set(xlim=(0, columns), ylim=(0, rows), xlabel=math_label(body.x), ylabel=math_label(body.y))
    for set_ticks, each in ((axes.set_xticks, body.xs), (axes.set_yticks, body.ys)):
        set_ticks(*_ticks(each))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    _color_bar(axes, mesh, body.shown)


def _ticks(values: Sequence[float]) -> tuple[list[float], list[str]]:
    """In the middle of the cells, as many as have room."""
    every = math.ceil(len(values) / _MOST_TICKS)
    at = range(0, len(values), every)
    return [place + 0.5 for place in at], [short(values[place]) for place in at]


def _color_bar(axes: Axes, mappable: ScalarMappable, shown: Measured, *, pad: float = _BAR_PAD) -> None:
    figure = axes.figure
    bar = figure.colorbar(mappable, ax=axes, label=math_label(shown.quantity), fraction=0.05, pad=pad)
    bar.outline.set_visible(False)


def _places(axes: Axes, body: Places) -> None:
    drawn = register_of(body)
    draw_register(axes, drawn)
    _color_bar(axes, _colors(body), body.shown, pad=_BAR_PAD if drawn.is_flat else 4 * _BAR_PAD)


def register_of(body: Places) -> DrawnRegister:
    """The register with a colour for each atom's value."""
    colors = _colors(body)
    atoms = tuple(
        AtomSign(atom.name, atom.position_um, "white")
        if atom.reading is None
        else AtomSign(
            atom.name, atom.position_um, colors.to_rgba(atom.reading.value), f"{atom.reading.value:.2f}"
        )
        for atom in body.atoms
    )
    return DrawnRegister(atoms=atoms, blockade=body.blockade)


def _colors(body: Places) -> Any:
    return ScalarMappable(Normalize(body.shown.low, body.shown.high), _map(body.shown))


def _map(shown: Measured) -> LinearSegmentedColormap | None:
    """The colour map of a quantity; None for the usual one."""
    return LinearSegmentedColormap.from_list("signed", DIVERGING) if shown.is_signed else None
