"""Values for the variables of an imported sequence: as it proposes them, or such that a job can be built."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.spec.abstract_repr import AbstractSequence, AbstractVariable, Part

_ROLES: Final = {
    "duration": "duration",
    "time": "duration",
    "times": "moment",
    "target": "atom",
    "targets": "atom",
}
_DURATIONS_NS: Final = (1000.0, 200.0, 100.0, 16.0, 1.0)
_LEVELS: Final = (1.0, 0.1)


def proposals(representation: AbstractSequence) -> Iterator[dict[str, AbstractVariable]]:
    """The variables of a sequence with values to try: first as it proposes them, then without zeros.

    Pulser writes zeros for a variable without a value, and no pulse takes 0 ns.
    """
    variables = representation["variables"]
    yield variables
    roles = _roles(representation["operations"])
    if not any(_is_open(each) for each in variables.values()):
        return
    for level, duration_ns in product(_LEVELS, _DURATIONS_NS):
        guesses = {"duration": duration_ns, "detuning map": -level}
        yield {
            name: _filled(each, roles.get(name, "level"), guesses.get(roles.get(name, "level"), level))
            for name, each in variables.items()
        }


def _is_open(variable: AbstractVariable) -> bool:
    return not any(variable["value"])


def _filled(variable: AbstractVariable, role: str, guess: float) -> AbstractVariable:
    """A variable of zeros with other numbers; another one as it is."""
    if not _is_open(variable):
        return variable
    size = len(variable["value"])
    numbers = [_number(role, guess, i, size) for i in range(size)]
    is_whole = variable["type"] == "int"
    return {"type": variable["type"], "value": [round(each) if is_whole else each for each in numbers]}


def _number(role: str, guess: float, i: int, size: int) -> float:
    match role:
        case "atom":
            return float(i)
        case "moment":
            return i / max(size - 1, 1)
        case "duration":
            return guess * (i + 1)
    return guess


def _roles(operations: list[Part]) -> Mapping[str, str]:
    """What each variable is used for; the first use says it, of an atom or a duration before a level."""
    found: dict[str, str] = {}
    for operation in operations:
        is_map = operation["op"] == "add_dmm_detuning"
        for name, role in _uses(operation, "detuning map" if is_map else "level"):
            if found.get(name, "level") == "level":
                found[name] = role
    return found


def _uses(node: Any, role: str) -> Iterator[tuple[str, str]]:
    """Every variable below a node, with what it is used for."""
    match node:
        case {"variable": str(name)}:
            yield name, role
        case dict():
            for key, each in node.items():
                yield from _uses(each, _ROLES.get(key, role))
        case list():
            for each in node:
                yield from _uses(each, role)
