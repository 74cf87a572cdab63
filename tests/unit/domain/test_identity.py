"""Which constants of a device a sequence uses: those alone make two sequences of one recipe differ."""

from __future__ import annotations

import copy
import json
import warnings
from dataclasses import replace
from functools import partial

import pulser
import pytest
from pulser.channels import DMM, Microwave, Raman, Rydberg
from pulser.channels.eom import RydbergBeam
from pulser.devices import AnalogDevice, DigitalAnalogDevice, MockDevice
from pulser.register.special_layouts import TriangularLatticeLayout
from pulser.sequence.sequence import Sequence

from runner.domain import constants_differences, constants_digest, constants_of

ATOMS = pulser.Register({"a": (-4.0, 0), "b": (4.0, 0)})
SPACE = pulser.Register3D({"a": (-4.0, 0, 0), "b": (4.0, 0, 1.0)})
PULSE = pulser.Pulse.ConstantPulse(100, 3.0, 0.0, 0.0)
BASES = {"rydberg": "ground-rydberg", "raman": "digital", "mw": "XY"}


def played(device=MockDevice, channels=("rydberg_global",), *, atoms=ATOMS, eom=False, dmm=None, mask=None):
    """The representation of a pulse on each of some channels, as JSON has it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sequence = Sequence(atoms, device)
        if mask is not None:
            sequence.config_slm_mask(["a"], mask)
        for name in channels:
            sequence.declare_channel(name, name, initial_target="a" if "local" in name else None)
        if dmm is not None:
            sequence.config_detuning_map(ATOMS.define_detuning_map({"a": 1.0}), dmm)
            sequence.add_dmm_detuning(pulser.waveforms.ConstantWaveform(100, -1.0), dmm)
        for name in channels:
            if eom:
                sequence.enable_eom_mode(name, 3.0, 0.0)
                sequence.add_eom_pulse(name, 100, 0.0)
            else:
                sequence.add(PULSE, name)
        sequence.measure(BASES[channels[0].partition("_")[0]])
        return json.loads(sequence.to_abstract_repr(skip_validation=True))


def changed(device, **changes):
    """A device with other fields."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coefficient = {"interaction_coeff_xy": device._custom_interaction_coeff_xy}  # replace would lose it
        return replace(device, **(coefficient | changes))


def with_channel(device, at=0, **changes):
    """A device with other fields of one channel."""
    channels = list(device.channel_objects)
    channels[at] = replace(channels[at], **changes)
    return changed(device, channel_objects=tuple(channels))


def with_eom(**changes):
    """AnalogDevice with another EOM."""
    return with_channel(
        AnalogDevice, eom_config=replace(AnalogDevice.channel_objects[0].eom_config, **changes)
    )


def edited(said, *path, to=None, gone=False):
    """A representation in which another value stands at a place, or none."""
    said = copy.deepcopy(said)
    *way, last = ("device", *path)
    place = said
    for step in way:
        place = place[step]
    if gone:
        del place[last]
    else:
        place[last] = to
    return said


noisy = partial(changed, noise_model=pulser.NoiseModel(temperature=50.0, p_false_pos=0.01))
xy = partial(played, channels=("mw_global",))
digital = partial(played, channels=("raman_local",))
mapped = partial(played, dmm="dmm_0")
masked = partial(played, mask="dmm_0")

ANOTHER = {
    "level": (played(), played(changed(MockDevice, rydberg_level=50))),
    "level of a machine": (played(AnalogDevice), played(changed(AnalogDevice, rydberg_level=70))),
    "level beside hyperfine states": (
        played(channels=("rydberg_global", "raman_local")),
        played(changed(MockDevice, rydberg_level=50), channels=("rydberg_global", "raman_local")),
    ),
    "XY coefficient": (xy(), xy(changed(MockDevice, interaction_coeff_xy=3700))),
    "level in the XY basis, of which upper states shift each other": (
        xy(changed(MockDevice, interaction_coeff_xy=3700)),
        xy(changed(MockDevice, interaction_coeff_xy=3700, rydberg_level=50)),
    ),
    "modulation": (played(), played(with_channel(MockDevice, mod_bandwidth=8.0))),
    "another modulation": (
        played(with_channel(MockDevice, mod_bandwidth=8.0)),
        played(with_channel(MockDevice, mod_bandwidth=8.0001)),
    ),
    "phase jumps": (played(), played(with_channel(MockDevice, custom_phase_jump_time=100))),
    "retargeting": (
        played(channels=("rydberg_local",)),
        played(with_channel(MockDevice, 1, fixed_retarget_t=50), channels=("rydberg_local",)),
    ),
    "direction of a beam": (played(), played(with_channel(MockDevice, propagation_dir=(1.0, 0.0, 0.0)))),
    "EOM in use": (
        played(AnalogDevice, eom=True),
        played(with_eom(intermediate_detuning=2000.0), eom=True),
    ),
    "a bound that is a constant of the EOM": (
        played(AnalogDevice, eom=True),
        played(with_eom(max_limiting_amp=100.0), eom=True),
    ),
    "buffers of the EOM": (
        played(AnalogDevice, eom=True),
        played(with_eom(custom_buffer_time=None), eom=True),
    ),
    "modulation of the DMM in use": (
        mapped(),
        mapped(changed(MockDevice, dmm_objects=(DMM(mod_bandwidth=5.0),))),
    ),
    "depth of the DMM that masks": (
        masked(changed(MockDevice, dmm_objects=(DMM(bottom_detuning=-10.0),))),
        masked(changed(MockDevice, dmm_objects=(DMM(bottom_detuning=-20.0),))),
    ),
    "level with a DMM in use": (mapped(), mapped(changed(MockDevice, rydberg_level=50))),
    "kind of a channel": (played(), edited(played(), "channels", 0, "addressing", to="Local")),
    "a device that is only named": (played(), played() | {"device": "MockDevice"}),
    "two devices that are only named": (played() | {"device": "A"}, played() | {"device": "B"}),
}
RED = with_eom(controlled_beams=(RydbergBeam.RED,))
SAME = {
    "another name": (played(), played(changed(MockDevice, name="Mine"))),
    "limits": (
        played(),
        played(
            changed(
                MockDevice,
                max_atom_num=5,
                max_runs=7,
                min_atom_distance=1.0,
                max_radial_distance=60,
                max_sequence_duration=9000,
                max_layout_traps=50,
                max_layout_filling=0.8,
                supports_slm_mask=False,
                reusable_channels=False,
            )
        ),
    ),
    "limits of a channel": (
        played(DigitalAnalogDevice),
        played(
            with_channel(
                DigitalAnalogDevice,
                max_amp=99.0,
                max_abs_detuning=999.0,
                clock_period=1,
                min_duration=1,
                max_duration=10**6,
                min_avg_amp=0.1,
            )
        ),
    ),
    "a virtual one": (played(AnalogDevice), played(AnalogDevice.to_virtual())),
    "layouts on offer": (
        played(AnalogDevice),
        played(changed(AnalogDevice, pre_calibrated_layouts=(TriangularLatticeLayout(61, 6.0),))),
    ),
    "whether it wants a layout": (played(AnalogDevice), played(changed(AnalogDevice, requires_layout=False))),
    "dimensions": (played(), played(changed(MockDevice, dimensions=2))),
    "atoms out of the plane": (played(atoms=SPACE), played(atoms=ATOMS)),  # of the recipe, not of the device
    "level of hyperfine states alone": (digital(), digital(changed(MockDevice, rydberg_level=50))),
    "XY coefficient with Rydberg channels": (
        played(),
        played(changed(MockDevice, interaction_coeff_xy=3700)),
    ),
    "modulation of a channel that is not declared": (
        played(),
        played(with_channel(MockDevice, 1, mod_bandwidth=8.0)),
    ),
    "EOM that is not in use": (played(AnalogDevice), played(with_eom(intermediate_detuning=2000.0))),
    "DMM that is not in use": (
        played(),
        played(changed(MockDevice, dmm_objects=(DMM(mod_bandwidth=5.0),))),
    ),
    "depth of a DMM that does not mask": (
        mapped(),
        mapped(changed(MockDevice, dmm_objects=(DMM(bottom_detuning=-20.0, total_bottom_detuning=-90.0),))),
    ),
    "DMM of a mask in the XY basis": (
        xy(mask="dmm_0"),
        xy(changed(MockDevice, dmm_objects=(DMM(bottom_detuning=-20.0, mod_bandwidth=5.0),)), mask="dmm_0"),
    ),
    "noise that is not in use": (played(), played(noisy(MockDevice))),
    "more channels, in another order": (
        played(
            changed(
                MockDevice,
                channel_ids=None,
                channel_objects=(Rydberg.Global(None, None), Microwave.Global(9, 9)),
            )
        ),
        played(
            changed(
                MockDevice, channel_ids=None, channel_objects=(Raman.Global(9, 9), Rydberg.Global(None, None))
            )
        ),
    ),
    "JSON without a DMM, as before there were any": (mapped(), edited(mapped(), "dmm_objects", gone=True)),
    "JSON without modulation": (played(), edited(played(), "channels", 0, "mod_bandwidth", gone=True)),
    "JSON without a time for retargeting": (
        played(channels=("rydberg_local",)),
        edited(played(channels=("rydberg_local",)), "channels", 1, "fixed_retarget_t", gone=True),
    ),
    "JSON of another version": (played(), edited(played(), "pulser_version", to="0.20.0")),
    "a coefficient that is left to Pulser": (
        edited(xy(), "interaction_coeff_xy", to=None),
        edited(xy(), "interaction_coeff_xy", gone=True),
    ),
    "the direction that an emulation takes": (
        played(),
        played(with_channel(MockDevice, propagation_dir=(0.0, 1.0, 0.0))),
    ),
    "a default of the EOM": (
        played(AnalogDevice, eom=True),
        edited(played(AnalogDevice, eom=True), "channels", 0, "eom_config", "blue_shift_coeff", to=1.0),
    ),
    "several beams where there is one": (
        played(RED, eom=True),
        edited(played(RED, eom=True), "channels", 0, "eom_config", "multiple_beam_control", to=False),
    ),
    "beams in another order": (
        played(with_eom(controlled_beams=(RydbergBeam.RED, RydbergBeam.BLUE)), eom=True),
        played(with_eom(controlled_beams=(RydbergBeam.BLUE, RydbergBeam.RED)), eom=True),
    ),
    "a float that is whole": (played(), edited(played(), "rydberg_level", to=70.0)),
    "the thirteenth digit": (
        xy(changed(MockDevice, interaction_coeff_xy=3700.0)),
        xy(changed(MockDevice, interaction_coeff_xy=3700.0 * (1 + 1e-13))),
    ),
    "two that are only named": (played() | {"device": "A"}, xy() | {"device": "A"}),
}


@pytest.mark.parametrize(("one", "other"), ANOTHER.values(), ids=ANOTHER.keys())
def test_a_constant_that_is_used_makes_another_experiment(one, other):
    """Interaction, modulation, EOM, masks: what decides what the same pulses do."""
    assert constants_of(one) != constants_of(other)
    assert constants_digest(one) != constants_digest(json.dumps(other))


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_what_is_not_used_or_not_said_makes_no_other_experiment(one, other):
    """Limits, names, what the sequence does without; a default and its absence are one."""
    assert constants_of(one) == constants_of(other)
    assert constants_digest(one) == constants_digest(json.dumps(other))


def noises(**parameters):
    """A sequence on a device with a noise model; None for none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return played(changed(MockDevice, noise_model=pulser.NoiseModel(**parameters)))


SPAM = noises(p_false_pos=0.01)
OF_NOISE = {
    "none": (played(), SPAM, False),
    "a parameter": (SPAM, noises(p_false_pos=0.02), False),
    "one more kind": (SPAM, noises(p_false_pos=0.01, temperature=50.0), False),
    "an operator": (
        noises(eff_noise_rates=(0.1,), eff_noise_opers=([[1, 0], [0, -1]],)),
        noises(eff_noise_rates=(0.1,), eff_noise_opers=([[0, 1], [1, 0]],)),
        False,
    ),
    "a model without noise": (played(), noises(), True),
    "how often it is drawn": (noises(temperature=50.0), noises(temperature=50.0, runs=9), True),
    "what belongs to no kind of it": (
        SPAM,
        edited(SPAM, "default_noise_model", "laser_waist", to=175.0),
        True,
    ),
    "a default that an older Pulser left out": (
        edited(SPAM, "default_noise_model", "state_prep_error", gone=True),
        SPAM,
        True,
    ),
    "numbers as complex ones": (
        noises(eff_noise_rates=(0.1,), eff_noise_opers=([[1, 0], [0, -1]],)),
        edited(
            noises(eff_noise_rates=(0.1,), eff_noise_opers=([[1, 0], [0, -1]],)),
            "default_noise_model",
            "eff_noise",
            to=[[0.1, [[{"real": 1.0, "imag": 0.0}, 0], [0, -1]]]],
        ),
        True,
    ),
}


@pytest.mark.parametrize(("one", "other", "same"), OF_NOISE.values(), ids=OF_NOISE.keys())
def test_a_noise_model_counts_where_it_is_used(one, other, same):
    """By its kinds and the parameters of these; where it is not used, not at all."""
    used = [constants_digest(each, with_noise=True) for each in (one, other)]

    assert (used[0] == used[1]) is same
    assert constants_digest(one) == constants_digest(other)


def test_constants_are_said_by_pulsers_names():
    """Of the channels that are declared; what is at its default is left out."""
    assert constants_of(xy(noisy(MockDevice)), with_noise=True) == {
        "rydberg_level": 70,
        "interaction_coeff_xy": 36288.3559283,
        "channels": {"mw_global": {"basis": "XY", "addressing": "Global"}},
        "noise_model": {
            "noise_types": ["SPAM", "doppler"],
            "temperature": 50,
            "p_false_pos": 0.01,
        },
    }


def test_differences_name_each_constant_with_both_values():
    """As a plan shows them; None stands for the default."""
    one = constants_of(played(channels=("rydberg_global", "raman_local")))
    other = constants_of(played(with_channel(changed(MockDevice, rydberg_level=50), mod_bandwidth=8.0)))

    assert constants_differences(one, other) == (
        ("rydberg_level", 70, 50),
        ("channels.raman_local", {"addressing": "Local", "basis": "digital"}, None),
        ("channels.rydberg_global.mod_bandwidth", None, 8),
    )
    assert constants_differences(one, one) == ()


@pytest.mark.parametrize("text", ["", "{}", '{"device": {"name": "D"}}', '{"device": {"rydberg_level": 7}}'])
def test_a_sequence_without_channels_uses_nothing(text):
    """As one whose jobs have their own."""
    assert constants_of(text) == {}


@pytest.mark.parametrize("text", ["[]", "7", "no JSON"])
def test_what_is_no_sequence_is_refused(text):
    """A text that is no JSON object has no constants."""
    with pytest.raises(ValueError, match=r"JSON object|Expecting value"):
        constants_digest(text)


ODD = [None, True, 7, "x", [], [7], ["x"], {}, {"a": 7}, {"a": [7]}, [{}], [{"id": [7]}], {"basis": {}}]


def test_any_json_object_has_constants():
    """Texts of others are read as well: what is not understood does not count, and stops nothing."""
    whole = played(noisy(AnalogDevice), eom=True)
    device = whole["device"]
    places = [
        *((name,) for name in device),
        *(("channels", 0, name) for name in device["channels"][0]),
        *(("channels", 0, "eom_config", name) for name in device["channels"][0]["eom_config"]),
        *(("default_noise_model", name) for name in device["default_noise_model"]),
    ]
    keys = ["device", "channels", "operations", "slm_mask_targets"]
    odd = [edited(whole, *place, to=value) for place in places for value in ODD]
    odd += [whole | {key: value} for key in keys for value in ODD]

    assert {16} == {len(constants_digest(each, with_noise=True)) for each in odd}
