"""What has changed of a device, field by field, in the words of people who know it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runner.domain.json_values import plain_differences
from runner.reconcile.model.plan import Difference

_DEVICE: Final = "device"
# What says who wrote the specification, and not what the device can do.
_NOT_PHYSICS: Final = ("$schema", "pulser_version", "version")
# Parts that stand in a list and have a name of their own.
_NAMED_PARTS: Final = {"channels": "id", "dmm_objects": "id", "pre_calibrated_layouts": "slug"}
_UNITS: Final = {
    "max_amp": "rad/µs",
    "min_avg_amp": "rad/µs",
    "max_abs_detuning": "rad/µs",
    "bottom_detuning": "rad/µs",
    "total_bottom_detuning": "rad/µs",
    "max_limiting_amp": "rad/µs",
    "intermediate_detuning": "rad/µs",
    "mod_bandwidth": "MHz",
    "min_duration": "ns",
    "max_duration": "ns",
    "clock_period": "ns",
    "min_retarget_interval": "ns",
    "fixed_retarget_t": "ns",
    "custom_phase_jump_time": "ns",
    "custom_buffer_time": "ns",
    "max_sequence_duration": "ns",
    "min_atom_distance": "µm",
    "max_radial_distance": "µm",
}
_CHARACTERS: Final = 40
_ROUNDED_BELOW: Final = 1e4


def device_differences(one: object, other: object) -> tuple[Difference, ...]:
    """Every field in which two specifications of a device differ; channels are told apart by their ids.

    Args:
        one: Abstract representation of a device, or its name; None for none.

        other: The same, of another time.
    """
    return tuple(Difference(*each) for each in plain_differences(_DEVICE, _physics(one), _physics(other)))


def device_difference_said(difference: Difference) -> str:
    """A difference as people say it: `channels.rydberg_global.max_amp 12.57 → 10.05 rad/µs`."""
    field = difference.subject.removeprefix(f"{_DEVICE}.")
    unit = _UNITS.get(field.rpartition(".")[2], "")
    have, want = _shown(difference.have), _shown(difference.want)
    if have == want:
        have, want = repr(difference.have)[:_CHARACTERS], repr(difference.want)[:_CHARACTERS]
    return f"{field} {have} → {want} {unit}".rstrip()


def _physics(device: object) -> object:
    if not isinstance(device, Mapping):
        return device
    return {key: _by_name(key, value) for key, value in device.items() if key not in _NOT_PHYSICS}


def _by_name(key: str, value: object) -> object:
    """A list of named parts as a mapping; any other value as it is."""
    name = _NAMED_PARTS.get(key)
    if name is None or not isinstance(value, list):
        return value
    if not all(isinstance(part, Mapping) and isinstance(part.get(name), str) for part in value):
        return value
    return {part[name]: {field: each for field, each in part.items() if field != name} for part in value}


def _shown(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}" if abs(value) < _ROUNDED_BELOW else f"{value:g}"
        case list() | dict():
            kind = "field" if isinstance(value, dict) else "value"
            return f"{len(value)} {kind}{'' if len(value) == 1 else 's'}"
    text = str(value)
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 1] + "…"
