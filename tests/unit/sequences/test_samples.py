"""What a job plays, as plain values."""

from __future__ import annotations

import json

import pytest
from written_texts import written

from runner.sequences.samples import Atom, ChannelSamples, played

LATTICE = {"square_lattice": {"rows": 2, "columns": 2, "spacing_um": 6}}


def shown(*operations, **changes):
    """What the first job of a file plays."""
    experiment = written(*operations, **changes).experiment
    return played(experiment.sequence, experiment.jobs[0].variables)


def test_a_job_is_played_with_its_own_values():
    """Each curve has a value for each ns; a delay lies between two pulses."""
    result = shown(
        "{pulse: {channel: drive, amplitude: {constant: {duration_ns: t, value: 2}}, detuning: -1}}",
        "{delay: {channel: drive, duration_ns: 16}}",
        "{pulse: {channel: drive, amplitude: 3, detuning: 0, phase: 1, duration_ns: 16}}",
        variables={"t": "int"},
        jobs=[{"runs": 1, "variables": {"t": 20}}],
    )

    assert ("MockDevice", 52, ()) == (result.device, result.duration_ns, result.traps_um)
    assert (
        Atom(name="left", position_um=(-3.5, 0.0)),
        Atom(name="right", position_um=(3.5, 0.0)),
    ) == result.atoms
    assert (
        ChannelSamples(
            name="drive",
            channel_id="rydberg_global",
            basis="ground-rydberg",
            amplitude_rad_per_us=(2.0,) * 20 + (0.0,) * 16 + (3.0,) * 16,
            detuning_rad_per_us=(-1.0,) * 20 + (0.0,) * 32,
            phase_rad=(0.0,) * 36 + (1.0,) * 16,
            pulses_ns=((0, 20), (36, 52)),
        ),
    ) == result.channels


def test_a_local_channel_tells_its_atoms_and_from_when_on():
    """Only where they change."""
    result = shown(
        "{target: {channel: drive, qubits: [left]}}",
        "{pulse: {channel: drive, amplitude: {constant: {duration_ns: 20, value: 2}}, detuning: 0}}",
        "{target: {channel: drive, qubits: [right]}}",
        "{pulse: {channel: drive, amplitude: {constant: {duration_ns: 20, value: 2}}, detuning: 0}}",
        channels={"drive": "rydberg_local"},
    )

    assert [((0, ("left",)), (20, ("right",)))] == [channel.targets for channel in result.channels]


def test_eom_mode_is_told_and_its_delays_are_no_pulses():
    """Though Pulser plays a detuning in them."""
    (channel,) = shown(
        "{enable_eom_mode: {channel: drive, amp_on: 6, detuning_on: 0}}",
        "{add_eom_pulse: {channel: drive, duration_ns: 100}}",
        "{delay: {channel: drive, duration_ns: 200}}",
        "{add_eom_pulse: {channel: drive, duration_ns: 100}}",
        device="AnalogDevice",
    ).channels

    assert (((0, 400),), [0, 300]) == (channel.eom_ns, [start for start, _ in channel.pulses_ns])


@pytest.mark.parametrize(("device", "is_detuned"), [("MockDevice", False), ("DigitalAnalogDevice", True)])
def test_atoms_behind_the_mask_are_marked(device, is_detuned):
    """Where a DMM shields them, it detunes them as well."""
    channel = "mw_global" if device == "MockDevice" else "rydberg_global"
    result = shown(
        "{config_slm_mask: {qubits: [right]}}",
        "{pulse: {channel: drive, amplitude: {constant: {duration_ns: 100, value: 2}}, detuning: 0}}",
        device=device,
        channels={"drive": channel},
    )

    assert [("left", False, False), ("right", True, is_detuned)] == [
        (atom.name, atom.is_masked, atom.is_detuned) for atom in result.atoms
    ]


def test_atoms_that_a_job_places_come_with_all_traps():
    """The job's own places are those of its atoms."""
    result = shown(
        "{pulse: {channel: drive, amplitude: {constant: {duration_ns: 100, value: 2}}, detuning: 0}}",
        register={"mappable": ["a"]},
        layout=LATTICE,
        jobs=[{"runs": 1, "qubits": {"a": 2}}],
    )

    assert (
        (Atom(name="a", position_um=(6.0, 0.0)),),
        [(0.0, 0.0), (0.0, 6.0), (6.0, 0.0), (6.0, 6.0)],
    ) == (
        result.atoms,
        sorted(result.traps_um),
    )


def test_what_is_played_is_plain():
    """No number is one of NumPy's, whatever Pulser computes with."""
    result = shown(
        "{pulse: {channel: drive, amplitude: {blackman: {duration_ns: 20, area: 1}}, detuning: 0}}"
    )
    (channel,) = result.channels
    numbers = [*channel.amplitude_rad_per_us, *channel.phase_rad, *channel.pulses_ns[0], result.duration_ns]

    assert {float, int} == {type(number) for number in numbers}
    assert json.dumps(result.atoms[0].position_um)


def test_a_job_that_ends_with_a_retargeted_channel_has_a_plain_duration():
    """Pulser tells NumPy's integers then, which JSON cannot say."""
    pulse = "{pulse: {channel: drive, amplitude: 2, detuning: 0, duration_ns: 300}}"
    experiment = written(
        "{target: {channel: drive, qubits: [a]}}",
        pulse,
        "{target: {channel: drive, qubits: [b]}}",
        pulse,
        "{measure: ground-rydberg}",
        device="DigitalAnalogDevice",
        register={"coordinates_um": {"a": [0, 0], "b": [8, 0]}},
        channels={"drive": "rydberg_local"},
    ).experiment
    told = [experiment.jobs[0].duration_ns, played(experiment.sequence, {}).duration_ns]

    assert [(600, int), (600, int)] == [(duration, type(duration)) for duration in told]
