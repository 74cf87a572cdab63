"""Observables that an emulator evaluated beside the bitstrings: read from its results, and averaged.

An observable is known by its id, 8 hexadecimal digits of what it is and when it is evaluated; its name may
change. Values of an observable are numbers, or nested lists of numbers: of each atom, or of each pair.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Value: TypeAlias = "float | tuple[Value, ...]"
Shape: TypeAlias = "tuple[int, ...]"
_NAMESPACE: Final = uuid.UUID("6f0c7a1e-5f8e-4d0f-9b0a-9a3c5e0d7b11")
_IMAGINARY: Final = 1e-6
_DIGITS: Final = 9
# Emulators evaluate at steps of their own, which are this near, and may add steps that were not asked for.
_NEAR_NS: Final = 1.0
# Nested more deeply than a pair of atoms, no value is one of ours.
_DEEPEST: Final = 2
_SHOWN: Final = 40
_AXES: Final = {"occupation": 1, "correlation_matrix": 2}
_WRONG: Final = (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An observable of one job.

    Args:
        name: What it was called.

        times_ns: When it was evaluated (in ns), in order; empty while the result could not be had.

        values: Its value at each time.
    """

    name: str
    times_ns: tuple[float, ...] = ()
    values: tuple[Value, ...] = ()

    def __post_init__(self) -> None:
        """Says what cannot be right.

        Raises:
            ValueError: The times are not in order, there are not as many values, or values differ in shape.
        """
        if len(self.times_ns) != len(self.values):
            raise ValueError(f"{len(self.times_ns)} times, and {len(self.values)} values")
        if not all(map(math.isfinite, self.times_ns)) or list(self.times_ns) != sorted(set(self.times_ns)):
            raise ValueError("its times are not in order")
        if len(set(map(_shape, self.values))) > 1:
            raise ValueError("its values differ in shape")

    @property
    def shape(self) -> Shape:
        """Of one value: no number for a number, one for numbers of atoms, two for those of pairs."""
        return _shape(self.values[0]) if self.values else ()


def observable_uuid(observable: str) -> str:
    """The name by which an emulator's results have an observable, by its id."""
    return str(uuid.uuid5(_NAMESPACE, observable))


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedObservables:
    """What is known of observables before their values are.

    Args:
        names: What each is called, by its id; empty for what Pulser calls it.

        times: When each is evaluated, in parts of the duration; those of which nothing is known are left out.

        qubit_ids: Order of the atoms that values are expected in; empty where it is not known.
    """

    names: Mapping[str, str]
    times: Mapping[str, Sequence[float]] = field(default_factory=dict)
    qubit_ids: Sequence[str] = ()


def asked_times(configuration: str, observables: Iterable[str]) -> dict[str, tuple[float, ...]]:
    """When observables are evaluated, by their ids, as a configuration of an emulator asks for it."""
    said = json.loads(configuration)["observables"] if configuration else ()
    times = {each["uuid"]: each["evaluation_times"] for each in said}
    places = {each: observable_uuid(each) for each in observables}
    return {each: tuple(times[place]) for each, place in places.items() if place in times}


def evaluations_of(
    serialised: object, expected: AskedObservables
) -> tuple[dict[str, Evaluation], tuple[str, ...]]:
    """The observables of a result, by their ids, and in words what is wrong with those that are not there.

    Args:
        serialised: Abstract representation of Pulser's `Results`, JSON text.
    """
    said = _read(serialised)
    tags = _tags(said.get("tagmap"))
    found, problems = {}, []
    for observable, known in expected.names.items():
        name = known or tags.get(observable_uuid(observable), observable)
        try:
            found[observable] = _evaluation(said, observable, name, expected)
        except _WRONG as error:
            found[observable] = Evaluation(name)
            problems.append(f"the result has no {name} that can be right: {_said(error)}")
    return found, tuple(problems)


def _said(error: Exception) -> str:
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)


def _tags(tagmap: object) -> dict[str, str]:
    """What Pulser calls observables, by where they are; nothing of a map that is none."""
    known = tagmap.items() if isinstance(tagmap, Mapping) else ()
    return {place: tag for tag, place in known if isinstance(place, str)}


def _read(serialised: object) -> Mapping[str, Any]:
    try:
        said = json.loads(serialised) if isinstance(serialised, str) else None
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, Mapping) else {}


def _evaluation(
    said: Mapping[str, Any], observable: str, name: str, expected: AskedObservables
) -> Evaluation:
    place = observable_uuid(observable)
    if "results" not in said:
        raise ValueError("it came without Pulser's results")
    if place not in said["results"]:
        raise ValueError("it is not among Pulser's results")
    order = tuple(map(str, said["atom_order"]))
    if expected.qubit_ids and order != tuple(expected.qubit_ids):
        raise ValueError("its atoms are in another order")
    duration_ns = float(said["total_duration"])
    times_ns = tuple(round(float(each) * duration_ns, _DIGITS) for each in said["times"][place])
    found = Evaluation(name, times_ns, tuple(map(number_or_numbers, said["results"][place])))
    if not times_ns:
        raise ValueError("it has no values")
    if set(found.shape) - {len(order)} or len(found.shape) != _n_axes(name, found):
        raise ValueError(f"its values do not fit {len(order)} atoms")
    asked = expected.times.get(observable)
    return _at(found, [each * duration_ns for each in asked]) if asked else found


def _n_axes(name: str, found: Evaluation) -> int:
    """How many atoms a value is of, by the name of its observable; of an unknown one, what it is."""
    kinds = (axes for kind, axes in _AXES.items() if name.startswith(kind))
    is_number = name.startswith(("energy", "fidelity", "expectation"))
    return next(kinds, 0 if is_number else len(found.shape))


def _at(found: Evaluation, asked_ns: Sequence[float]) -> Evaluation:
    """What was evaluated next to the times that were asked for."""
    places = range(len(found.times_ns))
    nearest = [min(places, key=lambda i: abs(found.times_ns[i] - time_ns)) for time_ns in asked_ns]
    for place, time_ns in zip(nearest, asked_ns, strict=True):
        if abs(found.times_ns[place] - time_ns) > _NEAR_NS:
            raise ValueError(f"it was not evaluated at {time_ns:g} ns")
    kept = sorted(set(nearest))
    return Evaluation(
        found.name, tuple(found.times_ns[i] for i in kept), tuple(found.values[i] for i in kept)
    )


def number_or_numbers(value: object, depth: int = 0) -> Value:
    """A value as JSON has it, checked: a number, or nested lists of numbers.

    Raises:
        ValueError: It is neither, or a number is complex, or not finite.
    """
    if isinstance(value, list | tuple) and depth < _DEEPEST:
        return tuple(number_or_numbers(each, depth + 1) for each in value)
    if isinstance(value, Mapping) and value.keys() == {"real", "imag"}:
        real, imaginary = _number(value["real"]), _number(value["imag"])
        if abs(imaginary) > _IMAGINARY * (1 + abs(real)):
            raise ValueError("a value is complex")
        return real
    return _number(value)


def _number(value: object) -> float:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    except OverflowError:
        pass
    shown = "a list" if isinstance(value, list | tuple) else repr(value)
    raise ValueError(f"a value is {shown[:_SHOWN]}")


def _shape(value: Value) -> Shape:
    """Raises ValueError for lists of different lengths."""
    if not isinstance(value, tuple):
        return ()
    shapes = set(map(_shape, value))
    if len(shapes) != 1:
        raise ValueError("its values differ in shape")
    return (len(value), *shapes.pop())


def together(evaluations: Iterable[tuple[Evaluation, int]]) -> list[tuple[Evaluation, int]]:
    """Those that can be averaged, of jobs of one point: evaluated at the same times, of as many atoms.

    Where they differ, as after a change of what an emulator does, those with the most runs; the latest of
    as many. Those without values are left out.
    """
    groups: dict[object, list[tuple[Evaluation, int]]] = {}
    for each, runs in evaluations:
        if each.values and runs > 0:
            groups.setdefault((each.times_ns, each.shape), []).append((each, runs))
    return max(reversed(groups.values()), key=lambda some: sum(runs for _, runs in some), default=[])


def averaged(evaluations: Sequence[tuple[Evaluation, int]], name: str) -> Evaluation:
    """The mean of an observable over jobs of one point, each with its runs; empty without any.

    Args:
        evaluations: At the same times and of the same shape; see `together`.
    """
    if not evaluations:
        return Evaluation(name)
    total = sum(runs for _, runs in evaluations)
    columns = zip(*(each.values for each, _ in evaluations), strict=True)
    weights = [runs / total for _, runs in evaluations]
    return Evaluation(name, evaluations[0][0].times_ns, tuple(_mean(column, weights) for column in columns))


def standard_error(evaluations: Sequence[Evaluation]) -> tuple[Value, ...] | None:
    """Standard error of the mean at each time, from how jobs of one point differ; None of fewer than two."""
    if len(evaluations) <= 1:  # one job says nothing of how jobs differ
        return None
    return tuple(_error(column) for column in zip(*(each.values for each in evaluations), strict=True))


def _mean(values: Sequence[Value], weights: Sequence[float]) -> Value:
    if isinstance(values[0], tuple):
        return tuple(_mean(each, weights) for each in zip(*values, strict=True))
    return math.fsum(w * v for v, w in zip(_numbers(values), weights, strict=True))


def _error(values: Sequence[Value]) -> Value:
    if isinstance(values[0], tuple):
        return tuple(_error(each) for each in zip(*values, strict=True))
    numbers = _numbers(values)
    mean = math.fsum(numbers) / len(numbers)
    variance = math.fsum((each - mean) ** 2 for each in numbers) / (len(numbers) - 1)
    return math.sqrt(variance / len(numbers))


def _numbers(values: Sequence[Value]) -> list[float]:
    """Values of the shape of the first, which is a number."""
    return [each for each in values if not isinstance(each, tuple)]
