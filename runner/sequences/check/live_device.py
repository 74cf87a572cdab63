"""Jobs against the device as the target has it now, whatever device the file says: as the cloud would."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from pulser.backend.abc import Backend

from runner.sequences.check.job_check import build_result
from runner.sequences.pulser_api.abstract_repr import RepresentationError, specified
from runner.sequences.pulser_api.device_limits import is_machine
from runner.sequences.pulser_api.device_specs import is_emulator
from runner.sequences.pulser_api.pulser_messages import (
    Remark,
    Remarks,
    attempt,
    message_of,
    recorded_warnings,
)

if TYPE_CHECKING:
    from runner.domain.json_values import JsonObject
    from runner.sequences.construction.draft import Draft, Said
    from runner.sequences.pulser_api.device_limits import AnyDevice, AnySequence
    from runner.sequences.pulser_api.device_specs import Specification
    from runner.spec import JobRequest

_MATCHES: Final = 100_000
_REPLAYED: Final = 1_000
_HINT: Final = "; device: {{target: {}}} takes the device as it is there"


@dataclass(frozen=True, slots=True)
class Live:
    """The device type of a file as its target has it.

    Args:
        device: What it can do.

        text: The same, as the target says it.
    """

    device_type: str
    device: AnyDevice
    text: str

    @property
    def is_machine(self) -> bool:
        """Whether sequences are played on it: emulators play those of any device."""
        return not is_emulator(self.device_type)

    def said(self, message: str) -> str:
        """A message about it."""
        return f"on {self.device_type} as the target has it: {message}"


def live_device(said: Said) -> Live | None:
    """The device type of a file as its target has it; None if that is not known."""
    device_type = said.file.experiment.spec.device_type
    specification = said.live.known(device_type)
    return None if specification is None else _read(said, specification)


def _read(said: Said, specification: Specification) -> Live | None:
    try:
        device = specified(specification)
    except RepresentationError as error:
        said.warnings.take(None, Remark(None, f"{error}; jobs are not checked against it", fixed=True))
        return None
    return Live(specification.device_type, device, specification.text)


def check_live(said: Said, draft: Draft, text: str, live: Live) -> None:
    """Say of every job what the device, as the target has it now, does not take.

    Args:
        draft: The sequence, in order on the device that the file says.

        text: The same, as it is sent.
    """
    if not live.is_machine:
        return
    if draft.sequence.device == live.device:
        _check_layout(said, draft, draft.sequence, live)
        return
    if draft.sequence.device.name != live.device.name:
        _say_other_name(said, draft, live)
    moved = _moved(said, draft, live)
    if moved is not None:
        _check_layout(said, draft, moved, live)
        representation = json.loads(text)
        for job in said.file.jobs:
            _check_job(said, job, _fault_of(moved, representation, job), draft, live)


def _say_other_name(said: Said, draft: Draft, live: Live) -> None:
    name, there = draft.sequence.device.name, live.device.name
    message = f"{live.device_type} of the target is the device {there}, and this sequence is for {name}"
    hint = _HINT.format(live.device_type) if draft.replay else ""  # only what is written out has the key
    remark = Remark(None, f"{message}: it may be refused{hint}", fixed=True)
    said.warnings.take(None, remark)


def _moved(said: Said, draft: Draft, live: Live) -> AnySequence | None:
    """The sequence on the live device; None if it does not fit there, and `said` says why."""
    sequence, device = draft.sequence, live.device
    channels = len(device.channels) + len(device.dmm_channels)
    if channels ** len(sequence.declared_channels) > _MATCHES:  # Pulser would try every one of them
        message = live.said("the sequence has too many channels to be checked against it")
        said.warnings.take(None, Remark(None, message, fixed=True))
        return None
    with recorded_warnings():
        blank = partial(type(sequence), sequence.get_register(include_mappable=True), device)
        if attempt(blank, lambda message: said.findings.note(draft.register, live.said(message))) is None:
            return None
    # As Pulser does it: a sequence for this very device must come out as it went in.
    is_strict = sequence.device.name == device.name
    try:
        with recorded_warnings():
            return sequence.with_new_device(device, strict=is_strict)
    except Exception as error:  # noqa: BLE001  (Pulser fails with many kinds, and all of them are problems)
        _explain_move(said, draft, error, live)
        return None


def _explain_move(said: Said, draft: Draft, error: Exception, live: Live) -> None:
    """Say at which operations of which jobs the sequence does not fit, or that it does not at all.

    The first jobs tell enough: nothing is sent, and of many problems the first are shown.
    """
    found = [(job, _replayed(draft, job, live)) for job in said.file.jobs[:_REPLAYED]]
    for job, remarks in found:
        for fault in remarks.faults:
            said.faults.take(job, replace(fault, message=live.said(fault.message)))
    if not any(remarks.faults for _, remarks in found):
        message = message_of(error, live.device) if str(error) else "it has none of the channels"
        said.findings.note(draft.operations, live.said(message))


def _check_layout(said: Said, draft: Draft, sequence: AnySequence, live: Live) -> None:
    """Does it take the traps? What else Pulser looks at here was looked at before."""
    if not is_machine(live.device) or not live.device.requires_layout:
        return
    names = ", ".join(each.slug for each in live.device.pre_calibrated_layouts if each.slug)
    hint = f"it has these, for layout: {{calibrated: NAME}}: {names}" if names else ""

    def refuse(message: str) -> None:
        said.findings.note(draft.register, live.said(message), hint)

    attempt(lambda: Backend.validate_sequence(sequence, mimic_qpu=True), refuse)


def _fault_of(moved: AnySequence, representation: JsonObject, job: JobRequest) -> str | None:
    return build_result(moved, representation, job.variables).fault


def _check_job(said: Said, job: JobRequest, fault: str | None, draft: Draft, live: Live) -> None:
    if fault is None:
        return
    for remark in _replayed(draft, job, live).faults or [Remark(None, fault, fixed=False)]:
        said.faults.take(job, replace(remark, message=live.said(remark.message)))


def _replayed(draft: Draft, job: JobRequest, live: Live) -> Remarks:
    return draft.replay(job.variables, live.device) if draft.replay else Remarks()
