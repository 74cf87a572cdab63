"""What the models can't see: do the names of a written-out sequence lead somewhere?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from runner.domain.expressions.parser import CONSTANTS, FUNCTIONS
from runner.domain.expressions.tree import Expression, Variable, is_calculated, size_of
from runner.domain.suggestions import suggested_job, suggestion
from runner.spec.models.channels import check_channels
from runner.spec.models.experiment import Reruns
from runner.spec.models.steps import MOST_STEPS, OPERATIONS, Step, count_of, repeats_of
from runner.spec.models.variables import RESERVED, Declared, declared
from runner.spec.yaml_text.json_pointers import child, pointer_of, steps_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from runner.spec.models.sequence import WrittenSequence
    from runner.spec.yaml_text.document import Findings

_ONE, _SEVERAL, _ANY = "one", "several", "any"
# What an expression must come to, by the key that it stands behind; one number where nothing is said.
_WANTED = {"values": _SEVERAL, "times": _SEVERAL, "indices": _ANY}

SEQUENCE = pointer_of("spec", "sequence")
RERUN = pointer_of("spec", "rerun")
RERUNS_OF_JOBS = child(RERUN, "jobs")
VARIABLES = child(SEQUENCE, "variables")


def check_sequence(findings: Findings, sequence: WrittenSequence) -> None:
    """Note every name of a sequence that leads nowhere, and every measurement that is not the last word."""
    variables = declared(sequence.variables)
    _check_variable_names(findings, variables)
    if not _is_counted(findings, sequence):
        return
    indices = _check_indices(findings, sequence, variables)
    check_channels(findings, sequence)
    steps = sequence.steps
    _check_steps(findings, steps, variables, indices)
    _check_use(findings, sequence, variables, indices)
    _check_measurement(findings, steps)


def _is_counted(findings: Findings, sequence: WrittenSequence) -> bool:
    """Whether there are not too many operations once all repeats are spelled out; else it is noted."""
    if (count := count_of(sequence.operations)) <= MOST_STEPS:
        return True
    place = next((pointer for pointer, _, _ in repeats_of(sequence.operations, OPERATIONS)), OPERATIONS)
    message = f"these are {count:,} operations in all, and a sequence has at most {MOST_STEPS:,}"
    findings.note(place, message, "of a repeat, each time counts")
    return False


def _check_indices(
    findings: Findings, sequence: WrittenSequence, variables: Mapping[str, Declared]
) -> frozenset[str]:
    """Note every index of a repeat whose name means something else; all of their names are given back."""
    names: set[str] = set()
    for pointer, repeat, outer in repeats_of(sequence.operations, OPERATIONS):
        if repeat.index is None:
            continue
        names.add(repeat.index)
        owner = "a repeat around it" if repeat.index in outer else "a variable"
        if repeat.index in (*outer, *variables):
            findings.note(child(pointer, "index"), f"{repeat.index} is the name of {owner} already")
        elif _is_taken(repeat.index):
            findings.note(child(pointer, "index"), f"{repeat.index} can't be the name of an index")
    return frozenset(names)


def _check_steps(
    findings: Findings, steps: Iterable[Step], variables: Mapping[str, Declared], indices: Collection[str]
) -> None:
    """Note what is wrong with expressions, of each place once: for the first time that it is wrong."""
    told: set[str] = set()
    for step in steps:
        for pointer, message in step.faults:
            if pointer not in told:
                findings.note(pointer, step.told(message))
            told.add(pointer)
        for pointer, expression in expressions(step.operation, step.pointer):
            if pointer in told:
                continue
            for message, hint in _faults(pointer, expression, variables, indices):
                findings.note(pointer, step.told(message, expression.text), hint)
                told.add(pointer)


def expressions(part: object, pointer: str) -> Iterator[tuple[str, Expression]]:
    """Every expression in a part of a file, with its pointer."""
    match part:
        case Expression():
            yield pointer, part
        case tuple():
            for i, item in enumerate(part):
                yield from expressions(item, child(pointer, i))
        case BaseModel():
            for name, info in type(part).model_fields.items():
                yield from expressions(getattr(part, name), child(pointer, info.alias or name))


def check_reruns(findings: Findings, rerun: int | Reruns, jobs: Collection[str]) -> None:
    """Note every rerun counter of a job that is not there."""
    known = frozenset(jobs)
    for name in rerun.jobs if isinstance(rerun, Reruns) else ():
        if name not in known:
            pointer, hint = child(RERUNS_OF_JOBS, name), suggested_job(name, jobs)
            findings.note(pointer, f"there is no job {name}", hint, of_key=True)


def _is_taken(name: str) -> bool:
    return name in RESERVED or name in FUNCTIONS or name in CONSTANTS


def _check_variable_names(findings: Findings, variables: Mapping[str, Declared]) -> None:
    for name in variables:
        if _is_taken(name):
            findings.note(child(VARIABLES, name), f"{name} can't be the name of a variable", of_key=True)


def _faults(
    pointer: str, expression: Expression, variables: Mapping[str, Declared], indices: Collection[str]
) -> Iterator[tuple[str, str]]:
    """What is wrong with an expression, and what to do."""
    mentions = tuple(dict.fromkeys(expression.variables()))
    lost = [each for each in mentions if each.name not in variables]
    for variable in lost:
        yield _lost(variable.name, variables, indices)
    if lost:
        return
    sizes = {name: kind.size for name, kind in variables.items()}
    wanted = _WANTED.get(steps_of(pointer)[-1], _ONE)
    if wanted is _SEVERAL and size_of(expression.tree, sizes) in (None, 1):
        yield f"{expression} is one number", "expected a list, or a variable that holds several"
    for variable in mentions:
        if message := _misuse(variable, variables[variable.name].size, one=wanted is _ONE):
            yield message, ""
    if wanted is _ONE and expression.lists():
        yield f"{expression} is several numbers", "expected one"


def _lost(name: str, variables: Collection[str], indices: Collection[str]) -> tuple[str, str]:
    if name in indices:
        return f"{name} counts the times of a repeat, and has no value outside of it", ""
    return f"the sequence has no variable {name}", suggestion(name, variables, kind="variables")


def _misuse(variable: Variable, size: int | None, *, one: bool) -> str | None:
    """Why a variable can't be used like this; `one` where one number is expected."""
    name, index = variable.name, variable.index
    if is_calculated(index):
        return f"the index of {name} is known before any job: numbers, and indices of repeats, make it up"
    if size is None:
        return (
            f"{name} holds one number and has no {name}[{min(variable.indices)}]"
            if variable.indices
            else None
        )
    if index is None:
        # A list of one serves as its number.
        return f"{name} holds {size} numbers: say which, as in {name}[0]" if one and size > 1 else None
    if max(variable.indices) >= size:
        return f"{name} holds {size} numbers; the last one is {name}[{size - 1}]"
    if one and len(variable.indices) > 1:
        return f"{name} is asked for {len(variable.indices)} of its numbers: say one, as in {name}[0]"
    return None


def _check_use(
    findings: Findings,
    sequence: WrittenSequence,
    variables: Mapping[str, Declared],
    indices: Collection[str],
) -> None:
    used = {
        variable.name
        for _, expression in expressions(sequence.operations, OPERATIONS)
        for variable in expression.variables()
    }
    # A misspelt mention is one mistake, not two.
    if used <= {*variables, *indices}:
        for name in variables:
            if name not in used and not _is_taken(name):
                findings.note(child(VARIABLES, name), f"no operation uses the variable {name}", of_key=True)


def _check_measurement(findings: Findings, steps: Sequence[Step]) -> None:
    early = dict.fromkeys(step.pointer for step in steps[:-1] if step.operation.measure is not None)
    for pointer in early:
        findings.note(pointer, "nothing can follow the measurement")
