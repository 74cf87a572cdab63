"""Registers and pulses in characters: whole drawings of small cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.cli.render.pulses import channel_lines, curve_lines, phase_jumps, time_axis
from runner.cli.render.register import register_lines
from runner.domain.ascii import in_encoding
from runner.results.text_plots.signs import ASCII, UNICODE, signs_for
from runner.sequences.samples import Atom, ChannelSamples

SQUARE = tuple(Atom(name=f"q{i}", position_um=(6.0 * (i % 2), 6.0 * (i // 2))) for i in range(4))
CHANNEL = ChannelSamples(
    name="ising",
    channel_id="rydberg_global",
    basis="ground-rydberg",
    amplitude_rad_per_us=(0.0, 2.0, 4.0, 4.0) + (0.0,) * 4,
    detuning_rad_per_us=(-3.0,) * 4 + (0.0,) * 2 + (3.0,) * 2,
    phase_rad=(0.0,) * 4 + (1.5,) * 4,
    pulses_ns=((0, 4), (6, 8)),
)


def test_atoms_are_drawn_to_scale_with_their_names():
    """A row of characters is twice as high as a character is wide; y points upwards."""
    assert [
        "●q2   ●q3",
        "",
        "",
        "●q0   ●q1",
        "",
        "├────┤ 5 µm",
    ] == register_lines(SQUARE, (), width=80, signs=UNICODE)


def test_masked_and_detuned_atoms_and_empty_traps_are_told_apart():
    """With a line on what each sign means."""
    one, two, three, four = SQUARE
    atoms = (one, replace(two, is_masked=True), replace(three, detuned=(("dmm_0", 1.0),)))

    assert [
        "◐q2   ·",
        "",
        "",
        "●q0   ○q1",
        "",
        "├────┤ 5 µm; ○ masked by the SLM; ◐ detuned by a DMM; · empty trap",
    ] == register_lines(atoms, (four.position_um, one.position_um), width=80, signs=UNICODE)
    assert (
        "|----| 5 µm; x masked by the SLM; @ detuned by a DMM; . empty trap"
        == (register_lines(atoms, (four.position_um,), width=80, signs=ASCII)[-1])
    )


def test_a_register_too_large_for_the_terminal_is_drawn_smaller():
    """Names that have no room, and atoms that fall into one cell, are counted."""
    chain = tuple(Atom(name=f"q{i}", position_um=(5.0 * i, 0.0)) for i in range(60))
    wide, narrow = (register_lines(chain, (), width=width, signs=UNICODE) for width in (100, 40))

    assert all(len(lines[0]) <= width for lines, width in ((wide, 100), (narrow, 40)))
    assert ["●" * 60 + "q59", "", "├─────────┤ 50 µm; no room for 59 of 60 names"] == wide
    assert narrow[-1].endswith("; 24 of 60 atoms behind others; no room for 35 of 60 names")


def test_a_lattice_stays_regular_when_it_is_drawn_smaller():
    """A whole number of rows and columns lies between neighbours."""
    rows = tuple(Atom(name=f"{i}", position_um=(6.0 * (i % 10), 6.0 * (i // 10))) for i in range(30))
    upper, middle, lower = ("".join(f"●{10 * row + i}".ljust(4) for i in range(10)) for row in (2, 1, 0))

    assert [upper.rstrip(), "", middle.rstrip(), "", lower.rstrip(), "", "├──────┤ 10 µm"] == (
        register_lines(rows, (), width=50, signs=UNICODE)
    )


def test_the_third_dimension_is_drawn_aslant():
    """So that no atom hides behind another one of a cube."""
    cube = tuple(
        Atom(name=f"{x}{y}{z}", position_um=(6.0 * x, 6.0 * y, 6.0 * z))
        for x in range(2)
        for y in range(2)
        for z in range(2)
    )
    lines = register_lines(cube, (), width=80, signs=UNICODE)

    assert all(f"●{atom.name}" in "\n".join(lines) for atom in cube)
    assert lines[-1].endswith("; z leads to the upper right")


def test_a_single_atom_has_a_scale_too():
    """Whose length is arbitrary."""
    atoms = (Atom(name="one", position_um=(2.0, 3.0)),)

    assert ["●one", "", "├────┤ 5 µm"] == register_lines(atoms, (), width=80, signs=UNICODE)


def test_a_channel_is_drawn_over_time():
    """Bars from zero, pulses and delays, the time, and the phase in words."""
    assert [
        "ising: rydberg_global, ground-rydberg",
        "  Ω (rad/µs)",
        "      4    ██",
        "           ██",
        "          ███",
        "          ███",
        "      0  ────────",
        "  δ (rad/µs)",
        "      3        ██",
        "               ██",
        "      0  ────────",
        "         ████",
        "     -3  ████",
        " pulses  ━━━━··━━",
        "         0   8 ns",
        "  φ (rad): 0 from 0 ns, 1.5 from 4 ns",
    ] == channel_lines(CHANNEL, width=80, signs=UNICODE)


def test_a_channel_is_drawn_with_characters_that_every_terminal_has():
    """EOM mode and the atoms of a local channel are told where there are any."""
    local = replace(CHANNEL, targets=((0, ("a", "b")), (4, ("c",))), eom_ns=((2, 6),), phase_rad=(0.0,) * 8)

    assert [
        "ising: rydberg_global, ground-rydberg",
        "  on a, b from 0 ns; c from 4 ns",
        " pulses  ====..==",
        "    EOM    EEEE",
        "         0   8 ns",
    ] == [
        line for line in channel_lines(local, width=80, signs=ASCII) if "#" not in line and "(" not in line
    ][:2] + channel_lines(local, width=80, signs=ASCII)[-3:]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1.0, 8.0), ["      8   █", "          █", "          █", "         ▄█", "      0  ──"]),
        ((-1.0, -8.0), ["      0  ──", "         ▀█", "          █", "          █", "     -8   █"]),
        ((1e-6, 1e-6), ["   1e-6  ██", "         ██", "         ██", "         ██", "      0  ──"]),
        ((0.0, 0.0), ["      0  ──"]),
    ],
)
def test_a_curve_fills_the_rows_that_it_has(values, expected):
    """Whatever its sign and magnitude; what is small but not zero is seen."""
    assert expected == curve_lines(values, columns=2, signs=UNICODE)


def test_a_column_of_a_long_curve_shows_its_greatest_value():
    """A pulse that is shorter than a column stands for does not vanish."""
    values = [0.0] * 5000
    values[2345] = -2.0

    assert "█" == curve_lines(values, columns=10, signs=UNICODE)[1].strip()


@pytest.mark.parametrize(
    ("duration", "columns", "expected"),
    [
        (1400, 71, "0                        500                      1000          1400 ns"),
        (8, 8, "0   8 ns"),
        (100_000, 8, "0 100000 ns"),
    ],
)
def test_a_time_axis_has_round_times_and_the_end(duration, columns, expected):
    """As many as have room."""
    assert expected == time_axis(duration, columns)


def test_a_phase_that_changes_all_the_time_is_drawn():
    """One that jumps is told in words."""
    ramp = replace(CHANNEL, phase_rad=tuple(i / 10 for i in range(8)))

    assert [(0, 0.0), (4, 1.5)] == phase_jumps(CHANNEL.phase_rad)
    assert "  φ (rad)" in channel_lines(ramp, width=80, signs=UNICODE)


@pytest.mark.parametrize(
    ("encoding", "glyphs", "text"),
    [
        ("utf-8", UNICODE, "Ω (rad/µs) ∞"),
        ("latin-1", ASCII, "Omega (rad/us) ?"),
        ("ascii", ASCII, "Omega (rad/us) ?"),
        (None, ASCII, "Omega (rad/us) ?"),
    ],
)
def test_what_an_encoding_lacks_is_written_otherwise(encoding, glyphs, text):
    """Nothing fails for want of a letter."""
    assert (glyphs, text) == (signs_for(encoding), in_encoding("Ω (rad/µs) ∞", encoding))
