"""What a strategy varies: places from 0 to 1 and the values there."""

from __future__ import annotations

import math

import pytest

from runner.domain.strategies import SearchDimension, SearchSpace, confirming_label, slot_key

DIMENSIONS = (
    SearchDimension(variable="omega", low=2.0, high=10.0),
    SearchDimension(variable="t_ns", low=10.0, high=4000.0, is_log=True),
    SearchDimension(variable="t_ns", low=100, high=2000, step=4),
    SearchDimension(variable="phase", choices=(0.0, math.pi / 2, math.pi)),
)


@pytest.mark.parametrize(
    ("dimension", "unit", "value"),
    [
        (DIMENSIONS[0], 0.25, 4.0),
        (DIMENSIONS[0], -0.1, 2.0),
        (DIMENSIONS[0], 1.7, 10.0),
        (DIMENSIONS[1], 0.5, 200.0),
        (DIMENSIONS[1], 1.0, 4000.0),
        (DIMENSIONS[2], 0.0, 100),
        (DIMENSIONS[2], 1.0, 2000),
        (DIMENSIONS[2], 0.5, 1052),
        (DIMENSIONS[3], 0.34, math.pi / 2),
        (DIMENSIONS[3], 1.0, math.pi),
    ],
)
def test_a_place_has_a_value(dimension: SearchDimension, unit: float, value: float) -> None:
    """A place from 0 to 1 is a value of the interval, or one among several; beyond it the nearer end."""
    assert dimension.value(unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("unit", [0.0, 0.01, 0.3, 0.5, 0.77, 1.0])
def test_a_value_is_found_again(dimension: SearchDimension, unit: float) -> None:
    """The value at the place of a value is that value."""
    value = dimension.value(unit)
    assert dimension.value(dimension.unit(value)) == pytest.approx(value, rel=1e-12)


def test_whole_numbers_are_evenly_likely() -> None:
    """Each whole number of a step has an equal part of the places, the ends included."""
    dimension = SearchDimension(variable="n", low=1, high=4, step=1)
    assert [dimension.value(i / 8 + 0.01) for i in range(8)] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_elements_of_vectors_are_varied() -> None:
    """What is not varied keeps its value, and the order is that of the declaration."""
    space = SearchSpace(
        dimensions=(
            SearchDimension(variable="omega", element=1, high=12.0),
            SearchDimension(variable="t_ns", low=100, high=200, step=50),
        ),
        values={"omega": (0.0, 0.0, 5.0), "delta": -3.0, "t_ns": 0.0},
    )
    variables = space.variables((0.25, 0.5))
    assert variables == {"omega": [0.0, 3.0, 5.0], "delta": -3.0, "t_ns": 150}
    assert list(variables) == ["omega", "delta", "t_ns"]
    assert space.units(variables) == (0.25, 0.5)


def test_a_slot_has_one_key() -> None:
    """The key of a slot depends on the strategy and on its label alone."""
    keys = {slot_key(one, label) for one in ("a" * 12, "b" * 12) for label in ("1", confirming_label(1, 1))}
    assert len(keys) == 4
    assert slot_key("a" * 12, "1") == slot_key("a" * 12, "1")
