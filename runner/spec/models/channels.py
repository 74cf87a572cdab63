"""Channels of a written-out sequence: which there are, and which an operation is about."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runner.domain.suggestions import suggestion
from runner.spec.models.dmm import DetuningMap, DmmDetuning, SlmMask
from runner.spec.models.operations import Alignment, PhaseShift, Truncation
from runner.spec.yaml_text.json_pointers import child, pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.spec.models.operations import Operation
    from runner.spec.models.sequence import WrittenSequence
    from runner.spec.yaml_text.document import Findings

CHANNELS = pointer_of("spec", "sequence", "channels")


def check_channels(findings: Findings, sequence: WrittenSequence) -> None:
    """Note every mention of a channel that is not there."""
    steps = sequence.steps
    known = (*sequence.channels, *dmm_names(step.operation for step in steps))
    if not known:
        findings.note(CHANNELS, "expected 1 or more, not 0")
    for pointer, operation in {step.pointer: step.operation for step in steps}.items():
        for place, name in _uses(pointer, operation):
            if name not in known:
                findings.note(place, f"there is no channel {name}", suggestion(name, known, kind="channels"))


def channels_of(operation: Operation) -> tuple[str, ...]:
    """Names of the channels that an operation is about."""
    return tuple(name for _, name in _uses("", operation))


def dmm_names(operations: Iterable[Operation]) -> tuple[str, ...]:
    """What the DMMs of a sequence are called, in the order in which they are set up."""
    count: Counter[str] = Counter()
    names = []
    for operation in operations:
        if isinstance(operation.value, DetuningMap | SlmMask):
            dmm_id = operation.value.dmm_id
            names.append(f"{dmm_id}_{count[dmm_id]}" if count[dmm_id] else dmm_id)
            count[dmm_id] += 1
    return tuple(names)


def _uses(pointer: str, operation: Operation) -> Iterator[tuple[str, str]]:
    """Every mention of a channel in an operation, with its place."""
    place = child(pointer, operation.chosen)
    match operation.value:
        case tuple() as names:  # align
            yield from ((child(place, i), name) for i, name in enumerate(names))
        case Alignment(channels=names):
            yield from ((child(child(place, "channels"), i), name) for i, name in enumerate(names))
        case DmmDetuning(dmm_name=name):
            yield child(place, "dmm_name"), name
        case str() | PhaseShift() | Truncation() | DetuningMap() | SlmMask():
            return
        case value:
            yield child(place, "channel"), value.channel
