"""Operations of a file → a Pulser `Sequence`, each added by itself so that a fault has a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pulser.parametrized import Parametrized

from runner.sequences.pulses import built_pulse
from runner.sequences.quantities import OperationError, duration
from runner.sequences.remarks import Remark, Remarks, message_of, recorded_warnings
from runner.spec.checks import channels_of, expressions
from runner.spec.spelling import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

    import pulser

    from runner.sequences.targets import AnySequence
    from runner.spec.expressions import Values
    from runner.spec.sequence import Delay, Operation, Pulse, Target, WrittenSequence


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
    for i, operation in enumerate(written.operations):
        used = set(channels_of(operation))
        if used & lost:
            continue
        with recorded_warnings() as messages:
            try:
                _refuse_idle(idle & used, operation)
                add_operation(sequence, operation, values)
            except Exception as error:  # noqa: BLE001  (Pulser fails with many kinds, all of them are problems)
                remarks.blame(_fault(i, error, written, sequence))
                lost |= used & idle
        remarks.warnings += [Remark(i, message, fixed=is_fixed(operation)) for message in messages]
        idle -= used if operation.target is not None else set()
    return remarks


def is_fixed(part: Any) -> bool:
    """Whether a part of a file is the same whatever the variables are."""
    return next(expressions(part, ""), None) is None


def _refuse_idle(idle: set[str], operation: Operation) -> None:
    if idle and operation.target is None:
        raise OperationError(f"channel {min(idle)} acts on no atom yet: target some first", fixed=True)


def _fault(i: int, error: Exception, written: WrittenSequence, sequence: AnySequence) -> Remark:
    operation = written.operations[i]
    if isinstance(error, OperationError):
        return Remark(i, str(error), fixed=is_fixed(operation) or error.fixed)
    if not isinstance(error, RuntimeError):
        return Remark(i, message_of(error), fixed=is_fixed(operation))
    # How long the sequence gets is a matter of all operations so far.
    if is_fixed(written.operations[: i + 1]):
        return Remark(i, message_of(error, sequence.device), fixed=True)
    return Remark(None, message_of(error, sequence.device), fixed=False)


def add_operation(sequence: AnySequence, operation: Operation, values: Values) -> None:
    """Add one operation of a file."""
    _ADDERS[operation.chosen](sequence, operation.value, values)


def _add_pulse(sequence: AnySequence, pulse: Pulse, values: Values) -> None:
    built = built_pulse(pulse, values)
    if not isinstance(built, Parametrized):
        check_limits(built, pulse, sequence.declared_channels[pulse.channel])
    sequence.add(built, pulse.channel, pulse.protocol)


def _add_delay(sequence: AnySequence, delay: Delay, values: Values) -> None:
    sequence.delay(duration(delay.duration_ns, values), delay.channel)


def _add_target(sequence: AnySequence, target: Target, _: Values) -> None:
    known = [str(qubit) for qubit in sequence.register.qubit_ids]
    for qubit in target.qubits:
        if qubit not in known:
            raise OperationError(
                f"the register has no atom {qubit}; {suggestion(qubit, known, kind='atoms')}"
            )
    sequence.target(list(target.qubits), target.channel)


_ADDERS: dict[str, Callable[[AnySequence, Any, Values], None]] = {
    "pulse": _add_pulse,
    "delay": _add_delay,
    "target": _add_target,
    "align": lambda sequence, channels, _: sequence.align(*channels),
    "measure": lambda sequence, basis, _: sequence.measure(basis),
}


def check_limits(built: pulser.Pulse, pulse: Pulse, channel: Any) -> None:
    """Refuse a pulse that is beyond its channel, and say by how much.

    Raises:
        OperationError: When it is.
    """
    amplitude = built.amplitude.samples.as_array().max()
    detuning = np.abs(built.detuning.samples.as_array()).max()
    _check_limit("amplitude", amplitude, channel.max_amp, pulse)
    _check_limit("detuning", detuning, channel.max_abs_detuning, pulse)


def _check_limit(what: str, reached: float, limit: float | None, pulse: Pulse) -> None:
    if not np.isfinite(reached):
        raise OperationError(f"the {what} is not a finite number")
    # Pulser rounds the detuning to six digits before it compares; a limit of 2π takes what was rounded to it.
    if limit is not None and round(reached, 6) > round(limit, 6):
        raise OperationError(
            f"the {what} reaches {reached:.6g} rad/µs; channel {pulse.channel} takes {limit:.6g} at most",
            fixed=is_fixed(getattr(pulse, what)),
        )
