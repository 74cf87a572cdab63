"""The device of a written-out sequence: Pulser's, Pulser's with changes, in a file, or as a target has it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from runner.spec.models.base import Real, Strict, key, optional
from runner.spec.models.frequencies import ConstantFrequency
from runner.spec.models.pulses import Name

_EXPECTED = "expected the name of a device of Pulser, or a mapping with of, file or target"
_Negative = Annotated[ConstantFrequency, Field(lt=0)]
_DirectionOfBeam = Annotated[tuple[Real, Real, Real], Field(strict=False)]


class ChangedChannel(Strict):
    """Constants of a channel or DMM that are other ones than those of Pulser's device."""

    mod_bandwidth: Real | None = optional("Modulation bandwidth (in MHz), as Pulser defines it.", 8.0, gt=0)
    custom_phase_jump_time: int | None = optional("Time that a change of the phase takes (in ns).", 100, ge=0)
    fixed_retarget_t: int | None = optional("Time that a local channel takes to retarget (in ns).", 220, ge=0)
    propagation_dir: _DirectionOfBeam | None = optional(
        "Direction along x, y and z in which the beam of a global channel propagates.", [0, 1, 0]
    )
    bottom_detuning: _Negative | None = optional(
        "Least detuning of one atom by a DMM (in rad/µs), which an SLM mask uses.", -125.0, {"mhz": -20.0}
    )
    total_bottom_detuning: _Negative | None = optional(
        "Least detuning of all atoms together by a DMM (in rad/µs).", -12000.0, {"mhz": -2000.0}
    )


class ChangedDevice(Strict):
    """A device of Pulser with other constants."""

    of: Name = key(
        "Name of the device of Pulser; what is not said otherwise is as it is there.", "MockDevice"
    )
    name: Name | None = optional(
        "Name of the changed device, Pulser's if left out. Another name is another recipe.", "MyDevice"
    )
    is_virtual: bool | None = optional(
        "Whether the device is virtual: no machine can be like it, and some limits are open.", True
    )
    rydberg_level: int | None = optional(
        "Principal quantum number of the Rydberg level; it decides how strongly atoms interact.",
        50,
        ge=50,
        le=100,
    )
    interaction_coeff_xy: Real | None = optional(
        "Coefficient of the interaction in the XY basis (in rad µm³/µs); left out, it is that of"
        " the Rydberg level. It was 3700 on MockDevice before Pulser 1.9.1.",
        3700,
    )
    channels: dict[Name, ChangedChannel] = key(
        "Other constants of channels and DMMs, by their ids in the device.",
        {"rydberg_global": {"mod_bandwidth": 8.0}},
        default_factory=dict,
    )


class DeviceFile(Strict):
    """A device in a file of its own."""

    file: Annotated[str, Field(min_length=1, max_length=1000)] = key(
        "Abstract representation of a device in JSON, as Pulser's to_abstract_repr of a Device or"
        " VirtualDevice gives it; its path, from the experiment file.",
        "devices/ours.json",
    )


class LiveDevice(Strict):
    """What a device type can do now, as the target serves it."""

    target: Name = key(
        "Device type whose live specification the target is asked for; it is kept with its age.", "FRESNEL"
    )


def _which(value: object) -> str | None:
    match value:
        case str():
            return "<text>"
        case DeviceFile() | {"file": _}:
            return "<file>"
        case LiveDevice() | {"target": _}:
            return "<target>"
        case ChangedDevice() | Mapping():
            return "<of>"
    return None


Device = Annotated[
    Annotated[Name, Tag("<text>")]
    | Annotated[ChangedDevice, Tag("<of>")]
    | Annotated[DeviceFile, Tag("<file>")]
    | Annotated[LiveDevice, Tag("<target>")],
    Discriminator(_which, custom_error_type="kind", custom_error_message=_EXPECTED),
]
