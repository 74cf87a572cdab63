"""The emulators that extras bring, on sequences small enough for all of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pulser import NoiseModel, Pulse, Register, Sequence
from pulser.backend import BitStrings, EmulationConfig, Occupation, Results
from pulser.devices import MockDevice
from pulser_texts import a_pi_pulse_on_the_first, a_text
from scipy import stats

from runner.local.engines.base import payload
from runner.local.engines.emulation import emulate
from runner.local.rules.device_types import DEVICE_TYPES, served
from runner.local.rules.records import Started
from runner.local.validation.sequences import PulserSequences

VALUES = {"a": 6.0, "d": 400}


@pytest.fixture(params=["EMU_SV", "EMU_MPS"])
def device_type(request):
    """A device type whose emulator is installed."""
    extra = DEVICE_TYPES[request.param].extra
    pytest.importorskip(
        extra.replace("-", "_"), reason=f"{request.param} needs pip install 'pulser-runner[{extra}]'"
    )
    return request.param


def answer(device_type, job_id="j", *, config=None, runs=100, **fields):
    """Counts and results of a job."""
    written = None if config is None else config.to_abstract_repr()
    given = {"sequence": a_text(2), "variables": VALUES, "backend_configuration": written} | fields
    started = Started(job_id=job_id, attempt=1, runs=runs, device_type=device_type, **given)
    found = json.loads(emulate(payload(started)))
    return found["counter"], Results.from_abstract_repr(found["serialised_results"])


def test_same_job_gives_the_same_counts_whatever_was_drawn_before(device_type):
    """PyTorch's generator is seeded from the job's id as well."""
    first, other, again = (answer(device_type, job_id)[0] for job_id in ("j", "k", "j"))

    assert (first, 100) == (again, sum(first.values()))
    assert first != other


def test_noise_is_the_same_for_the_same_job(device_type):
    """Trajectories are drawn from the job's seed."""
    noisy = EmulationConfig(
        observables=[BitStrings(num_shots=5)], noise_model=NoiseModel(amp_sigma=0.2), n_trajectories=4
    )

    first, again = (answer(device_type, config=noisy)[0] for _ in range(2))

    assert (first, 20) == (again, sum(first.values()))


def test_character_of_a_bitstring_is_a_qubit_of_the_register(device_type):
    """The first qubit is the first character, also where an emulator orders qubits otherwise inside."""
    counter, results = answer(device_type, sequence=a_pi_pulse_on_the_first(), variables={}, runs=50)

    assert ({"10": 50}, ("left", "right")) == (counter, tuple(results.atom_order))


def test_counts_are_distributed_as_on_emu_free(device_type):
    """A chi-square test of homogeneity with fixed ids: one id in 10,000 would fall below 1e-4 by chance."""
    ours = answer(device_type, runs=5000)[0]
    theirs = answer("EMU_FREE", runs=5000)[0]
    table = np.array(
        [[counter.get(bits, 0) for bits in ("00", "01", "10", "11")] for counter in (ours, theirs)]
    )

    assert stats.chi2_contingency(table).pvalue > 1e-4


def test_observables_and_options_are_honoured(device_type):
    """A configuration as Pulser's remote backends send it: results at their times, and the same physics."""
    config = EmulationConfig(observables=[Occupation(evaluation_times=[0.5, 1.0])], dt=5.0, gpu=None)

    counter, results = answer(device_type, config=config, runs=30)
    _, expected = answer(
        "EMU_FREE", config=EmulationConfig(observables=[Occupation(evaluation_times=[0.5, 1.0])])
    )

    assert (30, [0.5, 1.0]) == (sum(counter.values()), results.get_result_times("occupation"))
    assert np.allclose(expected.occupation, results.occupation, atol=5e-3)


def test_default_configuration_of_pulsers_remote_backend_is_taken(device_type):
    """What Pulser's connection sends without being asked, graphics card and endless autosave included."""
    config = EmulationConfig(
        observables=[BitStrings()],
        **(
            {"num_gpus_to_use": 1, "autosave_dt": float("inf"), "optimize_qubit_ordering": True}
            if device_type == "EMU_MPS"
            else {}
        ),
    )

    assert 7 == sum(answer(device_type, config=config, runs=7)[0].values())


def test_installed_emulator_is_served(device_type):
    """With its extra a device type takes batches, and has a specification."""
    assert device_type in {each.name for each in served()}
    assert device_type in PulserSequences().device_specs()


def test_nothing_is_printed_by_an_emulator(device_type, capsys):
    """What an emulator says of its steps would fill the server's log."""
    answer(device_type)

    assert ("", "") == capsys.readouterr()


def test_machine_with_many_atoms_is_emulated():
    """Twenty atoms on FRESNEL, which no state vector here carries; far apart each is excited by itself."""
    pytest.importorskip("emu_mps", reason="FRESNEL with 20 atoms needs pip install 'pulser-runner[emu-mps]'")
    register = Register({f"q{n}": (30.0 * (n % 5), 30.0 * (n // 5)) for n in range(20)})
    sequence = Sequence(register, MockDevice)
    sequence.declare_channel("global", "rydberg_global")
    sequence.add(Pulse.ConstantPulse(100, 10 * np.pi, 0.0, 0.0), "global")

    counter, _ = answer("FRESNEL", sequence=sequence.to_abstract_repr(), variables={}, runs=50)

    assert {"1" * 20: 50} == counter
