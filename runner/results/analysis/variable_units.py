"""The units of variables: as the sequence uses them, else as their names say. Pure.

A variable that stands alone where a sequence takes a time, a frequency or an angle has the unit of that
place, whatever it is called. So has one that is negated there, or a term of a sum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from runner.results.analysis.points import columns_of, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.results.analysis.geometry import SequenceParts
    from runner.results.analysis.job_result import MeasuredJob

_FREQUENCY: Final = "rad/µs"
# Keys of operations in abstract representation, and of their waveforms; those of a waveform have the unit of
# what it is for.
_OPERATIONS: Final = {
    "time": "ns",
    "duration": "ns",
    "phase": "rad",
    "post_phase_shift": "rad",
    "phi": "rad",
    "amp_on": _FREQUENCY,
    "detuning_on": _FREQUENCY,
    "optimal_detuning_off": _FREQUENCY,
    "amplitude": _FREQUENCY,
    "detuning": _FREQUENCY,
    "waveform": _FREQUENCY,
}
_VALUES: Final = ("value", "start", "stop", "max_val", "values", "samples")
_SAME_UNIT: Final = frozenset({"neg", "abs", "floor", "ceil", "round", "add", "sub", "mod"})


def units_of(jobs: Iterable[MeasuredJob]) -> dict[str, str]:
    """The units of the variables of some jobs, by column; those without one are left out."""
    found: dict[str, str | None] = {}
    for job in jobs:
        columns = [column for column in columns_of(job.variables) if column not in found]
        used = _used_in(job.sequence()) if columns else {}
        found |= {column: _unit(column, used) for column in columns}
    return {column: unit for column, unit in found.items() if unit}


def _unit(column: str, used: Mapping[str, set[str]]) -> str | None:
    name, bracket, _ = column.partition("[")
    units = used.get(name, set()) | used.get(column if bracket else f"{name}[0]", set())
    return min(units) if len(units) == 1 else unit_of(column)


def _used_in(sequence: SequenceParts) -> dict[str, set[str]]:
    """The units with which each variable, or the element `v[0]` of it, is used."""
    used: dict[str, set[str]] = {}
    for operation in sequence.get("operations") or ():
        for key, unit in _OPERATIONS.items():
            for name, own in _uses(operation.get(key), unit):
                used.setdefault(name, set()).add(own)
    return used


def _uses(value: object, unit: str) -> Iterator[tuple[str, str]]:
    """Variables that have this unit, or one that follows from it."""
    if isinstance(value, list):
        for each in value:
            yield from _uses(each, unit)
    if not isinstance(value, Mapping):
        return
    if "kind" in value:
        yield from _uses_of_waveform(value, unit)
    elif "variable" in value:
        yield str(value["variable"]), unit
    elif value.get("expression") == "index":
        for name, own in _uses(value.get("lhs"), unit):
            yield f"{name}[{value.get('rhs')}]", own
    elif value.get("expression") in _SAME_UNIT:
        yield from _uses([value.get("lhs"), value.get("rhs")], unit)
    elif unit == _FREQUENCY and value.get("expression") == "mul":
        yield from _uses(_turns(value.get("lhs"), value.get("rhs")), "MHz")


def _uses_of_waveform(waveform: Mapping[str, object], unit: str) -> Iterator[tuple[str, str]]:
    yield from _uses(waveform.get("duration"), "ns")
    if unit == _FREQUENCY:
        yield from _uses(waveform.get("area"), "rad")
    for key in _VALUES:
        yield from _uses(waveform.get(key), unit)
    yield from _uses(waveform.get("waveforms"), unit)


def _turns(one: object, other: object) -> object:
    """What is multiplied with 2π: a frequency in MHz gives one in rad/µs; None for any other product."""
    for factor, rest in ((one, other), (other, one)):
        if isinstance(factor, int | float) and math.isclose(factor, 2 * math.pi, rel_tol=1e-9):
            return rest
    return None
