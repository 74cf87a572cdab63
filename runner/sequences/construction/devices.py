"""The device of a file → a device of Pulser."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from pulser.channels.dmm import DMM

from runner.domain import DeviceSource
from runner.domain.suggestions import suggestion
from runner.sequences.pulser_api.abstract_repr import RepresentationError, read_device, specified
from runner.sequences.pulser_api.device_limits import is_machine, known_devices
from runner.sequences.pulser_api.device_specs import NoSpecificationError
from runner.sequences.pulser_api.pulser_messages import message_of, recorded_warnings
from runner.spec.models.devices import ChangedChannel, ChangedDevice, DeviceFile, LiveDevice
from runner.spec.models.sequence import FileSequence, PythonSequence, WrittenSequence
from runner.spec.sequence_source import DEVICE, DEVICE_FILE
from runner.spec.yaml_text.json_pointers import child

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulser.channels.base_channel import Channel

    from runner.sequences.pulser_api.device_limits import AnyDevice
    from runner.sequences.pulser_api.device_specs import Specifications
    from runner.spec.yaml_text.problems import Findings

    AnySpec = WrittenSequence | FileSequence | PythonSequence

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
        findings: Where problems go.

        said: What the file says.

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
    with recorded_warnings():
        try:
            return replace(
                device,
                channel_objects=tuple(each for each in channels if not isinstance(each, DMM)),
                dmm_objects=tuple(each for each in channels if isinstance(each, DMM)),
                **changes,
            )
        except Exception as error:  # noqa: BLE001  (Pulser fails with many kinds, all of them are problems)
            findings.note(DEVICE, message_of(error))
    return None


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
    try:
        return None if lost else replace(channel, **changes)
    except Exception as error:  # noqa: BLE001
        findings.note(place, message_of(error))
    return None
