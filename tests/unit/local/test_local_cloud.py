"""What happens by itself: jobs start, end and wait again, idle batches time out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from local_fakes import START, Asker, FakeEngine, FakeSequences, a_sequence

from runner.local.engines.base import AttemptLostError, EngineState, WorkerDiedError, seed
from runner.local.server.local_cloud import LocalCloud, StepReport


def job_ids(batch):
    """Ids of the jobs in an answer."""
    return tuple(job["id"] for job in batch["jobs"])


def statuses(ask, batch):
    """Status of a batch and numbers of its jobs."""
    said = ask.data("GET", f"/api/v1/batches/{batch['id']}/status")
    return said["status"], said["jobs_count_per_status"]


def test_life_of_a_batch(ask, cloud, engine, clock):
    """Jobs start in order while there is room, end one by one, and the batch ends with the last."""
    engine.room = 2
    batch = ask.create(3)
    first, second, third = job_ids(batch)

    begun = cloud.step()
    clock.advance(seconds=5)
    engine.finish(second, {"11": 10})
    went_on = cloud.step()
    engine.finish(first)
    engine.fail(third, ValueError("no such pulse"))
    ended = cloud.step()

    assert (
        StepReport(started=(first, second)),
        StepReport(finished=(second,), started=(third,)),
        StepReport(finished=(first, third)),
    ) == (begun, went_on, ended)
    assert statuses(ask, batch) == ("DONE", {"DONE": 2, "ERROR": 1})
    assert ask.data("GET", f"/api/v2/jobs/{third}")["errors"] == ["ValueError: no such pulse"]


def test_engine_is_given_everything_as_text(ask, cloud, engine):
    """The payload has the sequence, the values, the runs, and a seed that comes from the job's id."""
    (job_id,) = job_ids(ask.create())

    cloud.step()

    expected = {
        "sequence": a_sequence(),
        "variables": {"a": 0},
        "runs": 10,
        "seed": seed(job_id),
        "device_type": "EMU_FREE",
        "emulator": "EMU_FREE",
        "configuration": {},
        "backend_configuration": None,
        "is_long": False,
    }
    assert [(job_id, 1, expected)] == engine.submitted


def test_step_without_work_does_nothing(cloud):
    """A step may be taken at any time."""
    assert StepReport() == cloud.step()


def test_every_change_that_may_start_something_is_announced(ask, cloud):
    """The scheduler is woken by a change and not by a question."""
    cloud.changed.clear()
    ask("GET", "/api/v1/batches")
    asked = cloud.changed.is_set()
    ask.create()

    assert asked is False
    assert cloud.changed.is_set()


def test_end_of_a_job_is_announced(ask, cloud, engine):
    """The scheduler is woken when the engine is done with a job."""
    (job_id,) = job_ids(ask.create())
    cloud.step()
    cloud.changed.clear()

    engine.finish(job_id)

    assert cloud.changed.is_set()


@pytest.mark.parametrize("device_type", ["EMU_FREE", "FRESNEL"])
def test_one_job_does_not_wait_behind_the_many_of_another_project(ask, cloud, engine, device_type):
    """With a single worker it is the second that starts, on a machine too, whatever came before it."""
    engine.room = 1
    many = [ask.create(project_id="many", device_type=device_type) for _ in range(20)]
    cloud.step()
    few = ask.create(project_id="few", device_type=device_type)

    engine.finish(*job_ids(many[0]))

    assert job_ids(few) == cloud.step().started
    engine.finish(*job_ids(few))
    assert job_ids(many[1]) == cloud.step().started


@pytest.mark.parametrize(("room", "expected"), [(1, 1), (2, 1), (4, 3)])
def test_long_jobs_leave_a_worker(ask, cloud, engine, room, expected):
    """Of two and more; a single one is for all."""
    engine.room = room
    text = a_sequence(n_qubits=12, duration_ns=20_000)
    long_ones = ask.create(9, sequence_builder=text)
    begun = cloud.step().started
    short = ask.create(1)

    assert job_ids(long_ones)[:expected] == begun
    assert (job_ids(short) if room > 1 else ()) == cloud.step().started


def test_jobs_that_are_repeated_stay_long(ask, cloud, engine):
    """A rebatch of long jobs is long too."""
    engine.room = 2
    first = ask.create(2, sequence_builder=a_sequence(n_qubits=12, duration_ns=20_000))
    for job_id in job_ids(first):
        assert (job_id,) == cloud.step().started
        engine.finish(job_id)
    cloud.step()
    again = ask.data("POST", f"/api/v1/batches/{first['id']}/rebatch")

    assert job_ids(again)[:1] == cloud.step().started


def test_dead_worker_is_the_error_of_its_job_only(ask, cloud, engine):
    """A job whose worker died says so, the others go on."""
    batch = ask.create(2)
    dead, _ = job_ids(batch)
    cloud.step()

    engine.fail(dead, WorkerDiedError("The worker process died (exit code -9)."))
    cloud.step()

    assert statuses(ask, batch) == ("RUNNING", {"RUNNING": 1, "ERROR": 1})
    assert ask.data("GET", f"/api/v2/jobs/{dead}")["errors"] == ["The worker process died (exit code -9)."]


def test_lost_attempt_is_made_again_and_only_the_last_one_counts(ask, cloud, engine):
    """A machine that is lost is no error of its job, which starts again in the same step."""
    batch = ask.create()
    job_id = batch["jobs"][0]["id"]
    cloud.step()
    engine.fail(job_id, AttemptLostError("tcp://10.0.0.2:4000"))
    again = cloud.step().started
    running = ask.data("GET", f"/api/v2/jobs/{job_id}")
    engine.finish(job_id, {"11": 10}, attempt=2)
    cloud.step()
    done = ask.data("GET", f"/api/v2/jobs/{job_id}")

    assert ((job_id,), [1, 2]) == (again, [attempt for _, attempt, _ in engine.submitted])
    assert ("RUNNING", ["Attempt 1 was lost with the worker tcp://10.0.0.2:4000."]) == (
        running["status"],
        running["errors"],
    )
    assert ("DONE", None) == (done["status"], done.get("errors") or None)


def test_job_whose_machines_are_lost_rests_and_is_never_blamed(ask, cloud, engine, clock):
    """Two losses cost no time; after that it waits longer each time, others go before it, and it may end."""
    (job_id,) = job_ids(ask.create())
    waits = []
    for attempt in range(1, 6):
        began = clock.now
        while not cloud.step().started:
            clock.advance(seconds=1)
        waits.append((clock.now - began).seconds)
        engine.fail(job_id, AttemptLostError(f"w{attempt}"), attempt=attempt)
    lost = cloud.step()
    said = ask.data("GET", f"/api/v2/jobs/{job_id}")
    clock.advance(seconds=60)
    cloud.step()
    engine.finish(job_id, attempt=6)
    cloud.step()

    assert [0, 0, 0, 5, 10] == waits
    assert clock.now - timedelta(seconds=40) == lost.look_again_at
    assert ("PENDING", [f"Attempt {n} was lost with the worker w{n}." for n in range(1, 6)]) == (
        said["status"],
        said["errors"],
    )
    assert ("DONE", []) == tuple(
        ask.data("GET", f"/api/v2/jobs/{job_id}")[key] for key in ("status", "errors")
    )


def test_resting_job_holds_up_no_other_one(ask, cloud, engine):
    """Also of its own project, which has the same turn."""
    engine.room = 1
    lost, other = job_ids(ask.create(2))
    for attempt in (1, 2, 3):
        cloud.step()
        engine.fail(lost, AttemptLostError("w"), attempt=attempt)

    assert (other,) == cloud.step().started


def test_clock_that_is_set_back_ends_a_rest(ask, cloud, engine, clock):
    """Otherwise a job would wait until the clock has caught up."""
    (job_id,) = job_ids(ask.create())
    for attempt in (1, 2, 3):
        cloud.step()
        engine.fail(job_id, AttemptLostError("w"), attempt=attempt)
    rests = cloud.step().started
    clock.advance(days=-1)

    assert ((), (job_id,)) == (rests, cloud.step().started)


def test_what_is_wrong_with_the_engine_is_said_of_jobs_and_of_the_server(ask, cloud, engine):
    """Of those that wait why they do, and of one at work what became of its machine; until it is over."""
    engine.room = 1
    runs, waits = job_ids(ask.create(2))
    cloud.step()
    engine.state = EngineState(
        complaints=("the cluster has no workers",), left_out={"w": "it is old"}, remarks={runs: "Silent."}
    )
    during = [ask.data("GET", f"/api/v2/jobs/{job_id}")["errors"] for job_id in (runs, waits)]
    listed = [job["errors"] for job in ask.data("GET", "/api/v2/jobs", query=[("order_by_direction", "ASC")])]
    engine.state = EngineState()

    assert [["Silent."], ["The job waits: the cluster has no workers."]] == during == listed
    assert [] == ask.data("GET", f"/api/v2/jobs/{waits}")["errors"]


def test_jobs_of_an_emulator_that_nothing_has_wait_and_others_do_not(ask, cloud, engine):
    """They say why, and take no turn."""
    engine.state = EngineState(lacking={"EMU_FREE": "no worker has it"})
    waits, starts = ask.create(project_id="a"), ask.create(project_id="a", device_type="FRESNEL")

    assert job_ids(starts) == cloud.step().started
    assert ["The job waits: no worker has it."] == ask.data("GET", f"/api/v2/jobs/{job_ids(waits)[0]}")[
        "errors"
    ]


def test_answer_of_an_engine_that_cannot_be_read_is_the_error_of_its_job(ask, cloud, engine):
    """Whatever an engine hands back, the job comes to an end."""
    (job_id,) = job_ids(ask.create())
    cloud.step()

    engine.futures[job_id, 1].set_result("no JSON")
    cloud.step()

    assert ask.data("GET", f"/api/v2/jobs/{job_id}")["status"] == "ERROR"


def test_machine_serves_one_batch_after_the_other(ask, cloud, engine):
    """A QPU-like device runs one job at a time and keeps to a batch until it is done."""
    older, newer = ask.create(2, device_type="FRESNEL"), ask.create(device_type="FRESNEL")
    emulated = ask.create()
    order = []
    for _ in range(4):
        order += cloud.step().started
        running = [job_id for job_id, future in engine.futures.items() if not future.done()]
        engine.finish(running[0][0])

    assert (job_ids(older)[0], *job_ids(emulated), job_ids(older)[1], *job_ids(newer)) == tuple(order)


def test_open_batch_keeps_its_machine_until_it_times_out(ask, cloud, engine, clock):
    """An open batch that was started holds the device while it idles; then the next one gets it."""
    holder = ask.create(device_type="FRESNEL", open=True)
    waiting = ask.create(device_type="FRESNEL")
    cloud.step()
    clock.advance(minutes=1)
    engine.finish(job_ids(holder)[0])
    idling = cloud.step()
    clock.advance(minutes=5)

    assert (
        StepReport(finished=job_ids(holder), look_again_at=START + timedelta(minutes=6)),
        StepReport(timed_out=(holder["id"],), started=job_ids(waiting)),
    ) == (idling, cloud.step())


def test_empty_claim_does_not_keep_a_machine(ask, cloud):
    """An open batch that never ran a job holds nobody up."""
    ask.create(device_type="FRESNEL", open=True, jobs=[])
    waiting = ask.create(device_type="FRESNEL")

    assert job_ids(waiting) == cloud.step().started


def test_machine_is_busy_until_the_running_job_of_a_canceled_batch_ends(ask, cloud, engine):
    """A cancel does not interrupt a job, so the device is not free before its end."""
    canceled, waiting = ask.create(2, device_type="FRESNEL"), ask.create(device_type="FRESNEL")
    cloud.step()
    ask.data("PATCH", f"/api/v2/batches/{canceled['id']}/cancel")
    busy = cloud.step()
    engine.finish(job_ids(canceled)[0])
    free = cloud.step()

    assert ((), job_ids(waiting)) == (busy.started, free.started)
    assert statuses(ask, canceled) == ("CANCELED", {"DONE": 1, "CANCELED": 1})


def test_crash_runs_interrupted_jobs_again_once(ask, cloud, engine, store):
    """After a restart each job that was running runs once more, and only that attempt counts."""
    batch = ask.create(2)
    first, second = job_ids(batch)
    cloud.step()
    engine.finish(first)
    cloud.step()

    again = FakeEngine()
    restarted = LocalCloud(store, again, sequences=FakeSequences())
    step = restarted.step()
    again.finish(second, attempt=2)
    restarted.step()

    assert (StepReport(started=(second,)), [(second, 2)]) == (step, [each[:2] for each in again.submitted])
    assert statuses(Asker(restarted), batch) == ("DONE", {"DONE": 2})


def test_step_that_fails_is_taken_again(ask, cloud, engine, store, monkeypatch):
    """A result is not forgotten because the store could not be written."""
    batch = ask.create()
    cloud.step()
    engine.finish(*job_ids(batch))

    def fail(_):
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "finish", fail)
        with pytest.raises(OSError, match="disk full"):
            cloud.step()

    assert job_ids(batch) == cloud.step().finished


def test_step_is_one_commit(ask, cloud, engine, store, monkeypatch):
    """What a step takes and starts reaches the disk together or not at all; the engine hears of it after."""
    engine.room = 1
    batch = ask.create(2)
    first, second = job_ids(batch)
    cloud.step()
    engine.finish(first)

    def fail(_):
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "start", fail)
        with pytest.raises(OSError, match="disk full"):
            cloud.step()
    between = statuses(ask, batch)[1], len(engine.submitted)
    step = cloud.step()

    assert ({"PENDING": 1, "RUNNING": 1}, 1) == between
    assert (StepReport(finished=(first,), started=(second,)), 2) == (step, len(engine.submitted))


def test_work_is_what_waits_or_runs(ask, cloud, engine):
    """A server may leave when nothing waits or runs; an idle open batch is no work."""
    empty = cloud.has_work()
    (job_id,) = job_ids(ask.create(open=True))
    waits = cloud.has_work()
    cloud.step()
    runs = cloud.has_work()
    engine.finish(job_id)
    cloud.step()

    assert [empty, waits, runs, cloud.has_work()] == [False, True, True, False]
