"""What to write where durations that a strategy varies are no multiples of a device's clock period."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.spec.models.sequence import WrittenSequence
from runner.spec.validate.reference_checks import expressions
from runner.spec.yaml_text.json_pointers import child, pointer_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from runner.domain.strategies import SearchDimension
    from runner.spec import ExperimentFile

_PERIOD: Final = re.compile(r"clock period \((\d+) ns\)")
_OVER: Final = pointer_of("spec", "strategy", "over")


class Advice(NamedTuple):
    """What to write, and the pointer of what it is to replace."""

    pointer: str
    text: str


def advice(file: ExperimentFile, message: str, operations: Collection[str]) -> Advice | None:
    """What to write where Pulser rounds the durations of some operations; None of another message.

    Args:
        operations: Their pointers; none where they do not stand in the file.
    """
    found = _PERIOD.search(message)
    if found is None or file.strategy is None:
        return None
    period = int(found[1])
    timed = _varied_durations(file, operations)
    odd = [
        each
        for each in file.strategy.space.dimensions
        if each.step and (each.low % period or each.step % period) and (not timed or each.variable in timed)
    ]
    if not odd:
        return None
    place = child(_OVER, odd[0].variable)
    place = place if odd[0].element is None else child(place, odd[0].element)
    return Advice(place, f"say {', '.join(_in_periods(each, period) for each in odd)}")


def _varied_durations(file: ExperimentFile, operations: Collection[str]) -> set[str]:
    """The variables that durations of some operations have."""
    sequence = file.experiment.spec.sequence
    steps = sequence.steps if isinstance(sequence, WrittenSequence) else ()
    return {
        variable.name
        for step in steps
        if step.pointer in operations
        for place, expression in expressions(step.operation, "")
        if place.endswith("duration_ns")
        for variable in expression.variables()
    }


def _in_periods(dimension: SearchDimension, period: int) -> str:
    """Such whole numbers of an interval as are multiples of a period."""
    low, step = math.ceil(dimension.low / period) * period, math.lcm(dimension.step, period)
    if low + step > dimension.high:
        return f"{dimension.name}: a multiple of {period}"
    return f"{dimension.name}: {{int: [{low}, {int(dimension.high)}], step: {step}}}"
