"""Conditions on jobs, and what is said of those that cannot be read."""

from __future__ import annotations

import pytest
from builders import a_result

from runner.domain.expressions.words import CONDITION
from runner.errors import UsageError
from runner.results.analysis.columns import Quantities
from runner.results.analysis.filter_expression import condition

JOBS = (
    a_result({"01": 75, "11": 25}, variables={"omega": 3 * 0.1, "t_ns": 100, "v": [1.0, 2.0]}, name="first"),
    a_result({"01": 50}, runs=100, variables={"omega": 2.0, "t_ns": 200, "v": [3.0, -4.0]}, name="second"),
    a_result(variables={"omega": 5.0, "t_ns": 300, "v": [5.0, 6.0], "phi": 1.0}, name="it's"),
)
QUANTITIES = Quantities(JOBS)


def chosen(text):
    """Names of the jobs of which a condition holds."""
    claim = condition(text, QUANTITIES)
    return [job.name for job in JOBS if claim(job)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("omega > 1", ["second", "it's"]),
        ("omega>=2.0", ["second", "it's"]),
        ("omega == 0.3", ["first"]),
        ("omega <= .3", ["first"]),
        ("omega < 0.3", []),
        ("omega != 3e-1", ["second", "it's"]),
        ("1 < omega <= 2", ["second"]),
        ("2 < t_ns", ["first", "second", "it's"]),
        ("v[1] < -1e0", ["second"]),
        ("v[1] == -4 or v[0] == +5", ["second", "it's"]),
        ("t_ns in (100, 3e2)", ["first", "it's"]),
        ("t_ns not in (100, 300)", ["second"]),
        ("not t_ns in (100, 300)", ["second"]),
        ("status == DONE", ["first"]),
        ("status != 'DONE'", ["second", "it's"]),
        ("status in (PARTIAL, MISSING)", ["second", "it's"]),
        ("name == 'second'", ["second"]),
        ('job == "it\'s"', ["it's"]),
        ("measured < runs", ["second", "it's"]),
        ("occupation > 0.6", ["first"]),
        ("occupation[q0] > 0.2 and probability[01] > .7", ["first"]),
        ("magnetization <= 1", ["first", "second"]),
        ("phi > 0", ["it's"]),
        ("phi != 7", ["it's"]),
        ("not phi > 0", ["first", "second"]),
        ("phi not in (7)", ["it's"]),
        ("t_ns == 100 or t_ns == 200 and omega > 10", ["first"]),
        ("(t_ns == 100 or t_ns == 200) and omega > 1", ["second"]),
        ("not (t_ns == 100) and not t_ns == 200", ["it's"]),
    ],
)
def test_a_condition_chooses_jobs(text, names):
    """By comparisons, joined by and, or, not and brackets; and binds more tightly than or."""
    assert names == chosen(text)


@pytest.mark.parametrize(
    ("text", "message", "at", "hint"),
    [
        ("omga > 2", "nothing is called omga", 0, "did you mean omega?"),
        ("t_ns > 1 and status == DOEN", "there is no status DOEN", 23, "did you mean DONE?"),
        ("status in (DONE, 'MISING')", "there is no status MISING", 17, "did you mean MISSING?"),
        ("omega = 2", "= is not expected here", 6, "say =="),
        ("omega > 2 && t_ns > 1", "&& is not expected here", 10, "say and"),
        ("omega >", "the end stands where a name, a number or a text is expected", 7, ""),
        ("(omega > 2", ") is expected here", 10, ""),
        ("omega > 2) ", ") is not expected here", 9, "between comparisons stand and, or"),
        ("omega > 2 t_ns > 1", "t_ns is not expected here", 10, "between comparisons stand and, or"),
        ("omega and t_ns > 1", "a comparison is expected", 6, "as in omega > 2"),
        ("v > 2", "v holds several values", 0, "say which: v[0], v[1]"),
        ("v[2] > 2", "there is no v[2]", 0, "there are: v[0], v[1]"),
        ("omega[0] > 2", "omega holds one value, and takes no index", 0, "say omega"),
        ("occupation[q9] > 2", "there is no qubit q9", 0, "qubits are: q0, q1"),
        ("probability[011] > 2", "011 is no bitstring of 2 qubits", 0, "say probability[01]"),
        ("omega == '2'", "text and a number are never equal", 9, "take the quotes away"),
        ("name > 'a'", "text is compared with == or !=, or by in", 0, ""),
        ("name == first", "nothing is called first", 8, "a text stands in quotes: 'first'"),
        ("t_ns in [1, 2]", "a list stands in ( )", 8, "say (1, 2)"),
        ("name == 'first", "' is never closed", 8, ""),
        ("counts == 2", "counts cannot be compared", 0, ""),
        ("omega > - t_ns", "a number is expected behind a sign", 10, ""),
        ("__import__('os').system('x') == 0", ". is not expected here", 16, ""),
        ("exit(0) == 0", "nothing is called exit", 0, ""),
        ("2x > 1", "2 is not expected here", 0, ""),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, message, at, hint):
    """And with what could stand there."""
    with pytest.raises(UsageError) as caught:
        condition(text, QUANTITIES)

    said, shown, caret = caught.value.message.split("\n")
    assert (f"--where: {message}", f"    {text}", " " * (4 + at) + "^") == (said, shown, caret)
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["(" * 100 + "t_ns > 1" + ")" * 100, "not " * 200 + "t_ns > 1"])
def test_deep_nesting_is_refused(text):
    """It would otherwise end the interpreter's stack."""
    with pytest.raises(UsageError, match="nested too deeply"):
        condition(text, QUANTITIES)


def test_a_very_long_condition_is_refused():
    """None is that long that a person types."""
    with pytest.raises(UsageError, match=f"longer than {CONDITION.most_characters}"):
        condition("t_ns > 1 or " * CONDITION.most_characters, QUANTITIES)
