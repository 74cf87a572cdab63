"""Values that are valid by default; override what the test is about."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from runner.domain import (
    BatchStatus,
    DesiredExperiment,
    DesiredJob,
    JobStatus,
    ObservedBatch,
    ObservedJob,
    Policy,
    RecordedJob,
    job_key,
    recipe_digest,
    repetition_key,
)
from runner.reconcile import Observation, Planned, Snapshot, TargetSettings
from runner.reconcile.model.entries import JournalEntry, RequestKind, State
from runner.reconcile.plan import planner
from runner.results import Counts, JobResult, Results, ResultStatus, Runs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEQUENCE = json.dumps(
    {"version": "1", "register": [{"name": "q0", "x": 0.0, "y": 0.0}], "device": {"name": "D"}}
)
RECIPE = recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE)
COMMIT = 40 * "c"
TERMS = TargetSettings(namespace="lab", poll_s=2.0, claim_ttl_s=60.0)


def at(seconds):
    """A moment, in seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def a_key(t=1, repetition=1):
    """The key of a repetition of the point `t`."""
    return repetition_key(job_key({"t": t}), repetition)


def a_wanted_job(t=1, runs=100, rerun=0, repetition=None):
    """A job of the file; `t` is its point."""
    return DesiredJob(
        key=a_key(t, repetition or 1),
        name=f"t{t}" if repetition is None else f"t{t}#{repetition}",
        runs=runs,
        variables={"t": t},
        rerun=rerun,
        repetition=repetition,
        point="" if repetition is None else a_key(t),
    )


def repeated(repeat, t=1, runs=100, rerun=0):
    """All repetitions of a point."""
    return tuple(a_wanted_job(t, runs, rerun, repetition) for repetition in range(1, repeat + 1))


def an_experiment(*jobs, **fields):
    """An experiment that wants some jobs; by default one. `rerun` is added to the counters of all."""
    policy, rerun = fields.pop("policy", None) or Policy(), fields.pop("rerun", 0)
    values = {
        "name": "exp",
        "device_type": "EMU_FREE",
        "sequence": SEQUENCE,
        "recipe": RECIPE,
        "jobs": tuple(replace(job, rerun=job.rerun + rerun) for job in jobs or (a_wanted_job(),)),
        "policy": policy,
        "qubit_ids": ("q0",),
    }
    return DesiredExperiment(**values | fields)


def a_job(job_id="j1", *, t=1, runs=100, status=JobStatus.PENDING, batch_id="b1", ended=None, errors=()):
    """A remote job of the point `t`."""
    return ObservedJob(
        id=job_id,
        batch_id=batch_id,
        key=job_key({"t": t}),
        status=status,
        runs=runs,
        variables={"t": t},
        ended_at=None if ended is None else at(ended),
        errors=errors,
    )


def tags_of(submission="s", claim="c", recipe=RECIPE[:16], *more):
    """The tags of a batch of ours, bought for a commit that the present one descends from."""
    ours = ("runner:lab", "exp:exp", f"recipe:{recipe}", f"submission:{submission}", f"claim:{claim}")
    return (*ours, f"commit:{COMMIT}", *more)


def a_batch(batch_id="b1", *jobs, **fields):
    """A remote batch of ours, closed and pending."""
    values = {
        "id": batch_id,
        "status": BatchStatus.PENDING,
        "open": False,
        "created_at": at(-10),
        "updated_at": at(-10),
        "tags": tags_of(),
        "jobs": jobs,
        "jobs_count": len(jobs),
    }
    return ObservedBatch(**values | fields)


def an_entry(kind=RequestKind.CLAIM, state=State.ACCEPTED, **fields):
    """A row of the journal."""
    values = {
        "seq": 1,
        "at": at(-10),
        "kind": kind,
        "state": state,
        "experiment": "exp",
        "submission": "s",
        "claim": "c",
        "batch_id": "b1",
    }
    return JournalEntry(**values | fields)


def a_record(job_id="j1", *, t=1, runs=100, status=JobStatus.DONE, counts=None, **fields):
    """A job on record."""
    values = {
        "id": job_id,
        "batch_id": "b1",
        "recipe": RECIPE[:16],
        "key": job_key({"t": t}),
        "status": status,
        "runs": runs,
        "name": f"t{t}",
        "variables": {"t": t},
        "counts": ({"0": runs} if status is JobStatus.DONE else {}) if counts is None else counts,
        "qubit_ids": ("q0",),
        "target": "emulated:local",
    }
    return RecordedJob(**values | fields)


def seen(*batches, recorded=(), entries=(), failed_fetches=None, **more):
    """What there is."""
    return Observation(
        batches=batches,
        recorded=tuple(recorded),
        entries=tuple(entries),
        failed_fetches=failed_fetches or {},
        **{"ancestors": frozenset({COMMIT})} | more,
    )


def a_snapshot(desired, observed=None, settings=TERMS, now=NOW, **more):
    """What is wanted and what there is; its file is committed."""
    there = seen() if observed is None else observed
    return Snapshot(desired=desired, observed=there, settings=settings, now=now, **{"commit": COMMIT} | more)


def plan(*given, **more):
    """What the planner says of a snapshot."""
    return planner.plan(a_snapshot(*given, **more))


def planned(*given, **more):
    """A snapshot, and what the planner says of it."""
    return Planned(a_snapshot(*given, **more), plan(*given, **more))


def a_result(counts=None, *, runs=None, variables=None, **fields):
    """A job with what came back of it; everything that is wanted, unless `runs` says otherwise."""
    measured = sum((counts or {}).values())
    wanted = (measured or 100) if runs is None else runs
    point = {"t": 1} if variables is None else variables
    status = ResultStatus.DONE if measured >= wanted else ResultStatus.PARTIAL
    values = {
        "name": ",".join(f"{name}={value}" for name, value in point.items()),
        "key": job_key(point),
        "variables": point,
        "runs": Runs(wanted, measured),
        "status": status if measured else ResultStatus.MISSING,
        "counts": Counts(counts) if counts else None,
        "qubit_ids": ("q0", "q1"),
        "experiment": "exp",
        "recipe": RECIPE[:16],
        "device_type": "EMU_FREE",
    }
    return JobResult(**values | fields)


def some_results(*jobs):
    """The results of an experiment."""
    return Results("exp", jobs)
