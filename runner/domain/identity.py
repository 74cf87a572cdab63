"""What counts of a device beside its name: the constants that a sequence uses.

They decide what the same pulses do: how strongly atoms interact, and what hardware makes of a pulse. Limits
only decide what is allowed, and never count; nor does how many dimensions there are, for the register says
where the atoms are. Read from the abstract representation alone, so that sequences of any version of Pulser
can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from runner.domain.digests import digest
from runner.domain.json_values import plain_differences

# In place of a digest: nothing proves which constants they were; a person says that they were others.
UNPROVED: Final = "?"
OTHER_CONSTANTS: Final = "other"
_EMULATOR: Final = "EMU_"
_DIGEST_CHARACTERS: Final = 16
_SIGNIFICANT_DIGITS: Final = 12
_DIGITAL: Final = "digital"
_XY: Final = "XY"
_RYDBERG: Final = "ground-rydberg"
# Constants of a channel, each with what it is where nothing is said: in that direction an emulation lets
# beams without one go.
_CHANNEL: Final = {
    "basis": None,
    "addressing": None,
    "mod_bandwidth": None,
    "custom_phase_jump_time": None,
    "fixed_retarget_t": 0,
    "propagation_dir": [0, 1, 0],
}
_EOM: Final = {
    "mod_bandwidth": None,
    "limiting_beam": None,
    "max_limiting_amp": None,
    "intermediate_detuning": None,
    "controlled_beams": None,
    "multiple_beam_control": True,
    "custom_buffer_time": None,
    "blue_shift_coeff": 1,
    "red_shift_coeff": 1,
}
_DMM: Final = {"mod_bandwidth": None}
# How far a DMM may detune is a limit for pulses, but an SLM mask detunes as far as that.
_MASKING_DMM: Final = _DMM | {"bottom_detuning": None, "total_bottom_detuning": None}
_DMM_OF_OLD_MASKS: Final = "dmm_0"
# Kinds of noise that a parameter belongs to; without one of them it says nothing.
_NOISES: Final = {
    "temperature": {"doppler", "register"},
    "trap_waist": {"register"},
    "trap_depth": {"register"},
    "laser_waist": {"amplitude"},
    "amp_sigma": {"amplitude"},
    "detuning_sigma": {"detuning"},
    "detuning_hf": {"detuning"},
    "p_false_pos": {"SPAM"},
    "p_false_neg": {"SPAM"},
    "state_prep_error": {"SPAM"},
    "dephasing_rate": {"dephasing"},
    "hyperfine_dephasing_rate": {"dephasing"},
    "relaxation_rate": {"relaxation"},
    "depolarizing_rate": {"depolarizing"},
    "eff_noise": {"eff_noise"},
    "dmm_sigma": {"dmm_sigma"},
    "detuning_map_spot_waist": {"dmm_crosstalk"},
}
# How often an emulator draws, which is no property of the atoms, and who wrote the model.
_NOT_NOISE: Final = ("noise_types", "runs", "samples_per_run", "$schema", "pulser_version")


def constants_of(sequence: str | Mapping[str, object], *, with_noise: bool = False) -> dict[str, object]:
    """The constants of its device that a sequence uses, by Pulser's names; none that is at its default.

    Args:
        sequence: Abstract representation, JSON text or what it says; empty where every job has its own.

        with_noise: Whether the device's noise model is used, as some emulations do.

    Returns:
        Level and coefficient of the interaction, channels and DMMs by their ids, the noise model. Of a
        device that is only named, its name: the constants are those of the Pulser that reads it.

    Raises:
        ValueError: The sequence is no JSON object.
    """
    said = _representation(sequence)
    device = said.get("device")
    if not isinstance(device, Mapping):
        return {} if device is None else {"device": device}
    channels = _channels(said, device)
    bases = {str(_mapping(each).get("basis")) for each in channels.values()}
    dmms = {} if _XY in bases else _dmms(said, device)  # masks of the XY basis do without
    constants = _interaction(device, bases | {_RYDBERG} if dmms else bases)
    if used := {**channels, **dmms}:
        constants["channels"] = used
    if with_noise and (noise := _noise(device.get("default_noise_model") or device.get("noise_model"))):
        constants["noise_model"] = noise
    return {name: _rounded(each) for name, each in constants.items()}


def constants_digest(sequence: str | Mapping[str, object], *, with_noise: bool = False) -> str:
    """Digest of the constants that a sequence uses, as 16 hexadecimal digits; see `constants_of`."""
    return digest(constants_of(sequence, with_noise=with_noise))[:_DIGEST_CHARACTERS]


@lru_cache(maxsize=1024)
def device_constants(sequence: str, device_type: str) -> Mapping[str, object]:
    """The constants that a sequence uses on a device type; empty where nothing can be read of them.

    Args:
        device_type: An emulator leaves the noise of the device out, an emulated machine does not.
    """
    try:
        constants = constants_of(sequence, with_noise=not device_type.startswith(_EMULATOR))
    except (ValueError, TypeError, AttributeError):  # whoever reads it says so
        return {}
    return constants


@lru_cache(maxsize=1024)
def measured_constants(sequence: str, device_type: str) -> str:
    """Digest of the constants with which a sequence is measured on a device type.

    Empty where there is no sequence, or of its device only the name: nothing tells it from others then.
    """
    constants = device_constants(sequence, device_type)
    if not sequence or "device" in constants:
        return ""
    return digest(constants)[:_DIGEST_CHARACTERS]


def constants_differences(
    one: Mapping[str, object], other: Mapping[str, object]
) -> tuple[tuple[str, object, object], ...]:
    """Every constant in which two sequences differ, by its path, with both values; None for the default.

    Args:
        one: What `constants_of` gave.

        other: The same of another sequence, or of another time.
    """
    found = plain_differences("", dict(one), dict(other))
    return tuple((path.removeprefix("."), here, there) for path, here, there in found)


def _representation(sequence: str | Mapping[str, object]) -> Mapping[str, object]:
    said = (json.loads(sequence) if sequence else {}) if isinstance(sequence, str) else sequence
    if not isinstance(said, Mapping):
        raise ValueError("an abstract representation is a JSON object")  # noqa: TRY004  (of a text, not a type)
    return said


def _interaction(device: Mapping[str, object], bases: set[str]) -> dict[str, object]:
    """What decides how atoms interact; of hyperfine states alone, which do not, nothing.

    In the XY basis both count: spins are exchanged by the coefficient, and atoms that are both in the upper
    state shift each other as their level says.
    """
    wanted = ["rydberg_level"] if bases - {_DIGITAL} else []
    wanted += ["interaction_coeff_xy"] if _XY in bases else []
    return {name: device[name] for name in wanted if device.get(name) is not None}


def _channels(said: Mapping[str, object], device: Mapping[str, object]) -> dict[str, object]:
    """Constants of the channels that are declared, by their ids in the device."""
    declared = {name: str(each) for name, each in _mapping(said.get("channels")).items()}
    in_eom = {
        declared.get(str(operation.get("channel")))
        for operation in _mappings(said.get("operations"))
        if operation.get("op") == "enable_eom_mode"
    }
    there = _by_id(device.get("channels"))
    return {
        name: _channel(there.get(name, {}), has_eom=name in in_eom) for name in sorted(set(declared.values()))
    }


def _channel(channel: Mapping[str, object], *, has_eom: bool) -> dict[str, object]:
    constants = _but_defaults(channel, _CHANNEL)
    if has_eom and (eom := _eom(_mapping(channel.get("eom_config")))):
        constants["eom_config"] = eom
    return constants


def _eom(config: Mapping[str, object]) -> dict[str, object]:
    constants = _but_defaults(config, _EOM)
    if beams := _texts(constants.get("controlled_beams")):
        constants["controlled_beams"] = beams
        if len(beams) == 1:  # there is no choice then
            constants.pop("multiple_beam_control", None)
    return constants


def _dmms(said: Mapping[str, object], device: Mapping[str, object]) -> dict[str, object]:
    """Constants of the DMMs that are set up, by their ids."""
    there = _by_id(device.get("dmm_objects"))
    mapped, masking = _ids(said, "config_detuning_map"), _ids(said, "config_slm_mask")
    masking |= {_DMM_OF_OLD_MASKS} if said.get("slm_mask_targets") else set()
    return {
        name: _but_defaults(there.get(name, {}), _MASKING_DMM if name in masking else _DMM)
        for name in sorted(mapped | masking)
    }


def _ids(said: Mapping[str, object], name: str) -> set[str]:
    """The DMMs that operations of a kind are about."""
    operations = _mappings(said.get("operations"))
    return {str(each.get("dmm_id", _DMM_OF_OLD_MASKS)) for each in operations if each.get("op") == name}


def _noise(model: object) -> dict[str, object]:
    """What a noise model adds: its kinds, and the parameters of these."""
    said = _mapping(model)
    kinds = _texts(said.get("noise_types"))
    if not kinds:
        return {}
    parameters = {
        name: value
        for name, value in said.items()
        if name not in _NOT_NOISE and value and not _NOISES.get(name, set(kinds)).isdisjoint(kinds)
    }
    return {"noise_types": kinds, **parameters}


def _but_defaults(said: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, object]:
    """The values of some keys, but for those that are what they are where nothing is said."""
    return {
        name: said[name]
        for name, default in defaults.items()
        if said.get(name) is not None and said[name] != default
    }


def _by_id(parts: object) -> dict[str, Mapping[str, object]]:
    return {str(each["id"]): each for each in _mappings(parts) if "id" in each}


def _texts(parts: object) -> list[str]:
    """Words of a list whose order says nothing."""
    return sorted({str(each) for each in parts}) if isinstance(parts, list) else []


def _mappings(parts: object) -> list[Mapping[str, object]]:
    return [each for each in parts if isinstance(each, Mapping)] if isinstance(parts, list) else []


def _mapping(part: object) -> Mapping[str, object]:
    return part if isinstance(part, Mapping) else {}


def _rounded(value: object) -> object:
    """The same with every number to so many digits as count, and complex numbers that are real as these."""
    if isinstance(value, Mapping):
        if value.keys() == {"real", "imag"} and value["imag"] == 0:
            return _rounded(value["real"])
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = float(f"{value:.{_SIGNIFICANT_DIGITS}g}")
    return int(number) if number.is_integer() and abs(number) < 10**_SIGNIFICANT_DIGITS else number
