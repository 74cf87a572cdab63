"""Expressions over the variables of a sequence: `2 * omega_max + 0.1`, `sin(phi)`, `deltas[1]`.

Read by a parser of their own and never run as Python. What they may say is what the abstract representation
of a sequence can say, so that every expression of a file can be sent.

    sum     = product {("+" | "-") product}
    product = unary {("*" | "/" | "//" | "%") unary}
    unary   = ("-" | "+") unary | power
    power   = atom ["**" unary]
    atom    = number | "pi" | name | name "[" index "]" | function "(" sum ")" | "(" sum ")" | list
    index   = whole number | "[" whole number {"," whole number} "]"
    list    = "[" ["-"] number {"," ["-"] number} "]"
"""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from runner.spec.yaml_text.slips import odd_letter
from runner.spec.yaml_text.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Item = TypeVar("Item", int, float)

FUNCTIONS = ("abs", "ceil", "cos", "exp", "floor", "log", "log2", "sin", "sqrt", "tan", "tanh")
CONSTANTS = {"pi": math.pi}
MAX_CHARACTERS = 300
_MAX_DEPTH = 40

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|//|[-+*/%()\[\],]))",
    re.ASCII,
)
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


class ExpressionError(ValueError):
    """Text that can't be read as an expression.

    Args:
        message: What is wrong.

        hint: What to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Number:
    """A number that stands in the expression."""

    value: float


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, or one value, or some, of a variable that holds several."""

    name: str
    index: int | tuple[int, ...] | None = None

    @property
    def indices(self) -> tuple[int, ...]:
        """Which values are meant; none if it is not said."""
        return (self.index,) if isinstance(self.index, int) else self.index or ()


@dataclass(frozen=True, slots=True)
class Several:
    """Several numbers that stand in the expression."""

    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Negative:
    """The negative of something."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Operation:
    """Two things with an operator between them."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of something."""

    function: str
    argument: Node


Node = Number | Several | Variable | Negative | Operation | Call


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as it stands in the file, and what it says."""

    text: str
    tree: Node

    def __str__(self) -> str:
        return self.text

    def variables(self) -> tuple[Variable, ...]:
        """Every mention of a variable, from left to right."""
        return tuple(node for node in _nodes(self.tree) if isinstance(node, Variable))

    def lists(self) -> tuple[Several, ...]:
        """Every list of numbers, from left to right."""
        return tuple(node for node in _nodes(self.tree) if isinstance(node, Several))


@dataclass(frozen=True, slots=True)
class Values:
    """What the words of an expression stand for: numbers, or anything that can be calculated with.

    Args:
        variables: Value of every variable; those that hold several can be indexed.

        functions: The functions, by name.

        constant: Makes a value of a number.

        array: Makes a value of several numbers.
    """

    variables: Mapping[str, Any]
    functions: Mapping[str, Callable[[Any], Any]]
    constant: Callable[[float], Any] = float
    array: Callable[[Sequence[float]], Any] = tuple


def parsed(text: str) -> Expression:
    """The expression that a text says.

    Raises:
        ExpressionError: When it says none.
    """
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(f"an expression has at most {MAX_CHARACTERS} characters, not {len(text)}")
    parser = _Parser(list(_tokens(text)))
    tree = parser.sum()
    if parser.kind != "end":
        parser.fail()
    return Expression(text, tree)


def evaluated(node: Node, values: Values) -> Any:
    """What a tree comes to, with the given values of its variables."""
    match node:
        case Number(value):
            return values.constant(value)
        case Several(numbers):
            return values.array(numbers)
        case Variable():
            return _value_of(node, values)
        case Negative(operand):
            return -evaluated(operand, values)
        case Call(function, argument):
            return values.functions[function](evaluated(argument, values))
        case Operation(sign, left, right):
            return _OPERATORS[sign](evaluated(left, values), evaluated(right, values))


def _value_of(variable: Variable, values: Values) -> Any:
    whole = values.variables[variable.name]
    match variable.index:
        case None:
            return whole
        case int(index):
            return whole[index]
        case indices:
            return whole[list(indices)]


def size_of(node: Node, sizes: Mapping[str, int | None]) -> int | None:
    """How many numbers a tree comes to; None for a plain number.

    Args:
        node: The tree.

        sizes: How many numbers each variable holds; None for a plain number.
    """
    match node:
        case Several(numbers):
            return len(numbers)
        case Variable(name, None):
            return sizes[name]
        case Variable(_, tuple(indices)):
            return len(indices)
        case Negative(operand) | Call(_, operand):
            return size_of(operand, sizes)
        case Operation(_, left, right):
            found = [size for size in (size_of(left, sizes), size_of(right, sizes)) if size is not None]
            return max(found, default=None)
    return None


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Negative(operand):
            yield from _nodes(operand)
        case Call(_, argument):
            yield from _nodes(argument)
        case Operation(_, left, right):
            yield from _nodes(left)
            yield from _nodes(right)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            _refuse_character(text[position:].lstrip()[0])
        yield str(match.lastgroup), match[str(match.lastgroup)]
        position = match.end()
    yield "end", ""


def _refuse_character(character: str) -> NoReturn:
    hint = "powers are written with **" if character == "^" else odd_letter(character)
    raise ExpressionError(f"expected a number or an expression; {character} has no meaning in one", hint)


class _Parser:
    """Reads tokens from left to right, one method a rule of the grammar."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0

    @property
    def kind(self) -> str:
        """Kind of the next token."""
        return self._tokens[self._position][0]

    @property
    def word(self) -> str:
        """Text of the next token."""
        return self._tokens[self._position][1]

    def fail(self) -> NoReturn:
        """The next token can't stand here."""
        raise ExpressionError(
            f"the expression has {self.word} where it can't be"
            if self.word
            else "the expression ends too early"
        )

    def sum(self) -> Node:
        """A sum."""
        node = self._product()
        while self.word in ("+", "-"):
            node = Operation(self._next(), node, self._product())
        return node

    def _product(self) -> Node:
        node = self._unary()
        while self.word in ("*", "/", "//", "%"):
            node = Operation(self._next(), node, self._unary())
        return node

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ExpressionError(f"the expression is nested more than {_MAX_DEPTH} levels deep")
        node = self._signed() if self.word in ("-", "+") else self._power()
        self._depth -= 1
        return node

    def _signed(self) -> Node:
        sign, operand = self._next(), self._unary()
        if sign == "+":
            return operand
        # A number keeps its sign, so that -6 is sent as one.
        return Number(-operand.value) if isinstance(operand, Number) else Negative(operand)

    def _power(self) -> Node:
        base = self._atom()
        if self.word != "**":
            return base
        return Operation(self._next(), base, self._unary())

    def _atom(self) -> Node:
        if self.word == "(":
            return self._parenthesis()
        if self.word == "[":
            return Several(self._list(self._number))
        if self.kind == "number":
            return Number(_finite(self._next()))
        if self.kind != "name":
            self.fail()
        return self._named(self._next())

    def _number(self) -> float:
        sign = -1.0 if self.word == "-" else 1.0
        if sign < 0:
            self._next()
        if self.kind != "number":
            self.fail()
        return sign * _finite(self._next())

    def _list(self, item: Callable[[], Item]) -> tuple[Item, ...]:
        self._expect("[")
        items = [item()]
        while self.word == ",":
            self._next()
            items.append(item())
        self._expect("]")
        return tuple(items)

    def _named(self, word: str) -> Node:
        if self.word == "(":
            if word not in FUNCTIONS:
                raise ExpressionError(
                    f"there is no function {word}", suggestion(word, FUNCTIONS, kind="functions")
                )
            return Call(word, self._parenthesis())
        if word in FUNCTIONS:
            raise ExpressionError(f"{word} is a function and needs an argument", f"for example {word}(x)")
        if self.word == "[":
            return Variable(word, self._index())
        return Number(CONSTANTS[word]) if word in CONSTANTS else Variable(word)

    def _parenthesis(self) -> Node:
        self._expect("(")
        node = self.sum()
        self._expect(")")
        return node

    def _index(self) -> int | tuple[int, ...]:
        self._expect("[")
        index = self._list(self._whole) if self.word == "[" else self._whole()
        self._expect("]")
        return index

    def _whole(self) -> int:
        word = self._next()
        if not word.isdecimal():
            raise ExpressionError(f"an index is a whole number from 0 on, not {word or 'nothing'}")
        return int(word)

    def _next(self) -> str:
        word = self.word
        if self.kind != "end":
            self._position += 1
        return word

    def _expect(self, word: str) -> None:
        if self.word != word:
            raise ExpressionError(f"the expression needs a {word} before {self.word or 'its end'}")
        self._next()


def _finite(word: str) -> float:
    if math.isinf(value := float(word)):
        raise ExpressionError(f"{word} is too large for a number")
    return value
