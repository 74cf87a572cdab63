"""What is read again of a batch that we have cancelled ourselves."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from builders import SEQUENCE, a_record, an_experiment
from fakes import DiceEngine, MemoryCloud, VirtualClock

from runner.domain import JobStatus
from runner.reconcile import Context, Journal, Observer
from runner.results import Records


@pytest.fixture
def context(tmp_path):
    """A cloud of which jobs end when the test says so, and an empty machine."""
    clock = VirtualClock()
    cloud = MemoryCloud(clock, DiceEngine(random.Random(1), failing=0.0, ending=1.0, capacity=1))
    journal = Journal(Path(":memory:"), clock)
    context = Context(
        client=cloud.client(), journal=journal, records=Records(tmp_path), namespace="lab", clock=clock
    )
    yield context, cloud
    journal.close()
    cloud.close()


def test_a_result_is_not_overlooked_beside_a_cancelled_job_that_is_on_record(context):
    """The cancelled job is ours and on record all the same; it is one job, and the other one has run."""
    context, cloud = context
    job = {"runs": 100, "variables": {"t": 1}}
    batch = context.client.send_batch(
        {
            "device_type": "EMU_FREE",
            "sequence_builder": SEQUENCE,
            "jobs": [job, job],
            "tags": ["runner:lab", "exp:exp", "recipe:r", "fenced"],
        }
    )
    cloud.step()
    context.client.cancel_batch(batch["id"])
    cloud.engine.tick()
    cloud.step()
    gone = a_record(
        batch["jobs"][1]["id"], batch_id=batch["id"], recipe="r", status=JobStatus.CANCELED, counts={}
    )
    context.records.add("exp", [gone])

    seen = Observer(context).observe([an_experiment()])["exp"]

    assert [JobStatus.DONE, JobStatus.CANCELED] == [job.status for job in seen.batches[0].jobs]


def test_what_was_pending_is_not_taken_for_pending_when_all_of_it_is_cancelled(context):
    """Cancelled by us, so that nobody has to ask for its jobs again: what was read before is not true now."""
    context, _ = context
    job = {"runs": 100, "variables": {"t": 1}}
    ours = ["runner:lab", "exp:exp", "recipe:r"]
    batch = context.client.send_batch(
        {"device_type": "EMU_FREE", "sequence_builder": SEQUENCE, "jobs": [job], "tags": ours}
    )
    observer = Observer(context)
    before = observer.observe([an_experiment()])["exp"]
    context.client.set_batch_tags(batch["id"], [*ours, "pruned"])
    context.client.cancel_batch(batch["id"])
    after = observer.observe([an_experiment()])["exp"]

    assert [[JobStatus.PENDING], []] == [
        [job.status for job in seen.batches[0].jobs] for seen in (before, after)
    ]


def test_what_a_wrong_list_showed_as_done_does_not_count_once_it_is_cancelled(context):
    """It has no result, and never ran: it is not on record any more, and is bought again."""
    context, cloud = context
    job = {"runs": 100, "variables": {"t": 1}}
    tags = ["runner:lab", "exp:exp", "recipe:r", "fenced"]
    batch = context.client.send_batch(
        {"device_type": "EMU_FREE", "sequence_builder": SEQUENCE, "jobs": [job, job], "tags": tags}
    )
    first, second = (each["id"] for each in batch["jobs"])
    done = [a_record(each, batch_id=batch["id"], recipe="r") for each in (first, second)]
    untrue = replace(done[1], counts={})
    context.records.add("exp", [done[0], untrue])
    cloud.step()
    before = Observer(context).observe([an_experiment()])["exp"]
    context.client.cancel_batch(batch["id"])
    cloud.engine.tick()
    cloud.step()
    after = Observer(context).observe([an_experiment()])["exp"]
    context.records.withdraw("exp", after.refuted["exp"])

    assert ({}, [first, second]) == (before.refuted, [job.id for job in before.recorded])
    assert ([second], [first]) == tuple(
        [job.id for job in some] for some in (after.refuted["exp"], after.recorded)
    )
    assert [first] == [job.id for job in context.records.of_experiment("exp")]
