"""Operations as they happen one after the other: those of a repeat once for each time, with its index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from runner.domain.expressions.substitution import substituted
from runner.domain.expressions.tree import Expression
from runner.domain.expressions.words import ExpressionError
from runner.spec.models.operations import Repeat
from runner.spec.yaml_text.json_pointers import child, pointer_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.spec.models.operations import Operation

OPERATIONS: Final = pointer_of("spec", "sequence", "operations")
MOST_STEPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Step:
    """An operation that happens once.

    Args:
        pointer: Where it stands in the file, from its sequence on.

        operation: With numbers for the indices of the repeats around it.

        indices: These, outermost first.

        faults: What keeps an expression from being calculated, with its place.
    """

    pointer: str
    operation: Operation
    indices: tuple[tuple[str, int], ...] = ()
    faults: tuple[tuple[str, str], ...] = ()

    def told(self, message: str, about: str = "") -> str:
        """A message with the indices for which it is so.

        Args:
            about: The expression that it is about; where it has none of the indices, they are left out.
        """
        said = ", ".join(f"{name} = {number}" for name, number in self.indices if not about or name in about)
        return f"{message} ({said})" if said else message


def count_of(operations: Sequence[Operation]) -> int:
    """How many steps some operations are."""
    repeats = [each.value for each in operations if isinstance(each.value, Repeat)]
    return len(operations) - len(repeats) + sum(each.times * count_of(each.operations) for each in repeats)


def repeats_of(
    operations: Sequence[Operation], pointer: str, outer: tuple[str, ...] = ()
) -> Iterator[tuple[str, Repeat, tuple[str, ...]]]:
    """Every repeat, with its place, and the indices of those around it."""
    for i, operation in enumerate(operations):
        if isinstance(operation.value, Repeat):
            place, repeat = child(child(pointer, i), "repeat"), operation.value
            yield place, repeat, outer
            names = (*outer, *([repeat.index] if repeat.index else []))
            yield from repeats_of(repeat.operations, child(place, "operations"), names)


def unrolled(
    operations: Sequence[Operation], pointer: str, indices: tuple[tuple[str, int], ...] = ()
) -> Iterator[Step]:
    """The operations one after the other; at most so many that they fit into memory."""
    for i, operation in enumerate(operations):
        place = child(pointer, i)
        if isinstance(operation.value, Repeat):
            yield from _repeated(operation.value, child(child(place, "repeat"), "operations"), indices)
        elif indices:
            yield _step(place, operation, indices)
        else:
            yield Step(place, operation)


def _repeated(repeat: Repeat, pointer: str, indices: tuple[tuple[str, int], ...]) -> Iterator[Step]:
    for number in range(repeat.times):
        now = (*indices, (repeat.index, number)) if repeat.index else indices
        yield from unrolled(repeat.operations, pointer, now)


def _step(pointer: str, operation: Operation, indices: tuple[tuple[str, int], ...]) -> Step:
    faults: list[tuple[str, str]] = []
    numbered = _numbered(operation, dict(indices), pointer, faults)
    return Step(pointer, numbered, indices, tuple(faults))


def _numbered(part: Any, numbers: Mapping[str, int], pointer: str, faults: list[tuple[str, str]]) -> Any:
    """A part of an operation with numbers for indices; the same one where there is none in it."""
    match part:
        case Expression():
            return _substituted(part, numbers, pointer, faults)
        case tuple():
            items = tuple(_numbered(each, numbers, child(pointer, i), faults) for i, each in enumerate(part))
            return part if all(new is old for new, old in zip(items, part, strict=True)) else items
        case BaseModel():
            fields = type(part).model_fields
            new = {
                name: _numbered(
                    getattr(part, name), numbers, child(pointer, fields[name].alias or name), faults
                )
                for name in part.model_fields_set
            }
            changed = {name: value for name, value in new.items() if value is not getattr(part, name)}
            return part.model_copy(update=changed) if changed else part
    return part


def _substituted(
    expression: Expression, numbers: Mapping[str, int], pointer: str, faults: list[tuple[str, str]]
) -> Expression:
    if not any(variable.name in numbers for variable in expression.variables()):
        return expression
    try:
        return substituted(expression, numbers)
    except ExpressionError as error:
        faults.append((pointer, error.message))
    return expression
