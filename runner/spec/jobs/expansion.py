"""An entry under `jobs` → its points, less what is excluded and with what is included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.spec.jobs.matrix import Matrix, Spot
from runner.spec.values.sweep_values import moving_together, product
from runner.spec.yaml_text.json_pointers import child

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.spec.jobs.entries import Entry
    from runner.spec.models.variables import Declared
    from runner.spec.yaml_text.document import Findings

# For each of them, all points are looked through once.
_MAX_NAME_SETS = 50


def spots_of(findings: Findings, entry: Entry, declared: Mapping[str, Declared]) -> list[Spot]:
    """The points of an entry, the first axis outermost; variables in the order of their declaration.

    What is wrong with `exclude` and `include` is noted, and points that lack a value are left out.
    """
    axes = [moving_together({column.name: column.values for column in axis}) for axis in entry.axes]
    spots = [Spot(values, values, entry.pointer) for values in product(axes)]
    if entry.excluded or entry.included:
        spots = _combined(findings, entry, spots)
    _check_complete(findings, spots, declared)
    complete = [spot for spot in spots if declared.keys() <= spot.values.keys()]
    for spot in complete:
        spot.values = {name: spot.values[name] for name in declared}
    return complete


def _combined(findings: Findings, entry: Entry, spots: list[Spot]) -> list[Spot]:
    items = (*entry.excluded, *entry.included)
    if len({frozenset(item.values) for item in items}) > _MAX_NAME_SETS:
        message = f"exclude and include are about more than {_MAX_NAME_SETS} different sets of variables"
        findings.note(entry.pointer, message)
        return []
    constants = {column.name: column.values[0] for column in entry.columns if len(column.values) == 1}
    matrix = Matrix(spots, constants)
    for item in matrix.exclude(entry.excluded):
        findings.note(item.pointer, "this excludes nothing: the sweep has no such point")
    for item in matrix.include(entry.included):
        findings.note(item.pointer, "this includes nothing: the sweep has such a point")
    if not matrix.spots:
        findings.note(child(entry.pointer, "exclude"), "this leaves nothing of the sweep", of_key=True)
    return matrix.spots


def _check_complete(findings: Findings, spots: Iterable[Spot], declared: Mapping[str, Declared]) -> None:
    """One problem for each entry, and for each included point of its own."""
    reported: set[str] = set()
    for spot in spots:
        if spot.pointer not in reported and not declared.keys() <= spot.values.keys():
            reported.add(spot.pointer)
            missing = [name for name in declared if name not in spot.values]
            message = f"the job gives no value to {', '.join(missing)}"
            findings.note(spot.pointer, message, "every variable of the sequence needs one")
