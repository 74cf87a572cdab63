"""The guard: what was bought, or may have been, with the request, is at most what the file asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import (
    RECIPE,
    a_batch,
    a_job,
    a_key,
    a_record,
    a_wanted_job,
    an_entry,
    an_experiment,
    at,
    repeated,
    tags_of,
)

from runner.domain import BatchStatus, Budget, JobStatus, OnUnknown, Policy, Retry, RunsMode, Shortfall
from runner.reconcile.execute.guard import Purchase, objections, report
from runner.reconcile.execute.lots import Evidence
from runner.reconcile.model.entries import RequestKind, State

SHORT = RECIPE[:16]


def request(*jobs, recipe=SHORT, rerun=0):
    """About to be bought: by default the one job of the file."""
    return Purchase(recipe=recipe, rerun=rerun, jobs=jobs or ((a_key(), 100),))


def an_addition(state=State.ACCEPTED, **fields):
    """A row of jobs that were added to a batch; by default the one job of the file."""
    return an_entry(
        RequestKind.ADD, state, **{"jobs": ((a_key(), 100),), "recipe": SHORT, "rerun": 0} | fields
    )


def refused(desired, asked, evidence, per_day=None):
    """Whether the guard objects."""
    return bool(objections(desired, asked, evidence, per_day))


ONE = an_experiment()
MACHINE = an_experiment(device_type="FRESNEL")
FAILED = a_job(status=JobStatus.ERROR)
GONE = a_job(status=JobStatus.CANCELED)
NEVER = an_experiment(policy=Policy(retry=Retry(limit=0)))
TWICE = an_experiment(policy=Policy(retry=Retry(limit=2)))
EXACT = an_experiment(a_wanted_job(runs=150), policy=Policy(runs=RunsMode.EXACT))
ASKED_EXACTLY = request((a_key(), 150))
HOLDING = an_experiment(policy=Policy(on_unknown_submission=OnUnknown.HOLD))
LOST = an_entry(
    RequestKind.SUBMIT, State.UNKNOWN, jobs=((a_key(), 100),), recipe=SHORT, rerun=0, batch_id=None, claim="x"
)
BUYING_SHOTS = an_experiment(policy=Policy(shortfall=Shortfall.BUY))
MORE = an_experiment(a_wanted_job(runs=200))
VAGUE = a_record(runs=0, counts={"0": 40})
OLD = an_addition(recipe="", rerun=None, batch_id="gone")


@pytest.mark.parametrize(
    ("desired", "evidence", "expected"),
    [
        pytest.param(ONE, Evidence(), False, id="nothing was bought"),
        pytest.param(ONE, Evidence(batches=(a_batch("b1", a_job()),)), True, id="a job was read"),
        pytest.param(ONE, Evidence(recorded=(a_record(),)), True, id="a job is on record"),
        pytest.param(ONE, Evidence(rows=(an_addition(),)), True, id="the journal has it, and no batch does"),
        pytest.param(
            ONE,
            Evidence(rows=(an_addition(),), batches=(a_batch("b1", open=True),)),
            True,
            id="the journal has it, and the batch shows nothing",
        ),
        pytest.param(
            ONE,
            Evidence(rows=(an_addition(),), batches=(a_batch("b1", a_job(runs=50)),)),
            True,
            id="the journal has more than was read",
        ),
        pytest.param(
            ONE,
            Evidence(batches=(a_batch("b1", jobs_count=1),)),
            True,
            id="the cloud counts a job, and none is read",
        ),
        pytest.param(
            ONE,
            Evidence(batches=(a_batch("b1", jobs_count=2),), cancelled={"b1": 2}),
            False,
            id="the cloud counts jobs that are all cancelled",
        ),
        pytest.param(
            ONE,
            Evidence(rows=(an_addition(),), batches=(a_batch("b1", a_job(runs=5)),)),
            True,
            id="the journal has more runs than a list says, and nothing is cancelled",
        ),
        pytest.param(
            ONE,
            Evidence(
                batches=(a_batch("b1", a_job(status=JobStatus.DONE)),),
                recorded=(a_record(status=JobStatus.ERROR),),
            ),
            True,
            id="done, and on record as failed",
        ),
        pytest.param(ONE, Evidence(batches=(a_batch("b1", GONE),)), False, id="cancelled before it ran"),
        pytest.param(
            ONE,
            Evidence(batches=(a_batch("b1", replace(GONE, started_at=at(-5))),)),
            True,
            id="cancelled while it ran",
        ),
        pytest.param(
            ONE,
            Evidence(batches=(a_batch("b1", a_job(), status=BatchStatus.CANCELED),)),
            False,
            id="pending in a batch that was cancelled",
        ),
        pytest.param(
            ONE, Evidence(batches=(a_batch("b1", FAILED),)), False, id="failed, and may be tried again"
        ),
        pytest.param(
            NEVER, Evidence(batches=(a_batch("b1", FAILED),)), True, id="failed, and is not tried again"
        ),
        pytest.param(
            TWICE,
            Evidence(recorded=tuple(a_record(f"j{n}", status=JobStatus.ERROR) for n in range(3))),
            True,
            id="failed more often than it may",
        ),
        pytest.param(
            ONE,
            Evidence(batches=(a_batch("b1", FAILED, a_job("j2")),)),
            True,
            id="failed, and was bought again",
        ),
        pytest.param(
            ONE,
            Evidence(rows=(an_addition(State.UNKNOWN),)),
            True,
            id="a purchase without answer, on no batch",
        ),
        pytest.param(
            ONE,
            Evidence(rows=(an_addition(State.UNKNOWN),), batches=(a_batch("b1", open=True),)),
            True,
            id="a purchase without answer, on a batch that is open",
        ),
        pytest.param(
            ONE,
            Evidence(rows=(an_addition(State.UNKNOWN),), batches=(a_batch("b1"),)),
            False,
            id="a purchase without answer, on a batch that has long been shut",
        ),
        pytest.param(
            ONE,
            Evidence(
                rows=(an_addition(State.UNKNOWN),), batches=(a_batch("b1"),), settle_s=5.0, shut_s={"b1": 4.0}
            ),
            True,
            id="a purchase without answer, on a batch that was shut a moment ago",
        ),
        pytest.param(
            replace(ONE, device_type="FRESNEL"),
            Evidence(
                rows=(an_addition(State.UNKNOWN),),
                batches=(a_batch("b1"),),
                settle_s=5.0,
                shut_s={"b1": 24.0},
            ),
            True,
            id="on a machine it counts for five settle windows",
        ),
        pytest.param(
            ONE,
            Evidence(
                rows=(an_addition(State.UNKNOWN, jobs=((a_key(2), 100), (a_key(), 100))),),
                batches=(a_batch("b1", a_job(t=2)),),
                settle_s=5.0,
                shut_s={"b1": 24.0},
            ),
            True,
            id="and elsewhere where a part of it is shown",
        ),
        pytest.param(
            ONE,
            Evidence(
                rows=(an_addition(State.REJECTED, jobs=((a_key(2), 100), (a_key(), 100))),),
                batches=(a_batch("b1", a_job(t=2)),),
                settle_s=5.0,
                shut_s={"b1": 26.0},
            ),
            False,
            id="a part of a refused purchase is all of it after five settle windows",
        ),
        pytest.param(
            ONE,
            Evidence(rows=(an_addition(State.REJECTED),), batches=(a_batch("b1", open=True),)),
            True,
            id="a refused purchase, of which a part may have been taken",
        ),
        pytest.param(
            ONE, Evidence(rows=(an_addition(State.NOT_DONE),)), False, id="a purchase that was never sent"
        ),
        pytest.param(
            ONE, Evidence(rows=(an_addition(rerun=1, batch_id="b9"),)), False, id="bought for another rerun"
        ),
        pytest.param(
            ONE,
            Evidence(rows=(an_addition(recipe="other", batch_id="b9"),)),
            False,
            id="bought for another recipe",
        ),
        pytest.param(
            ONE,
            Evidence(batches=(a_batch("b1", a_job(), tags=tags_of(recipe="other")),)),
            False,
            id="a batch of another recipe",
        ),
        pytest.param(
            ONE, Evidence(rows=(LOST,), settle_s=5.0, ages_s={1: 4.0}), True, id="a lost direct one, young"
        ),
        pytest.param(
            ONE, Evidence(rows=(LOST,), settle_s=5.0, ages_s={1: 6.0}), False, id="a lost direct one, old"
        ),
        pytest.param(
            HOLDING, Evidence(rows=(LOST,), ages_s={1: 900.0}), True, id="a lost direct one that holds"
        ),
        pytest.param(ONE, Evidence(rows=(OLD,)), False, id="a row of an older version, emulated"),
        pytest.param(ONE, Evidence(recorded=(VAGUE,)), True, id="done, and nobody knows with how many runs"),
        pytest.param(
            ONE,
            Evidence(recorded=(VAGUE,), batches=(a_batch("b1", a_job(runs=0, status=JobStatus.DONE)),)),
            True,
            id="done, and neither cloud nor record knows with how many runs",
        ),
        pytest.param(
            MORE,
            Evidence(
                recorded=(a_record(runs=0, counts={}, status=JobStatus.ERROR), a_record("j2")),
                rows=(an_addition(jobs=((a_key(), 100), (a_key(), 100))),),
            ),
            False,
            id="failed, and the journal tells with how many runs",
        ),
        pytest.param(
            an_experiment(repeated(2)[0]),
            Evidence(recorded=(a_record(runs=0, counts={"0": 140}),)),
            False,
            id="another repetition, as it counts more runs than are asked for",
        ),
        pytest.param(
            MORE,
            Evidence(recorded=(VAGUE,), batches=(a_batch("b1", a_job(status=JobStatus.DONE)),)),
            False,
            id="done, and the cloud knows with how many runs",
        ),
        pytest.param(MACHINE, Evidence(rows=(OLD,)), True, id="a row of an older version, of a machine"),
    ],
)
def test_a_purchase_is_let_through_only_where_it_cannot_be_the_second(desired, evidence, expected):
    """Each batch counts the larger of what the journal, the cloud and the records know of it."""
    assert expected == refused(desired, request(), evidence)


def test_runs_of_a_point_add_up_to_what_is_asked_for():
    """A raised number of runs buys the difference, and one run more is refused."""
    raised, bought = an_experiment(a_wanted_job(runs=150)), Evidence(recorded=(a_record(),))

    assert (False, True) == tuple(refused(raised, request((a_key(), n)), bought) for n in (50, 51))


def test_batches_add_up():
    """Two halves make a whole."""
    halves = Evidence(
        batches=(a_batch("b1", a_job(runs=50)), a_batch("b2", a_job("j2", runs=50, batch_id="b2")))
    )

    assert refused(ONE, request((a_key(), 1)), halves)


def test_a_job_that_is_read_and_on_record_counts_once():
    """Half is there, half is bought."""
    half = Evidence(
        batches=(a_batch("b1", a_job(runs=50, status=JobStatus.DONE)),),
        recorded=(a_record(runs=50),),
        rows=(an_addition(jobs=((a_key(), 50),)),),
    )

    assert not refused(ONE, request((a_key(), 50)), half)


@pytest.mark.parametrize(
    ("evidence", "asked", "expected"),
    [
        (Evidence(), ASKED_EXACTLY, False),
        (Evidence(recorded=(a_record(runs=100),)), ASKED_EXACTLY, False),
        (Evidence(recorded=(a_record(runs=150),)), ASKED_EXACTLY, True),
        (Evidence(recorded=(a_record(runs=150, status=JobStatus.ERROR),)), ASKED_EXACTLY, False),
        (Evidence(), request((a_key(), 75), (a_key(), 75)), True),
        (Evidence(), request((a_key(), 150), (a_key(), 150)), True),
    ],
)
def test_exact_runs_are_one_job_of_just_as_many(evidence, asked, expected):
    """Jobs of other numbers of runs are none of it."""
    assert expected == refused(EXACT, asked, evidence)


def test_each_repetition_is_one_job():
    """The second one is bought beside the first, and never twice."""
    desired = an_experiment(*repeated(2))
    first, second = ((a_key(1, n), 100) for n in (1, 2))
    bought = Evidence(rows=(an_addition(jobs=(first,)),))

    assert (True, False) == tuple(refused(desired, request(each), bought) for each in (first, second))


@pytest.mark.parametrize(
    "asked", [request(("0123456789abcdef", 100)), request(rerun=1), request(recipe="fedcba9876543210")]
)
def test_what_the_file_does_not_ask_for_is_not_bought(asked):
    """Another job, another rerun, another recipe."""
    assert refused(ONE, asked, Evidence())


@pytest.mark.parametrize(
    ("budget", "device_type", "expected"),
    [
        (Budget(jobs=2), "EMU_FREE", False),
        (Budget(jobs=1), "EMU_FREE", True),
        (Budget(runs=200), "EMU_FREE", False),
        (Budget(runs=199), "EMU_FREE", True),
        (Budget(qpu_s=240.0), "FRESNEL", False),
        (Budget(qpu_s=239.0), "FRESNEL", True),
        (Budget(qpu_s=1.0), "EMU_FREE", False),
    ],
)
def test_a_budget_counts_all_that_was_ever_bought(budget, device_type, expected):
    """Also for another rerun, of which the journal alone knows."""
    desired = an_experiment(policy=Policy(budget=budget), device_type=device_type)

    assert expected == refused(desired, request(), Evidence(rows=(an_addition(rerun=3, batch_id="b9"),)))


@pytest.mark.parametrize(
    ("row", "cancelled", "expected"),
    [
        (an_addition(experiment="another", batch_id="b9"), {}, True),
        (an_addition(State.UNKNOWN, experiment="another", batch_id="b9"), {}, True),
        (an_addition(State.NOT_DONE, experiment="another", batch_id="b9"), {}, False),
        (an_addition(experiment="another", batch_id="b9"), {"b9": 1}, False),
    ],
)
def test_the_days_budget_counts_what_this_machine_bought_today_for_any_experiment(row, cancelled, expected):
    """What was cancelled since is given back."""
    evidence = Evidence(rows_of_day=(row,), cancelled=cancelled)

    assert expected == refused(ONE, request(), evidence, Budget(jobs=1))


def test_a_report_says_all_that_a_purchase_was_judged_by():
    """What is asked for, what was about to be bought, and what is known of each batch."""
    evidence = Evidence(batches=(a_batch("b1", a_job()),), rows=(an_addition(),))

    told = report(ONE, request(), evidence)

    assert [
        f"experiment exp, recipe {SHORT}; the file asks for",
        f"  t1 ({a_key()}): 100 runs, rerun 0",
        f"about to be bought, recipe {SHORT}, rerun 0",
        f"  {a_key()}: 100 runs",
        "known or possibly bought (jobs read: key, runs, void, failed, missing shots, vague, other)",
        (
            f"  b1: recipe {SHORT}, rerun 0, 1 job by the cloud, journal [('{a_key()}', 100)], "
            f"read [('{a_key()}', 100, False, False, 0, False, False)]"
        ),
    ] == told.splitlines()


@pytest.mark.parametrize(
    ("desired", "counts", "runs", "expected"),
    [
        (BUYING_SHOTS, {"0": 3}, 97, False),
        (BUYING_SHOTS, {"0": 3}, 98, True),
        (BUYING_SHOTS, {}, 100, True),
        (ONE, {"0": 3}, 97, True),
    ],
)
def test_shots_that_are_missing_justify_as_many_where_the_policy_buys_them(desired, counts, runs, expected):
    """A result that is none justifies nothing."""
    evidence = Evidence(rows=(an_addition(),), recorded=(a_record(counts=counts),))

    assert expected == refused(desired, request((a_key(), runs)), evidence)


def test_the_days_time_on_a_machine_counts_no_other_experiment():
    """It may have been emulated; the planner, which knows, counts it."""
    others = an_addition(experiment="another", batch_id="b9", jobs=((a_key(), 5000),))
    evidence = Evidence(rows_of_day=(others, an_addition(rerun=3, batch_id="b8")))

    assert (False, True) == tuple(
        refused(MACHINE, request(), evidence, Budget(qpu_s=seconds)) for seconds in (240.0, 239.0)
    )
