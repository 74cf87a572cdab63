"""A job that is on record more than once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import a_record

from runner.domain import JobStatus
from runner.results.records.counted_jobs import contradiction, each_once

ONE = a_record("j1", constants="aa")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ""),
        ({"name": "other", "attempt": 2}, ""),
        ({"counts": {}, "errors": ("away",)}, ""),
        ({"target": "", "constants": "", "qubit_ids": (), "runs": 0}, ""),
        ({"counts": {"0": 99, "1": 1}}, "counts"),
        ({"status": JobStatus.ERROR, "counts": {}}, "status"),
        ({"batch_id": "b2"}, "batch_id"),
        ({"recipe": "f" * 16}, "recipe"),
        ({"rerun": 1}, "rerun"),
        ({"variables": {"t": 2}}, "variables"),
        ({"runs": 200}, "runs"),
        ({"qubit_ids": ("q1",)}, "qubit_ids"),
        ({"target": "cloud:x"}, "target"),
        ({"constants": "bb"}, "constants"),
    ],
    ids=str,
)
def test_copies_may_differ_in_what_came_later(change, expected):
    """A name, a result that was away, a proof; never in what was measured."""
    other = replace(ONE, **change)

    assert (expected, expected) == (contradiction(ONE, other), contradiction(other, ONE))


def test_of_copies_the_one_with_its_result_counts():
    """Else the last."""
    without, later = replace(ONE, counts={}), replace(ONE, name="later")

    assert (ONE,) == each_once([ONE, without])
    assert (ONE,) == each_once([without, ONE])
    assert (later,) == each_once([ONE, later])
