"""Operations of a file → a Pulser `Sequence`, each added by itself so that a fault has a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.sequences.construction.expressions import OperationError
from runner.sequences.construction.operations import add_operation, is_fixed
from runner.sequences.pulser_api.pulser_messages import Remark, Remarks, message_of, recorded_warnings
from runner.spec.models.channels import channels_of

if TYPE_CHECKING:
    from runner.domain.expressions.values import Values
    from runner.sequences.pulser_api.device_limits import AnySequence
    from runner.spec.models.operations import Operation
    from runner.spec.models.sequence import WrittenSequence


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
