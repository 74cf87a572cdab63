"""Conditions on jobs: `omega_max > 2 and status == DONE`, as `runner.domain.expressions` reads them.

Names are those of `columns`, and statuses; of an observable, its value counts and not its error. Numbers are
equal to one part in 10⁹, so that 0.3 is 3 · 0.1. A comparison with what a job does not have holds never.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from runner.domain.expressions import tree
from runner.domain.expressions.parser import parsed_condition
from runner.domain.expressions.words import ExpressionError
from runner.errors import UsageError
from runner.results.analysis.columns import Quantities, ValueKind
from runner.results.analysis.names import UnknownQuantityError, near
from runner.results.records.counted_jobs import ResultStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.results.analysis.job_result import MeasuredJob

    Claim = Callable[[MeasuredJob], bool]

_CLOSE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class _Value:
    """One side of a comparison.

    Args:
        word: Text that stands there; None for a number or what differs from job to job.
    """

    of: Callable[[MeasuredJob], Any]
    kind: ValueKind
    at: int
    word: str | None = None
    is_status: bool = False


def condition(text: str, quantities: Quantities) -> Claim:
    """What says of a job whether a condition holds.

    Raises:
        UsageError: The text cannot be read; shows the place, and says what could stand there.
    """
    try:
        meaning = _Meaning(quantities)
        return meaning.claim(parsed_condition(text, meaning.value))
    except ExpressionError as error:
        if error.at is None:
            raise UsageError(error.message) from None
        shown = "".join(" " if letter.isspace() else letter for letter in text)
        message = f"--where: {error.message}\n    {shown}\n    {' ' * error.at}^"
        raise UsageError(message, hint=error.hint) from None


def _fail(at: int, message: str, hint: str = "") -> NoReturn:
    raise ExpressionError(message, hint, at)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a condition says of jobs that have some quantities."""

    quantities: Quantities

    def claim(self, said: tree.Tree) -> Claim:
        """What says of a job whether a claim holds."""
        match said:
            case tree.Negative(inner):
                contrary = self.claim(inner)
                return lambda job: not contrary(job)
            case tree.Operation("and" | "or" as word, one, other):
                both, claims = all if word == "and" else any, (self.claim(one), self.claim(other))
                return lambda job: both(claim(job) for claim in claims)
            case tree.Operation(sign, one, other):
                left = self.value(one)
                return _compared(left, sign, self.value(other, beside=left))
            case tree.Membership():
                return self._membership(said)
        raise TypeError(f"{said} is no claim")

    def _membership(self, said: tree.Membership) -> Claim:
        left = self.value(said.term)
        claims = [_compared(left, "==", self.value(each, beside=left)) for each in said.choices]
        if said.is_negated:
            return lambda job: _known(left.of(job)) is not None and not any(claim(job) for claim in claims)
        return lambda job: any(claim(job) for claim in claims)

    def value(self, term: tree.Tree, *, beside: _Value | None = None) -> _Value:
        """A side of a comparison.

        Args:
            beside: What it is compared with: a word beside a status is one, or misspelt.
        """
        match term:
            case tree.Number(number, at):
                return _Value(lambda _: number, ValueKind.NUMBER, at)
            case tree.Text(word, at):
                return _word(word, at)
            case tree.Variable(word, None, at) if word in set(ResultStatus) or (beside and beside.is_status):
                return _word(word, at)
            case tree.Variable():
                return self._named(term, beside=beside)
        raise TypeError(f"{term} is no value")

    def _named(self, said: tree.Variable, *, beside: _Value | None) -> _Value:
        try:
            found = self.quantities.found(said.name, None if said.index is None else str(said.index))
        except UnknownQuantityError as error:
            is_text = beside is not None and beside.kind is ValueKind.TEXT
            _fail(
                said.at, error.message, f"a text stands in quotes: '{said.name}'" if is_text else error.hint
            )
        if found.kind in {ValueKind.SEVERAL, ValueKind.MOMENT}:
            _fail(said.at, f"{found.name} cannot be compared")
        return _Value(found.of, found.kind, said.at, is_status=found.name == "status")


def _word(word: str, at: int) -> _Value:
    return _Value(lambda _: word, ValueKind.TEXT, at, word)


def _compared(left: _Value, sign: str, right: _Value) -> Claim:
    _check_status(left, right)
    _check_status(right, left)
    if (left.kind is ValueKind.TEXT) != (right.kind is ValueKind.TEXT):
        text, number = (left, right) if left.kind is ValueKind.TEXT else (right, left)
        hint = "take the quotes away" if text.word is not None and number.word is None else ""
        _fail(right.at, "text and a number are never equal", hint)
    if left.kind is ValueKind.TEXT and sign not in {"==", "!="}:
        _fail(left.at, "text is compared with == or !=, or by in")
    return lambda job: _holds(_known(left.of(job)), sign, _known(right.of(job)))


def _check_status(one: _Value, other: _Value) -> None:
    """Refuse to compare a status with a word that is none."""
    if one.is_status and other.word is not None and other.word not in set(ResultStatus):
        hint = near(other.word, ResultStatus, kind="statuses")
        _fail(other.at, f"there is no status {other.word}", hint)


def _known(value: Any) -> str | float | None:
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
