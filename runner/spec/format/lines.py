"""Lines of an experiment file as a formatter sees them: words, and a comment behind them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Where a line stands among all: ranks of the keys and numbers of the items that it is in, outermost first.
Path = tuple[float, ...]

_OPENING: Final = frozenset("[{")
_NEVER_AFTER_A_SPACE: Final = frozenset("]},:")
_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_KEPT_BREAKS: Final = frozenset("\x85\u2028\u2029")
_GAP: Final = 2


class Word(NamedTuple):
    """A piece of a line that stays as it was typed.

    Args:
        mark: The sign that it is, as `{`; empty for text and numbers.
    """

    text: str
    mark: str = ""


@dataclass(slots=True)
class Line:
    """A line, and where it is to stand.

    Args:
        column: Where its first word or its comment stood, from 0.

        end: Where its last word ended.

        indent: Where what follows the dashes is to stand.

        path: Its place in the file.

        lead: The place of its first word, which is a dash perhaps.

        lead_indent: Where its first word is to stand, if no key takes its dash away.

        dashes: Where the dashes of list items are to stand that it begins with.

        comment: With its `#`; at `comment_column`.

        body: Of a block of text, with its indentation; None for any other line.

        inner: How far the value moves that it is the continuation of, and the least indentation; None for
            others.
    """

    column: int = 0
    end: int = 0
    indent: int = 0
    path: Path = ()
    lead: Path = ()
    lead_indent: int = 0
    dashes: tuple[int, ...] = ()
    words: list[Word] = field(default_factory=list)
    comment: str = ""
    comment_column: int = 0
    body: str | None = None
    inner: tuple[int, int] | None = None

    @property
    def start(self) -> int:
        """Where the line is to begin."""
        return self.dashes[0] if self.dashes else self.indent

    @property
    def shift(self) -> int:
        """How far it is moved to the right."""
        return self.start - self.column

    @property
    def has_words(self) -> bool:
        """Whether it is neither blank, nor a comment alone, nor within a block of text."""
        return bool(self.words or self.dashes)

    def code(self) -> str:
        """Its text, less the comment."""
        if self.body is not None:
            return self.body
        text = ""
        for column in self.dashes:
            text = text.ljust(column) + "-"
        if not self.words:
            return text
        return text.ljust(self.indent) + spaced(self.words)


def spaced(words: Sequence[Word]) -> str:
    """Words of a line with the spaces between them."""
    text = words[0].text
    for left, right in pairwise(words):
        is_tight = left.mark in _OPENING or right.mark in _NEVER_AFTER_A_SPACE
        text += right.text if is_tight else f" {right.text}"
    return text


def broken(text: str) -> tuple[list[str], list[str]]:
    """The lines of a text, and the breaks behind them; that of the last one may be missing."""
    lines, breaks = _BREAK.split(text), [*_BREAK.findall(text), ""]
    return (lines, breaks) if lines[-1] else (lines[:-1], breaks[:-1])


def joined(texts: Sequence[str], breaks: Sequence[str], *, is_open: bool) -> str:
    """The text with the line break that it had first, behind the last line as well.

    Args:
        texts: The lines.

        breaks: What stood behind each of them; the rare ones are part of what a text says, and stay.

        is_open: Whether none is put behind the last line if there was none: it would be part of a text.
    """
    usual = next((each for each in breaks if each and each not in _KEPT_BREAKS), "\n")
    ends = [each if each in _KEPT_BREAKS else usual for each in breaks]
    if is_open and not breaks[-1]:
        ends[-1] = ""
    return "".join(text + end for text, end in zip(texts, ends, strict=True))


def written(lines: Sequence[Line]) -> list[str]:
    """The text of each line; comments that stood below each other still do."""
    texts: list[str] = []
    for column, group in groupby(lines, key=_comment_column):
        some = list(group)
        texts += _alone(some) if column is None else _below_each_other(some)
    return texts


def _alone(lines: Iterable[Line]) -> list[str]:
    """Lines without a comment, or with nothing else."""
    return [line.code() or (line.comment and " " * line.indent + line.comment) for line in lines]


def _below_each_other(lines: Sequence[Line]) -> list[str]:
    """Lines whose comments stand in one column: where they stood, or further to the right."""
    codes = [line.code() for line in lines]
    column = max(map(_least_column, lines, codes))
    return [code.ljust(column) + line.comment for line, code in zip(lines, codes, strict=True)]


def _comment_column(line: Line) -> int | None:
    """Column of a comment behind something."""
    return line.comment_column if line.comment and line.has_words else None


def _least_column(line: Line, code: str) -> int:
    """Where its comment may stand."""
    gap = min(line.comment_column - line.end, _GAP)
    return max(line.comment_column, len(code) + gap)
