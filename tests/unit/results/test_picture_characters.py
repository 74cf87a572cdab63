"""Pictures in characters, as whole texts."""

from __future__ import annotations

import pytest
from builders import a_result

from runner.results.plots.choose import Asked, picture
from runner.results.plots.picture import PictureKind
from runner.results.plots.style import CIVIDIS, DIVERGING
from runner.results.text_plots.canvas import Canvas, Piece, shade, shortened, text_of
from runner.results.text_plots.render import TextRoom, lines
from runner.results.text_plots.signs import ASCII, UNICODE, signs_for, spelt


def drawn(jobs, width, signs=UNICODE, **asked):
    """A picture as lines of text, without blanks at their ends."""
    found = lines(picture("exp", jobs, Asked(**asked)), TextRoom(width=width, signs=signs))
    return [text_of(line).rstrip() for line in found]


def a_point(counts, **variables):
    """A job at a point."""
    return a_result(counts, variables=variables)


def a_grid():
    """Points of which one is missing and one not asked for."""
    jobs = [
        a_point({"00": 100 - 5 * x * y, "11": 5 * x * y}, delta_rad_per_us=y, t_ns=x)
        for x in (1, 2, 3)
        for y in (1, 2)
    ]
    return [
        *jobs,
        a_point({"11": 100}, delta_rad_per_us=3, t_ns=1),
        a_point(None, delta_rad_per_us=3, t_ns=2),
    ]


def test_a_histogram():
    """Bars, shares with the digits that errors allow, and what the rest is."""
    jobs = [a_result({"00": 60, "01": 20, "10": 15, "11": 5})]

    assert [
        "exp: t=1",
        "100 runs; bitstrings from q0 to q1",
        "",
        "      00 █████████████████ 0.600 ± 0.049",
        "      01 █████▋            0.200 ± 0.040",
        "2 others ░░░░░░            0.200 ± 0.040",
    ] == drawn(jobs, 40, top=2)
    assert [
        "      00 ################ 0.600 +- 0.049",
        "      01 #####            0.200 +- 0.040",
        "2 others :::::            0.200 +- 0.040",
    ] == drawn(jobs, 40, signs=ASCII, top=2)[3:]


def test_a_curve():
    """Points with error bars and what joins them, numbers along both axes, and which mark is which line."""
    jobs = [a_point({"00": 1, "11": 1}, omega=1, t_ns=0), a_point({"11": 2}, omega=1, t_ns=9)]
    jobs += [a_point(None, omega=2, t_ns=0), a_point({"00": 2}, omega=2, t_ns=9)]

    assert [
        "exp",
        "2 runs a point; error bars",
        "hold 68 %",
        "",
        "mean occupation ⟨n⟩",
        "  1 ┤                     ·●",
        "    │                  ··· │",
        "    │               ···    │",
        "0.8 ┤│           ···       │",
        "    ││        ···          │",
        "    ││     ···             │",
        "0.6 ┤│  ···",
        "    ││··",
        "    │●",
        "0.4 ┤│",
        "    ││                     │",
        "    ││                     │",
        "0.2 ┤│                     │",
        "    │                      │",
        "    │                      │",
        "  0 ┤                      ■",
        "    └───────────────────────",
        "     0           5",
        "             t (ns)",
        "",
        "● Ω = 1  ■ Ω = 2",
        "",
        "no results yet: 1 of 4 jobs",
        "(omega=2,t_ns=0)",
    ] == drawn(jobs, 30)


def test_a_heatmap():
    """Numbers where they have room; what is missing is hatched, what is not asked for blank."""
    assert [
        "exp",
        "100 runs a point",
        "",
        "δ (rad/µs)",
        "3 █1.00   ╱╱╱╱╱╱╱",
        "2 ·0.10   ░0.20   ░0.30",
        "1 ·0.05   ·0.10   ░0.15",
        "  1       2       3",
        "  t (ns)",
        "",
        "mean occupation ⟨n⟩:",
        "· 0  ░ 0.25  ▒ 0.5  ▓ 0.75  █ 1",
        "",
        "hatched: no result",
        "blank: not asked for",
        "no results yet: 1 of 8 jobs",
        "(delta_rad_per_us=3,t_ns=2)",
    ] == drawn(a_grid(), 40)


def test_a_heatmap_in_few_columns_and_letters():
    """Shades alone."""
    assert [
        "delta (rad/us)",
        "3 ### ///",
        "2 ... ::: :::",
        "1 ... ... :::",
        "  1   2   3",
        "  t (ns)",
    ] == drawn(a_grid(), 14, signs=ASCII)[4:10]


def test_a_register():
    """To scale, each atom with its share, with names below and a scale."""
    places = [{"name": "q0", "x": 0, "y": 0}, {"name": "q1", "x": 10, "y": 5}]
    job = a_result({"01": 30, "11": 10}, sequence=lambda: {"register": places})

    assert [
        "exp: t=1",
        "40 runs",
        "",
        "        ●1.00",
        "        q1",
        " ◔0.25",
        " q0",
        "",
        "├──────┤ 10 µm",
        "occupation ⟨n⟩:",
        "○ 0  ◔ 0.25  ◑ 0.5  ◕ 0.75  ● 1",
    ] == drawn([job], 40, kind=PictureKind.REGISTER)


def test_with_colours_a_heatmap_has_cells_of_the_colour_map():
    """The number on it in black or white, whichever is read better."""
    room = TextRoom(width=40, signs=UNICODE, has_color=True)
    row = lines(picture("exp", a_grid(), Asked()), room)[4]

    cells = (
        Piece("  1.00  ", "#000000", "#fee838"),
        Piece("╱╱╱╱╱╱╱ ", "#8C8C8C"),
        Piece("        ", "#8C8C8C"),
    )
    assert (Piece("3 ", "#8C8C8C"), *cells) == row


@pytest.mark.parametrize("width", [30, 40, 80])
def test_no_line_is_wider_than_the_room(width):
    """Whatever is drawn, and however long names and bitstrings are."""
    long = a_result({"01" * 40: 3, "10" * 40: 2}, qubit_ids=tuple(map(str, range(80))), name="n" * 90)
    pictures = [drawn([long], width), drawn(a_grid(), width), drawn(a_grid(), width, kind=PictureKind.CURVE)]

    assert [] == [line for found in pictures for line in found if len(line) > width]


def test_letters_that_a_terminal_lacks_are_spelt():
    """And nothing of a name reaches the terminal as a command."""
    assert (ASCII, ASCII, UNICODE) == tuple(map(signs_for, ("ascii", None, "utf-8")))
    assert "Omega (rad/us) <n> +-?" == spelt("Ω (rad/µs) ⟨n⟩ ±é", ASCII)
    assert "a [2Jb" == spelt("a\x1b[2Jb", UNICODE)
    assert "0101…101" == shortened("010110101101", 8)


def test_a_canvas_keeps_runs_of_one_colour_together():
    """So that a line has few escapes."""
    canvas = Canvas()
    canvas.put(1, 1, "ab", "#fff")
    canvas.put(1, 3, "c")

    assert [(), (Piece(" "), Piece("ab", "#fff"), Piece("c"))] == canvas.lines()


def test_shades_are_those_of_the_colour_map():
    """At its ends and between."""
    assert (CIVIDIS[0], CIVIDIS[4], CIVIDIS[8], "#273f6e") == tuple(map(shade, (-1, 0.5, 1.2, 0.165)))


def test_what_can_be_negative_has_colours_with_two_ends():
    """The cells of a magnetization, of which 0 is pale; numbers are dark on pale ones."""
    jobs = [
        a_result({bits: 2}, variables={"x": x, "y": 1 + x % 2}) for x, bits in enumerate(("00", "01", "11"))
    ]
    drawing = picture("exp", jobs, Asked(kind=PictureKind.HEATMAP, observable="magnetization"))
    cells = [
        (piece.text.strip(), piece.color, piece.background)
        for line in lines(drawing, TextRoom(width=40, signs=UNICODE, has_color=True))
        for piece in line
        if piece.background
    ]

    assert {
        ("0.00", "#000000", DIVERGING[4]),
        ("−1.00", "#ffffff", DIVERGING[0]),
        ("1.00", "#ffffff", DIVERGING[8]),
    } == set(cells)
