"""Repetitions of a point: each is one remote job, and is told apart from the others for ever."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from builders import (
    NOW,
    TERMS,
    a_batch,
    a_job,
    a_key,
    a_record,
    a_snapshot,
    a_wanted_job,
    an_experiment,
    at,
    plan,
    repeated,
    seen,
    tags_of,
)
from fakes import SEQUENCE as CLOUD_SEQUENCE
from fakes import DiceEngine, MemoryCloud, VirtualClock
from hypothesis import given
from hypothesis import strategies as st

from runner.domain import (
    BatchMode,
    BatchStatus,
    Budget,
    JobStatus,
    ObservedJob,
    Policy,
    Retry,
    RunsMode,
    Surplus,
)
from runner.errors import JobCreationError
from runner.reconcile import Context, Journal, Planned
from runner.reconcile.execute.executor import Executor
from runner.reconcile.model.actions import AddJobs, CancelJobs, Claim, EndedJob, NewJob, RecordResults
from runner.reconcile.model.repetitions import (
    FIRST,
    Repetitions,
    are_told_apart,
    keyed,
    read_repetitions,
    spanned,
    together,
)
from runner.reconcile.observe.payloads import observed_batch
from runner.reconcile.plan.saved_plan import saved_experiment
from runner.reconcile.plan.saved_plan_limits import Amounts, permitted
from runner.results import Records

DONE, ERROR, PENDING = JobStatus.DONE, JobStatus.ERROR, JobStatus.PENDING
PRUNING = Policy(prune=Surplus.CANCEL)
EXACT = Policy(runs=RunsMode.EXACT)


def a_bought_batch(batch_id, word, *statuses, runs=100, made=-10):
    """A batch as the cloud shows it: jobs that all look the same, and a tag."""
    jobs = [
        a_job(f"{batch_id}.{n}", runs=runs, status=status, batch_id=batch_id, ended=-100)
        for n, status in enumerate(statuses, 1)
    ]
    tags = tags_of(
        batch_id, batch_id, *([] if word is None else [an_experiment().recipe[:16], f"repeat:{word}"])
    )
    is_over = all(status.is_terminal for status in statuses)
    return a_batch(
        batch_id,
        *keyed(jobs, read_repetitions(word or "")),
        tags=tags,
        status=BatchStatus.DONE if is_over else BatchStatus.PENDING,
        created_at=at(made),
    )


def on_record(*batches):
    """All ended jobs of some batches, so that nothing is left to write down."""
    return [
        replace(a_record(job.id, runs=job.runs, status=job.status), key=job.key, batch_id=batch.id)
        for batch in batches
        for job in batch.jobs
        if job.status.is_terminal
    ]


def planned(wanted, *batches, policy=None, **fields):
    """The plan, where all that has ended is on record."""
    experiment = an_experiment(*wanted, policy=policy or Policy(), **fields)
    return plan(experiment, seen(*batches, recorded=on_record(*batches)), TERMS, NOW)


def purchases(made):
    """Names, runs and attempts of what is bought."""
    return [(job.name, job.runs, job.attempt) for job in made.due]


THREE = a_bought_batch("b1", "1-3", DONE, DONE, DONE)
ONE_LOST = a_bought_batch("b1", "1-3", DONE, ERROR, DONE)
RETRIED = a_bought_batch("b2", "2", DONE, made=-5)


@pytest.mark.parametrize(
    ("wanted", "batches", "fields", "expected"),
    [
        pytest.param(
            repeated(3), [], {}, [("t1#1", 100, 1), ("t1#2", 100, 1), ("t1#3", 100, 1)], id="none is there"
        ),
        pytest.param(repeated(3), [THREE], {}, [], id="all are there"),
        pytest.param(repeated(5), [THREE], {}, [("t1#4", 100, 1), ("t1#5", 100, 1)], id="repeat was raised"),
        pytest.param(
            repeated(2),
            [a_bought_batch("b1", None, DONE)],
            {},
            [("t1#2", 100, 1)],
            id="there was one without",
        ),
        pytest.param(repeated(2), [THREE], {}, [], id="repeat was lowered"),
        pytest.param([a_wanted_job()], [THREE], {}, [], id="repeat was taken away"),
        pytest.param(
            [a_wanted_job(1, 150)],
            [THREE],
            {},
            [("t1", 50, 1)],
            id="and runs add up to the first one's again",
        ),
        pytest.param(repeated(3), [ONE_LOST], {}, [("t1#2", 100, 2)], id="one has failed"),
        pytest.param(repeated(3), [ONE_LOST, RETRIED], {}, [], id="and was measured after all"),
        pytest.param(
            repeated(2, runs=150),
            [THREE],
            {},
            [("t1#1", 150, 1), ("t1#2", 150, 1)],
            id="other runs are other jobs",
        ),
        pytest.param(
            repeated(2, runs=150),
            [THREE],
            {"policy": EXACT},
            [("t1#1", 150, 1), ("t1#2", 150, 1)],
            id="exact",
        ),
        pytest.param(repeated(2), [THREE], {"policy": EXACT}, [], id="exact and there"),
        pytest.param(
            (a_wanted_job(repetition=1), a_wanted_job(repetition=2, rerun=1)),
            [a_bought_batch("b1", "1-2", DONE, DONE)],
            {},
            [("t1#2", 100, 1)],
            id="one is asked for again",
        ),
        pytest.param(
            repeated(2, runs=100),
            [],
            {"max_runs": 60},
            [("t1#1", 100, 1), ("t1#2", 100, 1)],
            id="never split",
        ),
        pytest.param(
            [a_wanted_job(runs=100)], [], {"max_runs": 60}, [("t1", 60, 1), ("t1", 40, 1)], id="a point is"
        ),
    ],
)
def test_only_the_repetitions_that_are_missing_are_bought(wanted, batches, fields, expected):
    """Each is one job of exactly the wanted runs."""
    assert expected == purchases(planned(wanted, *batches, **fields))


def test_a_claim_says_which_repetitions_it_is_for():
    """One batch holds all that one tag can tell apart, file order within."""
    wanted = (*repeated(3), a_wanted_job(2))
    (claim,) = planned(wanted).actions

    assert ["t1#1", "t1#2", "t1#3", "t2"] == [job.name for job in claim.jobs]
    assert Repetitions(1, 3) == spanned(claim.jobs)


def test_an_open_batch_holds_one_repetition_of_each_point():
    """A retry in it would else be taken for the next repetition."""
    wanted = (*repeated(3), a_wanted_job(2))
    made = planned(wanted, policy=Policy(batch=BatchMode.OPEN))

    assert [["t1#1", "t2"]] == [[job.name for job in each.jobs] for each in made.actions]
    assert 4 == made.cost.jobs


def test_an_open_batch_is_closed_once_its_own_repetition_is_measured():
    """It keeps the device, and the batch of the next repetition waits for that."""
    first = replace(a_bought_batch("b1", None, DONE), open=True, status=BatchStatus.RUNNING)
    second = replace(a_bought_batch("b2", "2", PENDING), open=True)
    made = planned(repeated(2), first, second, policy=Policy(batch=BatchMode.OPEN))

    assert [("CloseBatch", "b1")] == [(type(each).__name__, each.batch_id) for each in made.actions]


def test_surplus_repetitions_are_pruned_from_the_end():
    """Lowered from four to two: the last two are pending."""
    bought = a_bought_batch("b1", "1-4", DONE, PENDING, PENDING, PENDING)
    (pruned,) = planned(repeated(2), bought, policy=PRUNING).actions

    assert CancelJobs(batch_id="b1", job_ids=("b1.4", "b1.3"), reason=pruned.reason) == pruned
    assert [] == [*planned(repeated(2), bought).actions]


def test_pending_repetitions_of_other_runs_are_pruned():
    """The file asks for them otherwise now, and for none of them twice."""
    bought = a_bought_batch("b1", "1-2", PENDING, PENDING)
    made = planned(repeated(2, runs=50), bought, policy=PRUNING)

    assert [("b1.2", "b1.1")] == [each.job_ids for each in made.actions if isinstance(each, CancelJobs)]
    assert [("jobs.t1#1.runs", 100, 50), ("jobs.t1#2.runs", 100, 50)] == [
        (each.subject, each.have, each.want) for each in made.differences[0]
    ]
    assert [("t1#1", 50, 1), ("t1#2", 50, 1)] == purchases(made)


def test_a_budget_counts_every_repetition():
    """Three of 100 runs are more than 250."""
    (held,) = planned(repeated(3), policy=Policy(budget=Budget(runs=250))).actions

    assert "300 more runs would make 300, above the budget of 250" == held.reason


def test_the_limit_of_retries_is_that_of_each_repetition():
    """One that has failed for good stops no other."""
    lost = a_bought_batch("b1", "1-2", ERROR, ERROR)
    again = a_bought_batch("b2", "1", ERROR, made=-5)
    made = planned(repeated(2), lost, again, policy=Policy(retry=Retry(limit=1)))

    assert [("t1#1", True), ("t1#2", False)] == [(job.name, job.failed) for job in made.jobs]
    assert [("t1#2", 100, 2)] == purchases(made)


def test_an_end_is_recorded_for_its_repetition_and_its_attempt():
    """A fresh clone knows both from the cloud alone."""
    made = plan(an_experiment(*repeated(3)), seen(ONE_LOST, RETRIED), TERMS, NOW)

    assert [
        [EndedJob(id=f"b1.{n}", key=a_key(1, n), attempt=1) for n in (1, 2, 3)],
        [EndedJob(id="b2.1", key=a_key(1, 2), attempt=2)],
    ] == [list(each.jobs) for each in made.actions if isinstance(each, RecordResults)]


def test_records_alone_say_which_repetitions_are_measured():
    """The cloud has forgotten the batches."""
    records = on_record(a_bought_batch("b1", "1-3", DONE, ERROR, DONE))
    made = plan(an_experiment(*repeated(3)), seen(recorded=records), TERMS, at(1000))

    assert [100, 0, 100] == [job.done for job in made.jobs]
    assert [("t1#2", 100, 2)] == purchases(made)


def test_two_clones_claim_a_repetition_under_one_tag():
    """One with records, one with the cloud alone: so that a race can be seen."""
    knowing = plan(an_experiment(*repeated(3)), seen(ONE_LOST, recorded=on_record(ONE_LOST)), TERMS, at(1000))
    fresh = plan(an_experiment(*repeated(3)), seen(ONE_LOST), TERMS, at(1000))
    claims = [[a for a in made.actions if isinstance(a, Claim)] for made in (knowing, fresh)]

    assert claims[0] == claims[1] != []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("2", Repetitions(2, 2)),
        ("2-4", Repetitions(2, 4)),
        *[(word, FIRST) for word in ("", "0", "4-2", "1-", "x", "2-4-6", "-1", "9" * 12)],
    ],
)
def test_a_tag_that_makes_no_sense_says_nothing(word, expected):
    """Somebody has written it by hand."""
    assert expected == read_repetitions(word)


@st.composite
def due_jobs(draw):
    """What may be missing: some repetitions of some points, or several jobs of one."""
    jobs = []
    for t in range(draw(st.integers(1, 4))):
        numbers = draw(st.sets(st.integers(1, 6)) | st.just([1, 1, 1]))
        jobs += [
            NewJob(key=a_key(t, n), name=f"{t}#{n}", runs=1, attempt=1, repetition=n, point=a_key(t))
            for n in sorted(numbers)
        ]
    return jobs


@given(due_jobs(), st.booleans(), st.none() | st.integers(1, 4))
def test_what_is_bought_together_is_told_apart_by_its_tag(due, only_one, room):
    """Batch by batch, every job is bought once, and its key is read back from what the cloud keeps."""
    left, ids = list(due), count()
    while left:
        batch = together(left, only_one=only_one)[:room]
        there = [
            ObservedJob(id=f"j{next(ids)}", batch_id="b", key=job.point, status=PENDING, runs=1)
            for job in batch
        ]
        said = read_repetitions(str(spanned(batch)))

        assert [job.key for job in batch] == [job.key for job in keyed(there, said)]
        assert batch
        assert not only_one or said.first == said.last
        for job in batch:
            left.remove(job)


def test_a_point_of_several_jobs_is_bought_beside_the_repetitions_and_not_among_them():
    """Its jobs all measure the first repetition, and stay together."""
    spread = [NewJob(key=a_key(2), name="t2", runs=n, attempt=1) for n in (60, 40)]
    chain = [
        NewJob(key=a_key(1, n), name="t1", runs=9, attempt=1, repetition=n, point=a_key(1)) for n in (1, 2)
    ]

    assert tuple(chain) == together([*chain, *spread], only_one=False)
    assert (*spread, chain[0]) == together([*spread, *chain], only_one=False)


@pytest.mark.parametrize(
    ("numbers", "word", "expected"),
    [
        ([1, 2, 3], "1-3", True),
        ([1, 2], "1-3", True),
        ([1, 3], "1-3", False),
        ([2, 3], "1-3", False),
        ([1, 2, 3], "1-2", False),
        ([1, 1], "1", True),
        ([2, 2], "2", True),
        ([1], "2", False),
    ],
)
def test_nothing_is_added_to_a_batch_whose_tag_would_be_wrong(numbers, word, expected):
    """Held against what is read back from the cloud."""
    jobs = [
        NewJob(key=a_key(1, n), name="", runs=1, attempt=1, repetition=n, point=a_key(1)) for n in numbers
    ]

    assert expected == are_told_apart(jobs, read_repetitions(word))


def test_a_claim_for_other_repetitions_is_shut_and_nothing_is_bought(tmp_path):
    """What a saved plan permits may change between a claim and its purchase."""
    clock = VirtualClock()
    cloud, journal = MemoryCloud(clock, DiceEngine(random.Random(1))), Journal(Path(":memory:"), clock)
    with closing(cloud), closing(journal):
        client = cloud.client()
        context = Context(
            client=client, journal=journal, records=Records(tmp_path), namespace="lab", clock=clock
        )
        payload = {"device_type": "EMU_FREE", "sequence_builder": CLOUD_SEQUENCE, "jobs": [], "open": True}
        claim = observed_batch(client.send_batch(payload | {"tags": list(tags_of())}))
        experiment = an_experiment(*repeated(2))
        jobs = plan(experiment, seen(), TERMS, NOW).due
        add = AddJobs(batch_id=claim.id, jobs=jobs, reason="two are missing")
        made = replace(plan(experiment, seen(claim), TERMS, NOW), actions=(add,))

        with pytest.raises(JobCreationError, match="was made for other repetitions, and is shut"):
            Executor(context, TERMS).execute(Planned(a_snapshot(experiment, seen(claim)), made))
        after = client.get_batch(claim.id)

        assert after["open"] is False
        assert after["jobs_count"] == 0
        assert "fenced" in after["tags"]
        assert ("failed", 0) == (journal.history.of("exp")[0].outcome[:6], len(journal.entries("exp")))


def test_a_saved_plan_cuts_no_repetition_out_of_the_middle():
    """What stands behind it would be taken for it."""
    experiment = an_experiment(*repeated(3), a_wanted_job(2))
    planned = plan(experiment, seen(), TERMS, NOW)
    promise = saved_experiment(Planned(a_snapshot(experiment), planned), "specs/exp.yaml")
    cut = permitted(planned, promise, Amounts.of([(a_key(1, 2), 100)]))

    assert [["t1#1", "t2"]] == [[job.name for job in each.jobs] for each in cut.actions]


@given(due_jobs())
def test_without_repetitions_one_batch_holds_everything(due):
    """As it was before there were any."""
    first = [job for job in due if job.repetition == 1]

    assert tuple(first) == together(first, only_one=False) == together(first, only_one=True)
