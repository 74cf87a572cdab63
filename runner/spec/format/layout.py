"""Text of an experiment file → its lines, each with the column and the place that it is to have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import yaml

from runner.spec.format.lines import Line, Word
from runner.spec.format.nesting import AT_THE_TOP, LAST, STEP, Nesting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runner.spec.format.lines import Path
    from runner.spec.format.nesting import Level

_FAST: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FLOW_STARTS: Final = (yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
_FLOW_ENDS: Final = (yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_BLOCK_STARTS: Final = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken)
_STREAM: Final = (yaml.StreamStartToken, yaml.StreamEndToken)
_LISTS: Final = (yaml.BlockSequenceStartToken, yaml.FlowSequenceStartToken)
_HEADER: Final = re.compile(r"[|>][-+]?([1-9])?[-+]?")


class LayoutError(Exception):
    """YAML that is read, but not put into form; with the line, from 0."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Layer:
    """Lays out the lines of a file that is known to be read without a problem.

    Args:
        texts: The lines of the file.

        order_at: The keys of a mapping in the order of the schema, by its pointer.
    """

    def __init__(self, texts: Sequence[str], order_at: Callable[[str], Sequence[str]]) -> None:
        self.texts = texts
        self.lines = [Line() for _ in texts]
        self.nesting = Nesting(order_at)
        self.chains: dict[int, tuple[tuple[int, int, Path], ...]] = {}
        self.is_key = False

    def take(self, token: yaml.Token) -> None:
        """Take the next token."""
        # Asked by its class: there are several for each word of a file.
        kind = type(token)
        if isinstance(token, yaml.ScalarToken):
            self._scalar(token)
        elif kind is yaml.KeyToken:
            self._expect_key(token)
        elif kind in _BLOCK_STARTS:
            self.nesting.open(token.start_mark.column, is_list=kind in _LISTS)
        elif kind is yaml.BlockEndToken:
            self._end_block()
        elif kind is yaml.BlockEntryToken:
            self._dash(token)
        elif kind not in _STREAM:
            self._sign(token)

    def _expect_key(self, token: yaml.Token) -> None:
        self.nesting.leave_bare()
        if token.end_mark.index != token.start_mark.index:
            raise LayoutError("a key that begins with ? is not put into form", token.start_mark.line)
        self.is_key = not self.nesting.top.is_list

    def _dash(self, token: yaml.Token) -> None:
        mark = token.start_mark
        if not self.nesting.top.is_list:
            self.nesting.open(mark.column, is_list=True, is_bare=True)
        level, line = self.nesting.top, self.lines[mark.line]
        level.take_item()
        if not line.has_words:
            line.column, line.lead, line.lead_indent = mark.column, level.entry, level.new
        line.dashes = (*line.dashes, level.new)
        line.path, line.indent = level.entry, level.new + STEP
        self._ended(mark.line, token.end_mark.column)

    def _end_block(self) -> None:
        level = self.nesting.close()
        if level.order and not level.is_list:
            _give_dashes(level)

    def _scalar(self, token: yaml.ScalarToken) -> None:
        line, level = self.lines[token.start_mark.line], self.nesting.top
        if self.is_key:
            self.is_key = False
            level.take_key(token.value)
            if not level.is_flow:
                self._begin_entry(line, level, token.start_mark.column)
        if token.style in ("|", ">"):
            self._block_of_text(token)
        else:
            self._words(token, "")

    def _begin_entry(self, line: Line, level: Level, column: int) -> None:
        if not line.has_words:
            line.column, line.lead = column, level.entry
            line.indent = line.lead_indent = level.new
        line.path = level.entry
        level.lines.append(line)

    def _sign(self, token: yaml.Token) -> None:
        mark = token.start_mark
        line = self.lines[mark.line]
        if isinstance(token, _FLOW_STARTS):
            self._words(token, self._text(token))
            level = self.nesting.open(mark.column, is_list=isinstance(token, _LISTS), is_flow=True)
            level.begins = (len(line.words), line)
            if level.is_list:
                level.take_item()
        elif isinstance(token, _FLOW_ENDS):
            self._words(token, self._text(token))
            _put_in_order(self.nesting.levels.pop(), line)
        else:
            self._words(token, self._text(token))
            if isinstance(token, yaml.FlowEntryToken) and self.nesting.top.is_list:
                self.nesting.top.take_item()

    def _text(self, token: yaml.Token) -> str:
        start, end = token.start_mark, token.end_mark
        return str(self.texts[start.line][start.column : end.column])

    def _words(self, token: yaml.Token, mark: str) -> None:
        """Put a token on its line, and what is left of it on the next ones."""
        start, end = token.start_mark, token.end_mark
        first = self.lines[start.line]
        if not first.has_words:
            self._begin_line(token)
        if start.line == end.line:  # as nearly all
            if start.column < end.column:
                text = self.texts[start.line][start.column : end.column]
                first.words.append(Word(text, mark))
            self._ended(start.line, end.column)
            return
        is_quoted = isinstance(token, yaml.ScalarToken) and token.style
        for number in range(start.line, end.line + 1):
            text = self.texts[number]
            left = start.column if number == start.line else len(text) - len(text.lstrip(" \t"))
            text = text[left : end.column] if number == end.line else text[left:]
            line = self.lines[number]
            if number > start.line:
                self._continue(line, first, left)
            if text:
                line.words.append(Word(text if number == end.line or is_quoted else text.rstrip(), mark))
            self._ended(number, left + len(text))

    def _begin_line(self, token: yaml.Token) -> None:
        """A line that begins with neither a dash nor a key of a block, unless its place is known already."""
        start = token.start_mark
        line, level = self.lines[start.line], self.nesting.block
        if line.path:
            return
        line.column = start.column
        line.path = line.lead = level.entry or AT_THE_TOP
        if isinstance(token, yaml.DocumentStartToken | yaml.DirectiveToken | yaml.DocumentEndToken):
            line.path = line.lead = (LAST,) if isinstance(token, yaml.DocumentEndToken) else AT_THE_TOP
        elif self.nesting.top.is_flow:
            _, first = next(each.begins for each in self.nesting.levels if each.begins)
            self._continue(line, first, start.column, is_end=isinstance(token, _FLOW_ENDS))
        else:
            line.indent = line.lead_indent = level.new + STEP

    def _continue(self, line: Line, first: Line, column: int, *, is_end: bool = False) -> None:
        """A line that goes on with a value that began on another one."""
        level = self.nesting.block
        least = level.new + (0 if is_end and not level.is_list else STEP)
        shift = first.inner[0] if first.inner else first.shift
        line.column, line.inner = column, (shift, max(least, 0))
        line.path = line.lead = first.path
        line.indent = line.lead_indent = max(column + shift, least, 0)

    def _ended(self, number: int, column: int) -> None:
        self.lines[number].end = column
        self.chains[number] = self.nesting.chain()

    def _block_of_text(self, token: yaml.ScalarToken) -> None:
        """`|` or `>` with what follows on the line, and the lines below it."""
        start = token.start_mark
        line, level = self.lines[start.line], self.nesting.block
        if not line.has_words:
            self._begin_line(token)
        header = self.texts[start.line][start.column :].rstrip()
        line.words.append(Word(header))
        self._ended(start.line, start.column + len(header))
        found = _HEADER.match(header)
        digit = int(found[1]) if found and found[1] else 0
        rows = [*self._rows(start.line, level.old, digit, keeps="+" in (found[0] if found else ""))]
        first = next((self.texts[number] for number in rows if self.texts[number].strip()), "")
        old = level.old + digit if digit else _indent(first)
        for number in rows:
            rest = self.texts[number][old:]
            below = self.lines[number]
            below.body = rest and " " * (level.new + (digit or STEP)) + rest
            below.path = line.path
            self.chains[number] = self.nesting.chain()

    def _rows(self, header: int, outer: int, digit: int, *, keeps: bool) -> Iterator[int]:
        """Numbers of the lines of a block of text."""
        least, blanks = outer + digit if digit else 0, list[int]()
        for number in range(header + 1, len(self.texts)):
            text = self.texts[number]
            if not text.strip(" ") and len(text) <= (least or len(text)):
                blanks.append(number)
                continue
            least = least or _indent(text)
            if _indent(text) < least or least <= outer:
                break
            yield from blanks
            yield number
            blanks = []
        if keeps:
            yield from blanks


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _put_in_order(level: Level, line: Line) -> None:
    """The entries of a mapping in braces, if all are on one line."""
    start, first = level.begins or (0, line)
    if not level.order or first is not line or level.ranks == sorted(level.ranks):
        return
    entries: list[list[Word]] = [[]]
    depth = 0
    for word in line.words[start:-1]:
        depth += (word.mark in ("{", "[")) - (word.mark in ("}", "]"))
        if word.mark == "," and depth == 0:
            entries.append([])
        else:
            entries[-1].append(word)
    comma_at_the_end = not entries[-1]
    ranked = sorted(zip(level.ranks, entries, strict=False), key=lambda each: each[0])
    words = [word for _, entry in ranked for word in (*entry, Word(",", ","))]
    line.words[start:-1] = words if comma_at_the_end else words[:-1]


def _give_dashes(level: Level) -> None:
    """The dash of an item stands before the key that comes first."""
    before = level.lines[0]
    first = min(level.lines, key=lambda line: line.path)
    if first is before or not before.dashes:
        return
    first.dashes, before.dashes = before.dashes, ()


def tokens_of(text: str) -> Iterator[yaml.Token]:
    """Tokens of a text that is known to be YAML."""
    yield from yaml.scan(text, Loader=_FAST)
