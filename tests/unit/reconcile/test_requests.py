"""How many requests it takes to see what there is: one a hundred batches, jobs only where they changed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from builders import RECIPE, a_wanted_job, an_experiment
from fakes import URL, VirtualClock

from runner.cloud import Answer, Client, Endpoints
from runner.domain import JobStatus, RecordedJob, job_key
from runner.reconcile import Context, Journal, Reconciler, Snapshot, TargetSettings
from runner.reconcile.model.entries import RequestKind, State
from runner.reconcile.observe.observer import Observer
from runner.results import Records

LIST, JOBS, BATCH = "list", "jobs of", "batch"


class Listing:
    """A cloud that only tells: batches with two jobs each; counts what it is asked."""

    def __init__(self, n_batches, *, status="DONE"):
        self.statuses = {f"b{number:03}": [status, status] for number in range(n_batches)}
        self.unlisted = set()
        self.asked = []

    def send(self, request):
        """The answer to one request."""
        path, query = request.path, dict(request.query)
        if path == "/api/v1/batches":
            self.asked.append(LIST)
            listed = [self._batch(each) for each in self.statuses if each not in self.unlisted]
            return _page(listed, int(query["offset"]), int(query["limit"]))
        if path == "/api/v2/jobs":
            self.asked.append(f"{JOBS} {query['batch_id']}")
            return _page(self._jobs(query["batch_id"]), 0, 100)
        batch_id = path.rpartition("/")[2]
        self.asked.append(f"{BATCH} {batch_id}")
        if batch_id not in self.statuses:
            return Answer(404, {}, b"{}")
        return _answer(self._batch(batch_id))

    def _batch(self, batch_id):
        counts = Counter(self.statuses[batch_id])
        is_over = set(counts) <= {"DONE", "ERROR", "CANCELED"}
        return {
            "id": batch_id,
            "status": "DONE" if is_over else "RUNNING",
            "open": False,
            "created_at": "2026-03-01T11:00:00+00:00",
            "tags": [
                "runner:lab",
                f"exp:{_experiment(batch_id)}",
                f"recipe:{RECIPE[:16]}",
                "submission:s",
                "claim:c",
            ],
            "jobs_count": 2,
            "jobs_count_per_status": dict(counts),
        }

    def _jobs(self, batch_id):
        return [
            {
                "id": f"{batch_id}-{number}",
                "batch_id": batch_id,
                "status": status,
                "runs": 100,
                "variables": {"t": number},
            }
            for number, status in enumerate(self.statuses[batch_id])
        ]

    def asked_since(self):
        """What was asked since this was last called; jobs are read side by side, in any order."""
        asked, self.asked = sorted(self.asked), []
        return asked


def _experiment(batch_id):
    return f"exp-{batch_id}"


def _answer(data, **more):
    return Answer(200, {}, json.dumps({"status": "success", "data": data, **more}).encode())


def _page(items, offset, limit):
    page = items[offset : offset + limit]
    return _answer(page, pagination={"total": len(items), "start": offset, "end": offset + len(page)})


class Machine:
    """A machine with records and a journal; every observer is a fresh process on it."""

    def __init__(self, folder, cloud):
        self.cloud, self.clock = cloud, VirtualClock()
        self.records = folder
        self.journal = Journal(Path(":memory:"), self.clock)

    def context(self):
        """What a fresh process works with."""
        return Context(
            client=Client(endpoints=Endpoints(core=URL, account=URL), port=self.cloud),
            journal=self.journal,
            records=Records(self.records),
            namespace="lab",
            clock=self.clock,
        )

    def look(self, observer=None):
        """Observes all experiments; answers what that asked the cloud."""
        (observer or Observer(self.context())).observe(
            [an_experiment(name=_experiment(each)) for each in self.cloud.statuses]
        )
        return self.cloud.asked_since()

    def record_all(self):
        """Puts all jobs that have ended on record."""
        for batch_id, statuses in self.cloud.statuses.items():
            jobs = [_record(batch_id, number, JobStatus(status)) for number, status in enumerate(statuses)]
            records, name = Records(self.records), _experiment(batch_id)
            records.add(name, [job for job in jobs if job.status.is_terminal])
            if not records.manifest(name, RECIPE[:16]):
                records.write_manifest(name, RECIPE[:16], {"recipe": RECIPE})


def _record(batch_id, number, status):
    counts = {"0": 100} if status is JobStatus.DONE else {}
    return RecordedJob(
        id=f"{batch_id}-{number}",
        batch_id=batch_id,
        recipe=RECIPE[:16],
        key=job_key({"t": number}),
        status=status,
        runs=100,
        counts=counts,
    )


@pytest.fixture
def machine(tmp_path):
    """A machine before 250 finished batches of as many experiments, all on record."""
    machine = Machine(tmp_path, Listing(250))
    machine.record_all()
    yield machine
    machine.journal.close()


def test_what_is_finished_and_on_record_costs_nothing_but_its_place_in_the_list(machine):
    """In every fresh process, and in every further pass of one."""
    observer = Observer(machine.context())

    assert [[LIST] * 3] * 3 == [machine.look(), machine.look(observer), machine.look(observer)]


def test_failed_and_cancelled_jobs_on_record_cost_nothing_either(machine):
    """They have no counts, and are complete all the same."""
    machine.cloud.statuses["b007"] = ["ERROR", "CANCELED"]
    machine.record_all()

    assert [LIST] * 3 == machine.look()


def test_the_list_is_as_long_as_the_repository_and_not_as_what_is_asked_for(machine):
    """One experiment of many costs the same list, and no more."""
    Observer(machine.context()).observe([an_experiment(name="exp-b001")])

    assert [LIST] * 3 == machine.cloud.asked_since()


@pytest.mark.parametrize(("n_batches", "pages"), [(0, 1), (100, 1), (101, 2), (500, 5)])
def test_a_list_has_a_request_for_each_hundred_batches(tmp_path, n_batches, pages):
    """500 experiments are 5 requests."""
    machine = Machine(tmp_path, Listing(n_batches))
    machine.record_all()
    asked = machine.look()
    machine.journal.close()

    assert [LIST] * pages == asked


def test_jobs_are_read_where_something_is_not_on_record(machine):
    """Of that batch alone; again by each process until it is on record."""
    (machine.records / "exp-b003" / RECIPE[:16] / "b003.jsonl").unlink()
    observer = Observer(machine.context())

    assert [f"{JOBS} b003", LIST, LIST, LIST] == machine.look(observer)
    assert [LIST] * 3 == machine.look(observer)
    assert [f"{JOBS} b003", LIST, LIST, LIST] == machine.look()
    machine.record_all()
    assert [LIST] * 3 == machine.look()


def test_jobs_under_way_are_read_once_and_when_their_counts_change(tmp_path):
    """A process remembers what cannot have changed."""
    machine = Machine(tmp_path, Listing(3, status="PENDING"))
    observer = Observer(machine.context())
    first = machine.look(observer)
    unchanged = machine.look(observer)
    machine.cloud.statuses["b001"] = ["RUNNING", "PENDING"]
    changed = machine.look(observer)
    again = machine.look(observer)
    machine.journal.close()

    assert [f"{JOBS} b000", f"{JOBS} b001", f"{JOBS} b002", LIST] == first
    assert ([LIST], [f"{JOBS} b001", LIST], [LIST]) == (unchanged, changed, again)


def test_what_no_list_shows_is_asked_for_by_its_id_while_it_is_young(tmp_path):
    """Once a pass for each accepted batch; not for what was refused, nor for ever."""
    machine = Machine(tmp_path, Listing(3, status="PENDING"))
    machine.cloud.unlisted = {"b000", "b001"}
    for batch_id in ("b000", "b001", "b002", "gone"):
        seq = machine.journal.intend(RequestKind.CLAIM, experiment="exp-b000", submission="s", claim=batch_id)
        machine.journal.settle(seq, State.ACCEPTED, batch_id)
    machine.journal.intend(RequestKind.CLAIM, experiment="exp-b000", submission="s", claim="never answered")
    observer = Observer(machine.context())
    machine.look(observer)
    young = machine.look(observer)
    machine.clock.sleep(61)
    old = machine.look(observer)
    machine.journal.close()

    assert ([f"{BATCH} b000", f"{BATCH} b001", f"{BATCH} gone", LIST], [LIST]) == (young, old)


def test_what_is_observed_does_not_depend_on_what_a_process_remembers(tmp_path):
    """Jobs that were kept are those that would be read."""
    machine = Machine(tmp_path, Listing(3, status="RUNNING"))
    wanted = [an_experiment(name=_experiment(each)) for each in machine.cloud.statuses]
    observer = Observer(machine.context())
    observer.observe(wanted)
    machine.cloud.statuses["b002"] = ["DONE", "RUNNING"]
    remembered, fresh = observer.observe(wanted), Observer(machine.context()).observe(wanted)
    machine.journal.close()

    assert fresh == remembered
    assert [JobStatus.DONE, JobStatus.RUNNING] == [j.status for j in fresh["exp-b002"].batches[0].jobs]


def test_a_pass_over_finished_experiments_is_its_list_and_nothing_else(machine):
    """Nothing is planned, nothing is sent."""
    snapshots = [Snapshot(desired=_wanted(each)) for each in machine.cloud.statuses]
    plans = Reconciler(machine.context(), TargetSettings(namespace="lab")).one_pass(snapshots)

    assert [()] * 250 == [plan.actions for plan in plans]
    assert [LIST] * 3 == machine.cloud.asked_since()


def _wanted(batch_id):
    return an_experiment(a_wanted_job(0), a_wanted_job(1), name=_experiment(batch_id))
