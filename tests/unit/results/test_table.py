"""Wanted jobs beside what came back."""

from __future__ import annotations

import pytest
from builders import a_key, a_record, a_wanted_job, an_experiment, repeated

from runner.domain import JobStatus
from runner.results import gathered


def rows(*recorded, jobs=(), **fields):
    """Rows of an experiment."""
    return gathered(an_experiment(*jobs, **fields), recorded)


def job_ids(row):
    """The remote jobs behind a row."""
    return tuple(job.id for job in row.remote_jobs)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ([], (0, "MISSING", {})),
        ([a_record(runs=100)], (100, "DONE", {"0": 100})),
        ([a_record("a", runs=60), a_record("b", runs=60)], (120, "DONE", {"0": 120})),
        ([a_record(runs=60)], (60, "PARTIAL", {"0": 60})),
        ([a_record(status=JobStatus.ERROR)], (0, "ERROR", {})),
        ([a_record(status=JobStatus.CANCELED)], (0, "CANCELED", {})),
        ([a_record("a", status=JobStatus.ERROR), a_record("b")], (100, "DONE", {"0": 100})),
        ([a_record(recipe="f" * 16)], (0, "MISSING", {})),
        ([a_record(rerun=1)], (0, "MISSING", {})),
        ([a_record(t=2)], (0, "MISSING", {})),
    ],
)
def test_a_row_adds_up_what_was_measured_of_its_point(recorded, expected):
    """Only of this recipe and rerun."""
    row = rows(*recorded)[0]

    assert expected == (row.runs.measured, row.status, row.counts or {})


def test_each_row_counts_its_own_rerun_only():
    """What was measured before stays on record."""
    records = [a_record("j1"), a_record("j2", rerun=1), a_record("j3", t=2), a_record("j4", t=2, rerun=1)]
    some = rows(*records, jobs=(a_wanted_job(1), a_wanted_job(2, rerun=1)))

    assert [("j1",), ("j4",)] == [job_ids(row) for row in some]


def test_rows_are_in_file_order_and_name_their_jobs():
    """Whatever came back first."""
    some = rows(a_record("j2", t=2), jobs=(a_wanted_job(1), a_wanted_job(2)))

    assert [("t1", {"t": 1}, ()), ("t2", {"t": 2}, ("j2",))] == [
        (r.name, r.variables, job_ids(r)) for r in some
    ]


def test_each_repetition_is_a_row_of_one_job_of_its_runs():
    """Not of other runs that the file once asked for, nor of what two machines have bought twice."""
    second = a_key(1, 2)
    some = rows(
        a_record("j1"),
        a_record("j2", key=second, status=JobStatus.ERROR),
        a_record("j3", key=second),
        a_record("j4", key=second),
        a_record("j5", runs=50),
        jobs=repeated(3),
    )

    assert [
        ("t1#1", 100, "DONE", ("j1",)),
        ("t1#2", 100, "DONE", ("j2", "j3")),
        ("t1#3", 0, "MISSING", ()),
    ] == [(row.name, row.runs.measured, row.status, job_ids(row)) for row in some]
