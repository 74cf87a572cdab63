"""What the model of an objective can't see: do its names lead somewhere, and is there what it names?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from runner.domain.expressions.parser import CONSTANTS, FUNCTIONS
from runner.domain.matrices import rows_in, square
from runner.domain.suggestions import suggestion
from runner.errors import UsageError
from runner.spec.models.objective import ChosenQuantity, PlainQuantity
from runner.spec.validate.named_functions import named_function
from runner.spec.values.referenced_files import CompanionError
from runner.spec.yaml_text.json_pointers import child

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from runner.domain.json_values import JsonObject
    from runner.spec.models.objective import AnyQuantity, Objective, QuadraticCost
    from runner.spec.values.referenced_files import Companions
    from runner.spec.yaml_text.document import Findings

_PLAIN: Final = get_args(PlainQuantity)
# Of what else there is no value of each run.
_OF_EACH_RUN: Final = ("occupation", "magnetization", "structure_factor", "qubo", "probability")


def checked_objective(
    findings: Findings, objective: Objective, at: str, companions: Companions, evaluated: Collection[str] = ()
) -> JsonObject:
    """An objective as plain data, with the rows of its matrices in place of their files.

    What is wrong is noted. The same data stand for the same objective: of a function in Python, they have the
    digest of its file.

    Args:
        at: Pointer of the objective.

        evaluated: What the emulator evaluates, see `label_of`.
    """
    _check_formula(findings, objective, at)
    let = child(at, "let")
    plain: dict[str, Any] = objective.model_dump(mode="json", by_alias=True, exclude_none=True)
    for name, quantity in objective.let.items():
        place = child(let, name)
        if name in FUNCTIONS or name in CONSTANTS:
            findings.note(place, f"{name} can't be a name: formulas have it already", of_key=True)
        if isinstance(quantity, ChosenQuantity):
            _check_names(findings, quantity, place, objective.let, evaluated)
            _check_lengths(findings, quantity, place)
            plain["let"][name] |= _files(findings, quantity, companions, place)
    return plain


def _check_formula(findings: Findings, objective: Objective, at: str) -> None:
    formula, place = objective.maximize or objective.minimize, child(at, objective.way)
    if formula is None:
        return
    names = tuple(dict.fromkeys(variable.name for variable in formula.variables()))
    lost = [name for name in names if name not in objective.let]
    for name in lost:
        is_plain = name in _PLAIN
        hint = f"say let: {{{name}: {name}}}" if is_plain else suggestion(name, objective.let, kind="names")
        findings.note(place, f"let names no {name}", hint)
    indexed = [variable.name for variable in formula.variables() if variable.index is not None]
    if indexed and not lost:
        findings.note(place, f"{indexed[0]} is one number, and takes no index")
    if formula.lists():
        findings.note(place, f"{formula} is several numbers", "expected one")
    elif not names:
        hint = f"names are: {', '.join(objective.let)}"
        findings.note(place, f"{formula} is the same of all jobs", hint)


def _check_names(
    findings: Findings,
    quantity: ChosenQuantity,
    place: str,
    let: Mapping[str, AnyQuantity],
    evaluated: Collection[str],
) -> None:
    if quantity.cvar is not None:
        of, there = quantity.cvar.of, child(child(place, "cvar"), "of")
        if of not in let and of not in _PLAIN:
            findings.note(there, f"let names no {of}", suggestion(of, [*let, *_PLAIN], kind="names"))
        elif of in let and not _is_of_each_run(let[of]):
            hint = "say one that is a mean over runs: a cost, a magnetization, …"
            findings.note(there, f"{of} has no value of each run", hint)
    if quantity.observable is not None:
        label = quantity.observable.partition("@")[0].partition(",")[0].strip()
        if label not in evaluated:
            hint = suggestion(label, evaluated, kind="observables in spec.emulation")
            findings.note(child(place, "observable"), f"the emulator evaluates no {label}", hint)


def _is_of_each_run(quantity: AnyQuantity) -> bool:
    if not isinstance(quantity, ChosenQuantity):
        return True
    if quantity.correlation is not None:
        return not quantity.correlation.connected
    return quantity.chosen in _OF_EACH_RUN


def _check_lengths(findings: Findings, quantity: ChosenQuantity, place: str) -> None:
    """Note bitstrings of other lengths; how many qubits there are is known when the sequence is built."""
    several = quantity.probability or ()
    for i, bits in enumerate(several):
        if len(bits) != (length := len(several[0])):
            there = child(child(place, "probability"), i)
            findings.note(there, f"{bits} has {len(bits)} characters, not {length}", "one for each qubit")


def _files(
    findings: Findings, quantity: ChosenQuantity, companions: Companions, place: str
) -> dict[str, Any]:
    """What stands in files that a quantity names, as plain data."""
    if quantity.qubo is not None:
        there = child(place, "qubo")
        try:
            return {"qubo": {"rows": _rows(quantity.qubo, companions)}}
        except (CompanionError, UsageError) as error:
            findings.note(child(there, "file" if quantity.qubo.file else "rows"), error.message, error.hint)
    if quantity.python is not None:
        found = named_function(findings, quantity.python, companions, child(place, "python"))
        if found is not None:
            return {"python": {"function": found.name, "digest": found.digest}}
    return {}


def _rows(qubo: QuadraticCost, companions: Companions) -> list[list[float]]:
    name = qubo.file or "Q"
    rows = rows_in(name, companions.text(name)) if qubo.file else qubo.rows
    return [list(row) for row in square(rows, name)]
