"""Statuses, those of tomorrow included."""

from __future__ import annotations

import pytest

from runner.domain import BatchStatus, JobStatus, merged_counts, most_frequent


@pytest.mark.parametrize("kind", [BatchStatus, JobStatus])
def test_a_status_never_seen_before_is_unknown_and_in_progress(kind):
    """What PCS invents tomorrow is no end, and no error."""
    status = kind("TELEPORTED")

    assert (kind["UNKNOWN"], False) == (status, status.is_terminal)


@pytest.mark.parametrize(
    ("status", "is_terminal", "is_live"),
    [
        ("PENDING", False, True),
        ("RUNNING", False, True),
        ("PAUSED", False, True),
        ("CANCELING", False, False),
        ("DONE", True, False),
        ("CANCELED", True, False),
        ("TIMED_OUT", True, False),
        ("ERROR", True, False),
    ],
)
def test_batch_statuses_say_whether_pending_jobs_may_run(status, is_terminal, is_live):
    """A batch that is being cancelled has not ended, but runs nothing more."""
    read = BatchStatus(status)

    assert (is_terminal, is_live) == (read.is_terminal, read.is_live)


def test_counts_of_one_point_add_up():
    """Shots are independent."""
    assert {"00": 3, "01": 1, "11": 2} == merged_counts([{"00": 1, "01": 1}, {"00": 2, "11": 2}, {}])


def test_most_frequent_bitstrings_come_first_and_ties_have_an_order():
    """Two machines print the same table."""
    assert [("11", 5), ("00", 2), ("01", 2)] == most_frequent({"01": 2, "11": 5, "00": 2, "10": 1}, 3)
