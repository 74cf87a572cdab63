"""The two sublattices of a register."""

from __future__ import annotations

import math
import random

import pytest
from builders import a_result

from runner.errors import UsageError
from runner.results.analysis.many_body.sublattices import named_signs, signs
from runner.results.plots.choose import Asked, picture

CHESS = (1, -1, 1, -1, 1, -1, 1, -1, 1)


def a_rectangle(columns, rows, dx_um, dy_um):
    """Places of a rectangular lattice, row by row."""
    return [(dx_um * x, dy_um * y) for y in range(rows) for x in range(columns)]


def signs_of(places):
    """Signs of atoms that are called by their numbers."""
    names = tuple(map(str, range(len(places))))
    return signs(names, dict(zip(names, places, strict=True)))


def turned(places, angle_rad, shift_um):
    """The same lattice elsewhere."""
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return [(c * x - s * y + shift_um, s * x + c * y) for x, y in places]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (a_rectangle(3, 3, 6.0, 6.0), CHESS),
        (a_rectangle(3, 3, 6.0, 6.4), CHESS),
        (a_rectangle(3, 3, 5.0, 7.0), CHESS),
        (turned(a_rectangle(3, 3, 6.0, 6.4), 1.0, 30.0), CHESS),
        (a_rectangle(2, 2, 5.0, 5.0), (1, -1, -1, 1)),
        ([(5.0, 0.0), (0.0, 0.0), (5.0, 5.0), (0.0, 5.0)], (-1, 1, 1, -1)),
        (a_rectangle(5, 1, 6.0, 6.0), (1, -1, 1, -1, 1)),
        ([(0, 0), (6, 0), (6.0, 6.3), (0.1, 6.2)], (1, -1, 1, -1)),
        ([(math.cos(n * math.pi / 3) * 6, math.sin(n * math.pi / 3) * 6) for n in range(6)], (-1, 1) * 3),
        ([(x, y, z) for x in (0, 6) for y in (0, 6) for z in (0, 6)], (1, -1, -1, 1, -1, 1, 1, -1)),
        ([(3.0, 4.0)], (1,)),
        ([], ()),
    ],
    ids=[
        *("square", "rectangle", "long rectangle", "turned", "even", "shuffled", "chain", "uneven"),
        *("ring", "cube", "alone", "none"),
    ],
)
def test_atoms_with_a_bond_are_on_other_sublattices(places, expected):
    """Both kinds of sides of a rectangle are bonds; the larger sublattice, or the leftmost atom, has +."""
    assert expected == signs_of(places)


@pytest.mark.parametrize(
    ("places", "why"),
    [
        ([(0, 0), (6, 0), (3, 6 * 0.75**0.5)], "rings of odd length"),
        ([(0, 0), (6, 0), (3, 5.5)], "rings of odd length"),
        ([(6 * x + 3 * (y % 2), 5.196 * y) for x in range(3) for y in range(3)], "rings of odd length"),
        (a_rectangle(3, 3, 5.0, 8.0), "at very different distances"),
        ([*a_rectangle(2, 2, 5.0, 5.0), (40, 0), (45, 0)], "at very different distances"),
    ],
    ids=["triangle", "nearly a triangle", "triangular lattice", "chains", "two parts"],
)
def test_where_there_are_no_two_sublattices_that_is_said(places, why):
    """And how the file can name them."""
    with pytest.raises(UsageError, match=why) as refused:
        signs_of(places)

    assert "spec.sublattices" in refused.value.hint


@pytest.mark.parametrize("seed", range(20))
def test_atoms_at_random_have_no_sublattices(seed):
    """Six of them in a field of 30 µm, at least 4 µm apart as on a device."""
    drawn = random.Random(seed)
    places = []
    while len(places) < 6:
        place = (drawn.uniform(0, 30), drawn.uniform(0, 30))
        if all(math.dist(place, other) >= 4 for other in places):
            places.append(place)

    with pytest.raises(UsageError, match="no staggered magnetization"):
        signs_of(places)


def test_a_sequence_that_does_not_tell_where_its_atoms_are_has_none():
    """The order of the qubits says nothing of their neighbours."""
    with pytest.raises(UsageError, match="does not tell where the atoms are"):
        signs(("a", "b"), {"a": (0.0, 0.0)})


def test_an_ordered_rectangle_shows_its_order():
    """182 of 200 runs on a lattice of 6.0 by 6.4 µm, and the others with one atom turned over."""
    places = a_rectangle(3, 3, 6.0, 6.4)
    register = {"register": [{"name": f"q{i}", "x": x, "y": y} for i, (x, y) in enumerate(places)]}
    names = tuple(f"q{i}" for i in range(9))
    ordered = {"101010101": 182, "001010101": 18}
    jobs = [a_result(ordered, variables={"t": t}, qubit_ids=names, sequence=lambda: register) for t in (1, 2)]

    ((_, reading), _) = picture("exp", jobs, Asked(observable="staggered_magnetization")).body.lines[0].points
    assert (0.98, 0.0045) == (pytest.approx(reading.value), pytest.approx(reading.error, abs=1e-4))


def test_the_file_may_name_the_sublattices():
    """What is in neither does not count."""
    names = ("a", "b", "c", "d")
    job = a_result({"1101": 4}, qubit_ids=names, sublattices=(("a", "d"), ("c",)), variables={"t": 1})
    other = a_result({"0011": 4}, qubit_ids=names, sublattices=(("a", "d"), ("c",)), variables={"t": 2})

    body = picture("exp", [job, other], Asked(observable="staggered_magnetization")).body
    assert [1.0, pytest.approx(-1 / 3)] == [reading.value for _, reading in body.lines[0].points]
    with pytest.raises(UsageError, match="names other atoms"):
        named_signs(("x",), (("a",), ("b",)))
