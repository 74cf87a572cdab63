"""What expressions say, as trees. Where a part stands in the text does not count when trees are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Number:
    """A number that stands in the expression."""

    value: float
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes."""

    word: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Several:
    """Several numbers that stand in the expression."""

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A name, and what stands in brackets behind it: numbers or a formula, in a condition any text."""

    name: str
    index: int | tuple[int, ...] | str | Tree | None = None
    at: int = field(default=0, compare=False)

    @property
    def indices(self) -> tuple[int, ...]:
        """Which values of a variable that holds several are meant; none if it is not said."""
        if isinstance(self.index, int):
            return (self.index,)
        return self.index if isinstance(self.index, tuple) else ()


@dataclass(frozen=True, slots=True)
class Negative:
    """The negative of a number, or the contrary of a claim."""

    operand: Tree


@dataclass(frozen=True, slots=True)
class Operation:
    """Two things with an operator between them, comparisons, `and` and `or` included."""

    sign: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Membership:
    """The claim that something is one of several, or none of them."""

    term: Tree
    choices: tuple[Tree, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A function of something."""

    function: str
    argument: Tree


Tree = Number | Text | Several | Variable | Negative | Operation | Membership | Call


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula as it stands in a text, and what it says."""

    text: str
    tree: Tree

    def __str__(self) -> str:
        return self.text

    def variables(self) -> tuple[Variable, ...]:
        """Every mention of a variable, from left to right."""
        return tuple(part for part in parts(self.tree) if isinstance(part, Variable))

    def lists(self) -> tuple[Several, ...]:
        """Every list of numbers, from left to right."""
        return tuple(part for part in parts(self.tree) if isinstance(part, Several))


def parts(tree: Tree) -> Iterator[Tree]:
    """A tree and all that is below it, from left to right."""
    yield tree
    match tree:
        case Variable(_, Number() | Variable() | Negative() | Operation() | Call() as index):
            yield from parts(index)
        case Negative(operand) | Call(_, operand):
            yield from parts(operand)
        case Operation(_, left, right):
            yield from parts(left)
            yield from parts(right)


def is_calculated(index: int | tuple[int, ...] | str | Tree | None) -> TypeGuard[Tree]:
    """Whether the index of a variable is a formula, which has to be calculated first."""
    return not isinstance(index, int | tuple | str | None)


def size_of(tree: Tree, sizes: Mapping[str, int | None]) -> int | None:
    """How many numbers a formula comes to; None for a plain number.

    Args:
        sizes: How many numbers each variable holds; None for a plain number.
    """
    match tree:
        case Several(numbers) | Variable(_, tuple(numbers)):
            return len(numbers)
        case Variable(name, None):
            return sizes[name]
        case Negative(operand) | Call(_, operand):
            return size_of(operand, sizes)
        case Operation(_, left, right):
            found = [size for size in (size_of(left, sizes), size_of(right, sizes)) if size is not None]
            return max(found, default=None)
    return None
