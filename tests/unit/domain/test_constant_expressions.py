"""Expressions without variables: one number, the same on every machine."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.domain.expressions.constants import constant, is_numeral
from runner.domain.expressions.words import ExpressionError

_FUNCTIONS = {name: getattr(math, name) for name in ("cos", "exp", "sin", "tan", "tanh")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 * pi", 6.283185307179586),
        ("-pi / 3", -1.0471975511965976),
        ("5 * sqrt(3)", 8.660254037844386),
        ("2 ** 0.5", 1.4142135623730951),
        ("2 ** -2", 0.25),
        ("0 ** 0", 1.0),
        ("7 // 2 + 7 % 4", 6.0),
        ("exp(1)", 2.718281828459045),
        ("log(10)", 2.302585092994046),
        ("log2(8)", 3.0),
        ("sin(pi)", 1.2246467991473532e-16),
        ("cos(pi / 3)", 0.5000000000000001),
        ("tanh(1e-40)", 1e-40),
        ("tanh(-1000)", -1.0),
        ("ceil(1.2) + floor(-1.2) + abs(-3)", 3.0),
        ("4 * 250", 1000.0),
    ],
)
def test_constants_come_to_the_nearest_float(text, expected):
    """As mathematics has them, bit by bit."""
    assert repr(expected) == repr(constant(text))


def test_nothing_times_minus_one_is_nothing():
    """A zero has no sign, which would make another job of it."""
    assert "0.0" == repr(constant("-1 * 0"))


@given(st.sampled_from(sorted(_FUNCTIONS)), st.floats(-100, 100))
def test_functions_agree_with_those_of_the_machine(name, number):
    """Within the last digit, in which machines differ."""
    theirs = _FUNCTIONS[name](number)
    mine = constant(f"{name}({number!r})")

    assert abs(mine - theirs) <= 2 * math.ulp(theirs)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("1 / 0", "it has no value", "it divides by 0"),
        ("1 % 0", "it has no value", "it divides by 0"),
        ("sqrt(-1)", "it has no value", ""),
        ("(-8) ** (1 / 3)", "it has no value", ""),
        ("log(0)", "it has no finite value", ""),
        ("10 ** 400", "it has no finite value", ""),
        ("exp(1e9)", "it has no value", "it is too large for a number"),
        ("10 ** 10 ** 10", "it has no value", "it is too large for a number"),
        ("2 * omega", "there is no constant omega", "variables stand in operations; here, numbers and pi do"),
        ("2 * PI", "there is no constant PI", "did you mean pi?"),
        ("[1, 2] * 2", "it is several numbers", "in a list of YAML, each item may be an expression"),
        ("2 *", "the expression ends too early", ""),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(text, message, hint):
    """Nothing is infinite, complex or unknown."""
    with pytest.raises(ExpressionError) as caught:
        constant(text)

    assert (message, hint) == (caught.value.message, caught.value.hint)


def test_a_number_in_digits_is_told_from_one_that_is_calculated():
    """A number in quotes is more likely a slip."""
    texts = ("6.28", " -1e3", "010", "-pi", "2 * 3", "x", "2 *")

    assert [True, True, True, False, False, False, False] == [is_numeral(text) for text in texts]
