"""Atoms on a picture: the frame around them, how large they are, and which names have room."""

from __future__ import annotations

import math

import pytest

from runner.results.plots.register_layout import (
    diameter_points,
    frame,
    lettering,
    nearest_um,
    pairs_within,
)

CHAIN = [(6.0 * atom, 0.0) for atom in range(12)]
SQUARE = [(5.0 * (atom % 10), 5.0 * (atom // 10)) for atom in range(100)]


def layout(places, value="0.50"):
    """Frame and lettering of atoms with a value each."""
    seen = frame(places)
    return seen, lettering(seen, places, [f"q{atom}" for atom in range(len(places))], [value] * len(places))


@pytest.mark.parametrize(
    "places",
    [CHAIN, [(y, x) for x, y in CHAIN], [(0.0, 0.0)], [(-3.0, 0.0), (3.0, 0.0)], SQUARE, CHAIN[:1] * 2],
    ids=["chain", "upright", "one", "pair", "hundred", "same"],
)
def test_every_atom_has_room_around_it_in_a_frame_that_is_no_sliver(places):
    """Signs of 15 points and a name below fit; a µm is as long on both axes."""
    seen = frame(places)
    (width, height), sizes = (
        seen.size_inches,
        [high - low for low, high in zip(seen.low, seen.high, strict=True)],
    )
    room = 15 / 2 / seen.points_per_um

    assert sizes[0] / width == pytest.approx(sizes[1] / height)
    assert 1.5 <= height <= 4.3 + 1e-9
    for x, y in places:
        assert seen.low[0] + room <= x <= seen.high[0] - room
        assert seen.low[1] + 2 * room <= y <= seen.high[1] - room


def test_discs_around_atoms_are_within_the_frame():
    """Whole."""
    seen = frame([(0.0, 0.0), (6.0, 0.0)], reach_um=3.6)

    assert seen.low[0] <= -3.6
    assert seen.low[1] <= -3.6
    assert seen.high[0] >= 9.6
    assert seen.high[1] >= 3.6


def test_neighbours_do_not_touch():
    """However many there are."""
    many = [(5.0 * atom, 0.0) for atom in range(60)]
    seen = frame(many)

    assert diameter_points(seen, many) < 5.0 * seen.points_per_um
    assert 15 == diameter_points(frame([(0.0, 0.0)]), [(0.0, 0.0)])


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (CHAIN, (False, "q3\n0.50", 0)),
        (SQUARE, (False, "q3", 0)),
        ([(5.0 * atom, 0.0) for atom in range(24)], (True, "q3 0.50", 0)),
    ],
    ids=["values below names", "names alone", "upright"],
)
def test_names_are_written_as_there_is_room(places, expected):
    """Values are left out first; their colour tells them."""
    _, found = layout(places)

    assert expected == (found.is_upright, found.texts[3], found.left_out)


def test_names_without_room_are_counted():
    """The others are there."""
    _, found = layout([(5.0 * atom, 0.0) for atom in range(60)])

    assert 60 == len(found.texts) + found.left_out
    assert 0 < found.left_out < 60


def test_pairs_and_the_least_distance():
    """Of a triangle; a single atom has no neighbour."""
    triangle = [(0.0, 0.0), (6.0, 0.0), (3.0, 9.0)]

    assert (6.0, math.inf) == (nearest_um(triangle), nearest_um(triangle[:1]))
    assert [(0, 1)] == list(pairs_within(triangle, 7.0))
    assert 3 == len(list(pairs_within(triangle, 10.0)))
