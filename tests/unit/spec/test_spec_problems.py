"""What is said of a file that is not in order: one problem a mistake, at its place, with a way out."""

from __future__ import annotations

import pytest
from texts import GOOD, changed, messages, problems

from runner.errors import SpecError
from runner.spec import parse

PULSE = "amplitude: omega, detuning: 0, duration_ns: t_ns"


def test_mistakes_everywhere_are_found_at_once():
    """A structural mistake in one part hides no wrong name in another."""
    text = (
        GOOD.replace("rabi}", "rabi, nmae: x}")
        .replace("omega, det", "omga, det")
        .replace("t_ns: 500", "t: 500")
    )

    assert messages(text) == [
        "there is no key nmae here",
        "the sequence has no variable omga",
        "the sequence has no variable t",
    ]


def test_a_problem_shows_the_line_and_the_place():
    """A problem can be printed: file, line and column, the line, a caret, a hint."""
    with pytest.raises(SpecError) as caught:
        parse(changed("runs: 100", "run: 100"), path="specs/rabi.yaml")

    assert str(caught.value) == (
        "specs/rabi.yaml:15:8: there is no key run here\n"
        "        - {run: 100, variables: {omega: 6.28, t_ns: 500}}\n"
        "           ^\n"
        "    did you mean runs?"
    )
    assert caught.value.problems[0].pointer == "/spec/jobs/0/run"


def test_unused_and_reserved_variables_are_refused():
    """A variable that no operation uses would buy the same point many times."""
    text = GOOD.replace("t_ns: int}", "t_ns: int, idle: float}").replace("t_ns: 500", "t_ns: 500, idle: 1")

    assert problems(text) == [(10, 42, "no operation uses the variable idle", "")]


VECTOR = (
    GOOD.replace("t_ns: int}", "t_ns: int, v: {type: float, size: 3}}")
    .replace(PULSE, "amplitude: omega, detuning: {interpolated: {duration_ns: t_ns, values: v}}")
    .replace("t_ns: 500", "t_ns: 500, v: [0, 1, 0]")
)


def test_variables_can_hold_several_numbers():
    """A vector gives a waveform its values, and each job gives the vector."""
    assert parse(VECTOR, path="x.yaml").jobs[0].variables == {
        "omega": 6.28,
        "t_ns": 500,
        "v": [0.0, 1.0, 0.0],
    }


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("amplitude: omega", "amplitude: omega + v", "v holds 3 numbers: say which, as in v[0]"),
        ("amplitude: omega", "amplitude: 'omega + v[3]'", "v holds 3 numbers; the last one is v[2]"),
        ("values: v", "values: 'v[0] + 0 * v[1]'", "v[0] + 0 * v[1] is one number"),
        ("values: v", "values: [0, v, 1]", "v holds 3 numbers: say which, as in v[0]"),
        ("v: [0, 1, 0]", "v: [0, 1]", "v holds 3 numbers: expected a list of 3, not [0,1]"),
        ("v: [0, 1, 0]", "v: 1", "v holds 3 numbers: expected a list of 3, not 1"),
        ("v: [0, 1, 0]", "v: [0, true, 0]", "expected a number, not true"),
    ],
)
def test_several_numbers_are_not_one(old, new, expected):
    """A vector where one number belongs, and the other way round, is refused."""
    found = messages(VECTOR.replace(old, new))

    assert expected in found
    assert len([message for message in found if "no operation uses" not in message]) == 1
