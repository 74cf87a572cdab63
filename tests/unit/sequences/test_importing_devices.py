"""Importing keeps the device: its name alone, with what is other, or in a file of its own; never less."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import pulser
import pytest
from pulser.channels import DMM
from pulser.devices import AnalogDevice, DigitalAnalogDevice, MockDevice

from runner.domain import constants_of, recipe_digest
from runner.errors import SequenceError
from runner.sequences import compiled
from runner.sequences.import_abstract import imported
from runner.spec import parse

ATOMS = pulser.Register({"a": (0.0, 0.0), "b": (10.0, 0.0), "c": (20.0, 0.0)})


def changed(device, at=None, **changes):
    """A device with other fields, or with other fields of one channel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if at is None:
            return replace(device, **changes)
        channels = list(device.channel_objects)
        channels[at] = replace(channels[at], **changes)
        return replace(device, channel_objects=tuple(channels))


def played(device, channel="rydberg_global", basis="ground-rydberg"):
    """The text of a sequence with one pulse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sequence = pulser.Sequence(ATOMS, device)
        sequence.declare_channel("drive", channel)
        sequence.add(pulser.Pulse.ConstantPulse(500, 6.0, 0.0, 0.0), "drive")
        sequence.measure(basis)
        return sequence.to_abstract_repr()


def brought(text, device_file=None):
    """What is said of the device, and the sequence that the printed file is sent as."""
    found = imported(text, name="x", device_type="EMU_FREE", device_file=device_file)
    file = parse(found.text, path="x.yaml", companion={"device.json": found.device}.__getitem__)
    result = compiled(file)
    assert result.warnings == ()
    said = file.experiment.spec.sequence.device
    if not isinstance(said, str):
        said = said.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return said, result.experiment.sequence


SAYABLE = {
    "Pulser's own": (MockDevice, "MockDevice"),
    "level": (changed(MockDevice, rydberg_level=50), {"of": "MockDevice", "rydberg_level": 50}),
    "level of a machine": (
        changed(AnalogDevice, rydberg_level=70),
        {"of": "AnalogDevice", "rydberg_level": 70},
    ),
    "coefficient": (
        changed(MockDevice, interaction_coeff_xy=3700),
        {"of": "MockDevice", "interaction_coeff_xy": 3700.0},
    ),
    "both": (
        changed(MockDevice, rydberg_level=60, interaction_coeff_xy=3700),
        {"of": "MockDevice", "rydberg_level": 60, "interaction_coeff_xy": 3700.0},
    ),
    "modulation": (
        changed(AnalogDevice, 0, mod_bandwidth=9.5),
        {"of": "AnalogDevice", "channels": {"rydberg_global": {"mod_bandwidth": 9.5}}},
    ),
    "modulation where there was none": (
        changed(MockDevice, 0, mod_bandwidth=8, propagation_dir=(1.0, 0.0, 0.0), custom_phase_jump_time=10),
        {
            "of": "MockDevice",
            "channels": {
                "rydberg_global": {
                    "mod_bandwidth": 8.0,
                    "custom_phase_jump_time": 10,
                    "propagation_dir": [1.0, 0.0, 0.0],
                }
            },
        },
    ),
    "a DMM": (
        changed(MockDevice, dmm_objects=(DMM(bottom_detuning=-9.0, total_bottom_detuning=-90.0),)),
        {
            "of": "MockDevice",
            "channels": {"dmm_0": {"bottom_detuning": -9.0, "total_bottom_detuning": -90.0}},
        },
    ),
    "a virtual one": (AnalogDevice.to_virtual(), {"of": "AnalogDevice", "is_virtual": True}),
    "a virtual one with another level": (
        changed(DigitalAnalogDevice.to_virtual(), rydberg_level=60),
        {"of": "DigitalAnalogDevice", "is_virtual": True, "rydberg_level": 60},
    ),
    "another name": (changed(MockDevice, name="Mine"), {"of": "MockDevice", "name": "Mine"}),
}
WORDLESS = {
    "noise": (
        changed(MockDevice, noise_model=pulser.NoiseModel(p_false_pos=0.1)),
        "default_noise_model",
    ),
    "limits": (changed(AnalogDevice, max_runs=7, max_atom_num=5), "max_atom_num, max_runs"),
    "EOM": (
        changed(
            AnalogDevice, 0, eom_config=replace(AnalogDevice.channel_objects[0].eom_config, mod_bandwidth=30)
        ),
        "rydberg_global.eom_config.mod_bandwidth",
    ),
    "no modulation": (
        changed(AnalogDevice, 0, mod_bandwidth=None, eom_config=None),
        "rydberg_global.mod_bandwi",
    ),
    "fewer channels": (
        changed(MockDevice, channel_ids=None, channel_objects=MockDevice.channel_objects[:1]),
        "rydberg_local, raman_global, raman_local, mw_global",
    ),
    "one's own": (
        changed(MockDevice, name="Mine", channel_ids=None, channel_objects=MockDevice.channel_objects[:1]),
        "Mine",
    ),
}


def device_in(text):
    """The device of a representation, without who wrote it."""
    return {key: value for key, value in json.loads(text)["device"].items() if key != "pulser_version"}


@pytest.mark.parametrize(("device", "said"), SAYABLE.values(), ids=SAYABLE.keys())
def test_a_device_is_said_with_what_is_other(device, said):
    """And what is sent has the whole of it, limits included."""
    text = played(device)

    found, sent = brought(text)

    assert (found, device_in(sent)) == (said, device_in(text))


@pytest.mark.parametrize(("device", "named"), WORDLESS.values(), ids=WORDLESS.keys())
def test_a_device_that_no_keys_can_say_is_refused_or_kept_in_a_file(device, named):
    """The refusal names what there are no keys for, and how to keep the device; the file loses nothing."""
    text = played(device)

    with pytest.raises(SequenceError) as caught:
        brought(text)
    said, sent = brought(text, "device.json")

    assert named in caught.value.message
    assert "--device-file device.json" in caught.value.hint
    assert (said, device_in(sent)) == ({"file": "device.json"}, device_in(text))
    assert constants_of(sent, with_noise=True) == constants_of(text, with_noise=True)


def test_the_recipe_is_as_before():
    """Of the device only the name counts in it, whatever is said of its constants."""
    sent = [brought(played(changed(MockDevice, rydberg_level=level)))[1] for level in (50, 70)]
    recipes = {recipe_digest(device_type="EMU_FREE", sequence=each) for each in sent}

    assert len(recipes) == 1
    assert [50, 70] == [constants_of(each)["rydberg_level"] for each in sent]


def test_a_device_that_is_only_named_is_the_one_that_pulser_has_now():
    """As early versions of Pulser wrote it; that is told."""
    text = json.dumps(json.loads(played(MockDevice)) | {"device": "MockDevice"})

    found = imported(text, name="x", device_type="EMU_FREE")

    assert found.is_named
    assert "device: MockDevice" in found.text


def test_what_pulser_reads_otherwise_is_refused():
    """Constants of the text itself are compared, not only what Pulser made of it."""
    said = json.loads(played(MockDevice, "mw_global", "XY"))
    said["device"]["interaction_coeff_xy"] = None

    with pytest.raises(SequenceError) as caught:
        imported(json.dumps(said), name="x", device_type="EMU_FREE")

    assert caught.value.message == (
        "Pulser reads the device otherwise than the sequence says it: interaction_coeff_xy"
    )
