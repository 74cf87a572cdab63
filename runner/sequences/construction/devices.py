"""The device of a file → a device of Pulser, and the other way round."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pulser.channels.dmm import DMM

from runner.domain import DeviceSource
from runner.domain.json_values import plain_differences
from runner.domain.suggestions import suggestion
from runner.sequences.pulser_api.abstract_repr import RepresentationError, read_device, specified
from runner.sequences.pulser_api.device_limits import is_machine, known_devices, own_coefficient_xy
from runner.sequences.pulser_api.device_specs import NoSpecificationError
from runner.sequences.pulser_api.pulser_messages import attempt, recorded_warnings
from runner.spec.models.devices import ChangedChannel, ChangedDevice, DeviceFile, LiveDevice
from runner.spec.models.sequence import FileSequence, PythonSequence, WrittenSequence
from runner.spec.sequence_source import DEVICE, DEVICE_FILE
from runner.spec.validate.validation import valid_part
from runner.spec.yaml_text.document import Findings
from runner.spec.yaml_text.json_pointers import child
from runner.spec.yaml_text.loader import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulser.channels.base_channel import Channel

    from runner.sequences.pulser_api.device_limits import AnyDevice
    from runner.sequences.pulser_api.device_specs import Specifications

    AnySpec = WrittenSequence | FileSequence | PythonSequence
    from collections.abc import Iterator

    from runner.domain.json_values import Json, JsonObject


_OF = child(DEVICE, "of")
_TARGET = child(DEVICE, "target")
_CHANNELS = child(DEVICE, "channels")
_VIRTUAL = child(DEVICE, "is_virtual")


def device_of(
    findings: Findings,
    said: str | ChangedDevice | DeviceFile | LiveDevice,
    live: Specifications,
    text: str | None,
) -> AnyDevice | None:
    """The device of a written-out sequence; None if there is no such thing, and findings say why.

    Args:
        live: What the target's device types can do.

        text: Content of the file that it stands in.
    """
    match said:
        case LiveDevice():
            return _live(findings, said.target, live)
        case DeviceFile():
            return _in_file(findings, said.file, text or "")
        case ChangedDevice():
            base = _named(findings, said.of, _OF)
            return None if base is None else changed_device(findings, base, said)
    return _named(findings, said, DEVICE)


def said_constants(sequence: AnySpec | None) -> tuple[str, ...]:
    """Constants of its device that a file says itself, by their paths; `*` where it says all of them."""
    if isinstance(sequence, FileSequence):
        return ("*",)
    device = sequence.device if isinstance(sequence, WrittenSequence) else None
    if isinstance(device, DeviceFile):
        return ("*",)
    if not isinstance(device, ChangedDevice):
        return ()
    said = device.model_dump(exclude_none=True, include={"rydberg_level", "interaction_coeff_xy", "channels"})
    channels = said.pop("channels", {})
    return (*said, *(f"channels.{name}.{key}" for name, keys in channels.items() for key in keys))


def device_source(sequence: AnySpec | None) -> DeviceSource:
    """Where the constants come from that the file does not say itself."""
    if isinstance(sequence, WrittenSequence):
        return DeviceSource.TARGET if isinstance(sequence.device, LiveDevice) else DeviceSource.PULSER
    return DeviceSource.PYTHON if isinstance(sequence, PythonSequence) else DeviceSource.PULSER


def _live(findings: Findings, device_type: str, live: Specifications) -> AnyDevice | None:
    """The device as the target serves it."""
    try:
        return specified(live.required(device_type))
    except NoSpecificationError as error:
        findings.note(_TARGET, error.message, error.hint)
    except RepresentationError as error:
        findings.note(_TARGET, str(error))
    return None


def _in_file(findings: Findings, name: str, text: str) -> AnyDevice | None:
    try:
        return read_device(text, "the device")
    except RepresentationError as error:
        findings.note(DEVICE_FILE, f"{name}: {error}", "it holds what to_abstract_repr() of a device gives")
    return None


def _named(findings: Findings, name: str, place: str) -> AnyDevice | None:
    devices = known_devices()
    if name not in devices:
        findings.note(place, f"Pulser has no device {name}", suggestion(name, devices, kind="devices"))
    return devices.get(name)


def changed_device(findings: Findings, base: AnyDevice, said: ChangedDevice) -> AnyDevice | None:
    """A device with the changes that a file says; None if it can't be like that, and findings say why."""
    if said.is_virtual is False and not is_machine(base):
        findings.note(_VIRTUAL, f"{base.name} is virtual: no machine can be like it")
        return None
    channels = _changed_channels(findings, base, said.channels)
    if channels is None:
        return None
    changes = said.model_dump(include={"name", "rydberg_level", "interaction_coeff_xy"}, exclude_none=True)
    device = base.to_virtual() if said.is_virtual and is_machine(base) else base
    changes["channel_objects"] = tuple(each for each in channels if not isinstance(each, DMM))
    changes["dmm_objects"] = tuple(each for each in channels if isinstance(each, DMM))
    with recorded_warnings():
        return attempt(partial(replace, device, **changes), partial(findings.note, DEVICE))


def _changed_channels(
    findings: Findings, base: AnyDevice, said: Mapping[str, ChangedChannel]
) -> list[Channel] | None:
    """All channels and DMMs of a device, changed as a file says; None if one can't be like that."""
    channels: dict[str, Channel] = {**base.channels, **base.dmm_channels}
    lost = [name for name in said if name not in channels]
    for name in lost:
        hint = suggestion(name, channels, kind="channels")
        findings.note(child(_CHANNELS, name), f"{base.name} has no channel {name}", hint, of_key=True)
    changed = [
        _changed_channel(findings, name, channel, said[name]) if name in said else channel
        for name, channel in channels.items()
    ]
    whole = [each for each in changed if each is not None]
    return None if lost or len(whole) < len(changed) else whole


def _changed_channel(findings: Findings, name: str, channel: Channel, said: ChangedChannel) -> Channel | None:
    place, changes = child(_CHANNELS, name), said.model_dump(exclude_none=True)
    settable = {each.name for each in fields(channel) if each.init}
    lost = [key for key in changes if key not in settable]
    for key in lost:
        findings.note(child(place, key), f"{name} has no {key}", of_key=True)
    return None if lost else attempt(partial(replace, channel, **changes), partial(findings.note, place))


_NOT_OF_A_DEVICE = ("pulser_version", "version", "$schema")


@dataclass(frozen=True, slots=True)
class NearestDevice:
    """What a file can say of a device.

    Args:
        said: What stands in the file: a name, or a mapping of changes.

        left: What of the device it does not say, by Pulser's names; empty if it says the very device.
    """

    said: str | JsonObject
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
    said: JsonObject = {"of": base.name, **changes}
    changed = valid_part(ChangedDevice, said)
    found = None if changed is None else changed_device(Findings(document("{}", path="")), base, changed)
    return NearestDevice(said, tuple(_left(device, base if found is None else found)))


def _changes(device: AnyDevice, base: AnyDevice) -> Iterator[tuple[str, Json]]:
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


def _changes_of_channels(device: AnyDevice, base: AnyDevice) -> JsonObject:
    there = {**base.channels, **base.dmm_channels}
    found: JsonObject = {}
    for name, channel in {**device.channels, **device.dmm_channels}.items():
        changes: JsonObject = {
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


def _plain(device: AnyDevice) -> JsonObject:
    with recorded_warnings():
        said: dict[str, Any] = json.loads(device.to_abstract_repr())
    for key in ("channels", "dmm_objects"):
        said |= {each["id"]: each for each in said.pop(key, ())}
    return {key: value for key, value in said.items() if key not in _NOT_OF_A_DEVICE}
