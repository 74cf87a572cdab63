"""How far an apply has come, from the plans of its passes."""

from __future__ import annotations

from functools import reduce

from builders import NOW, TERMS, a_batch, a_job, a_wanted_job, an_experiment, at, plan, seen

from runner.domain import JobStatus
from runner.reconcile import Health, Numbers, Part, Plan, PointProgress, Progress, Sync, progress_after
from runner.reconcile.model.actions import AddJobs, NewJob

STATES = {
    "wanted": {"missing": 5},
    "pending": {"active": 5},
    "running": {"active": 5, "running": 3},
    "done": {"done": 5},
    "failed": {"failed": True, "failures": 3},
    "cancelled": {"declined": 5},
    "short": {"done": 5, "uncounted": 2},
    "without": {"done": 5, "uncounted": 5},
}


def a_plan(*states, name="exp", **fields):
    """A plan whose jobs are in some states; their keys are their places."""
    jobs = tuple(
        PointProgress(key=str(n), name=f"t{n}", runs=5, **STATES[each]) for n, each in enumerate(states)
    )
    values = {"actions": (), "sync": Sync.SYNCED, "health": Health.PROGRESSING}
    return Plan(experiment=name, jobs=jobs, **values | fields)


def buying(*keys):
    """An action that buys some jobs."""
    jobs = tuple(NewJob(key=key, name=key, runs=5, attempt=1) for key in keys)
    return AddJobs(batch_id="b1", jobs=jobs, reason="they are missing")


def after(*passes):
    """The progress after passes, each with the seconds at which it was and its plans."""
    return reduce(lambda known, each: progress_after(known, each[1:], at(each[0])), passes, Progress())


def test_what_falls_short_has_failed_and_was_cached():
    """A result that comes later than its job makes no job that was adopted."""
    before = after((0, a_plan("short", "without", "done")))
    later = after((0, a_plan("short", "without", "done")), (1, a_plan("short", "done", "done")))

    assert (Numbers(failed=2, done=1), 3) == (before.numbers, len(before.cached))
    assert (Numbers(failed=1, done=2), frozenset()) == (later.numbers, later.adopted)


def test_every_job_is_counted_once():
    """One that has runs of both kinds is running; all experiments are added up."""
    progress = after((0, a_plan(*STATES), a_plan("done", "running", name="other")))

    assert Numbers(wanted=1, pending=1, running=2, done=2, failed=3, cancelled=1) == progress.numbers
    assert (10, 6, 4) == (progress.numbers.jobs, progress.numbers.ended, progress.numbers.left)


def test_what_is_done_at_first_is_cached_and_what_is_under_way_is_adopted():
    """Neither was bought by this apply, and that does not change when it ends."""
    progress = after((0, a_plan("done", "pending", "wanted")), (2, a_plan("done", "done", "wanted")))

    assert ({("exp", "0")}, {("exp", "1")}) == (progress.cached, progress.adopted)


def test_what_is_bought_is_neither():
    """Also once it is under way, and done."""
    bought = a_plan("wanted", actions=(buying("0"),), differences=((),))
    progress = after((0, bought), (2, a_plan("pending")), (4, a_plan("done")))

    assert (set(), set(), {("exp", "0")}) == (progress.cached, progress.adopted, progress.bought)


def test_what_another_machine_buys_meanwhile_is_adopted():
    """It was wanted here, and came without our doing."""
    assert {("exp", "0")} == after((0, a_plan("wanted")), (2, a_plan("done"))).adopted


def test_an_experiment_says_when_it_last_changed():
    """A pass that finds the same is no change."""
    progress = after((0, a_plan("wanted")), (2, a_plan("pending")), (4, a_plan("pending")))

    assert {"exp": Part(numbers=Numbers(pending=1), changed_at=at(2))} == progress.parts


def test_plans_tell_what_runs_and_in_which_batches():
    """A batch of which all jobs have ended is not under way any more."""
    wanted = an_experiment(a_wanted_job(1), a_wanted_job(2), a_wanted_job(3))
    batches = (
        a_batch("b1", a_job("j1", t=1, status=JobStatus.DONE)),
        a_batch("b2", a_job("j2", t=2, status=JobStatus.RUNNING), a_job("j3", t=3), created_at=at(-5)),
    )
    planned = plan(wanted, seen(*batches), TERMS, NOW)

    assert (("b2",), [0, 100, 0]) == (planned.under_way, [job.running for job in planned.jobs])
    assert Numbers(pending=1, running=1, done=1) == after((0, planned)).numbers


def test_what_the_cloud_says_of_jobs_under_way_is_told_once():
    """Why they wait, in a bounded number of readable texts; what it says of ended ones is another matter."""
    jobs = [
        a_job("j1", t=1, status=JobStatus.PENDING, errors=("no workers", "\x1b[2J" + "x" * 1000)),
        a_job("j2", t=2, status=JobStatus.RUNNING, errors=("no workers",)),
        a_job("j3", t=3, status=JobStatus.ERROR, errors=("the laser is off",)),
    ]
    wanted = an_experiment(jobs=[a_wanted_job(t) for t in (1, 2, 3)])
    planned = plan(wanted, seen(a_batch(jobs=jobs)), TERMS, NOW)
    progress = after((0, planned), (1, planned))

    assert ("no workers", "\ufffd[2J" + "x" * 396) == planned.told == progress.told
