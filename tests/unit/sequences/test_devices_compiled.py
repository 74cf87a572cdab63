"""Devices that a file changes or keeps in a file of its own: what is sent has them in full."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import pulser
import pytest
import yaml
from pulser.devices import AnalogDevice, MockDevice
from written_texts import written

from runner.domain import constants_digest, constants_of
from runner.errors import SpecError
from runner.sequences import compiled
from runner.spec import parse
from runner.spec.values.referenced_files import CompanionError

PULSE = "pulse: {channel: drive, amplitude: 6.0, detuning: 0, duration_ns: 500}"
MICROWAVE = {"channels": {"drive": "mw_global"}}


def constants(device, **changes):
    """Constants of what a file with a device is sent as."""
    return constants_of(written(PULSE, device=device, **changes).experiment.sequence)


def text_of(*jobs, **sequence):
    """An experiment file, of one sequence or of jobs with their own."""
    spec = {"device_type": "EMU_FREE", "jobs": list(jobs) or [{"runs": 10}]}
    parts = {
        "register": {"chain": {"n_qubits": 2, "spacing_um": 8.0}},
        "channels": {"drive": "rydberg_global"},
        "operations": [yaml.safe_load(PULSE)],
    }
    if sequence:
        spec["sequence"] = parts | sequence if "device" in sequence else sequence
    for job in spec["jobs"]:
        if "sequence" in job:
            job["sequence"] = parts | job["sequence"]
    return json.dumps(
        {"apiVersion": "runner/v1", "kind": "Experiment", "metadata": {"name": "x"}, "spec": spec}
    )


def loaded(text, **files):
    """A file that was read, with the files that it may name."""

    def companion(name):
        if name not in files:
            raise CompanionError(f"{name}: there is no such file")
        return files[name]

    return parse(text, path="x.yaml", companion=companion)


def test_changes_are_those_of_the_sent_device():
    """Level, coefficient and modulation; the rest is as Pulser's device has it."""
    changes = {"rydberg_level": 50, "channels": {"rydberg_global": {"mod_bandwidth": 8}}}
    before = json.loads(written(PULSE).experiment.sequence)["device"]
    after = json.loads(written(PULSE, device={"of": "MockDevice", **changes}).experiment.sequence)["device"]

    assert constants({"of": "MockDevice", **changes}) == {
        "rydberg_level": 50,
        "channels": {
            "rydberg_global": {"basis": "ground-rydberg", "addressing": "Global", "mod_bandwidth": 8}
        },
    }
    assert {key for key in before if before[key] != after[key]} == {
        "rydberg_level",
        "interaction_coeff_xy",
        "channels",
    }


def test_the_old_coefficient_can_be_kept():
    """In the words of the file, without a warning of Pulser's."""
    result = written(PULSE, device={"of": "MockDevice", "interaction_coeff_xy": 3700}, **MICROWAVE)

    assert constants_of(result.experiment.sequence)["interaction_coeff_xy"] == 3700
    assert result.warnings == ()
    assert constants("MockDevice", **MICROWAVE)["interaction_coeff_xy"] == pytest.approx(36288.356)


def test_a_changed_device_has_the_name_of_pulsers_and_the_recipe():
    """Unless the file gives it a name of its own."""
    plain = written(PULSE).experiment
    changed = written(PULSE, device={"of": "MockDevice", "rydberg_level": 50}).experiment
    named = written(PULSE, device={"of": "MockDevice", "rydberg_level": 50, "name": "Mine"}).experiment

    assert plain.recipe == changed.recipe != named.recipe
    assert constants_digest(plain.sequence) != constants_digest(changed.sequence)
    assert json.loads(named.sequence)["device"]["name"] == "Mine"


def test_limits_are_those_of_the_device_as_it_is_after_the_change():
    """A virtual AnalogDevice keeps its limits, and names itself where they are exceeded."""
    device = {"of": "AnalogDevice", "is_virtual": True, "name": "Ours"}

    with pytest.raises(SpecError) as caught:
        written("delay: {channel: drive, duration_ns: 6004}", PULSE, device=device)

    assert [each.message for each in caught.value.problems] == [
        "the sequence takes longer than 6000 ns, the most that Ours allows"
    ]


def test_modulation_that_is_changed_moves_pulses():
    """Pulser waits for as long as the changed channel needs."""
    device = {"of": "MockDevice", "channels": {"rydberg_global": {"custom_phase_jump_time": 300}}}
    turned = "pulse: {channel: drive, amplitude: 6.0, detuning: 0, duration_ns: 500, phase: 1.0}"

    durations = [
        written(PULSE, turned, device=each).experiment.jobs[0].duration_ns for each in ("MockDevice", device)
    ]

    assert durations == [1000, 1300]


def test_a_device_in_a_file_is_sent_in_full():
    """Noise, EOM and limits included; the content of the file counts in the digest of the experiment file."""
    noise = pulser.NoiseModel(p_false_pos=0.01, temperature=50.0)
    eom = replace(AnalogDevice.channel_objects[0].eom_config, mod_bandwidth=30)
    channel = replace(AnalogDevice.channel_objects[0], eom_config=eom)
    device = replace(AnalogDevice, noise_model=noise, max_runs=77, channel_objects=(channel,))
    text = text_of(device={"file": "ours.json"})

    file = loaded(text, **{"ours.json": device.to_abstract_repr()})
    other = loaded(text, **{"ours.json": AnalogDevice.to_abstract_repr()})
    sent = json.loads(compiled(file).experiment.sequence)["device"]
    whole = json.loads(device.to_abstract_repr())

    assert file.companions == ("ours.json",)
    assert file.digest != other.digest
    assert {key: sent[key] for key in whole if key != "$schema"} == {
        key: value for key, value in whole.items() if key != "$schema"
    }


def test_a_virtual_device_in_a_file_gets_no_dmm_that_it_has_not():
    """Pulser reads one into it, where none was written."""
    virtual = AnalogDevice.to_virtual()
    file = loaded(text_of(device={"file": "v.json"}), **{"v.json": virtual.to_abstract_repr()})

    assert "dmm_objects" not in json.loads(compiled(file).experiment.sequence)["device"]


def test_jobs_with_their_own_sequences_have_their_own_devices():
    """Each is read from its file, and its problems stand at its lines."""
    job = {"runs": 10, "sequence": {"device": {"file": "ours.json"}}}
    ours = replace(MockDevice, rydberg_level=60).to_abstract_repr()

    (found,) = compiled(loaded(text_of(job), **{"ours.json": ours})).experiment.jobs
    with pytest.raises(SpecError) as caught:
        loaded(text_of(job))

    assert constants_of(found.sequence)["rydberg_level"] == 60
    assert [(each.pointer, each.message) for each in caught.value.problems] == [
        ("/spec/jobs/0/sequence/device/file", "ours.json: there is no such file")
    ]


def test_jobs_that_differ_in_constants_alone_are_told_why_they_can_not_be():
    """Their keys are the same, since of a device only the name counts there."""
    jobs = [
        {"runs": 10, "sequence": {"device": {"of": "MockDevice", "rydberg_level": level}}}
        for level in (50, 60)
    ]

    with pytest.raises(SpecError) as caught:
        compiled(loaded(text_of(*jobs)))

    assert [each.message for each in caught.value.problems] == [
        "this differs from the sequence of line 1 in constants of its device alone"
    ]


def test_a_sequence_in_a_file_of_its_own_carries_its_device_in_full():
    """So that another constant in it is seen in what is sent, with the recipe as it was."""

    def sent(level):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sequence = pulser.Sequence(
                pulser.Register({"a": (0, 0), "b": (8, 0)}), replace(MockDevice, rydberg_level=level)
            )
            sequence.declare_channel("drive", "rydberg_global")
            sequence.add(pulser.Pulse.ConstantPulse(500, 6.0, 0.0, 0.0), "drive")
            text = sequence.to_abstract_repr()
        return compiled(loaded(text_of(file="s.json"), **{"s.json": text})).experiment

    seventy, fifty = sent(70), sent(50)

    assert seventy.recipe == fifty.recipe
    assert [constants_of(each.sequence)["rydberg_level"] for each in (seventy, fifty)] == [70, 50]
    assert constants_digest(seventy.sequence) != constants_digest(fifty.sequence)
