"""The official SDK, unmodified, against the local cloud: a judge who knows neither client nor server."""

from __future__ import annotations

import time
import uuid
import warnings

import commands
import pytest
from patience import PATIENCE_S
from pulser import NoiseModel, Pulse, Register, Sequence
from pulser.backend import EmulationConfig
from pulser.devices import AnalogDevice

from runner import cloud

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pasqal_cloud.authentication import TokenProvider
    from pasqal_cloud.endpoints import Endpoints
    from pasqal_cloud.errors import BatchCreationError, JobCreationError
    from pasqal_cloud.pasqal_cloud_client import PasqalCloudClient
    from pasqal_cloud.utils.constants import BatchStatus, JobStatus
    from pasqal_cloud.utils.filters import BatchFilters, CancelJobFilters, JobFilters, PaginationParams

# The SDK warns of its own age, and switches that warning on wherever it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:SDK version:DeprecationWarning")

PROJECT = "22222222-0000-4000-8000-000000000000"
VALUES = {"amplitude": 6.0, "duration": 400}


class Token(TokenProvider):
    """A token that nobody checks."""

    def get_token(self):
        """The token."""
        return "token"


@pytest.fixture
def sdk(local_server):
    """A client of the SDK."""
    return PasqalCloudClient(
        project_id=PROJECT,
        token_provider=Token(),
        endpoints=Endpoints(core=local_server.url, account=local_server.url),
    )


@pytest.fixture(scope="module")
def sequence():
    """Three atoms in a line under one pulse, parametrised."""
    parametrised = Sequence(Register.rectangle(1, 3, spacing=6.0, prefix="q"), AnalogDevice)
    parametrised.declare_channel("global", "rydberg_global")
    amplitude = parametrised.declare_variable("amplitude")
    duration = parametrised.declare_variable("duration", dtype=int)
    parametrised.add(Pulse.ConstantPulse(duration, amplitude, 0.0, 0.0), "global")
    return parametrised


@pytest.fixture(scope="module")
def text(sequence):
    """That sequence, as it is sent."""
    return sequence.to_abstract_repr()


def jobs(*runs):
    """Jobs with these numbers of runs."""
    return [{"runs": n, "variables": VALUES} for n in runs]


def finished(sdk, batch_id):
    """The batch once nothing of it waits or runs; polled faster than the SDK does."""
    deadline = time.monotonic() + PATIENCE_S
    while sdk.get_batch_status(batch_id) in (BatchStatus.PENDING, BatchStatus.RUNNING):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return sdk.get_batch(batch_id)


def test_batch_is_created_run_and_read(sdk, text):
    """A batch of jobs comes back with counts of as many shots as were asked for."""
    created = sdk.create_batch(text, jobs(50, 70), device_type="EMU_FREE")

    batch = finished(sdk, created.id)

    assert (False, True, 2, {"DONE": 2}, text) == (
        batch.open,
        batch.complete,
        batch.jobs_count,
        batch.jobs_count_per_status,
        batch.sequence_builder,
    )
    for job, runs in zip(batch.ordered_jobs, (50, 70), strict=True):
        assert (runs, runs, {3}) == (
            sum(job.result.values()),
            len(job.full_result["raw"]),
            set(map(len, job.result)),
        )


def test_a_batch_without_a_sequence_runs_those_of_its_jobs(sdk, local_server):
    """What the runner sends where every job brings its own is a batch that the SDK knows how to read."""
    texts = [own_sequence(2), own_sequence(3)]
    tags = ["runner:lab", "exp:own"]
    sent = [{"runs": 10 * n, "sequence": text} for n, text in enumerate(texts, 1)]
    there = cloud.Endpoints(core=local_server.url, account=local_server.url)
    client = cloud.Client(endpoints=there, project_id=PROJECT)
    payload = {"device_type": "EMU_FREE", "sequence_builder": None, "jobs": sent, "open": False, "tags": tags}
    batch_id = client.send_batch(payload)["id"]

    batch = finished(sdk, batch_id)

    assert (None, tags, {"DONE": 2}) == (batch.sequence_builder, batch.tags, batch.jobs_count_per_status)
    assert [(10, {2}), (20, {3})] == [
        (sum(job.result.values()), set(map(len, job.result))) for job in batch.ordered_jobs
    ]
    assert texts == [sdk.get_job(job.id).sequence for job in batch.ordered_jobs]


def own_sequence(n_qubits):
    """Some atoms in a line under one pulse, as it is sent."""
    sequence = Sequence(Register.rectangle(1, n_qubits, spacing=6.0, prefix="q"), AnalogDevice)
    sequence.declare_channel("global", "rydberg_global")
    sequence.add(Pulse.ConstantPulse(400, 6.0, 0.0, 0.0), "global")
    sequence.measure("ground-rydberg")
    return sequence.to_abstract_repr()


def test_sdk_waits_for_its_batch(sdk, text):
    """The waiting that is built into the SDK ends when the jobs have ended."""
    batch = sdk.create_batch(text, jobs(10), device_type="EMU_FREE", wait=True)

    assert batch.status == "DONE"


def test_open_batch_takes_jobs_until_it_is_closed(sdk, text):
    """An open batch begins empty, takes jobs twice, is closed, and refuses a third time."""
    batch = sdk.create_batch(text, [], open=True, device_type="EMU_FREE")
    batch.add_jobs(jobs(10))
    batch.add_jobs(jobs(20, 30))
    batch.close()

    with pytest.raises(JobCreationError, match="409"):
        batch.add_jobs(jobs(40))
    done = finished(sdk, batch.id)

    assert (done.status, [sum(job.result.values()) for job in done.ordered_jobs]) == ("DONE", [10, 20, 30])


def test_batch_is_found_by_its_tag(sdk, text):
    """Tags are set at the creation or later, and lists are filtered by one of them."""
    tag, later = uuid.uuid4().hex, uuid.uuid4().hex
    batch = sdk.create_batch(text, [], open=True, device_type="EMU_FREE", tags=[tag, "other"])

    by_tag = sdk.get_batches(BatchFilters(tag=tag, status=BatchStatus.PENDING, open=True))
    batch.set_tags([later])

    assert (1, [(batch.id, [tag, "other"])]) == (by_tag.total, [(b.id, b.tags) for b in by_tag.results])
    assert [later] == batch.tags == sdk.get_batch(batch.id).tags
    assert sdk.get_batches(BatchFilters(tag=tag)).total == 0
    batch.cancel()


def test_batch_is_canceled(sdk, text):
    """A canceled batch is closed and keeps no pending job."""
    batch = sdk.create_batch(text, jobs(5), open=True, device_type="FRESNEL")
    blocked = sdk.create_batch(text, jobs(5, 5), device_type="FRESNEL")

    blocked.cancel()
    answer = sdk.cancel_batches([blocked.id, batch.id])

    assert (blocked.status, blocked.open) == ("CANCELED", False)
    assert [job.status for job in blocked.ordered_jobs] == ["CANCELED"] * 2
    assert ({blocked.id, batch.id}, {}) == ({each.id for each in answer.batches}, answer.errors)


def test_jobs_are_canceled_and_listed(sdk, text):
    """Single jobs are canceled while they wait, and lists of jobs are filtered and paged."""
    holder = sdk.create_batch(text, jobs(5), open=True, device_type="FRESNEL_CAN1")
    batch = sdk.create_batch(text, jobs(11, 12, 13), device_type="FRESNEL_CAN1")

    canceled = sdk.cancel_job(batch.ordered_jobs[0].id)
    bulk = sdk.cancel_jobs(batch.id, CancelJobFilters(min_runs=13))
    page = sdk.get_jobs(
        JobFilters(batch_id=batch.id, status=JobStatus.CANCELED), PaginationParams(offset=1, limit=1)
    )
    holder.cancel()
    rest = finished(sdk, batch.id)

    assert (canceled.status, [job.runs for job in bulk.jobs], bulk.errors) == ("CANCELED", [13], {})
    assert (page.total, [job.runs for job in page.results]) == (2, [11])
    assert (
        rest.status,
        [job.status for job in rest.ordered_jobs],
    ) == ("DONE", ["CANCELED", "DONE", "CANCELED"])


def test_job_is_read_alone(sdk, text):
    """A single job has its status, its variables and, if it brought one, its sequence."""
    batch = sdk.create_batch(text, jobs(5), device_type="EMU_FREE")
    job = sdk.get_job(finished(sdk, batch.id).ordered_jobs[0].id)

    assert (sdk.get_job_status(job.id), job.variables, job.sequence) == (JobStatus.DONE, VALUES, None)


def test_jobs_bring_their_own_sequences(sdk, sequence):
    """A batch without a sequence runs jobs that each have one."""
    built = [sequence.build(amplitude=amplitude, duration=400).to_abstract_repr() for amplitude in (1.0, 9.0)]

    batch = sdk.create_batch(
        None, [{"runs": 20, "serialized_sequence": own} for own in built], device_type="EMU_FREE"
    )
    done = finished(sdk, batch.id)

    assert [sum(job.result.values()) for job in done.ordered_jobs] == [20, 20]
    assert built == [job.sequence for job in done.ordered_jobs]


def test_job_is_tried_again_in_its_open_batch(sdk, text):
    """A retry appends a job that is like the first one."""
    batch = sdk.create_batch(text, jobs(15), open=True, device_type="EMU_FREE")
    batch.retry(batch.ordered_jobs[0])
    batch.close()

    done = finished(sdk, batch.id)

    assert [sum(job.result.values()) for job in done.ordered_jobs] == [15, 15]


def test_batch_is_batched_again(sdk, text):
    """A rebatch runs the jobs of a closed batch once more."""
    first = finished(sdk, sdk.create_batch(text, jobs(5, 6), device_type="EMU_FREE").id)

    again = finished(sdk, sdk.rebatch(first.id).id)

    assert (first.id, [job.id for job in first.ordered_jobs]) == (
        again.parent_id,
        [job.parent_id for job in again.ordered_jobs],
    )


@pytest.mark.parametrize(
    ("variables", "device_type", "message"),
    [
        ({"amplitude": 6.0}, "EMU_FREE", "has no value"),
        ({"amplitude": 1e9, "duration": 400}, "EMU_FREE", "amplitude"),
        (VALUES | {"colour": 1.0}, "EMU_FREE", "does not declare"),
    ],
)
def test_refusal_is_told_by_the_sdk(sdk, text, variables, device_type, message):
    """A batch that cannot run is refused at once, with a reason that the SDK passes on."""
    with pytest.raises(BatchCreationError, match=message):
        sdk.create_batch(text, [{"runs": 5, "variables": variables}], device_type=device_type)


def test_devices_and_projects_are_listed(sdk, text):
    """What a client needs to begin with is there: devices with and without a token, and its project."""
    sdk.create_batch(text, [], open=True, device_type="EMU_FREE").cancel()

    of_extras = {"EMU_SV", "EMU_MPS"}
    listed = set(sdk.get_device_specs_dict()) - of_extras
    assert {"EMU_FREE", "EMU_FRESNEL", "FRESNEL", "FRESNEL_CAN1"} == listed
    assert sdk.switch_to_project(PROJECT) == PROJECT


def test_devices_are_public(local_server):
    """Specifications are had without a token."""
    url = local_server.url
    nobody = PasqalCloudClient(endpoints=Endpoints(core=url, account=url))

    assert "FRESNEL" in nobody.get_device_specs_dict()


def test_emulation_of_a_file_is_read_by_the_sdk_and_by_pulser(sdk, local_server, tmp_path):
    """The batch that a file buys says how it is emulated, in a configuration that Pulser takes."""
    target = f'[targets.here]\nurl = "{local_server.url}"\nproject_id = "{PROJECT}"\nsettle_s = 0\n'
    lab = commands.a_lab(tmp_path, experiment=NOISY, settings=target)
    code, _, said = commands.run(lab, "apply", ".", "--target", "here", "--yes")
    assert code == 0, said
    (batch,) = (each for each in sdk.get_batches().results if "exp:noisy" in (each.tags or ()))
    config = EmulationConfig.from_abstract_repr(batch.backend_configuration)

    assert NoiseModel(p_false_neg=0.25) == config.noise_model
    assert ["occupation", "bitstrings"] == [each.tag for each in config.observables]
    assert [0.5, 1.0] == [*config.observables[0].evaluation_times]


NOISY = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: noisy}
spec:
  device_type: EMU_FREE
  emulation:
    noise: {p_false_neg: 0.25}
    observables: [{occupation: {times: [0.5, 1.0]}}]
  sequence:
    device: AnalogDevice
    register: {coordinates_um: {q0: [0, 0]}}
    channels: {drive: rydberg_global}
    operations: [{pulse: {channel: drive, amplitude: 6.28, detuning: 0.0, duration_ns: 400}}]
  jobs: [{runs: 20}]
"""
