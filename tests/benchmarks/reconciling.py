"""What the reconciler's benchmark measures, each in a fresh process that says what it cost.

`python reconciling.py WORK …` writes one JSON value. CPU and memory are those of the whole process, imports
included.
"""

# ruff: noqa: PLC0415  (each work imports its own and nothing else)

from __future__ import annotations

import gc
import json
import resource
import sys
import time
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

_BYTES_A_UNIT = 1 if sys.platform == "darwin" else 1024
_TAG = "runner:bench"


def peak_mb():
    """Most memory that this process ever held (in MB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_A_UNIT / 1e6


@contextmanager
def watched():
    """Seconds of wall and CPU that some work took."""
    took = {}
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    yield took
    took |= {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s}


def of_process(**more):
    """What this process has cost so far."""
    return {"cpu_s": time.process_time(), "peak_mb": peak_mb(), **more}


def apply(folder):
    """Everything that `runner apply` does but printing, in a fresh process."""
    from runner.project import Project
    from runner.reconcile import Patience, Watch

    project = Project.open(Path(folder))
    outcome = project.apply(project.load([Path(folder, "specs")]), Patience(), Watch())
    _check(outcome.plans)
    return of_process()


def passes(folder):
    """Two passes of one process: the second one remembers the first."""
    from contextlib import closing

    from runner.project import Project
    from runner.project.config.targets import connect
    from runner.reconcile import Context, Journal, Reconciler, Snapshot, utc_now

    project = Project.open(Path(folder))
    snapshots = [Snapshot(desired=each.desired) for each in project.load([Path(folder, "specs")])]
    target = connect(project.target, store=Path(), namespace=project.namespace, environ={})
    with closing(Journal(Path(folder, "journal.sqlite"), utc_now)) as journal:
        context = Context(
            client=target.client, journal=journal, records=project.records, namespace=project.namespace
        )
        reconciler = Reconciler(context, target.settings)
        with watched():
            _check(reconciler.one_pass(snapshots))
        with watched() as second:
            _check(reconciler.one_pass(snapshots))
    return second | {"peak_mb": peak_mb()}


def _check(plans):
    if any(plan.actions or plan.look_again_s is not None for plan in plans):
        raise SystemExit("there was something to do")


def sdk(folder):
    """A script of the official SDK that looks whether anything is left to do: each batch and its jobs."""
    warnings.simplefilter("ignore")
    from pasqal_cloud.authentication import TokenProvider
    from pasqal_cloud.endpoints import Endpoints
    from pasqal_cloud.pasqal_cloud_client import PasqalCloudClient
    from pasqal_cloud.utils.filters import BatchFilters, PaginationParams

    class Token(TokenProvider):
        def get_token(self):
            return "token"

    warnings.simplefilter("ignore")  # importing the SDK switches its own warnings on
    url = Path(folder, "url").read_text(encoding="utf-8")
    client = PasqalCloudClient(
        project_id="p", token_provider=Token(), endpoints=Endpoints(core=url, account=url)
    )
    offset, done = 0, 0
    while True:
        page = client.get_batches(
            filters=BatchFilters(tag=_TAG), pagination_params=PaginationParams(offset=offset)
        )
        done += sum(job.status == "DONE" for batch in page.results for job in batch.ordered_jobs)
        offset = page.offset + len(page.results)
        if not page.results or offset >= page.total:
            break
    return of_process(done=done)


def planning(scene, size):
    """The planner alone, on so many jobs of one experiment: its cost, and peak memory with them."""
    from runner.reconcile.plan.planner import plan

    snapshot = SCENES[scene](int(size))
    gc.collect()
    with watched() as took:
        planned = plan(snapshot)
    if len(planned.jobs) != int(size):
        raise SystemExit("not all jobs were planned")
    return took | {"peak_mb": peak_mb()}


_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _wanted(size):
    from runner.domain import DesiredExperiment, DesiredJob, job_key

    variables = [{"omega": 1.0 + number / size, "t_ns": 100 + number % 100} for number in range(size)]
    jobs = tuple(
        DesiredJob(key=job_key(values), name=f"job-{number}", runs=100, variables=values)
        for number, values in enumerate(variables)
    )
    return DesiredExperiment(name="big", device_type="EMU_FREE", sequence="{}", recipe="0" * 64, jobs=jobs)


def _snapshot(desired, **observed):
    from runner.reconcile import Observation, Snapshot, TargetSettings

    return Snapshot(
        desired=desired,
        observed=Observation(**observed),
        settings=TargetSettings(namespace="bench"),
        now=_NOW,
    )


def _nothing_there(size):
    return _snapshot(_wanted(size))


def _all_recorded(size):
    from runner.domain import JobStatus, RecordedJob

    wanted = _wanted(size)
    recorded = tuple(
        RecordedJob(
            id=f"job-{number}",
            batch_id="b",
            recipe="0" * 16,
            key=job.key,
            status=JobStatus.DONE,
            runs=100,
            counts={"0": 100},
        )
        for number, job in enumerate(wanted.jobs)
    )
    return _snapshot(wanted, recorded=recorded)


def _in_one_batch(size, status):
    from runner.domain import BatchStatus, JobStatus, ObservedBatch, ObservedJob

    wanted = _wanted(size)
    jobs = tuple(
        ObservedJob(id=f"job-{number}", batch_id="b", key=job.key, status=JobStatus(status), runs=100)
        for number, job in enumerate(wanted.jobs)
    )
    batch = ObservedBatch(
        id="b",
        status=BatchStatus(status),
        open=False,
        created_at=_NOW,
        updated_at=_NOW,
        tags=(_TAG, "exp:big", f"recipe:{'0' * 16}", "submission:s", "claim:c"),
        jobs=jobs,
        jobs_count=size,
    )
    return _snapshot(wanted, batches=(batch,))


SCENES = {
    "nothing there yet": _nothing_there,
    "all recorded": _all_recorded,
    "all under way": lambda size: _in_one_batch(size, "PENDING"),
    "all done, to be recorded": lambda size: _in_one_batch(size, "DONE"),
    "all failed": lambda size: _in_one_batch(size, "ERROR"),
}


def loading(folder):
    """From a sweep in a file to its plan, on a cloud where nothing is."""
    from runner.project import Project
    from runner.reconcile.plan.planner import plan

    project = Project.open(Path(folder))
    with watched() as took:
        loaded = project.load([Path(folder, "specs")])[0]
    wanted = loaded.desired
    with watched() as planned:
        plan(_snapshot(wanted))
    return {
        "load_s": took["wall_s"],
        "plan_s": planned["wall_s"],
        "peak_mb": peak_mb(),
        "jobs": len(wanted.jobs),
    }


WORKS = {
    "apply": apply,
    "passes": passes,
    "sdk": sdk,
    "planning": planning,
    "loading": loading,
}

if __name__ == "__main__":
    _, work, *words = sys.argv
    sys.stdout.write(json.dumps(WORKS[work](*words)))
