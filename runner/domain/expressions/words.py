"""The words that expressions are made of, in a file and behind `--where`, and what is said of all others."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from runner.domain.suggestions import HintedError, odd_letter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NUMBER: Final = r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


class ExpressionError(HintedError):
    """Text that can't be read as an expression.

    Args:
        at: How many characters stand before the fault; None if it is all of the text.
    """

    def __init__(self, message: str, hint: str = "", at: int | None = None) -> None:
        super().__init__(message, hint)
        self.at = at


class Token(NamedTuple):
    """A piece of a text.

    Args:
        kind: The group of the pattern that it fits, or `end`.

        at: How many characters stand before it.
    """

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The words of a kind of expression, how long one may be, and the messages on what is wrong with one.

    Args:
        pattern: The kinds of words: number, name, sign, text (in quotes), index (in brackets), space.

        slips: Hints on what is no word, and is meant for one.
    """

    pattern: re.Pattern[str]
    most_characters: int
    too_long: str
    too_deep: str
    no_word: str
    misplaced: str
    too_short: str
    lacking: str
    left_over: str
    slips: Mapping[str, str] = field(repr=False)

    def words(self, text: str) -> Iterator[Token]:
        """The words of a text, and its end.

        Raises:
            ExpressionError: It is too long, or holds something that is no word.
        """
        if len(text) > self.most_characters:
            raise ExpressionError(self.too_long.format(most=self.most_characters, count=len(text)))
        at, end = 0, len(text.rstrip())
        while at < end:
            match = self.pattern.match(text, at)
            if match is None:
                raise self._stray(text, at)
            if match.lastgroup != "space":
                yield Token(str(match.lastgroup), match.group(), at)
            at = match.end()
        yield Token("end", "", len(text))

    def _stray(self, text: str, at: int) -> ExpressionError:
        stray = next((slip for slip in self.slips if text.startswith(slip, at)), text[at])
        is_open = "text" in self.pattern.groupindex and stray in {'"', "'", "["}
        message = f"{stray} is never closed" if is_open else self.no_word.format(stray)
        return ExpressionError(message, self.slips.get(stray) or odd_letter(stray), at)


_FORMULA_NAME: Final = r"(?P<name>[A-Za-z_]\w*)"
_FORMULA_SIGN: Final = r"\*\*|//|[-+*/%()\[\],]"
FORMULA: Final = Dialect(
    pattern=re.compile(rf"(?P<space>\s+)|{_NUMBER})|{_FORMULA_NAME}|(?P<sign>{_FORMULA_SIGN})", re.ASCII),
    most_characters=300,
    too_long="an expression has at most {most} characters, not {count}",
    too_deep="the expression is nested more than {most} levels deep",
    no_word="expected a number or an expression; {} has no meaning in one",
    misplaced="the expression has {} where it can't be",
    too_short="the expression ends too early",
    lacking="the expression needs a {sign} before {word}",
    left_over="",
    slips={"^": "powers are written with **"},
)
CONDITION: Final = Dialect(
    pattern=re.compile(
        rf"""(?P<space>\s+)|{_NUMBER}(?!\w))|(?P<text>"[^"]*"|'[^']*')|(?P<name>[^\W\d]\w*)"""
        r"|(?P<index>\[[^\]]*\])|(?P<sign>==|!=|<=|>=|[<>(),+-])"
    ),
    most_characters=1000,
    too_long="the condition is longer than {most} characters",
    too_deep="this is nested too deeply",
    no_word="{} is not expected here",
    misplaced="{} stands where a name, a number or a text is expected",
    too_short="the end stands where a name, a number or a text is expected",
    lacking="{sign} is expected here",
    left_over="between comparisons stand and, or",
    slips={"&&": "say and", "||": "say or", "=": "say ==", "&": "say and", "|": "say or", "!": "say not"},
)
FORMULA_CONDITION: Final = Dialect(
    pattern=re.compile(
        rf"(?P<space>\s+)|{_NUMBER})|{_FORMULA_NAME}|(?P<sign>==|!=|<=|>=|[<>]|{_FORMULA_SIGN})", re.ASCII
    ),
    most_characters=500,
    too_long="the condition is longer than {most} characters",
    too_deep="this is nested too deeply",
    no_word="{} is not expected here",
    misplaced="{} stands where a number, a name or a formula is expected",
    too_short="the end stands where a number, a name or a formula is expected",
    lacking="{sign} is expected here",
    left_over="between comparisons stand and, or",
    slips={**CONDITION.slips, "^": "powers are written with **", "'": "numbers are compared, not texts"},
)
