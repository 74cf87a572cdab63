"""Sweeps: exact values, and every combination in file order."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.spec.values.sweep_values import (
    SweepError,
    geomspace_values,
    linspace_values,
    moving_together,
    product,
    range_values,
)


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ((400, 1600, 400), (400, 800, 1200, 1600)),
        ((0.1, 0.5, 0.1), (0.1, 0.2, 0.3, 0.4, 0.5)),
        ((1, 2, 0.5), (1.0, 1.5, 2.0)),
        ((3, -3, -2), (3, 1, -1, -3)),
        ((5, 5, 1), (5,)),
        ((0.0, 1, 1), (0.0, 1.0)),
    ],
)
def test_ranges_include_both_ends_exactly(rule, values):
    """Steps are exact decimals, whole numbers stay whole, and any float makes floats."""
    found = range_values(*rule)

    assert values == found
    assert [type(value) for value in values] == [type(value) for value in found]


@pytest.mark.parametrize(
    ("rule", "message", "hint"),
    [
        ((0, 1, 0), "the step of a range can't be 0", ""),
        ((0, 1, -1), "a step of -1 does not lead from 0 to 1", "use 1"),
        ((0, 10**9, 1), "a range has at most 100,000 values", ""),
        (
            (0, 1, 0.3),
            "steps of 0.3 do not lead from 0 to 1; the last value would be 0.9",
            "end the range at 0.9, or use linspace",
        ),
    ],
)
def test_ranges_that_lead_nowhere_are_refused(rule, message, hint):
    """A range that would not include its end is refused, and says where it would end."""
    with pytest.raises(SweepError) as caught:
        range_values(*rule)

    assert (message, hint) == (caught.value.message, caught.value.hint)


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ((0, 10, 3), (0, 5, 10)),
        ((0, 1, 3), (0.0, 0.5, 1.0)),
        ((0.1, 0.3, 3), (0.1, 0.2, 0.3)),
        ((2, -2, 2), (2, -2)),
    ],
)
def test_linspace_includes_both_ends_exactly(rule, values):
    """Values are evenly spread, and whole only if all of them are."""
    found = linspace_values(*rule)

    assert values == found
    assert [type(value) for value in values] == [type(value) for value in found]


@pytest.mark.parametrize("count", [1, 0, -3, 100_001])
def test_linspace_needs_a_sensible_count(count):
    """One value has no two ends, and a hundred thousand are enough."""
    with pytest.raises(SweepError, match=f"linspace gives from 2 to 100,000 values, not {count}"):
        linspace_values(0, 1, count)


_DECIMALS = st.integers(-10_000, 10_000).map(lambda n: n / 100)


@given(_DECIMALS, st.integers(1, 500).map(lambda n: n / 100), st.integers(0, 200))
def test_every_value_of_a_range_is_the_decimal_one(start, step, steps):
    """No value carries the error of the steps before it."""
    stop = float(Fraction(repr(start)) + steps * Fraction(repr(step)))

    expected = [float(Fraction(repr(start)) + i * Fraction(repr(step))) for i in range(steps + 1)]

    assert expected == [float(value) for value in range_values(start, stop, step)]


def test_the_first_axis_is_outermost():
    """Combinations come in the order of nested loops, the first variable changing last."""
    axes = [moving_together({"a": (1, 2)}), moving_together({"b": (3, 4), "c": (5,)})]

    assert list(product(axes)) == [
        {"a": 1, "b": 3, "c": 5},
        {"a": 1, "b": 4, "c": 5},
        {"a": 2, "b": 3, "c": 5},
        {"a": 2, "b": 4, "c": 5},
    ]


def test_variables_that_move_together_need_as_many_values():
    """A mismatch says how many values each variable has."""
    with pytest.raises(SweepError, match="need equally many values: a has 2, b has 3"):
        moving_together({"a": (1, 2), "b": (1, 2, 3), "c": (1,)})


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ((1, 1000, 4), (1.0, 10.0, 100.0, 1000.0)),
        ((0.001, 10, 5), (0.001, 0.01, 0.1, 1.0, 10.0)),
        ((-10, -0.1, 3), (-10.0, -1.0, -0.1)),
        ((2, 3, 3), (2.0, 2.449489742783178, 3.0)),
        ((1e-300, 1e300, 3), (1e-300, 1.0, 1e300)),
    ],
)
def test_geomspace_includes_both_ends_exactly(rule, values):
    """Powers of ten are powers of ten, and nothing overflows on the way."""
    assert values == geomspace_values(*rule)


@pytest.mark.parametrize(
    ("rule", "message", "hint"),
    [
        ((0, 1, 3), "both ends of a geomspace are above 0, or both below it", "use linspace"),
        ((-1, 1, 3), "both ends of a geomspace are above 0, or both below it", "use linspace"),
        ((1, 2, 1), "geomspace gives from 2 to 100,000 values, not 1", ""),
        ((1, 2, 10**9), "geomspace gives from 2 to 100,000 values, not 1000000000", ""),
    ],
)
def test_geomspace_needs_a_ratio(rule, message, hint):
    """No multiple leads from 0, or from one sign to the other."""
    with pytest.raises(SweepError) as caught:
        geomspace_values(*rule)

    assert (message, hint) == (caught.value.message, caught.value.hint)
