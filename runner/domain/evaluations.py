"""Observables that an emulator evaluated beside the bitstrings: read from its results, and averaged.

An observable is known by its id, 8 hexadecimal digits of what it is and when it is evaluated; its name may
change. Values of an observable are numbers, or nested lists of numbers: of each atom, or of each pair.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Value: TypeAlias = "float | tuple[Value, ...]"
_NAMESPACE: Final = uuid.UUID("6f0c7a1e-5f8e-4d0f-9b0a-9a3c5e0d7b11")
_IMAGINARY: Final = 1e-6
_DIGITS: Final = 9


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


def observable_uuid(observable: str) -> str:
    """The name by which an emulator's results have an observable, by its id."""
    return str(uuid.uuid5(_NAMESPACE, observable))


def evaluations_of(
    serialised: object, names: Mapping[str, str], qubit_ids: Sequence[str]
) -> tuple[dict[str, Evaluation], tuple[str, ...]]:
    """The observables of a result, by their ids, and in words what is wrong with those that are not there.

    Args:
        serialised: Abstract representation of Pulser's `Results`, JSON text.

        names: What each observable is called, by its id; empty for what Pulser calls it.

        qubit_ids: Order of the atoms that values are expected in; empty where it is not known.
    """
    said = _read(serialised)
    tags = {place: tag for tag, place in dict(said.get("tagmap") or {}).items()}
    found, problems = {}, []
    for observable, known in names.items():
        name = known or tags.get(observable_uuid(observable), observable)
        try:
            found[observable] = _evaluation(said, observable, name, qubit_ids)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            found[observable] = Evaluation(name)
            problems.append(f"the result has no {name} that can be right: {error}")
    return found, tuple(problems)


def _read(serialised: object) -> Mapping[str, Any]:
    try:
        said = json.loads(serialised) if isinstance(serialised, str) else None
    except ValueError:
        said = None
    return said if isinstance(said, Mapping) else {}


def _evaluation(said: Mapping[str, Any], observable: str, name: str, qubit_ids: Sequence[str]) -> Evaluation:
    place = observable_uuid(observable)
    if "results" not in said:
        raise ValueError("it came without Pulser's results")
    if place not in said["results"]:
        raise ValueError("it is not among Pulser's results")
    order = tuple(map(str, said["atom_order"]))
    if qubit_ids and order != tuple(qubit_ids):
        raise ValueError("its atoms are in another order")
    times, values = said["times"][place], said["results"][place]
    if not times or len(times) != len(values):
        raise ValueError(f"{len(times)} times, and {len(values)} values")
    duration_ns = float(said["total_duration"])
    times_ns = tuple(round(float(each) * duration_ns, _DIGITS) for each in times)
    return Evaluation(name, times_ns, tuple(map(number_or_numbers, values)))


def number_or_numbers(value: object) -> Value:
    """A value as JSON has it, checked: a number, or nested lists of numbers.

    Raises:
        ValueError: It is neither, or a number is complex, or not finite.
    """
    if isinstance(value, list | tuple):
        return tuple(map(number_or_numbers, value))
    if isinstance(value, Mapping) and value.keys() == {"real", "imag"}:
        real, imaginary = float(value["real"]), float(value["imag"])
        if abs(imaginary) > _IMAGINARY * (1 + abs(real)):
            raise ValueError("a value is complex")
        value = real
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"a value is {value!r}")
    return float(value)


def averaged(evaluations: Iterable[tuple[Evaluation, int]], name: str) -> Evaluation:
    """The mean of an observable over jobs of one point, each with its runs; empty without any."""
    some = [(each, runs) for each, runs in evaluations if each.values]
    if not some:
        return Evaluation(name)
    first, total = some[0][0], sum(runs for _, runs in some)
    columns = zip(*(each.values for each, _ in some), strict=True)
    weights = [runs / total for _, runs in some]
    return Evaluation(name, first.times_ns, tuple(_mean(column, weights) for column in columns))


def standard_error(evaluations: Iterable[Evaluation]) -> tuple[Value, ...] | None:
    """Standard error of the mean at each time, from how jobs of one point differ; None of fewer than two."""
    some = [each.values for each in evaluations if each.values]
    if len(some) < 2:  # noqa: PLR2004  (one job says nothing of how jobs differ)
        return None
    return tuple(_error(column) for column in zip(*some, strict=True))


def _mean(values: Sequence[Value], weights: Sequence[float]) -> Value:
    if isinstance(values[0], tuple):
        return tuple(_mean(each, weights) for each in zip(*values, strict=True))
    return math.fsum(w * v for v, w in zip(values, weights, strict=True))  # type: ignore[operator]


def _error(values: Sequence[Value]) -> Value:
    if isinstance(values[0], tuple):
        return tuple(_error(each) for each in zip(*values, strict=True))
    numbers = [float(each) for each in values]  # type: ignore[arg-type]
    mean = math.fsum(numbers) / len(numbers)
    variance = math.fsum((each - mean) ** 2 for each in numbers) / (len(numbers) - 1)
    return math.sqrt(variance / len(numbers))
