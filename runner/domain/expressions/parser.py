"""Text → tree: formulas as in experiment files (`2 * omega_max + 0.1`), conditions as behind `--where`.

    condition  = both {"or" both}
    both       = claim {"and" claim}
    claim      = "not" claim | "(" condition ")" | comparison
    comparison = term sign term {sign term} | term ["not"] "in" "(" term {"," term} ")"
    sign       = "==" | "!=" | "<" | "<=" | ">" | ">="
    term       = ["-" | "+"] number | text in quotes | name ["[" any text "]"]

    sum        = product {("+" | "-") product}
    product    = unary {("*" | "/" | "//" | "%") unary}
    unary      = ("-" | "+") unary | power
    power      = atom ["**" unary]
    atom       = number | "pi" | name | name "[" index "]" | function "(" sum ")" | "(" sum ")" | list
    index      = whole number | "[" whole number {"," whole number} "]" | sum
    list       = "[" ["-"] number {"," ["-"] number} "]"

A condition between formulas (`t_rise + t_fall <= 4000`) is a condition whose terms are sums.

A formula says what the abstract representation of a sequence can say, so that every one can be sent.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from runner.domain.expressions.tree import (
    Call,
    Expression,
    Membership,
    Negative,
    Number,
    Operation,
    Several,
    Text,
    Tree,
    Variable,
    parts,
)
from runner.domain.expressions.words import (
    CONDITION,
    FORMULA,
    FORMULA_CONDITION,
    Dialect,
    ExpressionError,
    Token,
)
from runner.domain.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTIONS: Final = ("abs", "ceil", "cos", "exp", "floor", "log", "log2", "sin", "sqrt", "tan", "tanh")
CONSTANTS: Final = {"pi": math.pi}
_MAX_DEPTH: Final = 40
_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_OPERATORS: Final = ("+", "-", "*", "/", "//", "%", "**")
_RESERVED: Final = ("and", "or", "not", "in")
_EXAMPLES: Final = "as in omega > 2, status == DONE, t_ns in (100, 200)"
_Item = TypeVar("_Item")


def parsed(text: str) -> Expression:
    """The formula that a text says.

    Raises:
        ExpressionError: When it says none.
    """
    parser = _Parser(text, FORMULA)
    return Expression(text, parser.whole(parser.sum))


def parsed_condition(text: str, check: Callable[[Tree], object] = lambda _: None) -> Tree:
    """The condition that a text says.

    Args:
        check: Refuses a term that a comparison begins with, before more is read.

    Raises:
        ExpressionError: When it says none.
    """
    parser = _Parser(text, CONDITION, check)
    return parser.whole(parser.condition)


def parsed_formula_condition(text: str) -> Tree:
    """The condition that a text says, with formulas where `parsed_condition` has terms.

    Raises:
        ExpressionError: When it says none.
    """
    parser = _FormulaConditionParser(text, FORMULA_CONDITION)
    return parser.whole(parser.condition)


class _Parser:
    """Reads words from left to right, one method a rule of the grammar."""

    def __init__(self, text: str, dialect: Dialect, check: Callable[[Tree], object] = lambda _: None) -> None:
        self._words, self._dialect, self._check = list(dialect.words(text)), dialect, check
        self._position = self._depth = 0
        self._next = self._words[0]

    def _fail(self, message: str, hint: str = "") -> NoReturn:
        raise ExpressionError(message, hint, self._next.at)

    def _refuse(self) -> NoReturn:
        """The next word can't stand here."""
        word, dialect = self._next.text, self._dialect
        self._fail(dialect.misplaced.format(word) if word else dialect.too_short)

    def _sees(self, *texts: str) -> bool:
        return self._next.text in texts  # a text has its quotes, and an index its brackets

    def _take(self) -> Token:
        """The next word, which is behind us then, unless it is the end."""
        word = self._next
        if word.kind != "end":
            self._position += 1
            self._next = self._words[self._position]
        return word

    def _takes(self, *texts: str) -> bool:
        is_there = self._next.text in texts
        if is_there:
            self._take()
        return is_there

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            self._fail(self._dialect.lacking.format(sign=sign, word=self._next.text or "its end"))

    def _nested(self, rule: Callable[[], Tree]) -> Tree:
        """What a rule reads one level deeper: levels of the text are levels of our stack."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._fail(self._dialect.too_deep.format(most=_MAX_DEPTH))
        tree = rule()
        self._depth -= 1
        return tree

    def _joined(self, rule: Callable[[], Tree], *signs: str) -> Tree:
        tree = rule()
        while self._next.text in signs:
            tree = Operation(self._take().text, tree, rule())
        return tree

    def _listed(self, rule: Callable[[], _Item], end: str) -> tuple[_Item, ...]:
        items = [rule()]
        while self._takes(","):
            items.append(rule())
        self._expect(end)
        return tuple(items)

    def whole(self, rule: Callable[[], Tree]) -> Tree:
        """What a rule reads, if that is all."""
        tree = rule()
        if self._next.kind != "end":
            hint = self._dialect.left_over
            self._fail(
                (self._dialect.no_word if hint else self._dialect.misplaced).format(self._next.text), hint
            )
        return tree

    def condition(self) -> Tree:
        """Claims, joined."""
        return self._joined(self._both, "or")

    def _both(self) -> Tree:
        return self._joined(self._claim, "and")

    def _claim(self) -> Tree:
        return self._nested(self._negated_claim if self._sees("not") else self._plain_claim)

    def _negated_claim(self) -> Tree:
        self._take()
        return Negative(self._claim())

    def _plain_claim(self) -> Tree:
        return self._parenthesis(self.condition) if self._sees("(") else self._comparison()

    def _comparison(self) -> Tree:
        left = self._term()
        self._check(left)
        is_negated = self._takes("not")
        if self._takes("in"):
            return Membership(left, self._choices(), is_negated)
        if is_negated or not self._sees(*_COMPARISONS):
            self._fail("a comparison is expected", _EXAMPLES)
        sign, right = self._take().text, self._term()
        tree = Operation(sign, left, right)
        while self._sees(*_COMPARISONS):
            sign, left, right = self._take().text, right, self._term()
            tree = Operation("and", tree, Operation(sign, left, right))
        return tree

    def _choices(self) -> tuple[Tree, ...]:
        if self._next.kind == "index":
            self._fail("a list stands in ( )", f"say ({self._next.text[1:-1]})")
        self._expect("(")
        return self._listed(self._term, ")")

    def _term(self) -> Tree:
        kind, word, at = self._next
        if self._takes("-", "+") and self._next.kind != "number":
            self._fail("a number is expected behind a sign")
        if self._next.kind == "number":
            return Number(-self._number() if word == "-" else self._number(), at)
        if kind == "text":
            return Text(self._take().text[1:-1], at)
        if kind != "name" or word in _RESERVED:
            self._refuse()
        self._take()
        if self._next.kind != "index":
            return Variable(word, None, at)
        index = self._take().text[1:-1].split(",")
        return Variable(word, ",".join(part.strip(" \t'\"") for part in index), at)

    def _number(self) -> float:
        if math.isinf(value := float(self._next.text)):
            self._fail(f"{self._next.text} is too large for a number")
        self._take()
        return value

    def sum(self) -> Tree:
        """A sum."""
        return self._joined(self._product, "+", "-")

    def _product(self) -> Tree:
        return self._joined(self._unary, "*", "/", "//", "%")

    def _unary(self) -> Tree:
        return self._nested(self._signed if self._sees("-", "+") else self._power)

    def _signed(self) -> Tree:
        sign, operand = self._take(), self._unary()
        if sign.text == "+":
            return operand
        # A number keeps its sign, so that -6 is sent as one.
        return Number(-operand.value) if isinstance(operand, Number) else Negative(operand)

    def _power(self) -> Tree:
        base = self._atom()
        return Operation("**", base, self._unary()) if self._takes("**") else base

    def _atom(self) -> Tree:
        if self._sees("("):
            return self._parenthesis(self.sum)
        if self._takes("["):
            return Several(self._listed(self._list_item, "]"))
        if self._next.kind == "number":
            return Number(self._number())
        return self._named(self._take().text) if self._next.kind == "name" else self._refuse()

    def _parenthesis(self, rule: Callable[[], Tree]) -> Tree:
        self._expect("(")
        tree = rule()
        self._expect(")")
        return tree

    def _list_item(self) -> float:
        sign = -1.0 if self._takes("-") else 1.0
        return sign * self._number() if self._next.kind == "number" else self._refuse()

    def _named(self, word: str) -> Tree:
        if self._sees("("):
            if word not in FUNCTIONS:
                self._fail(f"there is no function {word}", suggestion(word, FUNCTIONS, kind="functions"))
            return Call(word, self._parenthesis(self.sum))
        if word in FUNCTIONS:
            self._fail(f"{word} is a function and needs an argument", f"for example {word}(x)")
        if self._takes("["):
            return Variable(word, self._index())
        return Number(CONSTANTS[word]) if word in CONSTANTS else Variable(word)

    def _index(self) -> int | tuple[int, ...] | Tree:
        if self._takes("["):
            index: int | tuple[int, ...] | Tree = self._listed(self._whole_number, "]")
        else:
            index = self._calculated_index() if self._begins_calculation() else self._whole_number()
        self._expect("]")
        return index

    def _begins_calculation(self) -> bool:
        if self._next.kind == "number":
            return self._words[self._position + 1].text in _OPERATORS
        return self._next.kind == "name" or self._sees("(")

    def _calculated_index(self) -> Tree:
        tree = self.sum()
        if not any(isinstance(part, Variable) for part in parts(tree)):
            self._fail("an index is a whole number from 0 on, or is calculated from the index of a repeat")
        return tree

    def _whole_number(self) -> int:
        word = self._take().text
        if not word.isdecimal():
            self._fail(f"an index is a whole number from 0 on, not {word or 'nothing'}")
        return int(word)


class _FormulaConditionParser(_Parser):
    """Reads conditions whose terms are formulas."""

    def _term(self) -> Tree:
        if self._next.text in _RESERVED:
            self._refuse()
        return self.sum()

    def _plain_claim(self) -> Tree:
        """A bracket is around a claim, or at the beginning of a formula: the first way that can be read."""
        if not self._sees("("):
            return self._comparison()
        position, depth = self._position, self._depth
        try:
            return self._comparison()
        except ExpressionError as formula:
            furthest = self._next.at
            self._position, self._depth, self._next = position, depth, self._words[position]
            try:
                return super()._plain_claim()
            except ExpressionError:
                if furthest > self._next.at:
                    raise formula from None
                raise
