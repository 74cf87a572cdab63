"""The examples of the official SDK's and of Pulser's documentation, by either version of the SDK, unmodified.

What a page shows is done in words of our own, in `client_examples` and `pulser_examples`; what is sent and
waited for in between is the SDK's affair. Where an example asks for more than there is here, the test holds
what is said then: atoms of a QPU (16 at most), EMU_TN, and workloads.

| page, section | example |
|---|---|
| SDK, Create a batch of jobs: closed, waited for | closed_batch |
| SDK, Create a batch of jobs: on an emulator, results later | batch_without_waiting |
| SDK, Create a batch of jobs: open, jobs added, closed | open_batch |
| SDK, Submit job-level sequence | job_level_sequences |
| SDK, Set tags to batches | tags |
| SDK, Get a list of batches | list_of_batches |
| SDK, Get a list of jobs | list_of_jobs |
| SDK, Retry a batch of jobs | retry_a_batch |
| SDK, Retry a job in an open batch | retry_a_job |
| SDK, Cancel a list of batches | cancel_batches |
| SDK, Cancel a list of jobs | cancel_jobs |
| SDK, List of supported device specifications | device_specifications |
| SDK, Change the project linked to your client | another_project |
| SDK, Extra emulator configuration | emulator_options |
| SDK, Workloads | workloads |
| SDK, Batch and job: errors of a job | job_in_error |
| SDK, Getting started: Running a sequence on a QPU | qpu_quickstart, qpu_of_25_atoms |
| SDK, Getting started: Running on emulators | emulators |
| SDK, Getting started: Using open batch feature | open_batch, submit_open |
| Pulser, QPU execution 1: Preparation | available_devices |
| Pulser, QPU execution 3.1: Executing on QPUBackend | qpu_default_shots |
| Pulser, QPU execution 3.2: Restoring RemoteResults | restored_results |
| Pulser, QPU execution 3.3: Retrieving the results | results_that_are_not_there |
| Pulser, QPU execution 4: Batch execution with parametrized sequences | parametrized_batch |
| Pulser, Execution on an emulator 5: Running remotely | remote_observables |
| Pulser, Execution on an emulator 4: Configuring the emulation | configured_shots |
| Pulser, Backends: `mimic_qpu` | mimic_qpu |
"""

from __future__ import annotations

import contextlib
import re
import signal
from pathlib import Path

import commands
import pytest
from judged_sides import SdkProcess, install
from patience import PATIENCE_S

from runner.local.rules.device_types import DEVICE_TYPES

pytestmark = pytest.mark.long
HERE = Path(__file__).parent
INSTALLED = "0.24.0"
FIRST_LINE = re.compile(r"the local cloud answers at (http://127\.0\.0\.1:\d+)\n")
CONTROLLED = "[control]\nenabled = true\n"
TWO_DONE = ["DONE", [["DONE", 20], ["DONE", 50]]]
TOO_MANY = "FRESNEL_CAN1 takes at most 16 qubits here, not 25; pip install 'pulser-runner[emu-mps]'"
GONE = [422, "EMU_TN: It is deprecated, and not available on the local cloud."]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A server whose jobs can be made to fail."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "lab.toml").write_text(CONTROLLED, encoding="utf-8")
    process = commands.start(folder, "local", "serve", "--store", "store", "--config", "lab.toml")
    try:
        yield FIRST_LINE.fullmatch(process.stdout.readline()).group(1)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


@pytest.fixture(scope="module", params=["0.23.0", INSTALLED])
def side(request, tmp_path_factory):
    """A version of the SDK; one that cannot be installed is left out, and why is shown."""
    folder = tmp_path_factory.mktemp("sdk")
    site = None if request.param == INSTALLED else folder / "site"
    reason = install(request.param, site) if site else ""
    if reason:
        pytest.skip(f"THE SDK {request.param} RUNS NO EXAMPLE HERE, it cannot be installed: {reason}")
    errors = folder / "errors.txt"
    with contextlib.closing(SdkProcess(errors, site, script="examples_side.py")) as process:
        assert request.param == process.version
        yield process


@pytest.fixture
def example(side, url):
    """Does an example, and gives its facts."""
    return lambda room, name: side.read(url, {"room": room, "example": name})["facts"]


def test_table_has_every_example():
    """No example is left out of the table, and none is invented there."""
    defined = re.compile(r"^def (\w+)\(side\):", re.MULTILINE)
    rooms = [HERE / "client_examples.py", HERE / "pulser_examples.py"]
    written = {name for room in rooms for name in defined.findall(room.read_text(encoding="utf-8"))}
    rows = [line.strip("| ").split(" | ")[-1] for line in __doc__.splitlines() if line.startswith("| ")]

    assert written - {"canonical"} == {name for row in rows[1:] for name in re.findall(r"\w+", row)}


def test_closed_batch_is_created_and_waited_for(example):
    """Both jobs have their results when the creation comes back."""
    assert TWO_DONE == example("client", "closed_batch")


def test_batch_is_created_without_waiting(example):
    """It comes back at once, closed and waiting, and is done later."""
    assert ["PENDING", False, TWO_DONE] == example("client", "batch_without_waiting")


def test_open_batch_takes_jobs_and_is_closed(example):
    """Jobs that are added are waited for, and the batch is done once it is closed."""
    jobs = [["DONE", 20], ["DONE", 50], ["DONE", 50]]

    assert [jobs, False, ["DONE", jobs]] == example("client", "open_batch")


def test_jobs_have_their_own_sequences(example):
    """A batch without a sequence runs the ones of its jobs, and gives them back."""
    assert [TWO_DONE, True] == example("client", "job_level_sequences")


def test_tags_are_set_in_three_ways(example):
    """At the creation, by the client and by the batch; the batch is found by each."""
    assert [["special", "first_try", "custom", "custom", "last"], True] == example("client", "tags")


def test_batches_are_listed(example):
    """Filters that are shown find what they should, and three batches fill two pages of two, newest first."""
    found = {"mine": 3, "device": 0, "done": 3, "ids": 2, "high": 0, "period": 3, "earlier": 0}

    assert [found, [[2, 1], [0], []], True, True] == example("client", "list_of_batches")


def test_jobs_are_listed(example):
    """Filters that are shown find what they should: jobs by their runs, newest first."""
    found = {"batch": [3, 2, 1], "error": [], "ids": [3, 1], "canceled": [2], "runs": [3, 2]}

    assert [found, 4, [3, 2]] == example("client", "list_of_jobs")


def test_batch_of_jobs_is_retried(example):
    """All jobs, the first one, or those with some runs; no fitting job is a refusal."""
    refused = [422, "No job of the batch fits these filters."]

    assert [[[4, 7, 12], [4], [7]], True, refused] == example("client", "retry_a_batch")


def test_job_is_retried_in_its_open_batch(example):
    """Twice, once with waiting."""
    assert ["DONE", [["DONE", 20]] * 3] == example("client", "retry_a_job")


def test_list_of_batches_is_canceled(example):
    """Those that exist are; why another is not is told beside it."""
    told = ["There is no batch 00000000-0000-4000-8000-000000000000."]

    assert [["CANCELED"] * 2, told] == example("client", "cancel_batches")


def test_list_of_jobs_is_canceled(example):
    """Two by their ids, the others by their time."""
    assert [True, True, {}, ["CANCELED"] * 4] == example("client", "cancel_jobs")


def test_device_specifications_become_devices(example):
    """Pulser makes a device of each."""
    assert {"FRESNEL": True, "EMU_FRESNEL": True} == example("client", "device_specifications")


def test_project_is_changed(example):
    """What is sent after the switch belongs to the other project."""
    assert True is example("client", "another_project")


def test_emulator_options_are_obeyed_or_refused(example):
    """Strict validation is obeyed; noise of a device without any, and EMU_TN, are refused with a reason."""
    noisy = [422, "The device AnalogDevice has no noise model."]

    assert [["DONE", [["DONE", 20]]], noisy, [GONE, GONE]] == example("client", "emulator_options")


def test_workloads_are_not_available(example):
    """The refusal says so."""
    assert [501, "This call of PCS is not available on the local cloud."] == example("client", "workloads")


def test_job_in_error_says_why_and_is_retried(example):
    """The one beside it is done, a list of errors has it, and a rebatch of errors repeats it."""
    jobs = [["ERROR", ["FaultOnDemandError: The laser is off."]], ["DONE", []]]

    assert [jobs, [20], ["DONE", [["DONE", 20]]]] == example("client", "job_in_error")


def test_qpu_runs_a_parametrised_sequence(example):
    """Two jobs on nine atoms of an automatic layout, waited for."""
    assert ["DONE", [5, 10], 9] == example("pulser", "qpu_quickstart")


def test_qpu_takes_the_atoms_of_the_documentation_or_names_what_they_need(example):
    """Its 25 atoms are emulated where the extra is installed, which the refusal names."""
    answered = example("pulser", "qpu_of_25_atoms")

    assert answered == "accepted" if has_emulator_for_25() else TOO_MANY in answered


def has_emulator_for_25():
    """Whether a machine with 25 atoms is emulated here."""
    return DEVICE_TYPES["FRESNEL_CAN1"].capability >= 25


def test_emulators_take_the_same_call(example):
    """Each has its shots; one whose extra is not installed says how to get it."""
    kinds = {"RemoteEmuFreeBackend": "EMU_FREE", "RemoteSVBackend": "EMU_SV", "RemoteMPSBackend": "EMU_MPS"}
    expected = {kind: True if DEVICE_TYPES[name].missing else [5, 10] for kind, name in kinds.items()}

    assert expected == example("pulser", "emulators")


def test_open_batch_of_pulser_takes_two_calls(example):
    """Both belong to one batch, which is closed behind them."""
    assert [[5, 10], [1], True, False] == example("pulser", "open_batch")


def test_connection_submits_to_an_open_batch(example):
    """The connection says that it can, and does."""
    assert [True, [5, 10]] == example("pulser", "submit_open")


def test_available_devices_say_what_a_sequence_needs(example):
    """FRESNEL-like devices require a layout, and accept new ones."""
    assert [True, True, True] == example("pulser", "available_devices")


def test_qpu_takes_its_shots_from_the_configuration(example):
    """Without job parameters the backend's default holds."""
    assert [200] == example("pulser", "qpu_default_shots")


def test_results_are_restored_from_an_id(example):
    """Another connection reads the same."""
    assert [[30], True] == example("pulser", "restored_results")


def test_results_that_are_not_there_are_an_error(example):
    """A batch that waits has no available results; later it has all."""
    assert ["PENDING", {}, "RemoteResultsError", [5, 10]] == example("pulser", "results_that_are_not_there")


def test_parametrised_batch_brings_a_result_for_each_point(example):
    """Runs are the job's or the configuration's, and the longest ramp is the most ordered one."""
    assert [3, [500, 400, 500], True, True] == example("pulser", "parametrized_batch")


def test_observables_come_back_from_a_remote_emulator(example):
    """A fidelity at two times with a state of no emulator's own grows to one; occupations are beside it.

    So is what the solver adds, an estimate of the error of each state.
    """
    tags = ["bitstrings", "fidelity_AFM_7", "occupation", "state_error"]

    assert [tags, [0.5, 1.0], [1.0, True, 7]] == example("pulser", "remote_observables")


def test_shots_of_an_observable_are_kept(example):
    """What the configuration names is what is measured."""
    assert [33] == example("pulser", "configured_shots")


def test_mimicked_qpu_is_as_strict_as_one(example):
    """Jobs with runs on a known device are taken, a virtual device is not."""
    assert [[5, 10], "TypeError"] == example("pulser", "mimic_qpu")
