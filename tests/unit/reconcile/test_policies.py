"""What a file may say about how it is bought: suspension, deadlines, limits, dependencies, patterns."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    NOW,
    RECIPE,
    TERMS,
    a_batch,
    a_job,
    a_record,
    a_wanted_job,
    an_entry,
    an_experiment,
    at,
    plan,
    seen,
    tags_of,
)

from runner.domain import BatchMode, BatchStatus, Budget, JobStatus, Policy, Retry, Surplus
from runner.reconcile import Health, Sync, WaitFor
from runner.reconcile.model.actions import (
    AddJobs,
    CancelJobs,
    Claim,
    CloseBatch,
    Fence,
    Hold,
    NewJob,
    RecordResults,
)
from runner.reconcile.model.entries import RequestKind
from runner.reconcile.model.observation import Dependency
from runner.reconcile.model.plan import Cost
from runner.reconcile.model.tags import submission_tag, work


def kinds(planned):
    """The kinds of the planned actions."""
    return [type(action) for action in planned.actions]


def planned(experiment, observed=None, settings=TERMS):
    """The plan at NOW."""
    return plan(experiment, observed or seen(), settings, NOW)


# Suspension


SUSPENDED = an_experiment(policy=Policy(suspend=True))


def test_a_suspended_experiment_buys_nothing_and_asks_nobody():
    """It is a wish, not a problem."""
    made = planned(SUSPENDED)

    assert ((), Health.SUSPENDED, Sync.OUT_OF_SYNC) == (made.actions, made.health, made.sync)
    assert ("it is suspended: nothing is bought",) == made.notes
    assert (WaitFor.NOTHING, None) == (made.wait_for, made.look_again_s)


def test_what_a_suspended_experiment_has_under_way_is_recorded():
    """And waited for."""
    batch = a_batch("b1", a_job(status=JobStatus.DONE), a_job("j2", t=2), status=BatchStatus.RUNNING)
    two = an_experiment(a_wanted_job(1), a_wanted_job(2), a_wanted_job(3), policy=Policy(suspend=True))

    made = planned(two, seen(batch))

    assert [RecordResults] == kinds(made)
    assert WaitFor.JOBS is made.wait_for


def test_a_device_is_not_kept_for_a_suspended_experiment():
    """Its open batch is closed once nothing in it is under way."""
    policy = Policy(suspend=True, batch=BatchMode.OPEN)
    two = an_experiment(a_wanted_job(1), a_wanted_job(2), policy=policy)
    done = a_batch("b1", a_job(status=JobStatus.DONE), open=True, status=BatchStatus.RUNNING)
    busy = a_batch("b1", a_job(), open=True)

    assert [CloseBatch] == kinds(planned(two, seen(done, recorded=[a_record()], entries=[an_entry()])))
    assert [] == kinds(planned(two, seen(busy, entries=[an_entry()])))


def test_a_claim_of_a_suspended_experiment_is_given_back():
    """It costs nothing to claim again."""
    claim = a_batch("b1", open=True)

    assert [Fence] == kinds(planned(SUSPENDED, seen(claim, entries=[an_entry()])))


# Deadlines


def due_in(seconds, **policy):
    """An experiment whose deadline is that far away."""
    return an_experiment(policy=Policy(deadline=NOW + timedelta(seconds=seconds), **policy))


def test_nothing_is_bought_after_the_deadline():
    """A person is told, and what to do."""
    made = planned(due_in(0))

    assert [Hold] == kinds(made)
    assert "deadline" in made.holds[0].reason
    assert [Claim] == kinds(planned(due_in(1)))


def test_pending_work_is_surplus_after_the_deadline():
    """What runs goes on; the policy decides over the rest."""
    batch = a_batch("b1", a_job("j1"), a_job("j2", status=JobStatus.RUNNING))

    assert [CancelJobs] == kinds(planned(due_in(-1, prune=Surplus.CANCEL), seen(batch)))
    assert ("j1",) == planned(due_in(-1, prune=Surplus.CANCEL), seen(batch)).actions[0].job_ids
    assert [] == kinds(planned(due_in(-1), seen(batch)))


def test_a_finished_experiment_does_not_mind_its_deadline():
    """Nothing is missing."""
    made = planned(due_in(-1), seen(recorded=[a_record()]))

    assert ((), Health.HEALTHY, Sync.SYNCED) == (made.actions, made.health, made.sync)


# Limits


def failures(n):
    """As many jobs on record that failed."""
    return [a_record(f"j{i}", t=i, status=JobStatus.ERROR, ended_at=at(-100)) for i in range(n)]


@pytest.mark.parametrize(("most", "expected"), [(3, [Claim]), (2, [Hold]), (1, [Hold])])
def test_submission_stops_once_so_many_jobs_have_failed(most, expected):
    """A person looks at the errors first."""
    five = an_experiment(*(a_wanted_job(t) for t in range(5)), policy=Policy(max_failed=most))

    assert expected == kinds(planned(five, seen(recorded=failures(2))))


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (Budget(runs=200), [Claim]),
        (Budget(runs=199), [Hold]),
        (Budget(jobs=2), [Claim]),
        (Budget(jobs=1), [Hold]),
        (Budget(qpu_s=240.0), [Claim]),
        (Budget(qpu_s=239.0), [Hold]),
        (Budget(runs=200, jobs=1), [Hold]),
    ],
)
def test_each_limit_of_the_budget_holds(budget, expected):
    """What is there and what would be bought, together: 100 runs, or about 2 min of QPU time, each."""
    pair = an_experiment(
        a_wanted_job(1), a_wanted_job(2), device_type="FRESNEL", policy=Policy(budget=budget)
    )

    assert expected == kinds(planned(pair, seen(recorded=[a_record()])))


def test_an_emulator_has_no_qpu_time_to_spend():
    """Its seconds cost nothing."""
    tight = an_experiment(policy=Policy(budget=Budget(qpu_s=0.001)))

    assert [Claim] == kinds(planned(tight))


# Batches of a limited size


def many(n, **policy):
    """An experiment with as many jobs, two to a batch."""
    return an_experiment(*(a_wanted_job(t) for t in range(n)), policy=Policy(max_jobs_per_batch=2, **policy))


def names(jobs):
    """What some jobs are called."""
    return [job.name for job in jobs]


def test_a_sweep_is_split_into_batches_in_file_order():
    """Each purchase has as many jobs as the file allows; the next ones come after it."""
    first = planned(many(5)).actions[0]
    there = [a_record(f"j{t}", t=t) for t in (0, 1)]
    second = planned(many(5), seen(recorded=there)).actions[0]

    assert ["t0", "t1"] == names(first.jobs)
    assert ["t2", "t3"] == names(second.jobs)
    assert first.submission != second.submission


def test_a_plan_tells_the_cost_of_the_whole_sweep():
    """Not only of its first batch; what is held back costs nothing."""
    held = planned(many(5, budget=Budget(runs=499)))

    assert Cost(jobs=5, runs=500) == planned(many(5)).cost
    assert (Cost(), ()) == (held.cost, held.due)


def test_the_whole_of_a_split_sweep_must_be_within_the_budget():
    """Not only its first batch."""
    assert [Hold] == kinds(planned(many(5, budget=Budget(runs=499))))
    assert [Claim] == kinds(planned(many(5, budget=Budget(runs=500))))


def test_an_open_batch_is_filled_and_then_closed():
    """The next batch takes the rest."""
    one = a_batch("b1", a_job(t=0), open=True)
    full = a_batch("b1", a_job(t=0), a_job("j2", t=1), open=True)

    filling = planned(many(5, batch=BatchMode.OPEN), seen(one, entries=[an_entry()]))
    after = planned(many(5, batch=BatchMode.OPEN), seen(full, entries=[an_entry()]))

    assert [(AddJobs, ["t1"])] == [(type(a), names(a.jobs)) for a in filling.actions]
    assert [Claim, CloseBatch] == kinds(after)
    assert ["t2", "t3"] == names(after.actions[0].jobs)


# Patterns of errors


@pytest.mark.parametrize(
    ("patterns", "message", "is_retried"),
    [
        ((), "anything", True),
        (("timeout",), "Timeout", False),
        (("(?i)timeout",), "a Timeout of the laser", True),
        (("laser", "trap"), "the trap is empty", True),
        (("laser",), "the trap is empty", False),
    ],
)
def test_a_failure_is_retried_only_if_its_message_is_named(patterns, message, is_retried):
    """A mistake in the sequence fails the same way again."""
    experiment = an_experiment(policy=Policy(retry=Retry(errors=patterns)))
    failure = a_record(status=JobStatus.ERROR, ended_at=at(-100), errors=(message,))

    made = planned(experiment, seen(recorded=[failure]))

    assert ([Claim] if is_retried else []) == kinds(made)
    assert (not is_retried) == made.jobs[0].failed


def test_a_job_that_never_ran_has_its_batch_for_a_message():
    """Its own list of errors is empty."""
    experiment = an_experiment(policy=Policy(retry=Retry(errors=("TIMED_OUT",))))
    timed_out = a_batch("b1", a_job(), status=BatchStatus.TIMED_OUT)
    broken = a_batch("b1", a_job(), status=BatchStatus.ERROR)

    assert [False, True] == [planned(experiment, seen(each)).jobs[0].failed for each in (timed_out, broken)]


# Dependencies


DEPENDENT = an_experiment(policy=Policy(depends_on=("calibration",)))


def waiting_for(**fields):
    """An observation with one dependency."""
    known = Dependency(**{"name": "calibration", "is_complete": False, "is_under_way": False} | fields)
    return replace(seen(), dependencies=(known,))


def test_an_experiment_waits_for_what_it_depends_on():
    """As long as that is under way."""
    made = planned(DEPENDENT, waiting_for(is_under_way=True))

    assert ((), WaitFor.DEPENDENCY, TERMS.poll_s) == (made.actions, made.wait_for, made.look_again_s)
    assert Cost(jobs=1, runs=100) == made.cost
    assert ("it waits until calibration is complete",) == made.notes


def test_a_dependency_that_stands_still_is_for_a_person():
    """It failed, or nobody applies it."""
    made = planned(DEPENDENT, waiting_for())

    assert ([Hold], Cost()) == (kinds(made), made.cost)
    assert "calibration" in made.holds[0].how


def test_an_experiment_is_bought_once_its_dependencies_are_complete():
    """Then nothing holds it back."""
    assert [Claim] == kinds(planned(DEPENDENT, waiting_for(is_complete=True)))


# Statuses never seen before


def test_an_unknown_batch_blocks_every_change():
    """Only results are still recorded, and a person is asked if something is missing."""
    strange = a_batch("b1", a_job(status=JobStatus.DONE), status=BatchStatus.UNKNOWN, open=True)
    old = a_batch("b0", a_job("j0", batch_id="b0"), tags=tags_of("s", "c", "f" * 16))
    two = an_experiment(a_wanted_job(1), a_wanted_job(2))

    made = planned(two, seen(strange, old, entries=[an_entry()]))

    assert ([RecordResults, Hold], Sync.UNKNOWN) == (kinds(made), made.sync)


def test_an_unknown_batch_of_an_older_recipe_is_left_alone():
    """It says nothing of what the file asks for now."""
    strange = a_batch(
        "b0", a_job("j0", batch_id="b0"), tags=tags_of("s", "c", "f" * 16), status=BatchStatus.UNKNOWN
    )

    assert [Claim] == kinds(planned(an_experiment(), seen(strange)))


# What a person decided not to buy


def a_skip(experiment, *keys):
    """A person's decision about some jobs of a lost submission."""
    return an_entry(
        RequestKind.SKIP,
        submission=work(experiment, experiment.jobs[0].rerun),
        claim="",
        batch_id=None,
        jobs=tuple((k, 100) for k in keys),
    )


def test_skipped_jobs_are_not_bought_and_others_are():
    """They count as declined, also where cancelled jobs are retried."""
    policy = Policy(retry=Retry(on=(JobStatus.ERROR, JobStatus.CANCELED)))
    two = an_experiment(a_wanted_job(1), a_wanted_job(2), policy=policy)
    made = planned(two, seen(entries=[a_skip(two, a_wanted_job(1).key)]))

    assert [["t2"]] == [names(action.jobs) for action in made.actions]
    assert [100, 0] == [job.declined for job in made.jobs]


def test_a_raised_rerun_asks_for_skipped_jobs_after_all():
    """The decision was about the work of then."""
    then, again = an_experiment(), an_experiment(rerun=1)

    assert [Claim] == kinds(planned(again, seen(entries=[a_skip(then, a_wanted_job().key)])))


def test_a_batch_without_marks_is_not_taken_for_a_skips():
    """A decision has created nothing."""
    job = a_wanted_job()
    bought = NewJob(key=job.key, name=job.name, runs=100, attempt=1, variables=job.variables)
    submission = submission_tag(an_experiment(), [bought])
    tags = ("runner:lab", "exp:exp", f"recipe:{RECIPE[:16]}", f"submission:{submission}")
    theirs = a_batch("b1", open=True, tags=tags)
    made = planned(an_experiment(), seen(theirs, entries=[a_skip(an_experiment(), "other")]))

    assert ((), WaitFor.SUBMISSION) == (made.actions, made.wait_for)
