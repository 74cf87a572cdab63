"""What the official SDK's documentation shows of its client, done against the local cloud: facts as JSON.

Imported by `examples_side`, in a process of its own, with the version of the SDK that Python finds there.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

from pasqal_cloud.device import DeviceTypeName, EmuFreeConfig, EmulatorType, EmuTNConfig
from pasqal_cloud.errors import BatchCreationError, ExceptionWithResponseContext
from pasqal_cloud.utils.constants import BatchStatus, JobStatus, QueuePriority
from pasqal_cloud.utils.filters import (
    BatchFilters,
    CancelJobFilters,
    JobFilters,
    PaginationParams,
    RebatchFilters,
)
from pulser import Pulse, Register, Sequence
from pulser.devices import AnalogDevice, Device
from pulser.json.abstract_repr.deserializer import deserialize_device

PATIENCE_S = 60
JOB_1 = {"runs": 20, "variables": {"omega_max": 6}}
JOB_2 = {"runs": 50, "variables": {"omega_max": 10.5}}


def a_sequence():
    """Two atoms under a pulse of a variable amplitude."""
    sequence = Sequence(Register.rectangle(1, 2, spacing=6.0, prefix="q"), AnalogDevice)
    sequence.declare_channel("rydberg", "rydberg_global")
    omega_max = sequence.declare_variable("omega_max")
    sequence.add(Pulse.ConstantPulse(100, omega_max, 2, 0.0), "rydberg")
    return sequence


def serialized():
    """That sequence as it is sent."""
    return a_sequence().to_abstract_repr()


def ended(client, batch_id):
    """A batch once nothing of it waits or runs."""
    deadline = time.monotonic() + PATIENCE_S
    while (batch := client.get_batch(batch_id)).status in ("PENDING", "RUNNING"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return batch


def shown(batch):
    """Status of a batch, and status and number of results of each of its jobs."""
    jobs = [[job.status, sum(job.result.values()) if job.result else None] for job in batch.ordered_jobs]
    return [batch.status, jobs]


def held(client, device_type):
    """An open batch that keeps a device from others."""
    return client.create_batch(serialized(), [JOB_1], device_type=device_type, open=True)


def closed_batch(side):
    """Two jobs, waited for, on the device that the sequence names nothing of."""
    batch = side.client.create_batch(
        serialized(), [JOB_1, JOB_2], device_type=DeviceTypeName.EMU_FREE, wait=True
    )
    return shown(batch)


def batch_without_waiting(side):
    """What comes back at once, and what there is later."""
    batch = side.client.create_batch(serialized(), [JOB_1, JOB_2], device_type=DeviceTypeName.EMU_FREE)
    return [batch.status, batch.open, shown(ended(side.client, batch.id))]


def open_batch(side):
    """One job at first, two more that are waited for, and a close."""
    batch = held(side.client, DeviceTypeName.FRESNEL)
    batch.add_jobs([JOB_2, {"runs": 50, "variables": {"omega_max": 10.5}}], wait=True)
    jobs = [[job.status, job.runs] for job in batch.ordered_jobs]
    batch.close()
    return [jobs, batch.open, shown(ended(side.client, batch.id))]


def job_level_sequences(side):
    """Jobs with sequences of their own in a batch without one."""
    built = [a_sequence().build(omega_max=value).to_abstract_repr() for value in (6, 10.5)]
    jobs = [{"runs": n, "serialized_sequence": own} for n, own in zip((20, 50), built, strict=True)]
    batch = side.client.create_batch(
        serialized_sequence=None, jobs=jobs, device_type=DeviceTypeName.FRESNEL, wait=True
    )
    return [shown(batch), [job.sequence for job in batch.ordered_jobs] == built]


def tags(side):
    """Tags at the creation, set by the client, and set by the batch."""
    first, second, third = (f"{side.unique()}-{name}" for name in ("special", "custom", "last"))
    batch = held(side.client, DeviceTypeName.EMU_FREE)
    tagged = side.client.create_batch(
        serialized(), [JOB_1], device_type=DeviceTypeName.EMU_FREE, tags=[first, "first_try"]
    )
    by_client = side.client.set_batch_tags(batch.id, [second]).tags
    batch.set_tags([second, third])
    batch.close()

    def found(tag):
        return [each.id for each in side.client.get_batches(filters=BatchFilters(tag=tag)).results]

    return [
        [tag.split("-")[-1] for tag in tagged.tags + by_client + batch.tags],
        [[tagged.id], [batch.id], [batch.id]] == [found(tag) for tag in (first, second, third)],
    ]


def list_of_batches(side):
    """Every filter that is shown, and pages until there are no more."""
    client, project = side.client, side.client.project_id
    made = [client.create_batch(serialized(), [JOB_1], device_type=DeviceTypeName.EMU_FREE) for _ in range(3)]
    made = [ended(client, batch.id) for batch in made]
    now, hour = datetime.now(UTC), timedelta(hours=1)
    mine = BatchFilters(project_id=project)
    asked = {
        "mine": mine,
        "device": BatchFilters(device_type=EmulatorType.EMU_TN),
        "done": BatchFilters(status=BatchStatus.DONE, project_id=project),
        "ids": BatchFilters(id=[made[0].id, made[2].id]),
        "high": BatchFilters(queue_priority=QueuePriority.HIGH),
        "period": BatchFilters(
            status=BatchStatus.DONE,
            start_date=now - hour,
            end_date=now + hour,
            user_id=[made[0].user_id],
            project_id=project,
        ),
        "earlier": BatchFilters(end_date=now - hour),
    }
    found = {name: client.get_batches(filters=filters).total for name, filters in asked.items()}
    pages = [
        client.get_batches(filters=mine, pagination_params=PaginationParams(offset=offset, limit=2)).results
        for offset in (0, 2, 4)
    ]
    ids, unfiltered = [batch.id for batch in made], client.get_batches()
    return [
        found,
        [[ids.index(batch.id) for batch in page] for page in pages],
        [batch.id for batch in unfiltered.results[:3]] == ids[::-1],
        unfiltered.total >= len(ids),
    ]


def list_of_jobs(side):
    """Every filter that is shown, and pages until there are no more."""
    client, project = side.client, side.client.project_id
    holder = held(client, DeviceTypeName.FRESNEL_CAN1)
    batch = client.create_batch(
        serialized(),
        [JOB_1 | {"runs": runs} for runs in (1, 2, 3)],
        device_type=DeviceTypeName.FRESNEL_CAN1,
    )
    ids = [job.id for job in batch.ordered_jobs]
    client.cancel_job(ids[1])
    now, hour = datetime.now(UTC), timedelta(hours=1)
    user = client.get_batch(batch.id).user_id
    period = {"start_date": now - hour, "end_date": now + hour}
    asked = {
        "batch": JobFilters(batch_id=batch.id),
        "error": JobFilters(status=JobStatus.ERROR, project_id=project),
        "ids": JobFilters(id=[ids[0], ids[2]]),
        "canceled": JobFilters(status=JobStatus.CANCELED, user_id=[user], project_id=project, **period),
        "runs": JobFilters(batch_id=batch.id, min_runs=2, max_runs=3),
    }
    found = {
        name: [job.runs for job in client.get_jobs(filters=each).results] for name, each in asked.items()
    }
    total = client.get_jobs(JobFilters(project_id=project), PaginationParams(offset=0)).total
    newest = [job.runs for job in client.get_jobs(pagination_params=PaginationParams(limit=2)).results]
    client.cancel_batches(batch_ids=[holder.id, batch.id])
    return [found, total, newest]


def retry_a_batch(side):
    """Rebatches of all jobs, of the first, and of those with some runs; there are none in error."""
    client = side.client
    first = client.create_batch(
        serialized(),
        [JOB_1 | {"runs": runs} for runs in (4, 7, 12)],
        device_type=DeviceTypeName.EMU_FREE,
    )
    batch = ended(client, first.id)
    again = [
        client.rebatch(batch.id),
        client.rebatch(batch.id, RebatchFilters(id=batch.ordered_jobs[0].id)),
        client.rebatch(batch.id, RebatchFilters(min_runs=5, max_runs=10)),
    ]
    runs = [[job.runs for job in ended(client, each.id).ordered_jobs] for each in again]
    none = refusal(lambda: client.rebatch(batch.id, RebatchFilters(status=JobStatus.ERROR)))
    return [runs, {each.parent_id for each in again} == {batch.id}, none]


def retry_a_job(side):
    """A job once more in its open batch, and once more with waiting."""
    batch = held(side.client, DeviceTypeName.EMU_FREE)
    batch.retry(batch.ordered_jobs[0])
    batch.retry(batch.ordered_jobs[0], wait=True)
    batch.close()
    return shown(ended(side.client, batch.id))


def cancel_batches(side):
    """A list of batches, of which one does not exist."""
    holder = held(side.client, DeviceTypeName.FRESNEL)
    waiting = side.client.create_batch(serialized(), [JOB_1], device_type=DeviceTypeName.FRESNEL)
    answer = side.client.cancel_batches(batch_ids=[waiting.id, holder.id, side.no_id])
    return [[batch.status for batch in answer.batches], list(answer.errors.values())]


def cancel_jobs(side):
    """Two jobs by their ids, then those of a period."""
    client = side.client
    holder = held(client, DeviceTypeName.FRESNEL)
    batch = client.create_batch(serialized(), [JOB_1] * 4, device_type=DeviceTypeName.FRESNEL)
    ids = [job.id for job in batch.ordered_jobs]
    now, hour = datetime.now(UTC), timedelta(hours=1)
    by_id = client.cancel_jobs(batch_id=batch.id, filters=CancelJobFilters(id=[ids[0], ids[1]]))
    rest = client.cancel_jobs(
        batch_id=batch.id, filters=CancelJobFilters(start_date=now - hour, end_date=now + hour)
    )
    holder.cancel()
    canceled = {job.id for job in by_id.jobs} == set(ids[:2])
    statuses = [job.status for job in client.get_batch(batch.id).ordered_jobs]
    return [canceled, set(ids[2:]) <= {job.id for job in rest.jobs}, rest.errors, statuses]


def device_specifications(side):
    """A dict of specifications, from which Pulser makes devices."""
    specs = side.client.get_device_specs_dict()
    return {name: isinstance(deserialize_device(specs[name]), Device) for name in ("FRESNEL", "EMU_FRESNEL")}


def another_project(side):
    """After the switch everything belongs to the other project."""
    other = side.another_client().project_id
    held(
        side.another_client(other), DeviceTypeName.EMU_FREE
    ).cancel()  # every project that has a batch is one
    side.client.switch_to_project(other)
    batch = held(side.client, DeviceTypeName.EMU_FREE)
    batch.cancel()
    return batch.project_id == other


def emulator_options(side):
    """Strict validation is obeyed on EMU_FREE; noise needs a device that has some, and EMU_TN is gone."""
    create = side.client.create_batch
    free, tensor = DeviceTypeName.EMU_FREE, DeviceTypeName.EMU_TN
    strict = create(
        serialized(), [JOB_1], device_type=free, configuration=EmuFreeConfig(strict_validation=True)
    )

    def asked(device_type, configuration):
        return refusal(
            lambda: create(serialized(), [JOB_1], device_type=device_type, configuration=configuration)
        )

    noisy = asked(free, EmuFreeConfig(with_noise=True))
    gone = [
        asked(tensor, each) for each in (EmuTNConfig(strict_validation=True), EmuTNConfig(max_bond_dim=100))
    ]
    return [shown(ended(side.client, strict.id)), noisy, gone]


def workloads(side):
    """A workload is refused in so many words."""
    return refusal(lambda: side.client.create_workload("a_workload", "backend", {"config": 1}))


def job_in_error(side):
    """The job that fails says why; the one beside it is done."""
    side.let_next_job_fail("The laser is off.")
    batch = side.client.create_batch(serialized(), [JOB_1, JOB_2], device_type=DeviceTypeName.FRESNEL)
    jobs = ended(side.client, batch.id).ordered_jobs
    listed = side.client.get_jobs(filters=JobFilters(batch_id=batch.id, status=JobStatus.ERROR)).results
    again = ended(side.client, side.client.rebatch(batch.id, RebatchFilters(status=JobStatus.ERROR)).id)
    return [[[job.status, job.errors] for job in jobs], [job.runs for job in listed], shown(again)]


def refusal(ask):
    """What a refused request is told: the API's status, and its words."""
    try:
        ask()
    except (BatchCreationError, ExceptionWithResponseContext) as error:
        said = json.loads(error.__cause__.response.content) if error.__cause__ else {}
        description = (said.get("data") or {}).get("description")
        return [said.get("code"), description[0]["msg"] if isinstance(description, list) else description]
    return "no refusal"
