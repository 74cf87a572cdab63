"""Whether all of a batch is seen: a table of what can be missing of it."""

from __future__ import annotations

import pytest
from builders import a_job as an_observed_job
from builders import a_key, a_record

from runner.domain import JobStatus
from runner.reconcile.observe.completeness import Expected, amount_gaps, gaps, n_expected, undisputed


def a_payload(**fields):
    """A batch with one job, as a list shows it."""
    return {
        "id": "b1",
        "status": "PENDING",
        "jobs_count": 1,
        "jobs_count_per_status": {"PENDING": 1},
    } | fields


def a_job(job_id="j1", **fields):
    """A pending job, as a list shows it."""
    return {"id": job_id, "status": "PENDING", "runs": 20, "variables": {"t": 1}} | fields


DONE = a_payload(status="DONE", jobs_count_per_status={"DONE": 1})


@pytest.mark.parametrize(
    ("payload", "jobs", "expected"),
    [
        pytest.param(a_payload(), [a_job()], Expected(), id="all is there"),
        pytest.param(a_payload(), [], Expected(on_record={"j1": a_record()}), id="all is on record"),
        pytest.param(a_payload(), [a_job(status="RUNNING")], Expected(), id="a job is ahead of the counts"),
        pytest.param(
            a_payload(), [a_job(variables=None)], Expected(own_sequences={"j1": "{}"}), id="its own sequence"
        ),
        pytest.param(
            a_payload(),
            [a_job(variables=None)],
            Expected(own_sequences={"j1": None}),
            id="no variables, none needed",
        ),
        pytest.param(
            a_payload(status="CANCELED", jobs_count_per_status={"CANCELED": 1}),
            [a_job(status="CANCELED", runs=None)],
            Expected(),
            id="cancelled, and nobody knows of how many runs",
        ),
        pytest.param(
            a_payload(status="CANCELED", jobs_count_per_status={"PENDING": 1}),
            [a_job()],
            Expected(is_settled=False),
            id="pending in a batch that has ended, as the counts say",
        ),
        pytest.param(
            a_payload(status="TIMED_OUT", jobs_count_per_status=None),
            [a_job()],
            Expected(),
            id="pending in a batch that ended long ago",
        ),
        pytest.param(a_payload(jobs_count=0), [a_job()], Expected(), id="more than is counted"),
        pytest.param(
            a_payload(),
            [a_job()],
            Expected(unlisted=frozenset({"j1"}), is_listed=False),
            id="accepted a moment ago, and in no list yet",
        ),
        pytest.param(
            DONE,
            [a_job(status="DONE")],
            Expected(unlisted=frozenset({"j1"})),
            id="over, and in no list any more",
        ),
        pytest.param(
            a_payload(),
            [a_job()],
            Expected(unlisted=frozenset({"j1"}), on_record={"j1": a_record()}),
            id="on record, and in no list any more",
        ),
    ],
)
def test_a_batch_is_complete(payload, jobs, expected):
    """Nothing is missing of it."""
    assert [] == list(gaps(payload, jobs, expected))


@pytest.mark.parametrize(
    ("payload", "jobs", "expected", "gap"),
    [
        pytest.param(a_payload(), [], Expected(), "it has 1 job, and 0 are listed", id="a short list"),
        pytest.param(
            a_payload(jobs_count=0),
            [],
            Expected(job_ids=frozenset({"j1"})),
            "its job j1 was accepted and is not listed",
            id="accepted, and in no list",
        ),
        pytest.param(
            a_payload(),
            [a_job()],
            Expected(unlisted=frozenset({"j1"})),
            "its job j1 was accepted and is not listed",
            id="told of as pending, and in no list for long",
        ),
        pytest.param(
            a_payload(jobs_count=0),
            [a_job()],
            Expected(amounts=(("k1", 20), ("k2", 20))),
            "2 jobs bought on it, and 1 are listed",
            id="bought, as the journal has it",
        ),
        pytest.param(
            a_payload(), [a_job(runs=None)], Expected(), "its job j1 has None as its runs", id="null runs"
        ),
        pytest.param(
            a_payload(), [a_job(runs=-20)], Expected(), "its job j1 has -20 as its runs", id="minus runs"
        ),
        pytest.param(
            a_payload(), [a_job(runs=20.5)], Expected(), "its job j1 has 20.5 as its runs", id="half a run"
        ),
        pytest.param(
            a_payload(), [a_job(runs="20")], Expected(), "its job j1 has '20' as its runs", id="runs in text"
        ),
        pytest.param(
            a_payload(), [a_job(runs=True)], Expected(), "its job j1 has True as its runs", id="runs or not"
        ),
        pytest.param(
            a_payload(),
            [a_job(variables=[1])],
            Expected(),
            "its job j1 has [1] as its variables",
            id="a list",
        ),
        pytest.param(
            a_payload(),
            [a_job(variables=None)],
            Expected(),
            "its job j1 shows neither variables nor a sequence of its own",
            id="neither variables nor a sequence",
        ),
        pytest.param(
            a_payload(), [a_job(status=7)], Expected(), "its job j1 has 7 as its status", id="a number"
        ),
        pytest.param(
            a_payload(jobs_count="one"),
            [a_job()],
            Expected(),
            "it has 'one' as its number of jobs",
            id="no count",
        ),
        pytest.param(
            DONE,
            [a_job()],
            Expected(),
            "1 of its jobs are said to be DONE, and 0 are listed so",
            id="a job is behind the counts",
        ),
        pytest.param(
            a_payload(),
            [a_job(status="ERROR")],
            Expected(),
            "1 of its jobs are listed as ERROR, and it counts 0",
            id="failed, and the batch does not say so",
        ),
        pytest.param(
            a_payload(),
            [a_job(batch_id="b2")],
            Expected(),
            "the job j1 is listed with it, and is another batch's",
            id="of another batch",
        ),
        pytest.param(
            a_payload(status="TIMED_OUT", jobs_count_per_status=None),
            [a_job()],
            Expected(is_settled=False),
            "it is TIMED_OUT, and its job j1 is listed as 'PENDING'",
            id="pending in a batch that ended a moment ago",
        ),
        pytest.param(
            a_payload(status="DONE", jobs_count_per_status=None),
            [a_job()],
            Expected(),
            "it is DONE, and its job j1 is listed as 'PENDING'",
            id="pending in a batch that is done",
        ),
    ],
)
def test_a_batch_is_incomplete(payload, jobs, expected, gap):
    """What is missing is said first."""
    assert gap == next(gaps(payload, jobs, expected))


def test_a_batch_has_as_many_jobs_as_anybody_knows_of():
    """The cloud, the journal, or an answer."""
    expected = Expected(job_ids=frozenset({"a", "b", "c"}), amounts=(("k", 20),))

    assert (3, 4) == tuple(n_expected(a_payload(jobs_count=n), expected) for n in (2, 4))


def test_a_batch_that_holds_other_jobs_than_were_bought_cannot_be_counted():
    """They would be bought again: other points, or other runs than the journal has."""
    there = [an_observed_job("j1", t=1, runs=100), an_observed_job("j2", t=2, runs=5)]
    one, two, three = ((a_key(t), 100) for t in (1, 2, 3))

    assert [] == list(amount_gaps(there, [one]))
    assert ["1 of the jobs that were bought on it are not among those that it has"] == [
        *amount_gaps(there, [one, three])
    ]
    assert ["its job j2 is listed with 5 runs, and 100 were bought"] == [*amount_gaps(there, [one, two])]
    assert [] == [*amount_gaps(there, [one], tried=[one, (a_key(2), 5)])]


def test_a_record_of_a_failure_that_the_batch_does_not_count_is_looked_at_again():
    """It was written by a list that was wrong; without counts nothing speaks against it."""
    failed, done = a_record("j1", status=JobStatus.ERROR), a_record("j2")
    on_record = {"j1": failed, "j2": done}

    assert {"j2": done} == undisputed(a_payload(jobs_count_per_status={"DONE": 2}), on_record)
    assert on_record == undisputed(a_payload(jobs_count_per_status={"DONE": 1, "ERROR": 1}), on_record)
    assert on_record == undisputed(a_payload(jobs_count_per_status=None), on_record)
