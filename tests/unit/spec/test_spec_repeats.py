"""`repeat`: operations several times, with an index; and what is wrong with one, at its line."""

from __future__ import annotations

import pytest
from texts import GOOD, problems

from runner.spec import parse

TEXT = GOOD.replace("omega: float", "omega: {type: float, size: 3}").replace(
    "omega: 6.28", "omega: [1, 2, 3]"
)
PULSE = "      - pulse: {channel: drive, amplitude: omega, detuning: 0, duration_ns: t_ns}\n"
REPEAT = """\
      - repeat:
          times: 3
          index: k
          operations:
            - pulse: {channel: drive, amplitude: "omega[k]", detuning: 2 * k, duration_ns: t_ns}
            - repeat: {times: 2, index: j, operations: [{delay: {channel: drive, duration_ns: 10 * (k + j)}}]}
"""


def repeated(old="", new=""):
    """A file with a repeat, and one thing in it changed."""
    assert not old or REPEAT.count(old) == 1
    return TEXT.replace(PULSE, REPEAT.replace(old, new) if old else REPEAT)


def test_operations_happen_with_every_index():
    """Outermost first, each counted from 0; every one knows where it stands."""
    steps = parse(repeated(), path="x.yaml").experiment.spec.sequence.steps
    said = [(step.pointer.removeprefix("/spec/sequence/operations"), step.indices) for step in steps]
    pulse, delay = "/0/repeat/operations/0", "/0/repeat/operations/1/repeat/operations/0"

    assert [
        *(
            each
            for k in range(3)
            for each in (
                (pulse, (("k", k),)),
                (delay, (("k", k), ("j", 0))),
                (delay, (("k", k), ("j", 1))),
            )
        ),
        ("/1", ()),
    ] == said


def test_a_repeat_needs_no_index():
    """Nothing in it then counts the times."""
    text = TEXT.replace(PULSE, REPEAT.replace("          index: k\n", "").replace("[k]", "[0]"))
    text = text.replace("2 * k", "0").replace("(k + j)", "(1 + j)")

    assert 10 == len(parse(text, path="x.yaml").experiment.spec.sequence.steps)


_WHOLE = "an index is a whole number from 0 on: that of omega is"
_KNOWN = "the index of omega is known before any job: numbers, and indices of repeats, make it up (k = 0)"
_TOO_MANY = "these are 20,002 operations in all, and a sequence has at most 10,000"
_DELAY = "{delay: {channel: drive, duration_ns: 10 * (k + j)}}"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("times: 3", "times: 4", 16, "omega holds 3 numbers; the last one is omega[2] (k = 3)"),
        ("omega[k]", "omega[k - 1]", 16, f"{_WHOLE} -1 (k = 0)"),
        ("omega[k]", "omega[k / 2]", 16, f"{_WHOLE} 0.5 (k = 1)"),
        ("omega[k]", "omega[t_ns + k]", 16, _KNOWN),
        ("omega[k]", "omega[k", 16, "the expression needs a ] before its end"),
        ("2 * k", "2 * x", 16, "the sequence has no variable x"),
        ("2 * k", "2 * j", 16, "j counts the times of a repeat, and has no value outside of it"),
        ("times: 3", "times: 3 * 2", 13, 'expected a whole number, not "3 * 2"'),
        ("times: 3", "times: 0", 13, "expected at least 1, not 0"),
        ("times: 3", "times: 3000000", 13, "expected at most 10000, not 3000000"),
        ("times: 2", "times: 6666", 13, _TOO_MANY),
        ("index: k", "index: t_ns", 14, "t_ns is the name of a variable already"),
        ("index: j", "index: k", 17, "k is the name of a repeat around it already"),
        ("index: j", "index: pi", 17, "pi can't be the name of an index"),
        (_DELAY, _DELAY.replace("drive", "drove"), 17, "there is no channel drove"),
        (_DELAY, "{measure: ground-rydberg}", 17, "nothing can follow the measurement"),
    ],
)
def test_what_is_wrong_with_a_repeat_is_told_at_its_line(old, new, line, message):
    """With the first index for which it is so, and once."""
    found = [(each[0], each[2]) for each in problems(repeated(old, new))]

    assert (line, message) == next(each for each in found if each[0] == line)
    assert 1 == found.count((line, message))
