"""The judge of the proxy's seeds finds what is wrong, and the scripts have everything in them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from proxy_judge import verdict
from proxy_scripts import Script, Step, Version, script
from proxy_world import Ended, Played

FIRST = Version(runs=((100, 20),))
MORE = Version(runs=((100, 30),))
SCRIPT = Script(seed=0, firsts=(FIRST,), steps=(Step(what="edit", version=MORE),))
PURCHASE = {
    "method": "POST",
    "path": "/api/v2/batches/b/jobs",
    "fault": "twice",
    "bought": [[20, {"t_ns": 100}]],
}


def a_job(job_id, runs, **changes):
    """A job of the only batch."""
    job = {"id": job_id, "batch_id": "b", "status": "DONE", "runs": runs, "variables": {"t_ns": 100}}
    return job | changes


def a_record(job_id, runs, **changes):
    """What is on record of it."""
    record = {"job_id": job_id, "status": "DONE", "variables": {"t_ns": 100}, "recipe": "r"}
    return record | {"counts": {"00": runs}} | changes


WELL = [a_job("j", 20), a_job("k", 10)]
RECORDED = [a_record("j", 20), a_record("k", 10)]


def judged(jobs=WELL, records=RECORDED, *, told=SCRIPT, is_open=False, n_batches=1, **played):
    """What the judge says of a cloud with these jobs, and of these records."""
    batch = {"id": "b", "tags": ["recipe:r"], "open": is_open, "jobs_count": len(jobs)}
    cloud = SimpleNamespace(
        batches=lambda _: [batch] * n_batches,
        jobs=lambda _: jobs if n_batches == 1 else [],
        sequence=lambda _: "6.28",
        counts=lambda job_id: {"00": {"j": 20, "k": 10}.get(job_id, 20)},
    )
    ended = [Ended(0, "")]
    return verdict(
        told, Played("n", **{"rounds": [ended], "again": ended, "records": [records]} | played), cloud
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"jobs": [*WELL, a_job("c", 90, status="CANCELED"), a_job("e", 90, status="ERROR")]}, []),
        ({"jobs": [*WELL, a_job("l", 20)], "log": [PURCHASE | {"accepted": 2}]}, []),
        ({"jobs": [*WELL, a_job("l", 20)], "log": [PURCHASE | {"accepted": 1}]}, ["overbought"]),
        ({"jobs": [*WELL, a_job("l", 1, status="PENDING")]}, ["overbought", "left over"]),
        ({"n_batches": 41}, ["restless", "missing"]),
        ({"jobs": [a_job("j", 20)]}, ["missing"]),
        ({"records": [a_record("j", 20)]}, ["unrecorded"]),
        ({"records": [*RECORDED, a_record("k", 11)]}, ["misrecorded"]),
        ({"is_open": True}, ["left open"]),
        ({"changes": [{"method": "POST", "path": "/x"}]}, ["again"]),
        ({"changes": [{"method": "PATCH", "path": "/x"}]}, []),
        ({"meanwhile": [Ended(70, "")]}, ["crash"]),
        ({"meanwhile": [Ended(1, ""), Ended(None, ""), Ended(-9, "")]}, []),
        ({"rounds": [[Ended(5, "")]]}, ["no end"]),
        ({"rounds": [[Ended(5, "")], [Ended(0, "")]]}, []),
        ({"again": [Ended(4, "")]}, ["again"]),
        ({"again": [Ended(4, "")], "log": [PURCHASE | {"accepted": 1}]}, []),
    ],
)
def test_every_broken_promise_is_told(options, expected):
    """Of the kinds that there are; what faults justify is none."""
    assert expected == [each.partition(":")[0] for each in judged(**options)]


def test_a_point_may_have_what_the_largest_version_asks_for():
    """With `runs: exact` each number of runs is bought by itself; of another sequence nothing is asked."""
    exact = Script(seed=0, firsts=(FIRST,), steps=SCRIPT.steps, policy={"runs": "exact"})

    assert (30, 50, 0, 0) == (
        SCRIPT.allowed(6.28, 100),
        exact.allowed(6.28, 100),
        SCRIPT.allowed(6.28, 200),
        SCRIPT.allowed(3.14, 100),
    )


def test_scripts_are_drawn_from_their_seeds_and_leave_nothing_out():
    """The same seed is the same script; among three hundred there is every fault and every step."""
    scripts = [script(seed) for seed in range(300)]

    assert scripts == [script(seed) for seed in range(300)]
    assert {rule["fault"] for each in scripts for rule in each.rules} == {
        *("drop", "status", "wait", "late", "twice", "cut", "stale", "short", "change")
    }
    assert {rule["effect"] for each in scripts for rule in each.cloud_rules} == {
        *("lag", "job_error", "refuse_empty_batch")
    }
    assert {step.what for each in scripts for step in each.steps} == {
        *("apply", "edit", "lose", "pause", "resume")
    }
    assert {len(each.firsts) for each in scripts} == {1, 2}
