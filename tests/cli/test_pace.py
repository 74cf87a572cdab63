"""The rate of an apply, and the time that is left: by the last jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runner.reconcile import Health, Hold, Plan, PointProgress, Progress, Sync, progress_after
from runner.reconcile.display.rate import jobs_per_min, left_s

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def a_plan(done, jobs, *, actions=(), differences=()):
    """A plan of which so many jobs are done."""
    jobs = [
        PointProgress(key=str(n), name=str(n), runs=5, **({"done": 5} if n < done else {"active": 5}))
        for n in range(jobs)
    ]
    return Plan(
        experiment="exp",
        actions=actions,
        jobs=tuple(jobs),
        sync=Sync.SYNCED,
        health=Health.PROGRESSING,
        differences=differences,
    )


def after(*passes, jobs=4, **fields):
    """The progress after passes at moments (in s), with so many jobs done."""
    progress = Progress()
    for at_s, done in passes:
        progress = progress_after(progress, [a_plan(done, jobs, **fields)], BEGAN + timedelta(seconds=at_s))
    return progress


@pytest.mark.parametrize(
    ("passes", "expected"),
    [
        ([], (None, None)),
        ([(0, 0)], (None, None)),
        ([(0, 3)], (None, None)),
        ([(0, 0), (10, 0)], (None, None)),
        ([(0, 0), (0, 1)], (None, None)),
        ([(0, 0), (30, 1)], (2.0, 90.0)),
        ([(0, 0), (30, 1), (60, 1)], (2.0, 90.0)),
        ([(0, 0), (30, 1), (90, 1)], (1.0, 180.0)),
        ([(0, 2), (30, 3)], (2.0, 30.0)),
        ([(0, 0), (60, 4)], (4.0, 0.0)),
    ],
    ids=[
        "nothing",
        "first",
        "cached",
        "none ended",
        "at once",
        "one",
        "waits",
        "stalls",
        "no cached",
        "over",
    ],
)
def test_rate_and_time_left_are_told_once_a_job_has_ended(passes, expected):
    """In jobs a minute and in s; what was done before does not count, and a stall makes it slower."""
    progress = after(*passes)

    assert expected == (jobs_per_min(progress), left_s(progress))


@pytest.mark.parametrize("slow_s", [30, 600])
def test_a_slow_beginning_tells_nothing_of_the_rest(slow_s):
    """Workers begin, and then a job ends every half second: 20 that are left take 10 s."""
    passes = [(0, 0), *((slow_s + n / 2, n) for n in range(1, 13))]
    progress = after(*passes, jobs=32)

    assert (120.0, 10.0) == (jobs_per_min(progress), left_s(progress))


def test_nobody_knows_how_long_a_person_takes_to_decide():
    """While something is held there is a rate, and no time left."""
    progress = after((0, 0), (60, 1), actions=(Hold(reason="r", how="h"),), differences=((),))

    assert (1.0, None) == (jobs_per_min(progress), left_s(progress))
