"""What the benchmark of results measures, each in a fresh process that says what it cost.

`python loading_results.py WORK …` writes one JSON value. Importing is not counted, nor what is imported when
something is done for the first time. `write FOLDER N_BATCHES`
writes a repository whose every job is on record, 50 jobs a batch.
"""

# ruff: noqa: PLC0415  (each work imports its own and nothing else)

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path

from peers import PEERS
from reconciling import peak_mb
from repositories import N_JOBS, write_spec

BITSTRINGS = 50
RECIPE = "0" * 64


def write(folder, n_batches):
    """One experiment of one sweep, its jobs on record in so many batches."""
    from runner.domain import JobStatus, RecordedJob
    from runner.project import Project
    from runner.results import Records

    folder = Path(folder)
    (folder / "runner.toml").write_text('namespace = "bench"\n', encoding="utf-8")
    n_jobs = N_JOBS * int(n_batches)
    write_spec(folder, "big", number=0, n_jobs=n_jobs, n_times=N_JOBS)
    (experiment,) = Project.open(folder).load([folder / "specs"])
    wanted, records = experiment.desired, Records(folder / "results")
    counts = {f"{number * 37 % 512:09b}": 2 for number in range(BITSTRINGS)}
    for batch in range(int(n_batches)):
        batch_id = f"batch-{batch:04}"
        some = wanted.jobs[batch * N_JOBS : (batch + 1) * N_JOBS]
        jobs = [
            RecordedJob(
                id=f"{batch_id}-{job.key}",
                batch_id=batch_id,
                recipe=wanted.recipe[:16],
                key=job.key,
                status=JobStatus.DONE,
                runs=job.runs,
                name=job.name,
                variables=job.variables,
                counts=counts,
                qubit_ids=wanted.qubit_ids,
            )
            for job in some
        ]
        records.add(wanted.name, jobs)
    return len(wanted.jobs)


def took(work):
    """What a piece of work answers, and the seconds of wall and CPU that it took."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    answer = work()
    return answer, {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s}


def floor(folder):
    """The same lines as plain values."""
    files = sorted(Path(folder, "results").glob("*/*/*.jsonl"))

    def loaded():
        return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]

    return _said(loaded, len)


def pandas(folder):
    """The same lines as a table of pandas, in one go."""
    from pandas import read_json

    files = sorted(Path(folder, "results").glob("*/*/*.jsonl"))
    read_json(io.StringIO("{}"), lines=True)

    def loaded():
        return read_json(io.StringIO("".join(file.read_text("utf-8") for file in files)), lines=True)

    return _said(loaded, len)


def records(folder):
    """Our values of the same lines."""
    from runner.results import Records

    return _said(lambda: Records(Path(folder, "results")).of_experiment("big"), len)


def results(folder):
    """What a user has: jobs of the file with what came back."""
    return _said(_experiment(folder).results, len)


def to_pandas(folder):
    """A table of results that are loaded."""
    found = _experiment(folder).results()
    found[:2].to_pandas()
    return _said(found.to_pandas, len)


def to_xarray(folder):
    """A labelled array of results that are loaded."""
    found = _experiment(folder).results()
    found[:2].to_xarray()
    return _said(found.to_xarray, lambda dataset: dataset["status"].size)


def _experiment(folder):
    import runner

    return runner.load(Path(folder, "specs", "big.yaml"))


def _said(work, count):
    before_mb = peak_mb()
    answer, cost = took(work)
    return {**cost, "jobs": int(count(answer)), "grown_mb": peak_mb() - before_mb}


# Harvest


def sdk(url, size):
    """The results of all jobs of a batch, one after the other, by a plain script of the SDK."""
    script = PEERS["sdk"](url)
    jobs = script.jobs(int(size))
    return _said(lambda: script.results(jobs), int)


def ours(url, size, folder):
    """What `runner apply` does once all jobs of a batch have ended: looks, plans, fetches, records."""
    from contextlib import closing

    from runner.cloud import Client, Endpoints, ReadyToken
    from runner.reconcile import Context, Journal, Patience, Reconciler, Snapshot, TargetSettings, utc_now
    from runner.results import Records

    wanted, records = ended_jobs(int(size)), Records(Path(folder, "results"))
    client = Client(endpoints=Endpoints(core=url, account=url), project_id="p", tokens=ReadyToken("token"))
    with closing(Journal(Path(folder, "journal.sqlite"), utc_now)) as journal:
        context = Context(client=client, journal=journal, records=records, namespace="bench")
        reconciler = Reconciler(context, TargetSettings(namespace="bench"))
        snapshots = [Snapshot(desired=wanted, manifest={"recipe": wanted.recipe})]
        outcome, cost = took(lambda: reconciler.run(snapshots, Patience()))
    done = sum(job.status == "DONE" for plan in outcome.plans for job in plan.jobs)
    on_record = sum(bool(job.counts) for job in records.of_experiment(wanted.name))
    if (done, on_record) != (int(size), int(size)):
        raise SystemExit(f"{done} jobs of {size} are done, {on_record} on record")
    return {**cost, "jobs": on_record, "grown_mb": 0}


def ended_jobs(size):
    """What is wanted: the jobs of the batch that the server has."""
    from canned_cloud import batch_with_jobs

    from runner.domain import DesiredExperiment, DesiredJob, job_key

    given = [(job["variables"], job["runs"]) for job in batch_with_jobs(f"jobs-{size}")["jobs"]]
    jobs = tuple(
        DesiredJob(key=job_key(variables), name=f"job-{number}", runs=runs, variables=variables)
        for number, (variables, runs) in enumerate(given)
    )
    qubit_ids = tuple(f"q{number}" for number in range(9))
    return DesiredExperiment(
        name="ended", device_type="EMU_FREE", sequence="{}", recipe=RECIPE, jobs=jobs, qubit_ids=qubit_ids
    )


def listing(size):
    """Id and tags of that batch."""
    tags = ["runner:bench", "exp:ended", f"recipe:{RECIPE[:16]}", "submission:s", "claim:c"]
    return [[f"jobs-{size}-ended", tags]]


WORKS = {
    work.__name__: work for work in (write, floor, pandas, records, results, to_pandas, to_xarray, sdk, ours)
}

if __name__ == "__main__":
    _, name, *words = sys.argv
    sys.stdout.write(json.dumps(WORKS[name](*words)))
