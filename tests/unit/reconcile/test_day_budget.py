"""What a repository has bought in a day of UTC, and what waits for another day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from builders import (
    NOW,
    TERMS,
    a_batch,
    a_job,
    a_record,
    a_snapshot,
    a_wanted_job,
    an_entry,
    an_experiment,
    at,
    plan,
    seen,
    tags_of,
)

from runner.domain import BatchMode, BatchStatus, Budget, JobStatus, Policy
from runner.reconcile import Planned
from runner.reconcile.model.actions import Claim, CloseBatch, Fence, Hold, NewJob
from runner.reconcile.model.entries import RequestKind, State
from runner.reconcile.model.plan import Cost, WaitFor
from runner.reconcile.plan.daily_budget import Lot, day_of, spent
from runner.reconcile.plan.saved_plan import moves, saved_experiment
from runner.reconcile.plan.submission import submission_tag

TODAY = datetime(2026, 3, 1, tzinfo=UTC)
YESTERDAY = TODAY - timedelta(seconds=1)
TOMORROW = TODAY + timedelta(days=1)


def a_lot(*jobs, lot_id="b1", **fields):
    """A batch of today, pending."""
    values = {"id": lot_id, "device_type": "EMU_FREE", "status": BatchStatus.PENDING, "created_at": NOW}
    return Lot(**values | {"jobs": jobs} | fields)


def sum_of(*lots, recorded=(), entries=()):
    """What was bought since the day began; records are of an emulator."""
    on_record = [(job, "EMU_FREE") for job in recorded]
    return spent(TODAY, {lot.id: lot for lot in lots}, on_record, list(entries))


def costs(jobs, runs, qpu_s=0.0):
    """That many."""
    return Cost(jobs=jobs, runs=runs, qpu_s=qpu_s)


@pytest.mark.parametrize(
    "now",
    [NOW, TODAY, TOMORROW - timedelta(microseconds=1), NOW.astimezone(timezone(timedelta(hours=13)))],
)
def test_a_day_begins_at_midnight_utc(now):
    """Wherever the machine stands."""
    assert TODAY == day_of(now)


def created(job, when):
    """The job, created at that moment."""
    return replace(job, created_at=when)


RUNNING = replace(a_job("j2"), started_at=NOW, status=JobStatus.CANCELED)


@pytest.mark.parametrize(
    ("lot", "expected"),
    [
        pytest.param(a_lot(a_job("j1"), a_job("j2", runs=50)), costs(2, 150), id="of the batch's day"),
        pytest.param(a_lot(created(a_job(), YESTERDAY)), costs(0, 0), id="of the day before"),
        pytest.param(a_lot(created(a_job(), TODAY)), costs(1, 100), id="of midnight"),
        pytest.param(
            a_lot(created(a_job(), NOW), created_at=YESTERDAY), costs(1, 100), id="added to an older batch"
        ),
        pytest.param(a_lot(a_job(status=JobStatus.CANCELED)), costs(0, 0), id="cancelled before it ran"),
        pytest.param(a_lot(RUNNING), costs(1, 100), id="cancelled while it ran"),
        pytest.param(a_lot(a_job(), status=BatchStatus.CANCELED), costs(0, 0), id="never runs"),
        pytest.param(a_lot(a_job(status=JobStatus.ERROR)), costs(1, 100), id="failed"),
        pytest.param(a_lot(a_job(runs=10), device_type="FRESNEL"), costs(1, 10, 12.0), id="of a QPU"),
    ],
)
def test_jobs_count_on_the_day_of_their_creation_unless_they_never_run(lot, expected):
    """By the cloud's own word."""
    assert expected == sum_of(lot)


def test_each_job_counts_once():
    """On record, on the cloud and in the journal."""
    lot, record = a_lot(a_job("j1"), a_job("j2")), a_record("j1", created_at=NOW)
    entry = an_entry(RequestKind.ADD, jobs=(("a", 100), ("b", 100), ("c", 40)))

    assert costs(3, 240) == sum_of(lot, recorded=[record], entries=[entry])
    assert costs(1, 100) == sum_of(replace(lot, jobs=()), recorded=[record])
    assert costs(0, 0) == sum_of(recorded=[a_record("j1", created_at=YESTERDAY), a_record("j2")])


@pytest.mark.parametrize(
    ("entry", "lots", "runs"),
    [
        pytest.param(an_entry(RequestKind.ADD), (), 70, id="accepted, and in no list"),
        pytest.param(an_entry(RequestKind.ADD), (a_lot(),), 70, id="accepted, and the list lags"),
        pytest.param(an_entry(RequestKind.ADD, State.UNKNOWN), (a_lot(),), 70, id="it may have landed"),
        pytest.param(an_entry(RequestKind.ADD, State.INTENDED), (a_lot(),), 70, id="the process died"),
        pytest.param(
            an_entry(RequestKind.ADD), (a_lot(status=BatchStatus.CANCELED),), 0, id="shut without jobs"
        ),
        pytest.param(an_entry(RequestKind.ADD, State.NOT_DONE), (a_lot(),), 0, id="refused"),
        pytest.param(an_entry(RequestKind.SUBMIT, State.UNKNOWN, batch_id=None), (), 70, id="lost"),
        pytest.param(
            an_entry(RequestKind.SUBMIT, State.UNKNOWN, batch_id=None),
            (a_lot(a_job(runs=70), claim="c"),),
            70,
            id="lost and found",
        ),
        pytest.param(an_entry(RequestKind.CLAIM), (), 0, id="a claim buys nothing"),
    ],
)
def test_what_only_the_journal_knows_counts_while_it_may_be_so(entry, lots, runs):
    """Nobody buys it again meanwhile."""
    assert runs == sum_of(*lots, entries=[replace(entry, jobs=(("a", 70),))]).runs


# The planner

WANTED = an_experiment(a_wanted_job(1, runs=100), a_wanted_job(2, runs=100))
HOW = "it goes on after 00:00 UTC by itself, under watch, sync or the next apply; or raise `{}` of"


def planned(budget, today=None, *, desired=WANTED, there=None, now=NOW):
    """The plan of two jobs of 100 runs, after what was bought today."""
    observed = replace(there or seen(), today=today or Cost())
    return plan(desired, observed, replace(TERMS, per_day=budget), now)


@pytest.mark.parametrize(
    ("budget", "today", "reason", "key"),
    [
        (Budget(runs=20_000), costs(9, 19_900), "200 more runs today would make 20,100", "runs"),
        (Budget(jobs=10), costs(9, 0), "2 more jobs today would make 11", "jobs"),
        (Budget(qpu_s=300), costs(0, 0, 100.0), "240 more s of QPU time today would make 340", "qpu_s"),
    ],
)
def test_what_goes_beyond_the_days_budget_is_held_until_midnight(budget, today, reason, key):
    """Nothing is claimed, and it is said when it goes on."""
    held = planned(budget, today, desired=replace(WANTED, device_type="FRESNEL"))
    most = f"{getattr(budget, key):,}"
    hold = Hold(
        reason=f"{reason}, above the day's budget of {most}",
        how=f"{HOW.format(key)} [budget_per_day] in runner.toml",
    )

    assert ((hold,), Cost(), Cost(), TOMORROW, None) == (
        held.actions,
        held.cost,
        held.next_cost,
        held.until,
        held.look_again_s,
    )


@pytest.mark.parametrize("budget", [None, Budget(runs=200, jobs=2, qpu_s=1.0), Budget(runs=1000)])
def test_what_fits_into_the_day_is_bought(budget):
    """To the last run."""
    bought = planned(budget)

    assert [Claim] == [type(action) for action in bought.actions]
    assert (costs(2, 200), None) == (bought.next_cost, bought.until)


def test_what_fits_into_no_day_says_so():
    """Waiting would be in vain."""
    held = planned(Budget(runs=150))

    assert "no day is enough for it: ask for less, set `policy.max_jobs_per_batch`, or raise `runs` of" in (
        held.holds[0].how
    )
    assert held.until is None


def test_a_split_sweep_is_bought_as_far_as_the_day_goes():
    """Batch by batch."""
    desired = replace(WANTED, policy=Policy(max_jobs_per_batch=1))

    assert costs(1, 100) == planned(Budget(runs=150), desired=desired).next_cost
    assert planned(Budget(runs=150), costs(1, 100), desired=desired).until == TOMORROW


def claimed(*, is_ours):
    """A claim of what is wanted."""
    jobs = [NewJob(key=j.key, name=j.name, runs=100, attempt=1, variables=j.variables) for j in WANTED.jobs]
    tag = submission_tag(WANTED, jobs)
    claim = a_batch(open=True, tags=tags_of(tag), created_at=at(-1))
    return seen(claim, entries=[an_entry(submission=tag)] if is_ours else [])


@pytest.mark.parametrize(("is_ours", "expected"), [(True, [Fence, Hold]), (False, [Hold])])
def test_a_claim_of_ours_is_shut_when_the_day_is_spent_meanwhile(is_ours, expected):
    """Nothing stays open over night; another machine's claim is its own to judge."""
    held = planned(Budget(runs=1000), costs(1, 900), there=claimed(is_ours=is_ours))

    assert expected == [type(action) for action in held.actions]


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_claim_that_stands_counts_for_those_after_it(is_ours):
    """Also while it is waited for."""
    there = claimed(is_ours=is_ours)
    waiting = plan(WANTED, there, replace(TERMS, per_day=Budget(runs=200), settle_s=60.0), NOW)

    assert ((), WaitFor.SUBMISSION, costs(2, 200)) == (waiting.actions, waiting.wait_for, waiting.next_cost)


def test_a_device_is_not_kept_over_night():
    """An open batch whose jobs are done is closed."""
    desired = replace(WANTED, policy=Policy(batch=BatchMode.OPEN))
    there = seen(a_batch("b1", a_job(t=1, status=JobStatus.DONE), open=True), recorded=[a_record(t=1)])

    held = planned(Budget(runs=1000), costs(1, 1000), desired=desired, there=there)

    assert [CloseBatch, Hold] == sorted((type(each) for each in held.actions), key=lambda each: each.__name__)


def test_a_saved_plan_waits_for_another_day_and_moves_not():
    """What was promised is bought then; what else moves is told as ever."""
    promised = saved_experiment(Planned(a_snapshot(WANTED), planned(Budget(runs=200))), "specs/exp.yaml")
    held = Planned(a_snapshot(WANTED), planned(Budget(runs=200), costs(1, 1)))
    there = seen(a_batch())
    moved = Planned(a_snapshot(WANTED, there), planned(Budget(runs=200), costs(1, 1), there=there))

    assert () == moves(promised, held)
    assert ["exp: world.batches.b1"] == [each.field for each in moves(promised, moved)]
