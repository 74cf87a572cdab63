"""A sequence that is written out in the file → a Pulser `Sequence`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pulser
from pulser.register.mappable_reg import MappableRegister

from runner.domain.digests import AUTOMATIC_LAYOUT
from runner.domain.suggestions import suggestion
from runner.sequences.construction.expressions import with_numbers, with_variables
from runner.sequences.construction.operations import add_operations
from runner.sequences.construction.registers import built_layout, built_register
from runner.sequences.pulser_api.device_limits import is_machine
from runner.sequences.pulser_api.device_specs import is_emulator
from runner.sequences.pulser_api.pulser_messages import Remarks, attempt
from runner.spec.models.channels import CHANNELS
from runner.spec.models.registers import LayoutOfTraps
from runner.spec.models.variables import declared
from runner.spec.validate.reference_checks import SEQUENCE
from runner.spec.yaml_text.json_pointers import child

if TYPE_CHECKING:
    from pulser.parametrized import Parametrized

    from runner.domain.json_values import JobValues
    from runner.sequences.construction.registers import AnyRegister
    from runner.sequences.pulser_api.device_limits import AnyDevice, AnySequence
    from runner.spec.models.sequence import WrittenSequence
    from runner.spec.models.variables import Declared
    from runner.spec.yaml_text.document import Findings

REGISTER = child(SEQUENCE, "register")
LAYOUT = child(SEQUENCE, "layout")
FIELD = child(SEQUENCE, "magnetic_field_gauss")


@dataclass(frozen=True, slots=True)
class Bench:
    """A device, atoms in front of it, and channels: everything but the operations."""

    written: WrittenSequence
    device: AnyDevice
    register: AnyRegister

    def blank(self) -> AnySequence:
        """A sequence with its channels and no operations."""
        sequence = pulser.Sequence(self.register, self.device)
        for name, channel_id in self.written.channels.items():
            sequence.declare_channel(name, channel_id)
        if self.written.magnetic_field_gauss is not None:
            sequence.set_magnetic_field(*self.written.magnetic_field_gauss)
        return sequence

    def filled(self) -> tuple[AnySequence, Remarks]:
        """The sequence with its variables and operations, and what is to be said of them."""
        sequence = self.blank()
        variables = {
            name: _variable(sequence, name, kind) for name, kind in declared(self.written.variables).items()
        }
        return sequence, add_operations(sequence, self.written, with_variables(variables))

    def replayed(self, variables: JobValues, device: AnyDevice | None = None) -> Remarks:
        """What is to be said of the operations when a job's numbers stand for its variables.

        Args:
            device: What they are played on; None for that of the file.
        """
        try:
            bench = self if device is None else replace(self, device=device)
            blank = bench.placed(variables).blank()
        except ValueError:  # of traps, or of channels of another device; building the job says so
            return Remarks()
        return add_operations(blank, self.written, with_numbers(variables))

    def placed(self, variables: JobValues) -> Bench:
        """The same with its atoms where a job puts them."""
        traps = variables.get("qubits")
        if not isinstance(self.register, MappableRegister) or not isinstance(traps, dict):
            return self
        return replace(self, register=self.register.build_register(traps))


def bench(findings: Findings, written: WrittenSequence, device_type: str, device: AnyDevice) -> Bench | None:
    """What a sequence is played on; None if there is no such thing, and findings say why.

    Args:
        device_type: PCS's name of the target; a QPU needs a register from a layout.
    """
    if (register := _register(findings, written, device)) is None:
        return None
    if isinstance(register, pulser.Register) and register.layout is None:
        if _wants_layout(written, device, device_type):
            register = _laid_out(findings, register, device)
    elif written.layout == "automatic":
        findings.note(LAYOUT, "only for atoms in a plane can a layout be found automatically")
    sequence = attempt(partial(pulser.Sequence, register, device), partial(findings.note, REGISTER))
    if sequence is None:
        return None
    fits = [_declare(findings, sequence, name, each) for name, each in written.channels.items()]
    fits.append(_set_field(findings, sequence, written.magnetic_field_gauss))
    return Bench(written, device, register) if all(fits) else None


def _variable(sequence: AnySequence, name: str, kind: Declared) -> Parametrized:
    dtype: type[int | float] = int if kind.whole else float
    if kind.size is None:
        return sequence.declare_variable(name, dtype=dtype)
    return sequence.declare_variable(name, size=kind.size, dtype=dtype)


def _register(findings: Findings, written: WrittenSequence, device: AnyDevice) -> AnyRegister | None:
    layout = None
    if isinstance(written.layout, LayoutOfTraps):
        layout = attempt(partial(built_layout, written.layout, device), partial(findings.note, LAYOUT))
        if layout is None:
            return None
    build = partial(built_register, written.register_, layout, device)
    return attempt(build, partial(findings.note, REGISTER))


def _wants_layout(written: WrittenSequence, device: AnyDevice, device_type: str) -> bool:
    """Whether traps are to be found for the atoms: the file says so, or a machine needs them."""
    if written.layout == "automatic":
        return True
    return not is_emulator(device_type) and is_machine(device) and device.requires_layout


def _laid_out(findings: Findings, register: pulser.Register, device: Any) -> pulser.Register:
    """The register with traps around it, if there are any that fit."""

    def refuse(message: str) -> None:
        findings.note(REGISTER, f"no layout of traps fits: {message}")

    return attempt(lambda: register.with_automatic_layout(device, AUTOMATIC_LAYOUT), refuse) or register


def _declare(findings: Findings, sequence: AnySequence, name: str, channel_id: str) -> bool:
    """Declare a channel; False if that fails, and findings say why."""
    device = sequence.device
    if channel_id not in device.channels:
        hint = suggestion(channel_id, device.channels, kind="channels")
        findings.note(child(CHANNELS, name), f"{device.name} has no channel {channel_id}", hint)
        return False

    def declare() -> bool:
        sequence.declare_channel(name, channel_id)
        return True

    return bool(attempt(declare, partial(findings.note, child(CHANNELS, name))))


def _set_field(
    findings: Findings, sequence: AnySequence, field_gauss: tuple[float, float, float] | None
) -> bool:
    """Set the magnetic field; False if that fails, and findings say why."""

    def set_field() -> bool:
        if field_gauss is not None:
            sequence.set_magnetic_field(*field_gauss)
        return True

    return bool(attempt(set_field, partial(findings.note, FIELD)))
