"""Conditions say what is so of an experiment, always the same claims."""

from __future__ import annotations

import pytest
from builders import (
    a_batch,
    a_job,
    a_record,
    a_wanted_job,
    an_entry,
    an_experiment,
    planned,
    seen,
    tags_of,
)

from runner.domain import BatchStatus, Budget, JobStatus, Policy, Surplus
from runner.reconcile.model.observation import Sighting
from runner.reconcile.plan.conditions import Claimed, conditions

TWO = an_experiment(a_wanted_job(1), a_wanted_job(2))
DONE = [a_record("j1"), a_record("j2", t=2)]


def claims(desired, there):
    """What is planned, and said of it."""
    return conditions(*planned(desired, there))


def odd(desired, there):
    """Type, status, reason and message of what is not as wanted."""
    return [(c.type, c.status, c.reason, c.message) for c in claims(desired, there) if not c.is_as_wanted]


def test_all_is_as_wanted_when_everything_is_measured_and_on_record():
    """Three claims hold, and six do not."""
    said = claims(TWO, seen(recorded=DONE))

    assert [
        ("Submitted", "True"),
        ("Complete", "True"),
        ("Recorded", "True"),
        ("Held", "False"),
        ("Failed", "False"),
        ("Canceled", "False"),
        ("ForeignClaim", "False"),
        ("Drift", "False"),
        ("DeviceChanged", "False"),
    ] == [(c.type, c.status) for c in said]
    assert all(c.is_as_wanted and not c.message for c in said)


@pytest.mark.parametrize(
    ("desired", "there", "expected"),
    [
        (
            TWO,
            seen(),
            [
                ("Submitted", "False", "RunsMissing", "200 runs of 2 jobs are not bought"),
                ("Complete", "False", "JobsUnfinished", "0 of 2 jobs measured; 2 wanted"),
            ],
        ),
        (
            TWO,
            seen(a_batch("b1", a_job("j1", status=JobStatus.DONE), a_job("j2", t=2)), entries=[an_entry()]),
            [
                ("Complete", "False", "JobsUnfinished", "1 of 2 jobs measured; 1 active"),
                (
                    "Recorded",
                    "False",
                    "EndsUnrecorded",
                    "jobs that ended and are not on record: 1; apply records them",
                ),
            ],
        ),
        (
            an_experiment(policy=Policy(budget=Budget(runs=50))),
            seen(),
            [
                ("Submitted", "False", "RunsMissing", "100 runs of 1 job are not bought"),
                ("Complete", "False", "JobsUnfinished", "0 of 1 job measured; 1 wanted"),
                (
                    "Held",
                    "True",
                    "PersonMustDecide",
                    "100 more runs would make 100, above the budget of 50",
                ),
            ],
        ),
        (
            an_experiment(),
            seen(recorded=[a_record(f"j{i}", status=JobStatus.ERROR) for i in range(3)]),
            [
                ("Complete", "False", "JobsUnfinished", "0 of 1 job measured; 1 failed"),
                ("Failed", "True", "JobsFailed", "1 job failed for good: t1"),
            ],
        ),
        (
            TWO,
            seen(recorded=[DONE[0], a_record("j2", t=2, status=JobStatus.CANCELED)]),
            [
                ("Complete", "False", "JobsUnfinished", "1 of 2 jobs measured; 1 canceled"),
                ("Canceled", "True", "JobsCanceled", "a person cancelled 1 job: t2"),
            ],
        ),
        (
            TWO,
            seen(
                a_batch(
                    "b1",
                    a_job("j1", status=JobStatus.DONE),
                    a_job("j2", t=2, status=JobStatus.DONE),
                    status=BatchStatus.DONE,
                ),
                recorded=[a_record("j1", counts={}), DONE[1]],
            ),
            [
                ("Complete", "False", "JobsUnfinished", "1 of 2 jobs measured; 1 no_result"),
                (
                    "Recorded",
                    "False",
                    "ResultsLacking",
                    "done without a result that can be right: j1; apply asks for it again",
                ),
            ],
        ),
        (
            TWO,
            seen(recorded=[DONE[0], a_record("j2", t=2, counts={"0": 3})]),
            [
                ("Complete", "False", "JobsUnfinished", "1 of 2 jobs measured; 1 partial"),
                ("Recorded", "False", "ShotsMissing", "shots are missing in the results of: j2"),
            ],
        ),
        (
            TWO,
            seen(a_batch("b7", open=True), recorded=DONE),
            [("ForeignClaim", "True", "AnotherMachine", "another machine is about to buy: b7")],
        ),
        (
            an_experiment(policy=Policy(supersede=Surplus.KEEP)),
            seen(
                a_batch("b7", a_job("j7"), tags=tags_of("s", "c", "0" * 16)),
                recorded=[a_record("j1", runs=130)],
            ),
            [
                (
                    "Drift",
                    "True",
                    "MoreThanWanted",
                    "30 runs more than the file asks for; pending of an older version of the file: 1 job",
                )
            ],
        ),
        (
            an_experiment(),
            seen(a_batch("b7", a_job("j7"), status=BatchStatus.UNKNOWN), recorded=DONE),
            [
                (
                    "Submitted",
                    "Unknown",
                    "UnknownStatus",
                    "a batch has a status that this runner does not know",
                ),
                ("Complete", "False", "JobsUnfinished", "0 of 1 job measured; 1 active"),
                ("Drift", "True", "MoreThanWanted", "100 runs more than the file asks for"),
            ],
        ),
        (
            an_experiment(),
            seen(a_batch("b7", a_job("j7")), sightings={"b7": Sighting(gap="1 job is not shown yet")}),
            [
                (
                    "Submitted",
                    "Unknown",
                    "NotSeenWhole",
                    "the batch b7 is not seen whole: 1 job is not shown yet",
                ),
                ("Complete", "False", "JobsUnfinished", "0 of 1 job measured; 1 active"),
            ],
        ),
    ],
    ids=[
        "missing",
        "under way",
        "held",
        "failed",
        "canceled",
        "no result",
        "missing shots",
        "foreign claim",
        "drift",
        "unknown status",
        "not seen whole",
    ],
)
def test_what_is_not_as_wanted_is_said(desired, there, expected):
    """In one word for programs, and in words for people."""
    assert expected == odd(desired, there)


def test_our_own_claim_is_no_foreign_one():
    """The journal knows it."""
    there = seen(a_batch("b1", open=True), entries=[an_entry()], recorded=DONE)

    assert Claimed.FALSE == {c.type: c.status for c in claims(TWO, there)}["ForeignClaim"]
