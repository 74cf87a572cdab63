"""A device of Pulser → what a file says of it: the device that Pulser has, and what is other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.domain.json_values import plain_differences
from runner.sequences.construction.devices import changed_device
from runner.sequences.pulser_api.device_limits import is_machine, known_devices, own_coefficient_xy
from runner.sequences.pulser_api.pulser_messages import recorded_warnings
from runner.spec.models.devices import ChangedChannel, ChangedDevice
from runner.spec.validate.validation import salvaged
from runner.spec.yaml_text.loader import document
from runner.spec.yaml_text.problems import Findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.sequences.pulser_api.device_limits import AnyDevice

_NOT_OF_A_DEVICE = ("pulser_version", "version", "$schema")


@dataclass(frozen=True, slots=True)
class NearestDevice:
    """What a file can say of a device.

    Args:
        said: What stands in the file: a name, or a mapping of changes.

        left: What of the device it does not say, by Pulser's names; empty if it says the very device.
    """

    said: str | dict[str, Any]
    left: tuple[str, ...]


def nearest_device(device: AnyDevice) -> NearestDevice:
    """What a file can say of a device, of that device of Pulser which it comes nearest to."""
    bases = known_devices()
    named = [bases[device.name]] if device.name in bases else list(bases.values())
    return min((_nearest(device, base) for base in named), key=lambda each: len(each.left))


def _nearest(device: AnyDevice, base: AnyDevice) -> NearestDevice:
    changes = dict(_changes(device, base))
    if not changes and device == base:
        return NearestDevice(base.name, ())
    said = {"of": base.name, **changes}
    changed = salvaged(ChangedDevice, said)
    found = None if changed is None else changed_device(Findings(document("{}", path="")), base, changed)
    return NearestDevice(said, tuple(_left(device, base if found is None else found)))


def _changes(device: AnyDevice, base: AnyDevice) -> Iterator[tuple[str, Any]]:
    """What a file can say in its words of how a device is not like another one."""
    if device.name != base.name:
        yield "name", device.name
    if is_machine(base) and not is_machine(device):
        yield "is_virtual", True
    if device.rydberg_level != base.rydberg_level:
        yield "rydberg_level", device.rydberg_level
    if (coefficient := own_coefficient_xy(device)) is not None:
        yield "interaction_coeff_xy", coefficient
    if channels := _changes_of_channels(device, base):
        yield "channels", channels


def _changes_of_channels(device: AnyDevice, base: AnyDevice) -> dict[str, dict[str, Any]]:
    there = {**base.channels, **base.dmm_channels}
    found = {}
    for name, channel in {**device.channels, **device.dmm_channels}.items():
        changes = {
            key: list(value) if isinstance(value, tuple) else value
            for key in ChangedChannel.model_fields
            if name in there
            and (value := getattr(channel, key, None)) is not None
            and value != getattr(there[name], key, None)
        }
        if changes:
            found[name] = changes
    return found


def _left(device: AnyDevice, found: AnyDevice) -> Iterator[str]:
    """In what two devices differ, by Pulser's names; channels by their ids."""
    if device != found:
        for path, _, _ in plain_differences("", _plain(found), _plain(device)):
            yield path.removeprefix(".")


def _plain(device: AnyDevice) -> dict[str, Any]:
    with recorded_warnings():
        said: dict[str, Any] = json.loads(device.to_abstract_repr())
    for key in ("channels", "dmm_objects"):
        said |= {each["id"]: each for each in said.pop(key, ())}
    return {key: value for key, value in said.items() if key not in _NOT_OF_A_DEVICE}
