"""Pulser's remote emulator backends, unmodified, against the local cloud."""

from __future__ import annotations

import time
import uuid
import warnings

import pytest
from patience import PATIENCE_S
from pulser import NoiseModel, Pulse, Register, Sequence
from pulser.backend import BitStrings, EmulationConfig, Occupation
from pulser.devices import AnalogDevice

from runner.local.rules.device_types import DEVICE_TYPES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pasqal_cloud.authentication import TokenProvider
    from pasqal_cloud.backends import RemoteEmuFreeBackend, RemoteMPSBackend, RemoteSVBackend
    from pasqal_cloud.endpoints import Endpoints
    from pasqal_cloud.errors import BatchCreationError
    from pasqal_cloud.pasqal_cloud_connection import PasqalCloudConnection

# The SDK warns of its own age, and switches that warning on wherever it is imported.
pytestmark = [
    pytest.mark.filterwarnings("ignore:SDK version:DeprecationWarning"),
    # Pulser warns whoever reads a number of shots that is not given.
    pytest.mark.filterwarnings("ignore:The default value of `BitStrings.num_shots`:RuntimeWarning"),
]


class Token(TokenProvider):
    """A token that nobody checks."""

    def get_token(self):
        """The token."""
        return "token"


@pytest.fixture
def connection(local_server):
    """Pulser's connection to the local cloud."""
    return PasqalCloudConnection(
        project_id=str(uuid.uuid4()),
        token_provider=Token(),
        endpoints=Endpoints(core=local_server.url, account=local_server.url),
    )


def a_sequence():
    """Three atoms in a line under one pulse of a variable amplitude."""
    sequence = Sequence(Register.rectangle(1, 3, spacing=6.0, prefix="q"), AnalogDevice)
    sequence.declare_channel("global", "rydberg_global")
    amplitude = sequence.declare_variable("amplitude")
    sequence.add(Pulse.ConstantPulse(400, amplitude, 0.0, 0.0), "global")
    return sequence


def results_of(remote):
    """The results once they are there."""
    deadline = time.monotonic() + PATIENCE_S
    while remote.get_batch_status().name != "DONE":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return remote.results


def test_default_configuration_gives_a_thousand_shots(connection):
    """Without a configuration and job parameters there are as many bitstrings as Pulser promises."""
    backend = RemoteEmuFreeBackend(a_sequence().build(amplitude=6.0), connection)

    (result,) = results_of(backend.run())

    assert (1000, ("q0", "q1", "q2")) == (sum(result.final_bitstrings.values()), tuple(result.atom_order))


def test_observables_come_back_for_every_point(connection):
    """Each job of a parametrised sequence has its own occupations, which grow with the amplitude."""
    occupation = Occupation(evaluation_times=[0.5, 1.0])
    config = EmulationConfig(observables=[BitStrings(num_shots=20), occupation])
    backend = RemoteEmuFreeBackend(a_sequence(), connection, config=config)

    results = results_of(backend.run([{"variables": {"amplitude": value}} for value in (0.5, 1.0, 2.0)]))

    excited = [sum(result.get_result(occupation, 1.0)) for result in results]
    assert (sorted(excited), [20] * 3) == (
        excited,
        [sum(result.final_bitstrings.values()) for result in results],
    )


def test_jobs_of_an_open_batch_have_its_configuration(connection):
    """What is added later is emulated like what was there first, with the batch's noise."""
    noisy = EmulationConfig(observables=[BitStrings()], noise_model=NoiseModel(p_false_pos=1.0))
    backend = RemoteEmuFreeBackend(a_sequence(), connection, config=noisy)

    with backend.open_batch():
        remote = backend.run([{"runs": 7, "variables": {"amplitude": 1e-9}}])

    assert [{"111": 7}] == [dict(result.final_bitstrings) for result in results_of(remote)]


def test_configuration_that_cannot_be_obeyed_is_told(connection):
    """The reason of a refusal reaches whoever wrote the configuration."""
    config = EmulationConfig(observables=[BitStrings()], colour=1)
    backend = RemoteEmuFreeBackend(a_sequence().build(amplitude=6.0), connection, config=config)

    with pytest.raises(BatchCreationError, match="EMU_FREE has no option colour"):
        backend.run()


@pytest.mark.parametrize(("kind", "name"), [(RemoteSVBackend, "EMU_SV"), (RemoteMPSBackend, "EMU_MPS")])
def test_other_emulators_run_or_name_their_extra(connection, kind, name):
    """With its extra an emulator answers; without, the refusal says how to get it."""
    backend = kind(a_sequence().build(amplitude=6.0), connection)
    extra = DEVICE_TYPES[name].extra

    if DEVICE_TYPES[name].missing:
        with pytest.raises(BatchCreationError, match=rf"pip install 'pulser-runner\[{extra}\]'"):
            backend.run()
    else:
        assert [1000] == [sum(each.final_bitstrings.values()) for each in results_of(backend.run())]
