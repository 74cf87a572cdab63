"""What the models can't see: do the names of a written-out sequence lead somewhere?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from runner.domain.expressions.parser import CONSTANTS, FUNCTIONS
from runner.domain.expressions.tree import Expression, Variable, size_of
from runner.domain.suggestions import suggested_job, suggestion
from runner.spec.models.channels import OPERATIONS, check_channels
from runner.spec.models.experiment import Reruns
from runner.spec.models.variables import RESERVED, Declared, declared
from runner.spec.yaml_text.json_pointers import child, pointer_of, steps_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from runner.spec.models.sequence import WrittenSequence
    from runner.spec.yaml_text.document import Findings

_ONE, _SEVERAL, _ANY = "one", "several", "any"
# What an expression must come to, by the key that it stands behind; one number where nothing is said.
_WANTED = {"values": _SEVERAL, "times": _SEVERAL, "indices": _ANY}

SEQUENCE = pointer_of("spec", "sequence")
RERUNS_OF_JOBS = pointer_of("spec", "rerun", "jobs")
VARIABLES = child(SEQUENCE, "variables")


def check_sequence(findings: Findings, sequence: WrittenSequence) -> None:
    """Note every name of a sequence that leads nowhere, and every measurement that is not the last word."""
    variables = declared(sequence.variables)
    _check_variable_names(findings, variables)
    check_channels(findings, sequence)
    for pointer, expression in expressions(sequence.operations, OPERATIONS):
        _check_expression(findings, pointer, expression, variables)
    _check_use(findings, sequence, variables)
    _check_measurement(findings, sequence)


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


def _check_expression(
    findings: Findings, pointer: str, expression: Expression, variables: Mapping[str, Declared]
) -> None:
    sizes = {name: kind.size for name, kind in variables.items()}
    lost = [each for each in dict.fromkeys(expression.variables()) if each.name not in variables]
    for variable in lost:
        hint = suggestion(variable.name, variables, kind="variables")
        findings.note(pointer, f"the sequence has no variable {variable.name}", hint)
    wanted = _WANTED.get(steps_of(pointer)[-1], _ONE)
    if not lost and wanted is _SEVERAL and size_of(expression.tree, sizes) is None:
        findings.note(
            pointer, f"{expression} is one number", "expected a list, or a variable that holds several"
        )
    for variable in dict.fromkeys(expression.variables()):
        if variable.name in variables and (
            message := _misuse(variable, variables[variable.name].size, one=wanted is _ONE)
        ):
            findings.note(pointer, message)
    if not lost and wanted is _ONE and expression.lists():
        findings.note(pointer, f"{expression} is several numbers", "expected one")


def _misuse(variable: Variable, size: int | None, *, one: bool) -> str | None:
    """Why a variable can't be used like this; `one` where one number is expected."""
    name, index = variable.name, variable.index
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


def _check_use(findings: Findings, sequence: WrittenSequence, variables: Mapping[str, Declared]) -> None:
    used = {
        variable.name
        for _, expression in expressions(sequence.operations, OPERATIONS)
        for variable in expression.variables()
    }
    # A misspelt mention is one mistake, not two.
    if used <= set(variables):
        for name in variables:
            if name not in used and not _is_taken(name):
                findings.note(child(VARIABLES, name), f"no operation uses the variable {name}", of_key=True)


def _check_measurement(findings: Findings, sequence: WrittenSequence) -> None:
    for i, operation in enumerate(sequence.operations[:-1]):
        if operation.measure is not None:
            findings.note(child(OPERATIONS, i), "nothing can follow the measurement")
