"""The public face: `Batch` and `Job` as users of PCS know them, against the local cloud in memory."""

from __future__ import annotations

import random

import pytest
from fakes import SEQUENCE, DiceEngine, LossyPort, MemoryCloud, VirtualClock

from runner.cloud import Batch, Configuration, EmuFreeConfiguration, EmuTnConfiguration, Job
from runner.errors import (
    BatchCancellingError,
    BatchFetchingError,
    JobCreationError,
    JobFetchingError,
    JobRetryError,
    UnknownOutcomeError,
)


@pytest.fixture
def cloud():
    """A cloud whose jobs end well at the first tick."""
    cloud = MemoryCloud(VirtualClock(), DiceEngine(random.Random(1), failing=0.0, ending=1.0))
    yield cloud
    cloud.close()


def an_open_batch(cloud, client=None, **fields):
    """An open batch with one job."""
    client = client or cloud.client()
    payload = {
        "device_type": "EMU_FREE",
        "sequence_builder": SEQUENCE,
        "open": True,
        "jobs": [{"runs": 10, "variables": {"t": 1}}],
        "tags": ["mine"],
    }
    return Batch(client.send_batch(payload | fields), client)


def work(cloud):
    """Lets all jobs run and end."""
    for _ in range(4):
        cloud.step()
        cloud.engine.tick()


def test_a_batch_carries_what_the_cloud_says_of_it(cloud):
    """By the names of the interface."""
    batch = an_open_batch(cloud)

    assert ("PENDING", True, False, "EMU_FREE", ["mine"], 1, SEQUENCE) == (
        batch.status,
        batch.open,
        batch.complete,
        batch.device_type,
        batch.tags,
        batch.jobs_count,
        batch.sequence_builder,
    )


def test_jobs_are_added_in_order_and_in_place(cloud):
    """The batch knows its new jobs at once."""
    batch = an_open_batch(cloud)
    batch.add_jobs([{"runs": 20, "variables": {"t": 2}}, {"runs": 30, "variables": {"t": 3}}])

    assert [(10, {"t": 1}), (20, {"t": 2}), (30, {"t": 3})] == [
        (j.runs, j.variables) for j in batch.ordered_jobs
    ]


def test_results_are_fetched_when_they_are_looked_at(cloud):
    """Counts, and all that was measured."""
    batch = an_open_batch(cloud)
    batch.close()
    work(cloud)
    batch.refresh()
    job = batch.ordered_jobs[0]

    assert ("DONE", "DONE", {"0": 10}) == (batch.status, job.status, job.result)
    assert {"counter", "raw", "serialised_results"} <= set(job.full_result)


def test_a_job_is_sent_again_with_its_runs_and_variables(cloud):
    """In the same open batch."""
    batch = an_open_batch(cloud)
    batch.retry(batch.ordered_jobs[0])

    assert [(10, {"t": 1})] * 2 == [(job.runs, job.variables) for job in batch.ordered_jobs]


def test_cancel_ends_the_batch_and_its_pending_jobs(cloud):
    """In place."""
    batch = an_open_batch(cloud)
    batch.cancel()

    assert ("CANCELED", ["CANCELED"]) == (batch.status, [job.status for job in batch.ordered_jobs])


def test_a_closed_batch_refuses_jobs(cloud):
    """With the error that users of Batch know."""
    batch = an_open_batch(cloud)
    batch.close()

    with pytest.raises(JobCreationError, match="given more jobs"):
        batch.add_jobs([{"runs": 1, "variables": {"t": 1}}])
    with pytest.raises(JobRetryError):
        batch.retry(batch.ordered_jobs[0])


def test_a_lost_answer_shows_as_the_cause(cloud):
    """A caller can tell a refusal from not knowing."""
    fates = iter(["answered", "lost after"])
    batch = an_open_batch(cloud, cloud.client(LossyPort(cloud, lambda _: next(fates))))

    with pytest.raises(JobCreationError) as caught:
        batch.add_jobs([{"runs": 1, "variables": {"t": 1}}])

    assert isinstance(caught.value.__cause__, UnknownOutcomeError)


def test_tags_are_replaced(cloud):
    """All of them."""
    batch = an_open_batch(cloud)
    batch.set_tags(["a", "b"])
    batch.refresh()

    assert ["a", "b"] == batch.tags


def test_deprecated_names_still_work_and_say_so(cloud):
    """`jobs` and `declare_complete`."""
    batch = an_open_batch(cloud)
    with pytest.warns(DeprecationWarning, match="ordered_jobs"):
        by_id = batch.jobs
    batch.jobs = {}
    with pytest.warns(DeprecationWarning, match="close"):
        batch.declare_complete()

    assert [job.id for job in batch.ordered_jobs] == list(by_id)
    assert not batch.open


def test_every_error_names_what_was_being_done(cloud):
    """For a batch and a job that are not there."""
    batch = Batch({"id": "00000000-0000-4000-8000-999999999999"}, cloud.client())
    job = Job({"id": "00000000-0000-4000-8000-999999999999"}, cloud.client())

    with pytest.raises(BatchFetchingError, match="read"):
        batch.refresh()
    with pytest.raises(BatchCancellingError, match="cancelled"):
        batch.cancel()
    with pytest.raises(JobFetchingError, match="result"):
        _ = job.result


@pytest.mark.parametrize(
    ("device_type", "options", "expected"),
    [
        ("EMU_FREE", None, None),
        ("EMU_SV", {"with_noise": True}, None),
        ("EMU_FREE", {"with_noise": True}, EmuFreeConfiguration(with_noise=True)),
        ("EMU_TN", {"dt": 5.0, "new": 1}, EmuTnConfiguration(dt=5.0, extra_config={"new": 1})),
        ("FRESNEL", {"new": 1}, Configuration(extra_config={"new": 1})),
    ],
)
def test_old_emulator_options_are_read_by_device_type(cloud, device_type, options, expected):
    """What is not known is kept."""
    batch = Batch({"id": "b", "device_type": device_type, "configuration": options}, cloud.client())

    assert expected == batch.configuration
    if options and expected:
        assert options.items() <= expected.to_dict().items()


def test_fields_and_statuses_of_tomorrow_are_kept(cloud):
    """They are attributes like the others."""
    job = Job({"id": "j", "status": "TELEPORTED", "fidelity": 0.5}, cloud.client())
    batch = Batch({"id": "b", "status": "PAUSED", "shelf": [1]}, cloud.client())

    assert ("TELEPORTED", 0.5) == (job.status, job.fidelity)
    assert ("PAUSED", [1]) == (batch.status, batch.shelf)
