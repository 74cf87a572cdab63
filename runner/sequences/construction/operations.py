"""Operations of a file → calls of Pulser's `Sequence`, each by itself so that a fault has a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pulser.parametrized import Parametrized
from pulser.register.weight_maps import DetuningMap

from runner.domain.suggestions import suggestion
from runner.sequences.construction.expressions import (
    OperationError,
    as_written,
    duration,
    index,
    indices,
    quantity,
)
from runner.sequences.construction.waveforms import arbitrary_phase_pulse, built_pulse, waveform
from runner.sequences.pulser_api.abstract_repr import not_addressed
from runner.sequences.pulser_api.pulser_messages import Remark, Remarks, message_of, recorded_warnings
from runner.spec.models.channels import channels_of
from runner.spec.models.operations import Alignment
from runner.spec.validate.reference_checks import expressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pulser
    from pulser.channels.base_channel import Channel

    from runner.domain.expressions.values import Values
    from runner.sequences.pulser_api.device_limits import AnySequence
    from runner.spec.models import dmm, operations, pulses
    from runner.spec.models.sequence import WrittenSequence
    from runner.spec.models.steps import Step


def add_operations(sequence: AnySequence, written: WrittenSequence, values: Values) -> Remarks:
    """Add every operation of a file; one that fails is left out, and the next ones are tried all the same.

    Args:
        sequence: Filled; it has its channels already.

        written: Where the operations are from.

        values: What stands for the variables: Pulser's own, or numbers.
    """
    remarks = Remarks()
    channels = sequence.declared_channels.items()
    # Of a local channel nothing can be said before its first target, and nothing more after a wrong one.
    idle, lost = {name for name, channel in channels if channel.addressing == "Local"}, set[str]()
    steps = written.steps
    for i, step in enumerate(steps):
        operation = step.operation
        used = set(channels_of(operation))
        if used & lost:
            continue
        with recorded_warnings() as messages:
            try:
                _refuse_idle(idle & used, operation, sequence)
                _add(sequence, operation, values)
            except Exception as error:  # noqa: BLE001  (Pulser fails with many kinds, all of them are problems)
                remarks.blame(_fault(steps[: i + 1], error, sequence))
                lost |= used & idle
        if messages and not any(each.operation == step.pointer for each in remarks.warnings):
            fixed = is_fixed(operation)
            remarks.warnings += [Remark(step.pointer, step.told(each), fixed=fixed) for each in messages]
        idle -= used if operation.target is not None else set()
    return remarks


def _refuse_idle(idle: set[str], operation: operations.Operation, sequence: AnySequence) -> None:
    is_start = operation.align is not None and not sequence.is_parametrized() and not sequence.get_duration()
    if idle and operation.target is None and not is_start:  # at 0 ns, there is nothing to wait for
        raise OperationError(f"channel {min(idle)} acts on no atom yet: target some first", fixed=True)


def _fault(steps: Sequence[Step], error: Exception, sequence: AnySequence) -> Remark:
    """What the last of some steps failed with."""
    step = steps[-1]
    fixed = is_fixed(step.operation)
    if isinstance(error, OperationError):
        return Remark(step.pointer, step.told(str(error)), fixed=fixed or error.fixed)
    if not isinstance(error, RuntimeError):
        return Remark(step.pointer, step.told(message_of(error)), fixed=fixed)
    # How long the sequence gets is a matter of all operations so far.
    if all(is_fixed(each.operation) for each in steps):
        return Remark(step.pointer, step.told(message_of(error, sequence.device)), fixed=True)
    return Remark(None, message_of(error, sequence.device), fixed=False)


def _add(sequence: AnySequence, operation: operations.Operation, values: Values) -> None:
    _ADDERS[operation.chosen](sequence, operation.value, values)


def is_fixed(part: object) -> bool:
    """Whether a part of a file is the same whatever the variables are."""
    return not any(expression.variables() for _, expression in expressions(part, ""))


def _add_pulse(sequence: AnySequence, pulse: pulses.Pulse, values: Values) -> None:
    built = built_pulse(pulse, values)
    if not isinstance(built, Parametrized):
        check_limits(built, pulse, sequence.declared_channels[pulse.channel])
    sequence.add(built, pulse.channel, pulse.protocol)


def _add_arbitrary_phase(sequence: AnySequence, pulse: pulses.ArbitraryPhasePulse, values: Values) -> None:
    sequence.add(arbitrary_phase_pulse(pulse, values), pulse.channel, pulse.protocol)


def _add_delay(sequence: AnySequence, delay: operations.Delay, values: Values) -> None:
    sequence.delay(duration(delay.duration_ns, values, least=0), delay.channel, at_rest=delay.at_rest)


def _add_align(sequence: AnySequence, align: operations.Alignment | tuple[str, ...], _: Values) -> None:
    if isinstance(align, Alignment):
        sequence.align(*align.channels, at_rest=align.at_rest)
    else:
        sequence.align(*align)


def _add_target(sequence: AnySequence, target: operations.Target, values: Values) -> None:
    if target.indices is not None:
        sequence.target_index(indices(target.indices, values, _count(sequence)), target.channel)
        return
    sequence.target(_known(sequence, target.qubits or ()), target.channel)


def _add_phase_shift(sequence: AnySequence, shift: operations.PhaseShift, values: Values) -> None:
    phi = quantity(shift.phi, values)
    if shift.indices is not None:
        numbers = [index(each, values, _count(sequence)) for each in shift.indices]
        sequence.phase_shift_index(phi, *numbers, basis=shift.basis)
        return
    sequence.phase_shift(phi, *_known(sequence, shift.qubits or ()), basis=shift.basis)


def _count(sequence: AnySequence) -> int:
    return len(sequence.get_register(include_mappable=True).qubit_ids)


def _known(sequence: AnySequence, qubits: Iterable[str]) -> list[str]:
    """Names of atoms, if the register has them all."""
    known = [str(qubit) for qubit in sequence.get_register(include_mappable=True).qubit_ids]
    for qubit in qubits:
        if qubit not in known:
            raise OperationError(
                f"the register has no atom {qubit}; {suggestion(qubit, known, kind='atoms')}"
            )
    return list(qubits)


def _measure(sequence: AnySequence, basis: str, _: Values) -> None:
    # Pulser only warns of it; what it says of a basis that the device does not have is better than ours.
    addressed = sequence.get_addressed_bases()
    if addressed and basis in sequence.device.supported_bases and basis not in addressed:
        raise OperationError(not_addressed(basis, addressed), fixed=True)
    sequence.measure(basis)


def _setpoint(it: pulses.Setpoint, values: Values) -> dict[str, Any]:
    return {
        "channel": it.channel,
        "amp_on": as_written(it.amp_on, values),
        "detuning_on": as_written(it.detuning_on, values),
        "optimal_detuning_off": as_written(it.optimal_detuning_off, values),
        "correct_phase_drift": it.correct_phase_drift,
    }


def _add_eom_pulse(sequence: AnySequence, pulse: pulses.EomPulse, values: Values) -> None:
    sequence.add_eom_pulse(
        pulse.channel,
        duration(pulse.duration_ns, values),
        as_written(pulse.phase, values),
        quantity(pulse.post_phase_shift, values),
        pulse.protocol,
        pulse.correct_phase_drift,
    )


def _config_map(sequence: AnySequence, config: dmm.DetuningMap, _: Values) -> None:
    if config.traps is not None:
        places = [(trap.x_um, trap.y_um) for trap in config.traps]
        weights = DetuningMap(places, [trap.weight for trap in config.traps], config.slug)
    elif sequence.is_register_mappable():
        raise OperationError("atoms have no place before a job gives them one: use traps, not weights")
    else:
        parts = config.weights or {}
        _known(sequence, parts)
        weights = sequence.register.define_detuning_map(parts, config.slug)
    sequence.config_detuning_map(weights, config.dmm_id)


def _config_mask(sequence: AnySequence, mask: dmm.SlmMask, _: Values) -> None:
    sequence.config_slm_mask(_known(sequence, mask.qubits), mask.dmm_id)


def _add_detuning(sequence: AnySequence, detuning: dmm.DmmDetuning, values: Values) -> None:
    sequence.add_dmm_detuning(waveform(detuning.waveform, values), detuning.dmm_name, detuning.protocol)


_ADDERS: Mapping[str, Callable[[AnySequence, Any, Values], None]] = {
    "pulse": _add_pulse,
    "delay": _add_delay,
    "align": _add_align,
    "target": _add_target,
    "phase_shift": _add_phase_shift,
    "pulse_arbitrary_phase": _add_arbitrary_phase,
    "enable_eom_mode": lambda sequence, it, values: sequence.enable_eom_mode(**_setpoint(it, values)),
    "modify_eom_setpoint": lambda sequence, it, values: sequence.modify_eom_setpoint(**_setpoint(it, values)),
    "add_eom_pulse": _add_eom_pulse,
    "disable_eom_mode": lambda sequence, it, _: sequence.disable_eom_mode(it.channel, it.correct_phase_drift),
    "config_detuning_map": _config_map,
    "config_slm_mask": _config_mask,
    "add_dmm_detuning": _add_detuning,
    "truncate": lambda sequence, it, values: sequence.truncate(duration(it.duration_ns, values)),
    "measure": _measure,
}


def check_limits(built: pulser.Pulse, pulse: pulses.Pulse, channel: Channel) -> None:
    """Refuse a pulse that is beyond its channel, and say by how much.

    Raises:
        OperationError: When it is.
    """
    amplitude = built.amplitude.samples.as_array().max()
    detuning = np.abs(built.detuning.samples.as_array()).max()
    _check_limit("amplitude", amplitude, channel.max_amp, pulse)
    _check_limit("detuning", detuning, channel.max_abs_detuning, pulse)


def _check_limit(what: str, reached: float, limit: float | None, pulse: pulses.Pulse) -> None:
    if not np.isfinite(reached):
        raise OperationError(f"the {what} is not a finite number")
    # Pulser rounds the detuning to six digits before it compares; a limit of 2π takes what was rounded to it.
    if limit is not None and round(reached, 6) > round(limit, 6):
        raise OperationError(
            f"the {what} reaches {reached:.6g} rad/µs; channel {pulse.channel} takes {limit:.6g} at most",
            fixed=is_fixed(getattr(pulse, what)),
        )
