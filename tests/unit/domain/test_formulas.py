"""Expressions: what they say, what they come to, and what they refuse."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.domain.expressions.parser import FUNCTIONS, parsed
from runner.domain.expressions.tree import Call, Negative, Number, Operation, Variable
from runner.domain.expressions.values import Values, evaluated
from runner.domain.expressions.words import FORMULA, ExpressionError

_NUMBERS = Values(
    variables={"x": 3.0, "y": 0.5, "v": [10.0, 20.0]},
    functions={name: getattr(math, name, abs) for name in FUNCTIONS},
)


def value(text):
    """What an expression comes to."""
    return evaluated(parsed(text).tree, _NUMBERS)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("2 * x + 0.1", 6.1),
        ("2+x*y", 3.5),
        ("(2+x)*y", 2.5),
        ("-x**2", -9.0),
        ("2**-1", 0.5),
        ("2**3**2", 512.0),
        ("x - 1 - 1", 1.0),
        ("7 // 2 * 2", 6.0),
        ("7 % 4", 3.0),
        ("--x", 3.0),
        ("+x", 3.0),
        ("v[1] - v[ 0 ]", 10.0),
        ("sin(pi / 2)", 1.0),
        ("sqrt(x*x)", 3.0),
        ("abs(-x)", 3.0),
        ("1e3 * .5", 500.0),
        ("  x  ", 3.0),
    ],
)
def test_expressions_come_to_what_they_say(text, result):
    """Operators bind as in mathematics and in Python."""
    assert result == pytest.approx(value(text), abs=1e-12)


def test_the_tree_keeps_what_is_sent():
    """A negative number is a number; a vector keeps its index; nothing is calculated early."""
    assert Number(-6.0) == parsed("-6").tree
    assert Negative(Variable("x")) == parsed("-x").tree
    assert Operation("*", Number(2.0), Variable("v", 1)) == parsed("2 * v[1]").tree
    assert Call("sin", Variable("phi")) == parsed("sin(phi)").tree
    assert (Variable("v", 1), Variable("x")) == parsed("v[1] + sin(x)").variables()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "the expression ends too early", ""),
        ("3 +", "the expression ends too early", ""),
        ("(a", "the expression needs a ) before its end", ""),
        ("a)", "the expression has ) where it can't be", ""),
        ("a b", "the expression has b where it can't be", ""),
        ("* 3", "the expression has * where it can't be", ""),
        (
            "a ^ 2",
            "expected a number or an expression; ^ has no meaning in one",
            "powers are written with **",
        ),
        ("a.b", "expected a number or an expression; . has no meaning in one", ""),
        ("'a'", "expected a number or an expression; ' has no meaning in one", ""),
        ("µ", "expected a number or an expression; µ has no meaning in one", ""),
        ("0x10", "the expression has x10 where it can't be", ""),
        ("1_000", "the expression has _000 where it can't be", ""),
        ("sine(x)", "there is no function sine", "did you mean sin?"),
        ("__import__(x)", "there is no function __import__", "known functions: " + ", ".join(FUNCTIONS)),
        ("sin", "sin is a function and needs an argument", "for example sin(x)"),
        ("v[-1]", "an index is a whole number from 0 on, not -", ""),
        ("v[1.5]", "an index is a whole number from 0 on, not 1.5", ""),
        ("v[", "an index is a whole number from 0 on, not nothing", ""),
        ("1e999", "1e999 is too large for a number", ""),
        ("(" * 50 + "x", "the expression is nested more than 40 levels deep", ""),
        ("-" * 50 + "x", "the expression is nested more than 40 levels deep", ""),
        ("x" * 301, f"an expression has at most {FORMULA.most_characters} characters, not 301", ""),
    ],
)
def test_what_is_no_expression_is_refused_with_a_reason(text, message, hint):
    """Whatever the grammar does not know has words that say what is wrong."""
    with pytest.raises(ExpressionError) as caught:
        parsed(text)

    assert (message, hint) == (caught.value.message, caught.value.hint)


_TREES = st.recursive(
    st.sampled_from(["x", "y", "2", "0.5", "v[0]"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"-{t}"),
        inner.map(lambda t: f"cos({t})"),
    ),
    max_leaves=8,
)


@given(_TREES)
def test_expressions_agree_with_python(text):
    """Where Python knows an expression too, both come to the same."""
    try:
        mine = value(text)
    except ExpressionError:
        assert len(text) > FORMULA.most_characters
        return
    theirs = eval(text, {"__builtins__": {}}, {"x": 3.0, "y": 0.5, "v": [10.0, 20.0], "cos": math.cos})

    assert theirs == mine


@given(st.text())
def test_no_text_breaks_the_parser(text):
    """Random text is an expression or refused as one."""
    try:
        outcome = str(parsed(text))
    except ExpressionError as error:
        outcome = error.message

    assert outcome
