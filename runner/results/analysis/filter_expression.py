"""Conditions on jobs: `omega_max > 2 and status == DONE`. Read by a parser of their own, never run as code.

    condition  = both {"or" both}
    both       = each {"and" each}
    each       = "not" each | comparison | "(" condition ")"
    comparison = value sign value {sign value} | value ["not"] "in" "(" value {"," value} ")"
    sign       = "==" | "!=" | "<" | "<=" | ">" | ">="
    value      = ["-" | "+"] number | text in quotes | status | name ["[" index "]"]

Names are those of `columns`; of an observable, its value counts and not its error. Numbers
are equal to one part in 10⁹, so that 0.3 is 3 · 0.1. A comparison with what a job does not have holds never.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from runner.errors import UsageError
from runner.results.analysis.columns import Kind, Quantities, UnknownQuantityError, near
from runner.results.records.statuses import ResultStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.results.analysis.job_result import MeasuredJob

    Claim = Callable[[MeasuredJob], bool]

MAX_CHARACTERS: Final = 1000
_MAX_DEPTH: Final = 40
_CLOSE: Final = 1e-9
_TOKEN: Final = re.compile(
    r"""(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w))
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<name>[^\W\d]\w*)
      | (?P<index>\[[^\]]*\])
      | (?P<sign>==|!=|<=|>=|[<>(),+-])""",
    re.VERBOSE,
)
_SIGNS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_WORDS: Final = frozenset({"and", "or", "not", "in"})
_SLIPS: Final = {"=": "==", "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class _Value:
    """One side of a comparison.

    Args:
        word: Text that stands there; None for a number or what differs from job to job.
    """

    of: Callable[[MeasuredJob], Any]
    kind: Kind
    at: int
    word: str | None = None
    is_status: bool = False


def condition(text: str, quantities: Quantities) -> Claim:
    """What says of a job whether a condition holds.

    Raises:
        UsageError: The text cannot be read; shows the place, and says what could stand there.
    """
    return _Parser(text, quantities).read()


class _Parser:
    def __init__(self, text: str, quantities: Quantities) -> None:
        self._text, self._quantities, self._depth, self._place = text, quantities, 0, 0
        if len(text) > MAX_CHARACTERS:
            raise UsageError(f"the condition is longer than {MAX_CHARACTERS} characters")
        self._tokens = self._split()

    def read(self) -> Claim:
        claim = self._condition()
        if self._now.kind != "end":
            self._fail(f"{self._now.text} is not expected here", hint="between comparisons stand and, or")
        return claim

    def _split(self) -> list[_Token]:
        tokens, at = [], 0
        while at < len(self._text):
            if self._text[at].isspace():
                at += 1
                continue
            match = _TOKEN.match(self._text, at)
            if match is None:
                self._stray(at)
            tokens.append(_Token(str(match.lastgroup), match.group(), at))
            at = match.end()
        return [*tokens, _Token("end", "the end", len(self._text))]

    def _stray(self, at: int) -> NoReturn:
        stray = next((w for w in ("&&", "||", self._text[at]) if self._text.startswith(w, at)), "")
        hint = f"say {_SLIPS[stray]}" if stray in _SLIPS else ""
        if stray in {'"', "'", "["}:
            self._fail_at(at, f"{stray} is never closed")
        self._fail_at(at, f"{stray} is not expected here", hint=hint)

    @property
    def _now(self) -> _Token:
        return self._tokens[self._place]

    def _takes(self, *texts: str) -> bool:
        """Whether one of these words comes next; then it is behind us."""
        is_there = self._now.kind in {"sign", "name"} and self._now.text in texts
        self._place += is_there
        return is_there

    def _condition(self) -> Claim:
        claims = [self._both()]
        while self._takes("or"):
            claims.append(self._both())
        return claims[0] if len(claims) == 1 else lambda job: any(claim(job) for claim in claims)

    def _both(self) -> Claim:
        claims = [self._each()]
        while self._takes("and"):
            claims.append(self._each())
        return claims[0] if len(claims) == 1 else lambda job: all(claim(job) for claim in claims)

    def _each(self) -> Claim:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._fail("this is nested too deeply")
        try:
            if self._takes("not"):
                claim = self._each()
                return lambda job: not claim(job)
            if self._takes("("):
                claim = self._condition()
                self._expect(")")
                return claim
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Claim:
        left = self._value()
        is_negated = self._takes("not")
        if self._takes("in"):
            return self._within(left, is_negated=is_negated)
        if is_negated or self._now.text not in _SIGNS:
            self._fail("a comparison is expected", hint="as in omega > 2, status == DONE, t_ns in (100, 200)")
        claims = []
        while self._now.kind == "sign" and self._now.text in _SIGNS:
            sign, right = self._next(), self._value(beside=left)
            claims.append(self._compared(left, sign, right))
            left = right
        return claims[0] if len(claims) == 1 else lambda job: all(claim(job) for claim in claims)

    def _within(self, left: _Value, *, is_negated: bool) -> Claim:
        if self._now.kind == "index":
            self._fail("a list stands in ( )", hint=f"say ({self._now.text[1:-1]})")
        self._expect("(")
        claims = [self._compared(left, "==", self._value(beside=left))]
        while self._takes(","):
            claims.append(self._compared(left, "==", self._value(beside=left)))
        self._expect(")")
        if is_negated:
            return lambda job: _known(left.of(job)) is not None and not any(claim(job) for claim in claims)
        return lambda job: any(claim(job) for claim in claims)

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            self._fail(f"{sign} is expected here")

    def _compared(self, left: _Value, sign: str, right: _Value) -> Claim:
        self._check(left, right)
        if (left.kind is Kind.TEXT) != (right.kind is Kind.TEXT):
            text, number = (left, right) if left.kind is Kind.TEXT else (right, left)
            hint = "take the quotes away" if text.word is not None and number.word is None else ""
            self._fail_at(right.at, "text and a number are never equal", hint=hint)
        if left.kind is Kind.TEXT and sign not in {"==", "!="}:
            self._fail_at(left.at, "text is compared with == or !=, or by in")
        return lambda job: _holds(_known(left.of(job)), sign, _known(right.of(job)))

    def _check(self, left: _Value, right: _Value) -> None:
        """Statuses are compared with words that are none."""
        for one, other in ((left, right), (right, left)):
            if one.is_status and other.word is not None and other.word not in set(ResultStatus):
                hint = near(other.word, ResultStatus, kind="statuses")
                self._fail_at(other.at, f"there is no status {other.word}", hint=hint)

    def _value(self, *, beside: _Value | None = None) -> _Value:
        """A value.

        Args:
            beside: What it is compared with: a word beside a status is one, or misspelt.
        """
        token, sign = self._now, 1
        if self._takes("-", "+"):
            sign = -1 if token.text == "-" else 1
            if self._now.kind != "number":
                self._fail("a number is expected behind a sign")
        if self._now.kind == "number":
            number = sign * float(self._next())
            return _Value(lambda _: number, Kind.NUMBER, token.at)
        if self._now.kind == "text":
            return self._word(self._next()[1:-1], token.at)
        if self._now.kind != "name" or token.text in _WORDS:
            self._fail(f"{self._now.text} stands where a name, a number or a text is expected")
        return self._named(token, beside=beside)

    def _next(self) -> str:
        self._place += 1
        return self._tokens[self._place - 1].text

    def _word(self, word: str, at: int) -> _Value:
        return _Value(lambda _: word, Kind.TEXT, at, word)

    def _named(self, token: _Token, *, beside: _Value | None) -> _Value:
        name = self._next()
        index = self._next()[1:-1] if self._now.kind == "index" else None
        if index is None and (name in set(ResultStatus) or (beside and beside.is_status)):
            return self._word(name, token.at)
        try:
            plain = None if index is None else ",".join(each.strip(" \t'\"") for each in index.split(","))
            found = self._quantities.found(name, plain)
        except UnknownQuantityError as error:
            is_text = beside is not None and beside.kind is Kind.TEXT
            self._fail_at(
                token.at, error.message, f"a text stands in quotes: '{name}'" if is_text else error.hint
            )
        if found.kind in {Kind.SEVERAL, Kind.MOMENT}:
            self._fail_at(token.at, f"{found.name} cannot be compared")
        return _Value(found.of, found.kind, token.at, is_status=found.name == "status")

    def _fail(self, message: str, hint: str = "") -> NoReturn:
        self._fail_at(self._now.at, message, hint)

    def _fail_at(self, at: int, message: str, hint: str = "") -> NoReturn:
        shown = "".join(" " if letter.isspace() else letter for letter in self._text)
        raise UsageError(f"--where: {message}\n    {shown}\n    {' ' * at}^", hint=hint)


def _known(value: Any) -> Any:
    """A text or a number; None where a job has none, or nothing was measured."""
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    return None if math.isnan(number) else number


def _holds(left: Any, sign: str, right: Any) -> bool:
    if left is None or right is None:
        return False
    is_equal = left == right if isinstance(left, str) else math.isclose(left, right, rel_tol=_CLOSE)
    if sign in {"==", "!="}:
        return is_equal == (sign == "==")
    if is_equal:
        return sign in {"<=", ">="}
    return bool(left < right) if sign in {"<", "<="} else bool(left > right)
