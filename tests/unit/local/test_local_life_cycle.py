"""CANCELING and PAUSED, which are produced on demand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from local_fakes import START, Asker, FakeEngine, FakeSequences

from runner.domain import BatchStatus, JobStatus
from runner.local.protocol.configuration import Configuration
from runner.local.rules import state_machine
from runner.local.rules.errors import WrongStateError
from runner.local.rules.state_machine import Counts
from runner.local.server.local_cloud import LocalCloud

LATER = START + timedelta(seconds=10)
BATCH = state_machine.created("b", "EMU_FREE", is_open=True, n_jobs=2, now=START)
JOB = state_machine.Job(id="j", batch_id="b", status=JobStatus.PENDING, updated_at=START)


@pytest.fixture
def configured(store, engine):
    """Gives a client of a cloud with this life cycle, and control."""

    def made(engine=engine, **life_cycle):
        configuration = Configuration.model_validate({"life_cycle": life_cycle, "control": {"enabled": True}})
        return Asker(LocalCloud(store, engine, sequences=FakeSequences(), configuration=configuration))

    return made


def statuses(ask, batch):
    """Status of a batch and numbers of its jobs."""
    said = ask.data("GET", f"/api/v1/batches/{batch['id']}/status")
    return said["status"], said["jobs_count_per_status"]


def test_slow_cancel_goes_by_way_of_canceling():
    """The batch is closed at once, and ended when the cancel has ended."""
    canceling = state_machine.canceled(BATCH, LATER, is_slow=True)
    canceled = state_machine.cancel_ended(canceling, LATER)

    expected = replace(
        BATCH, status=BatchStatus.CANCELING, open=False, counts=Counts(canceling=2), updated_at=LATER
    )
    assert expected == canceling == state_machine.canceled(canceling, LATER, is_slow=True)
    assert (
        replace(expected, status=BatchStatus.CANCELED, counts=Counts(canceled=2), ended_at=LATER) == canceled
    )
    assert canceled == state_machine.canceled(BATCH, LATER)


def test_slow_cancel_of_a_job_keeps_its_batch_busy():
    """A closed batch is not done before its last job is canceled."""
    batch, job = state_machine.job_canceled(
        replace(BATCH, open=False, counts=Counts(pending=1)), JOB, LATER, is_slow=True
    )
    after, canceled = state_machine.job_cancel_ended(batch, job, LATER)

    assert (JobStatus.CANCELING, None, BatchStatus.PENDING) == (job.status, job.ended_at, batch.status)
    assert (JobStatus.CANCELED, LATER, BatchStatus.DONE) == (canceled.status, canceled.ended_at, after.status)


def test_paused_batch_starts_nothing_and_goes_on_as_it_was():
    """A pause is undone by resuming, and does nothing to what has ended."""
    paused = state_machine.paused(BATCH, LATER)
    ended = state_machine.canceled(BATCH, LATER)

    with pytest.raises(WrongStateError):
        state_machine.job_started(paused, JOB, LATER)
    assert replace(BATCH, updated_at=LATER) == state_machine.resumed(paused, LATER)
    assert (ended, BATCH) == (state_machine.paused(ended, LATER), state_machine.resumed(BATCH, LATER))


def test_canceled_batch_is_canceling_for_a_while(configured, clock):
    """For as long as was said, with its jobs; then both are CANCELED, and nobody has to ask for it."""
    ask = configured(canceling_s=30)
    batch = ask.create(2, open=True)
    answer = ask.data("PATCH", f"/api/v2/batches/{batch['id']}/cancel")
    refused, _ = ask("POST", f"/api/v2/batches/{batch['id']}/jobs", [{"runs": 1, "variables": {"a": 1}}])
    waiting = ask.cloud.step().look_again_at
    during = statuses(ask, batch)
    clock.advance(seconds=31)
    ask.cloud.step()

    assert ("CANCELING", {"CANCELING"}, 409) == (
        answer["status"],
        {job["status"] for job in answer["jobs"]},
        refused,
    )
    assert (START + timedelta(seconds=30)) <= waiting < clock.now
    assert (("CANCELING", {"CANCELING": 2}), ("CANCELED", {"CANCELED": 2})) == (during, statuses(ask, batch))


def test_canceled_job_is_canceling_for_a_while(configured, clock):
    """Alone, while its batch goes on; the other job runs."""
    ask = configured(canceling_s=30)
    batch = ask.create(2)
    first, second = (job["id"] for job in batch["jobs"])
    during = ask.data("PATCH", f"/api/v2/jobs/{first}/cancel")["status"]
    started = ask.cloud.step().started
    clock.advance(seconds=31)
    ask.cloud.step()

    assert ("CANCELING", (second,)) == (during, started)
    assert ("RUNNING", {"CANCELED": 1, "RUNNING": 1}) == statuses(ask, batch)


def test_canceling_ends_also_after_a_restart(configured, clock):
    """What was CANCELING when the server died is CANCELED at its time."""
    ask = configured(canceling_s=30)
    batch = ask.create(1)
    ask.data("PATCH", f"/api/v2/batches/{batch['id']}/cancel")
    again = configured(FakeEngine(), canceling_s=30)
    clock.advance(seconds=31)
    again.cloud.step()

    assert ("CANCELED", {"CANCELED": 1}) == statuses(again, batch)


@pytest.mark.parametrize("what", ["devices", "batches"])
def test_pause_holds_what_is_named_and_nothing_else(configured, what):
    """A device or a batch is PAUSED, others run; resumed it runs too."""
    ask = configured()
    held, other = ask.create(device_type="FRESNEL"), ask.create()
    body = {"devices": ["FRESNEL"]} if what == "devices" else {"batches": [held["id"]]}

    told = ask.data("PUT", "/control/paused", body)
    ask.cloud.step()
    during = statuses(ask, held)[0], statuses(ask, other)[0]
    ask.data("PUT", "/control/paused", {})
    ask.cloud.step()

    assert {"devices": [], "batches": []} | body == told
    assert ("PAUSED", "RUNNING") == during
    assert "RUNNING" == statuses(ask, held)[0]


def test_running_job_of_a_paused_device_goes_on_to_its_end(configured, engine):
    """A pause interrupts nothing; the batch can even be done by it."""
    ask = configured()
    batch = ask.create()
    ask.cloud.step()
    ask.data("PUT", "/control/paused", {"devices": ["EMU_FREE"]})
    ask.cloud.step()
    during = statuses(ask, batch)
    engine.finish(batch["jobs"][0]["id"])
    ask.cloud.step()

    assert (("PAUSED", {"RUNNING": 1}), ("DONE", {"DONE": 1})) == (during, statuses(ask, batch))


def test_device_is_paused_by_the_configuration(configured):
    """From the beginning, until the control says otherwise or the server starts with another file."""
    ask = configured(paused_devices=["EMU_FREE"])
    batch = ask.create()
    ask.cloud.step()
    during = statuses(ask, batch)[0]
    again = configured(FakeEngine())
    again.cloud.step()

    assert ("PAUSED", "RUNNING") == (during, statuses(again, batch)[0])


def test_batch_that_comes_in_the_middle_of_a_step_is_paused_too(configured):
    """Nothing of a paused device starts, also when a step has looked at what to pause just before."""

    class InterruptedEngine(FakeEngine):
        def capacity(self):
            if not created:
                created.append(ask.create())
            return self.room

    created = []
    ask = configured(InterruptedEngine(), paused_devices=["EMU_FREE"])
    started = ask.cloud.step().started
    ask.cloud.step()

    assert ((), ("PAUSED", {"PENDING": 1})) == (started, statuses(ask, created[0]))
