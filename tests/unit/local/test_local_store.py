"""What the store keeps, in which order, and what it survives."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest
from local_fakes import START, Asker, Clock, FakeEngine, FakeSequences, counted_ids

from runner.domain import BatchStatus, JobStatus
from runner.errors import LocalCloudError
from runner.local.protocol.queries import Comparison, Selection
from runner.local.rules.errors import UnknownThingError, WrongStateError
from runner.local.rules.records import NewBatch, NewJob, Outcome, Result, Started
from runner.local.rules.state_machine import Counts
from runner.local.server.local_cloud import LocalCloud
from runner.local.store.store import Store

JOB = NewJob(runs=10, variables={"a": 1})
RESULT = Result(counter={"01": 7, "10": 3}, serialised_results="{}")


def a_batch(**fields):
    """A batch of one job."""
    plain = {"project_id": "p", "device_type": "EMU_FREE", "sequence": "S", "jobs": (JOB,)}
    return NewBatch(**(plain | fields))


def tagged(tag):
    """The list of batches with a tag."""
    return Selection(conditions=(Comparison("tag", "=", (tag,)),))


def ids(page):
    """Ids of a page of batches."""
    return [record.state.id for record in page.items]


def test_batch_comes_back_as_it_was_accepted(store):
    """What was answered to a create call is what is read later."""
    accepted = store.create(a_batch(tags=("x", "y"), configuration={"with_noise": False}, parent_id="q"))

    assert accepted == store.batch(accepted.state.id)


def test_creation_times_grow_although_the_clock_stands_or_goes_back(store, clock):
    """Batches are strictly ordered by their creation time, in the order in which they were accepted."""
    first = store.create(a_batch()).state
    second = store.create(a_batch()).state
    clock.advance(hours=-1)
    third = store.create(a_batch()).state

    tick = timedelta(microseconds=1)
    assert [START, START + tick, START + 2 * tick] == [b.created_at for b in (first, second, third)]


def test_lists_are_newest_first_and_paged(store):
    """A page is a window on the list of all batches, newest first, with their number."""
    accepted = [store.create(a_batch()).state.id for _ in range(5)]

    page = store.batches(Selection(offset=1, limit=2))

    assert ([accepted[3], accepted[2]], 5, 1) == (ids(page), page.total, page.offset)


def test_setting_tags_replaces_all_of_them(store):
    """A batch is found by its present tags and by none of its former ones."""
    batch_id = store.create(a_batch(tags=("old", "kept"))).state.id
    other = store.create(a_batch(tags=("new",))).state.id

    record = store.set_tags(batch_id, ["kept", "new"])

    found = [ids(store.batches(tagged(tag))) for tag in ("old", "kept", "new", "ne")]
    assert (("kept", "new"), [[], [batch_id], [other, batch_id], []]) == (record.tags, found)


def test_added_jobs_stand_behind_the_first_ones(store):
    """Jobs of a batch come in the order in which they were added."""
    batch_id = store.create(a_batch(open=True)).state.id

    store.add_jobs(batch_id, [NewJob(runs=20), NewJob(runs=30)])

    assert [job.runs for job in store.jobs_of(batch_id)] == [10, 20, 30]


@pytest.mark.parametrize("end", ["close_batch", "cancel_batch"])
def test_refused_addition_leaves_nothing_behind(store, end):
    """An addition to a batch that was closed or canceled has no effect at all."""
    batch_id = store.create(a_batch(open=True)).state.id
    getattr(store, end)(batch_id)
    before = store.batch(batch_id), store.jobs_of(batch_id)

    with pytest.raises(WrongStateError):
        store.add_jobs(batch_id, [JOB])

    assert before == (store.batch(batch_id), store.jobs_of(batch_id))


def test_canceling_a_batch_cancels_its_pending_jobs_only(store):
    """Jobs that wait are canceled with their batch, the one that runs goes on to its end."""
    batch_id = store.create(a_batch(jobs=(JOB, JOB))).state.id
    runs, waits = store.job_ids(batch_id)
    store.start([runs])

    store.cancel_batch(batch_id)
    store.finish([Outcome(job_id=runs, attempt=1, result=RESULT)])

    batch = store.batch(batch_id).state
    assert (BatchStatus.CANCELED, Counts(done=1, canceled=1)) == (batch.status, batch.counts)
    assert JobStatus.CANCELED is store.job(waits).state.status


def test_started_job_carries_all_that_the_engine_needs(store):
    """A job without its own sequence is started with that of its batch, one with its own with that."""
    batch_id = store.create(a_batch(jobs=(JOB, NewJob(runs=5, sequence="OWN")))).state.id
    job_ids = store.job_ids(batch_id)

    started = store.start(job_ids)

    assert started == (
        Started(job_id=job_ids[0], attempt=1, runs=10, sequence="S", project_id="p", variables={"a": 1}),
        Started(job_id=job_ids[1], attempt=1, runs=5, sequence="OWN", project_id="p", variables={}),
    )


def test_job_that_was_canceled_meanwhile_is_not_started(store):
    """A cancel between the decision to start and the start wins."""
    first, second = (store.create(a_batch()).state.id for _ in range(2))
    (canceled,), (job_id,) = store.job_ids(first), store.job_ids(second)
    store.cancel_job(canceled)

    assert [job_id] == [each.job_id for each in store.start([canceled, job_id])]


def test_result_is_kept_once(store):
    """The first end of an attempt is taken, a second one is dropped."""
    batch_id = store.create(a_batch()).state.id
    (job_id,) = store.job_ids(batch_id)
    store.start([job_id])

    taken = store.finish([Outcome(job_id=job_id, attempt=1, result=RESULT)])
    again = store.finish([Outcome(job_id=job_id, attempt=1, errors=("late",))])

    assert ((job_id,), ()) == (taken, again)
    assert (job_id, RESULT) == store.result(store.result_link(job_id))


def test_result_of_the_attempt_before_a_restart_is_dropped(store):
    """After a restart the job runs for the second time, and the first attempt has no say any more."""
    batch_id = store.create(a_batch()).state.id
    (job_id,) = store.job_ids(batch_id)
    store.start([job_id])
    store.requeue_interrupted()
    (second,) = store.start([job_id])

    assert (2, (), (job_id,)) == (
        second.attempt,
        store.finish([Outcome(job_id=job_id, attempt=1, errors=("old",))]),
        store.finish([Outcome(job_id=job_id, attempt=2, result=RESULT)]),
    )


def test_idle_open_batch_times_out(store, clock):
    """Only open batches without anything to run end by themselves, and only after their time."""
    patience = timedelta(seconds=300)
    idle = store.create(a_batch(open=True, jobs=())).state.id
    store.create(a_batch(open=True))
    clock.advance(seconds=299)
    too_early = store.time_out_idle(patience)
    clock.advance(seconds=1)

    assert ((), (idle,)) == (too_early, store.time_out_idle(patience))
    assert BatchStatus.TIMED_OUT is store.batch(idle).state.status


def test_canceling_some_jobs_says_why_others_are_not(store):
    """Selected jobs are canceled if they wait; for each other one there is a reason."""
    batch_id = store.create(a_batch(jobs=(JOB, JOB, NewJob(runs=99)))).state.id
    runs, waits, _ = store.job_ids(batch_id)
    store.start([runs])

    canceled, errors = store.cancel_jobs(batch_id, (Comparison("runs", "<=", (10,)),))

    assert [waits] == [job.state.id for job in canceled]
    assert {runs: "The job is RUNNING; only a pending job can be canceled."} == errors


@pytest.mark.parametrize("ask", ["batch", "job", "close_batch", "cancel_batch", "cancel_job", "result_link"])
def test_unknown_id_is_said(store, ask):
    """Nothing is found, and nothing is changed, under an id that was never given."""
    with pytest.raises(UnknownThingError):
        getattr(store, ask)("nobody")


def test_store_on_disk_is_the_same_after_reopening(tmp_path, clock):
    """Everything that was answered is there when the store is opened again."""
    path = tmp_path / "cloud.db"
    store = Store(path, clock=clock, new_id=counted_ids())
    accepted = store.create(a_batch(tags=("x",)))
    (job_id,) = store.job_ids(accepted.state.id)
    store.start([job_id])
    store.finish([Outcome(job_id=job_id, attempt=1, result=RESULT)])
    before = store.batch(accepted.state.id), store.job(job_id), store.result_link(job_id)
    store.close()

    again = Store(path, clock=Clock())
    after = again.batch(accepted.state.id), again.job(job_id), again.result_link(job_id)
    again.close()

    assert before == after


def test_what_was_answered_survives_a_kill(tmp_path):
    """A process that is killed right after its last answer has lost nothing."""
    script = textwrap.dedent(
        """
        import os, signal, sys
        from runner.local.rules.records import NewBatch, NewJob
        from runner.local.store.store import Store
        store = Store(sys.argv[1])
        for _ in range(5):
            jobs = (NewJob(runs=1), NewJob(runs=2))
            batch = store.create(NewBatch(project_id="p", device_type="EMU_FREE", sequence="S", jobs=jobs))
            store.start(store.job_ids(batch.state.id)[:1])
            print(batch.state.id, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    path = tmp_path / "cloud.db"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False, env=os.environ
    )
    answered = done.stdout.split()

    store = Store(path)
    interrupted = store.requeue_interrupted()
    found = [store.batch(batch_id).state.counts for batch_id in answered]
    store.close()

    assert ([Counts(pending=2)] * 5, 5) == (found, len(interrupted))


def test_store_of_another_format_is_refused(tmp_path):
    """A store that a later version has written is not touched."""
    path = tmp_path / "cloud.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()

    with pytest.raises(LocalCloudError, match="format 99"):
        Store(path)


@pytest.mark.parametrize("size", [4096, 40_000])
def test_damaged_store_is_refused_when_it_is_opened(tmp_path, size):
    """Cut off, or with something else in its middle; it stays as it is."""
    path = tmp_path / "cloud.db"
    with contextlib.closing(Store(path)) as store:
        for _ in range(50):
            store.create(a_batch(sequence="S" * 3000))
    whole = path.read_bytes()
    damaged = whole[:size] if size == 4096 else whole[:8192] + b"x" * size + whole[8192 + size :]
    path.write_bytes(damaged)

    with pytest.raises(LocalCloudError, match=r"cannot be opened: .*(damaged|malformed)") as caught:
        Store(path)
    assert "Move it away" in caught.value.hint
    assert damaged == path.read_bytes()


FORMER = {
    1: "DROP INDEX jobs_waiting; DROP INDEX batches_waiting; ALTER TABLE jobs DROP COLUMN is_long;"
    "DROP TABLE webhooks;"
    "ALTER TABLE batches DROP COLUMN canceling; ALTER TABLE batches DROP COLUMN backend_configuration",
    2: "DROP INDEX jobs_waiting; DROP INDEX batches_waiting; ALTER TABLE jobs DROP COLUMN is_long",
}


@pytest.mark.parametrize("version", FORMER)
def test_store_of_a_former_format_is_upgraded(tmp_path, version):
    """What an earlier version has accepted is there, waits in its place, and goes on."""
    path = tmp_path / "cloud.db"
    store = Store(path)
    before = store.create(a_batch(tags=("x",)))
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as first:
        first.executescript(f"{FORMER[version]}; PRAGMA user_version={version}")

    again = Store(path)
    after = again.batch(before.state.id)
    newer = again.create(a_batch(webhook="http://127.0.0.1", backend_configuration="{}"))
    read = again.batch(newer.state.id)
    waiting = {each.batch_id for queue in again.queues(9) for each in queue.waiting}
    again.close()

    assert (before, newer, {before.state.id, newer.state.id}) == (after, read, waiting)


def test_failed_transaction_changes_nothing(store):
    """A batch whose tags cannot be written is not there at all."""
    with pytest.raises(sqlite3.IntegrityError):
        store.create(a_batch(tags=("twice", "twice")))

    assert store.batches(Selection()).total == 0


def test_full_disk_is_an_answer_and_no_lie(tmp_path):
    """Without room a batch is refused with a 503, is not there, and the next one is accepted with room."""
    store = Store(tmp_path / "cloud.db")
    ask = Asker(LocalCloud(store, FakeEngine(), sequences=FakeSequences()))
    connection = store._database._connection
    (n_pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={n_pages + 1}")
    body = {"project_id": "p", "device_type": "EMU_FREE", "open": True, "tags": ["x" * 100_000]}

    refused = ask("POST", "/api/v1/batches", body)
    listed = ask.data("GET", "/api/v1/batches")
    connection.execute("PRAGMA max_page_count=100000")
    accepted, _ = ask("POST", "/api/v1/batches", body)
    store.close()

    assert (503, "The store cannot be used now: database or disk is full.") == (
        refused[0],
        refused[1]["message"],
    )
    assert ([], 200) == (listed, accepted)


def test_locked_database_is_an_answer_and_no_lie(tmp_path):
    """While another process holds the database, writing is a 503, reading goes on, and later all is well."""
    path = tmp_path / "cloud.db"
    store = Store(path)
    ask = Asker(LocalCloud(store, FakeEngine(), sequences=FakeSequences()))
    store._database._connection.execute("PRAGMA busy_timeout=10")
    batch = ask.create(open=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = [
            ask("PATCH", f"/api/v2/batches/{batch['id']}/cancel")[0],
            ask("POST", "/api/v1/batches", {"project_id": "p", "device_type": "EMU_FREE", "open": True})[0],
        ]
        during = ask.data("GET", f"/api/v1/batches/{batch['id']}/status")["status"]
        other.execute("ROLLBACK")
    after = ask("PATCH", f"/api/v2/batches/{batch['id']}/cancel")[1]["data"]["status"]
    store.close()

    assert ([503, 503], "PENDING", "CANCELED") == (refused, during, after)


def test_commit_that_fails_leaves_no_transaction_behind(store):
    """What only the commit finds out is undone like any other failure, and the store goes on."""

    def break_a_promise():
        with store._database.writing() as connection:
            connection.execute("PRAGMA defer_foreign_keys=ON")
            connection.execute("INSERT INTO tags VALUES ('x', 'nobody')")

    with pytest.raises(sqlite3.IntegrityError):
        break_a_promise()

    assert store.create(a_batch()).state == store.batches(Selection()).items[0].state
