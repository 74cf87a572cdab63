"""Where {mhz: …} stands in a file, and whether an angular frequency is meant there."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from runner.domain.expressions.constants import constant
from runner.domain.expressions.words import ExpressionError
from runner.spec.models.frequencies import MHZ
from runner.spec.models.sequence import WrittenSequence
from runner.spec.validate.reference_checks import expressions
from runner.spec.yaml_text.json_pointers import child, parent, pointer_of, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.domain.json_values import Json
    from runner.spec.yaml_text.document import Document, Findings

# Below them stand names of the author's own, of which one may be mhz.
_NAMED: Final = ("variables", "sweep", "weights")
_OF_SWEEPS: Final = ("sweep", "exclude", "include")
_OF_JOBS: Final = ("variables", *_OF_SWEEPS)
_OPERATIONS: Final = "operations"
_OVER: Final = ("spec", "strategy", "over")
_OF_VALUES: Final = ("jobs", "strategy")
_ANGULAR: Final = frozenset(
    {"amplitude", "detuning", "value", "values", "from", "to", "max_val", "samples"}
    | {"amp_on", "detuning_on", "optimal_detuning_off"}
)
_DEVICE: Final = ("spec", "sequence", "device")
_PHASE: Final = ("pulse_arbitrary_phase", "phase")


def frequencies(document: Document) -> Iterator[str]:
    """Pointer of every {mhz: …} in operations, jobs and the device of a file."""
    if not any(MHZ in line for line in document.lines):
        return
    for pointer in document.values:
        if pointer.endswith(f"/{MHZ}") and _is_unit(steps_of(parent(pointer))):
            yield parent(pointer)


def converted(document: Document) -> Iterator[tuple[int, str]]:
    """What every {mhz: …} comes to, in words, with its line."""
    for pointer in frequencies(document):
        value = _content(document.data, steps_of(child(pointer, MHZ)))
        yield document.place(pointer).line, f"{value} MHz is {_angular(value)} rad/µs"


def _angular(frequency: Json) -> str:
    try:
        number = constant(frequency) if isinstance(frequency, str) else frequency
    except ExpressionError:  # it has variables
        number = None
    return f"{math.tau * number:.6g}" if isinstance(number, int | float) else "2π times as many"


def _content(data: Json, steps: Iterable[str]) -> Json:
    for step in steps:
        data = data[int(step)] if isinstance(data, list) else data[step] if isinstance(data, dict) else None
    return data


def _is_unit(owner: Sequence[str]) -> bool:
    """Whether `mhz` below a mapping is the unit, and not a name."""
    if _OPERATIONS in owner:
        return owner[-1] not in _NAMED
    if tuple(owner[: len(_DEVICE)]) == _DEVICE:
        return True
    if tuple(owner[: len(_OVER)]) == _OVER:
        return len(owner) > len(_OVER)
    if len(owner) < len(("spec", "jobs", "0", "variables", "omega")) or owner[3] not in _OF_JOBS:
        return False
    is_axis = owner[-2] in _OF_SWEEPS and owner[-1].isdecimal()
    return not is_axis


def check_units(findings: Findings, document: Document, sequence: object) -> None:
    """Note every {mhz: …} of a phase, and of a variable that stands for no angular frequency anywhere.

    Args:
        sequence: That of the experiment; of one that is not written out, nothing is known.
    """
    said = list(frequencies(document))
    if not said:
        return
    uses = list(_uses(sequence)) if isinstance(sequence, WrittenSequence) else []
    angular = {
        name for name, pointer in uses if _is_angular(pointer) and not findings.has(child(pointer, MHZ))
    }
    other = {name: pointer for name, pointer in uses if name not in angular}
    for pointer in said:
        steps = steps_of(pointer)
        if _OPERATIONS in steps:
            if _is_phase(steps) and _key(steps) in _ANGULAR:  # the models refuse it elsewhere
                findings.note(pointer, "a phase is no frequency: mhz has no meaning here", "say it in rad")
        elif steps[1] in _OF_VALUES and (name := _variable(steps)) in other:
            findings.note(pointer, *_refusal(findings, name, other.pop(name)))


def _refusal(findings: Findings, name: str, use: str) -> tuple[str, str]:
    line = findings.line(use)
    if findings.has(child(use, MHZ)):
        return f"{name} is in MHz already: mhz stands on line {line}, too", "say the number alone"
    message = f"{name} stands for no angular frequency, and mhz has no meaning for it"
    return message, f"it is used for {_key(steps_of(use))} on line {line}"


def _variable(steps: Sequence[str]) -> str:
    """The variable whose value is meant: in a list of mappings, behind the number of one."""
    if tuple(steps[: len(_OVER)]) == _OVER:
        return steps[len(_OVER)]
    is_listed = steps[3] != "variables" and steps[4].isdecimal()
    return steps[5] if is_listed else steps[4]


def _is_angular(pointer: str) -> bool:
    """Whether an angular frequency stands at a pointer, of operations."""
    steps = steps_of(pointer)
    return not _is_phase(steps) and _key(steps) in _ANGULAR


def _is_phase(steps: Sequence[str]) -> bool:
    """Whether something is a part of a phase that is a waveform."""
    return any(pair == _PHASE for pair in pairwise(steps))


def _key(steps: Sequence[str]) -> str:
    return next(step for step in reversed(steps) if not step.isdecimal())


def _uses(sequence: WrittenSequence) -> Iterator[tuple[str, str]]:
    """Every mention of a variable, with its place."""
    for pointer, expression in expressions(sequence.operations, pointer_of("spec", "sequence", _OPERATIONS)):
        for variable in expression.variables():
            yield variable.name, pointer
