"""What the documentation of Pulser's remote backends shows, done against the local cloud: facts as JSON.

Imported by `examples_side`, in a process of its own, with the version of the SDK that Python finds there.
"""

from __future__ import annotations

import time

import numpy as np
import pulser
from pasqal_cloud import RemoteEmuFreeBackend, RemoteMPSBackend, RemoteSVBackend
from pulser import Pulse, QPUBackend, Register, Sequence
from pulser.backend import BackendConfig, BitStrings, EmulationConfig, Fidelity, Occupation, StateRepr
from pulser.backend.remote import RemoteResults, RemoteResultsError

PATIENCE_S = 120
SPACING_UM = 5
JOB_PARAMS = [{"runs": 5, "variables": {"omega_max": 12}}, {"runs": 10, "variables": {"omega_max": 6}}]
TIMES = np.linspace(0, 1, 4)


def a_sequence(device, side_length=3):
    """A square of atoms from an automatic layout, under a pulse of a variable amplitude."""
    register = Register.square(side_length, spacing=SPACING_UM, prefix="q").with_automatic_layout(device)
    sequence = Sequence(register, device)
    sequence.declare_channel("rydberg", "rydberg_global")
    omega_max = sequence.declare_variable("omega_max")
    sequence.add(Pulse.ConstantPulse(100, omega_max, 2, 0.0), "rydberg")
    return sequence


def an_afm_ramp(device, duration=None):
    """The hexagon under two interpolated waveforms; without a duration (in ns) it is a variable, `t`."""
    register = Register.hexagon(1, SPACING_UM, prefix="q").with_automatic_layout(device)
    sequence = Sequence(register, device)
    sequence.declare_channel("rydberg_global", "rydberg_global")
    t = sequence.declare_variable("t", dtype=int) if duration is None else duration
    strength = device.interaction_coeff / SPACING_UM**6
    amplitude = pulser.InterpolatedWaveform(t, strength * np.array([1e-9, 0.22, 0.2181, 1e-9]), times=TIMES)
    detuning = pulser.InterpolatedWaveform(t, strength * np.array([-1, 0.0556, 0.332, 1]), times=TIMES)
    sequence.add(Pulse(amplitude, detuning, 0), "rydberg_global")
    return sequence


def canonical(side):
    """A device as the connection has it."""
    return side.connection.fetch_available_devices()["FRESNEL_CAN1"]


def ended(remote):
    """Results once the batch is done; they come in one by one."""
    deadline = time.monotonic() + PATIENCE_S
    while remote.get_batch_status().name != "DONE":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert set(remote.get_available_results()) == set(remote.job_ids)
    return remote.results


def shots(results):
    """How many bitstrings each result has."""
    return [sum(result.final_bitstrings.values()) for result in results]


def qpu_quickstart(side):
    """Two jobs of one parametrised sequence, waited for."""
    backend = QPUBackend(sequence=a_sequence(canonical(side)), connection=side.connection)
    results = backend.run(job_params=JOB_PARAMS, wait=True)
    return [results.get_batch_status().name, shots(results.results), len(results[0].atom_order)]


def qpu_of_25_atoms(side):
    """The same with as many atoms as the documentation has: refused, or accepted."""
    backend = QPUBackend(sequence=a_sequence(canonical(side), 5), connection=side.connection)
    try:
        backend.run(job_params=JOB_PARAMS)
    except BaseException as error:  # noqa: BLE001  (the SDK's are no Exceptions)
        return str(error).splitlines()[0]
    return "accepted"


def emulators(side):
    """The same backend call on each emulator: its shots, or that it is not installed here."""
    answers = {}
    for kind in (RemoteEmuFreeBackend, RemoteSVBackend, RemoteMPSBackend):
        backend = kind(sequence=a_sequence(canonical(side), 2), connection=side.connection)
        try:
            remote = backend.run(job_params=JOB_PARAMS)
        except BaseException as error:  # noqa: BLE001  (the SDK's are no Exceptions)
            answers[kind.__name__] = "pip install" in str(error)
        else:
            answers[kind.__name__] = shots(ended(remote))
    return answers


def open_batch(side):
    """Two calls in one open batch, the second of which could depend on the results of the first."""
    backend = QPUBackend(sequence=a_sequence(canonical(side), 2), connection=side.connection)
    with backend.open_batch():
        first = backend.run(job_params=JOB_PARAMS, wait=True)
        second = backend.run(job_params=[{"runs": 1, "variables": {"omega_max": 5}}], wait=True)
    batch = side.client.get_batch(first.batch_id)
    return [shots(first.results), shots(second.results), first.batch_id == second.batch_id, batch.open]


def submit_open(side):
    """What `open_batch` does, by the connection itself: an open batch, jobs to it, and a close."""
    sequence = a_sequence(canonical(side), 2)
    connection = side.connection
    batch = connection.submit(sequence, open=True, job_params=[], device_type="FRESNEL_CAN1")
    more = connection.submit(sequence, batch_id=batch.batch_id, job_params=JOB_PARAMS)
    connection._close_batch(batch.batch_id)
    return [connection.supports_open_batch(), shots(ended(more))]


def available_devices(side):
    """Devices, and what a sequence has to know of one before it is written."""
    devices = side.connection.fetch_available_devices()
    device = devices["FRESNEL_CAN1"]
    return [{"FRESNEL", "FRESNEL_CAN1"} <= set(devices), device.requires_layout, device.accepts_new_layouts]


def qpu_default_shots(side):
    """Without job parameters there are as many shots as the configuration says."""
    sequence = an_afm_ramp(canonical(side), 1000)
    backend = QPUBackend(sequence, side.connection, config=BackendConfig(default_num_shots=200))
    remote = backend.run()
    return shots(ended(remote))


def restored_results(side):
    """Results are had again from nothing but the id of their batch, by another connection."""
    sequence = an_afm_ramp(canonical(side), 1000)
    remote = QPUBackend(sequence, side.connection).run(job_params=[{"runs": 30}])
    again = RemoteResults(remote.batch_id, side.another_connection())
    return [shots(ended(again)), ended(again)[0].final_bitstrings == ended(remote)[0].final_bitstrings]


def parametrized_batch(side):
    """Three durations: their own runs, or those of the configuration; longer ones are more ordered."""
    config = BackendConfig(default_num_shots=500)
    backend = QPUBackend(an_afm_ramp(canonical(side)), side.connection, config=config)
    params = [{"variables": {"t": 300}}, {"runs": 400, "variables": {"t": 1000}}, {"variables": {"t": 4000}}]
    remote = backend.run(job_params=params)
    results = ended(remote)
    ordered = [
        sum(result.final_bitstrings.get(bits, 0) for bits in ("0010101", "0101010")) / n
        for result, n in zip(results, shots(results), strict=True)
    ]
    return [len(remote.job_ids), shots(results), ordered == sorted(ordered), ordered[-1] > 0.5]


def results_that_are_not_there(side):
    """Before they are ready results are an error, available ones are none, and the status says why."""
    holder = QPUBackend(a_sequence(canonical(side), 2), side.connection)
    with holder.open_batch():
        holder.run(job_params=JOB_PARAMS[:1])
        waiting = QPUBackend(a_sequence(canonical(side), 2), side.connection).run(job_params=JOB_PARAMS)
        status, available = waiting.get_batch_status().name, waiting.get_available_results()
        try:
            refused = str(waiting.results)
        except RemoteResultsError as error:
            refused = type(error).__name__
    return [status, available, refused, shots(ended(waiting))]


def remote_observables(side):
    """A fidelity with a state of no emulator's own, at two times, and an occupation."""
    state = StateRepr.from_state_amplitudes(
        eigenstates=("r", "g"), amplitudes={"grgrgrg": 1 / np.sqrt(2), "ggrgrgr": 1 / np.sqrt(2)}
    )
    fidelity = Fidelity(state=state, tag_suffix="AFM_7", evaluation_times=[0.5, 1.0])
    occupation = Occupation(evaluation_times=[1.0])
    config = EmulationConfig(observables=[fidelity, occupation])
    sequence = an_afm_ramp(pulser.AnalogDevice, 4000)
    (result,) = ended(RemoteEmuFreeBackend(sequence, config=config, connection=side.connection).run())
    before, after = result.fidelity_AFM_7
    return [
        sorted(result.get_result_tags()),
        result.get_result_times("fidelity_AFM_7"),
        [round(after, 1), bool(before < after), len(result.occupation[0])],
    ]


def configured_shots(side):
    """The number of shots that an observable names is kept."""
    config = EmulationConfig(observables=[BitStrings(num_shots=33)])
    sequence = an_afm_ramp(pulser.AnalogDevice, 400)
    return shots(ended(RemoteEmuFreeBackend(sequence, side.connection, config=config).run()))


def mimic_qpu(side):
    """An emulator that asks for what a QPU asks for: job parameters with runs, and a known device."""
    device = canonical(side)
    backend = RemoteEmuFreeBackend(a_sequence(device, 2), side.connection, mimic_qpu=True)
    bare = Sequence(Register.square(2, spacing=SPACING_UM, prefix="q"), pulser.MockDevice)
    bare.declare_channel("rydberg", "rydberg_global")
    bare.add(Pulse.ConstantPulse(100, 1.0, 2, 0.0), "rydberg")
    try:
        RemoteEmuFreeBackend(bare, side.connection, mimic_qpu=True)
    except (TypeError, ValueError) as error:
        refused = type(error).__name__
    return [shots(ended(backend.run(job_params=JOB_PARAMS))), refused]
