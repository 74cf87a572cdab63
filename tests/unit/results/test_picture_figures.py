"""Pictures drawn by matplotlib, in real files."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from builders import a_result, some_results
from matplotlib import image
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from runner.results.plots.choose import plotted
from runner.results.plots.labels import AxisQuantity
from runner.results.plots.matplotlib_axes import draw
from runner.results.plots.matplotlib_figure import content
from runner.results.plots.picture import CurveLine, Curves, Measured, MeasuredValue
from runner.results.plots.style import DIVERGING

PLACES = {"register": [{"name": "q0", "x": 0, "y": 0}, {"name": "q1", "x": 5, "y": 0}]}


def a_point(counts, **variables):
    """A job at a point, its atoms in a row."""
    return a_result(counts, variables=variables, sequence=lambda: PLACES)


def a_grid():
    """Points of which one is missing."""
    points = [(x, y) for x in (1, 2, 3) for y in (1, 2, 3)]
    return [a_point({"01": 5, "11": x} if x * y < 9 else None, delta_rad_per_us=y, t_ns=x) for x, y in points]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("histogram", {"probability", "01", "exp: delta_rad_per_us=1,t_ns=3"}),
        ("curve", {"t (ns)", "δ (rad/µs)", "mean occupation ⟨n⟩"}),
        ("heatmap", {"t (ns)", "δ (rad/µs)", "mean occupation ⟨n⟩"}),
        ("register", {"x (µm)", "y (µm)", "occupation ⟨n⟩"}),
    ],
)
def test_the_words_of_an_svg_can_be_read(kind, expected):
    """Axes with their units, and it is the same byte by byte when it is drawn again."""
    first, again = (content(plotted("exp", a_grid(), kind, {}), "svg") for _ in range(2))
    words = {"".join(each.itertext()) for each in ET.fromstring(first).iter() if each.tag.endswith("}text")}

    assert expected <= words
    assert first == again


def test_a_png_has_its_size_and_missing_points_are_hatched():
    """200 dots an inch; not blank."""
    figure = plotted("exp", a_grid(), "heatmap", {})
    pixels = image.imread(io.BytesIO(content(figure, "png")))

    assert (1100, 3) == (pixels.shape[1], pixels.ndim)
    assert len({tuple(pixel) for pixel in pixels.reshape(-1, pixels.shape[2])[::50]}) > 10
    assert ["/////"] == [patch.get_hatch() for patch in figure.axes[0].patches]


def test_a_line_has_a_gap_and_error_bars():
    """A point that is missing is not drawn over."""
    jobs = [a_point({"01": 5, "11": 5}, t=1), a_point(None, t=2), a_point({"11": 5}, t=3)]
    axes = plotted("exp", jobs, None, {}).axes[0]

    line = axes.containers[0].lines[0]
    assert ["0.75", "nan", "1.0"] == [str(float(value)) for value in line.get_ydata()]
    assert 1 == len(axes.containers)


@pytest.mark.parametrize(("n_points", "marked"), [(20, 20), (41, 14)])
def test_a_line_without_errors_has_no_bars_and_few_marks(n_points, marked):
    """As an evolution, whose points are close to each other."""
    line = CurveLine((), tuple((float(x), MeasuredValue(0.5)) for x in range(n_points)), name="q0")
    axes = Figure().add_subplot()
    occupation = Measured(quantity=AxisQuantity("occupation"), low=0.0, high=1.0)
    draw(axes, Curves(x=AxisQuantity("t", unit="ns"), y=occupation, lines=(line,)))

    (drawn,) = axes.lines
    assert ([], n_points) == (axes.containers, len(drawn.get_xdata()))
    assert marked == len(range(n_points)[:: drawn.get_markevery()])


def test_nothing_that_others_draw_is_changed():
    """And our pictures look the same whatever they have set."""
    results = some_results(*a_grid())
    plain = content(results.plot(), "svg")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        before = dict(mpl.rcParams)
        assert plain == content(results.plot(), "svg")
        assert before == dict(mpl.rcParams)


def test_a_notebook_shows_it():
    """As PNG, of results and of one job."""
    jobs = a_grid()

    assert [b"\x89PNG"] * 2 == [each.plot()._repr_png_()[:4] for each in (some_results(*jobs), jobs[0])]


def test_names_are_no_formulas():
    """Dollar signs in names stay as they are."""
    job = a_result({"01": 5}, name="costs $x$ and $", qubit_ids=("$a_b$", "$"))

    assert b"costs $x$ and $" in content(job.plot(), "svg")


@pytest.mark.parametrize("kind", ["heatmap", "register"])
def test_a_magnetization_is_drawn_in_colours_with_two_ends(kind):
    """0 is pale, and both signs are told apart at a glance; an occupation rises from dark to bright."""
    middle = []
    for name in ("magnetization", "occupation"):
        figure = plotted("exp", a_grid(), kind, {"observable": name})
        bar = next(each for each in figure.axes if each.get_label() == "<colorbar>")
        middle.append(tuple(to_hex(bar._colorbar.cmap(share)) for share in (0.0, 0.5, 1.0)))

    assert [(DIVERGING[0], "#f7f7f6", DIVERGING[8]), ("#00224e", "#7d7c78", "#fee838")] == middle
