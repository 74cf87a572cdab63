"""What an emulator evaluated, in a line of a record: written, read and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from runner.domain.evaluations import Evaluation, number_or_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ObservableLine(TypedDict):
    """An observable in a line of a record: when it was evaluated, and its value at each time."""

    id: str
    name: str
    times_ns: list[float]
    values: list[object]


def observable_lines(observables: Mapping[str, Evaluation]) -> list[dict[str, object]]:
    """What was evaluated, by the ids of the observables, as a line of a record has it."""
    return [
        {"id": observable, "name": each.name, "times_ns": list(each.times_ns), "values": list(each.values)}
        for observable, each in observables.items()
    ]


def evaluations_on_record(
    lines: Iterable[ObservableLine],
) -> tuple[dict[str, Evaluation], tuple[str, ...]]:
    """What was evaluated, by the ids of the observables, and in words what of it cannot be right."""
    found, wrong = {}, []
    for line in lines:
        name = line["name"]
        try:
            values = tuple(map(number_or_numbers, line["values"]))
            found[line["id"]] = Evaluation(name, tuple(map(float, line["times_ns"])), values)
        except (ValueError, TypeError, OverflowError) as error:
            found[line["id"]] = Evaluation(name)
            wrong.append(f"the {name} on record cannot be right: {error}")
    return found, tuple(wrong)
