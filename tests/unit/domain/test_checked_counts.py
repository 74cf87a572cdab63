"""Bitstring counts are checked before they are believed."""

from __future__ import annotations

import json

import pytest
from builders import a_record
from hypothesis import given
from hypothesis import strategies as st

from runner.domain import CheckedCounts, JobStatus, built_qubits, checked_counts

NO_RUN = "no run is counted"
SEVERAL = "the bitstrings are of several lengths"


@pytest.mark.parametrize(
    "value",
    [{"00": 20}, {"00": 0, "11": 20}, {"00": 3}, {"01": 1, "10": 19}],
    ids=["all runs", "a count of 0", "missing shots", "several bitstrings"],
)
def test_counts_that_can_be_right_stay_as_they_are(value):
    """Fewer runs than were asked for are no problem of theirs."""
    assert CheckedCounts(value) == checked_counts(value, n_qubits=2, runs=20)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("null", "the counts are null, not an object"),
        ('"00"', 'the counts are "00", not an object'),
        ("20", "the counts are 20, not an object"),
        ("[[0, 1]]", "the counts are a list, not an object"),
        ("{}", NO_RUN),
        ('{"00": 0}', NO_RUN),
        ('{"00": "20"}', '"00" is counted "20" times'),
        ('{"00": 10.5}', '"00" is counted 10.5 times'),
        ('{"00": 20.0}', '"00" is counted 20.0 times'),
        ('{"00": 2e1}', '"00" is counted 20.0 times'),
        ('{"00": true}', '"00" is counted true times'),
        ('{"00": null}', '"00" is counted null times'),
        ('{"00": [20]}', '"00" is counted a list times'),
        ('{"00": NaN}', '"00" is counted NaN times'),
        ('{"00": Infinity}', '"00" is counted Infinity times'),
        ('{"00": 25, "11": -5}', '"11" is counted -5 times'),
        ('{"00": 10, "111": 10}', '"111" does not fit 2 qubits'),
        ('{"0": 20}', '"0" does not fit 2 qubits'),
        ('{"": 20}', '"" is no bitstring'),
        ('{"0x": 20}', '"0x" is no bitstring'),
        ('{"0 ": 20}', '"0 " is no bitstring'),
        ('{"0\u0661": 20}', '"0\\u0661" is no bitstring'),
        ('{"\\ud800": 20}', '"\\ud800" is no bitstring'),
        ('{"rg": 20}', '"rg" is no bitstring'),
        ('{"00": 300}', "300 runs are counted, and 20 were asked for"),
        ('{"00": 20, "11": 1}', "21 runs are counted, and 20 were asked for"),
        (f'{{"{"01" * 40}x": 20}}', f'"{"01" * 19}0… is no bitstring'),
        (f'{{"00": {"9" * 60}}}', f"{'9' * 60} runs are counted, and 20 were asked for"),
    ],
)
def test_counts_that_cannot_be_right_are_told(text, problem):
    """In a few words: what of them, and there are none of them then."""
    assert CheckedCounts(problem=problem) == checked_counts(json.loads(text), n_qubits=2, runs=20)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"010": 300}, ""),
        ({"0": 10, "111": 10}, SEVERAL),
        ({"": 5}, '"" is no bitstring'),
        ({"0": 10.0}, '"0" is counted 10.0 times'),
    ],
)
def test_what_nobody_knows_is_not_held_against_them(value, problem):
    """Without qubits and runs, bitstrings are of one length and counts are whole numbers."""
    checked = checked_counts(value, n_qubits=None, runs=None)

    assert (problem, {} if problem else value) == (checked.problem, checked.counts)


@given(
    st.dictionaries(
        st.text("01x", max_size=3), st.integers(-2, 9) | st.floats() | st.text(max_size=2), max_size=4
    ),
    st.none() | st.integers(1, 3),
)
def test_there_are_counts_or_there_is_a_problem(value, n_qubits):
    """Never both, never neither; and what is let through is what it seems."""
    checked = checked_counts(value, n_qubits=n_qubits, runs=20)

    assert bool(checked.counts) != bool(checked.problem)
    assert all(type(count) is int and count >= 0 for count in checked.counts.values())
    assert len({len(bitstring) for bitstring in checked.counts}) <= 1
    assert not set("".join(checked.counts)) - {"0", "1"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ("a", "b", "c")),
        ({"qubits": {"c": 4, "a": 1}}, ("a", "c")),
        ({"qubits": 3}, ("a", "b", "c")),
    ],
)
def test_a_mappable_register_has_the_qubits_that_its_job_puts_into_traps(variables, expected):
    """In the order of the register."""
    assert expected == built_qubits(("a", "b", "c"), variables)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (a_record(), (False, 0, ())),
        (a_record(counts={}), (True, 0, ())),
        (a_record(counts={"0": 3}), (False, 97, ("3 of 100 runs are counted: 97 shots are missing",))),
        (a_record(status=JobStatus.ERROR, errors=("lost",)), (False, 0, ("lost",))),
    ],
)
def test_a_record_tells_what_its_result_lacks(record, expected):
    """Of jobs that are done; one that failed has no result to lack."""
    assert expected == (record.lacks_result, record.missing_shots, record.problems)


def test_a_result_of_other_qubits_is_none():
    """A record whose qubits nobody knew when it was written is held against those of the file."""
    record = a_record(counts={"01": 100}, qubit_ids=(), errors=("before",))
    problem = 'the result cannot be right: "01" does not fit 1 qubit'

    assert record == record.fitted(2) == record.fitted(0)
    assert a_record(counts={}, qubit_ids=(), errors=("before", problem)) == record.fitted(1)
