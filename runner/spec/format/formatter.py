"""Text of an experiment file → the same in the one form that all files have. Pure.

Levels are indented by two columns, list items too; what stands on a line has one space between its parts,
or none; keys stand in the order of the schema. What else the author chose stays as it was typed: braces or
lines, quotes, numbers, line breaks, blank lines, and every comment. So the text is taken apart into words and
put together again: a library that writes data anew keeps comments between lines, but not those in braces, nor
the escapes and the line breaks of a text.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.errors import Problem, SpecError
from runner.spec.format.layout import Layer, LayoutError, tokens_of
from runner.spec.format.lines import broken, joined, written
from runner.spec.format.nesting import AT_THE_TOP, LAST
from runner.spec.validate.schema import KeyOrders
from runner.spec.yaml_text.document import Place, excerpt
from runner.spec.yaml_text.json_pointers import child
from runner.spec.yaml_text.limits import LIMITS
from runner.spec.yaml_text.loader import document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.domain.json_values import Json
    from runner.spec.format.lines import Line, Path
    from runner.spec.yaml_text.limits import Limits

    _Chain = Sequence[tuple[int, int, Path]]
    _Order = Callable[[str], Sequence[str]]


def formatted(text: str, *, path: str, limits: Limits = LIMITS) -> str:
    """The text in form; its content is the same.

    Raises:
        SpecError: It cannot be read, says something that no file may say, or is written in a way that cannot
            be put into form without harm.
    """
    before = document(text, path=path, limits=limits)
    if before.problems:
        raise SpecError(before.problems)
    order = KeyOrders(before.data).at
    try:
        form = _laid_out(text, order)
        if form == text:
            return text
        # A text that the file ends with, without a line break, means another one elsewhere.
        forms = (form if each is order else _laid_out(text, each) for each in (order, _as_typed))
        characters = _characters(text)
        whole = (each for each in forms if _characters(each) == characters)
        after = next((each for each in whole if _says(each, before.data, order)), None)
    except LayoutError as error:
        place, hint = Place(error.line + 1, 1), "write it as key: value"
        found = Problem(path, *place, "", str(error), hint, excerpt(before.lines, place))
        raise SpecError([found]) from error
    if after is None:
        message = "the file cannot be put into form without changing what it says"
        raise SpecError([Problem(path, 1, 1, "", message)])
    return after


def _characters(text: str) -> Counter[str]:
    """How often each character stands in a text, less the spaces: neither a comment nor a sign gets lost."""
    return Counter({letter: count for letter, count in Counter(text).items() if not letter.isspace()})


def _as_typed(_: str) -> tuple[str, ...]:
    """No order of keys but the author's."""
    return ()


def _says(text: str, expected: Json, order: _Order) -> bool:
    try:
        return _is_same(document(text, path="").data, expected, "", order)
    except SpecError:
        return False


def _is_same(one: Json, other: Json, pointer: str, order: _Order) -> bool:
    """Whether two contents mean the same; the order of keys means something where the author names them."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys() or (list(one) != list(other) and not order(pointer)):
            return False
        return all(_is_same(one[key], other[key], child(pointer, key), order) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        pairs = enumerate(zip(one, other, strict=False))
        return len(one) == len(other) and all(_is_same(a, b, child(pointer, i), order) for i, (a, b) in pairs)
    return type(one) is type(other) and bool(one == other)


def _laid_out(text: str, order: _Order) -> str:
    texts, breaks = broken(text)
    layer = Layer(texts, order)
    for token in tokens_of(text):
        layer.take(token)
    for line, typed in zip(layer.lines, texts, strict=True):
        _take_comment(line, typed)
    _place_the_rest(layer)
    placed = sorted(zip(layer.lines, breaks, strict=True), key=lambda each: each[0].path)
    lines, ends = zip(*_trimmed(placed), strict=True)
    return joined(written(lines), ends, is_open=lines[-1].body is not None)


def _take_comment(line: Line, typed: str) -> None:
    rest = typed[line.end :] if line.body is None else ""
    comment = rest.strip()
    if not comment.startswith("#"):
        return
    line.comment = comment
    line.comment_column = line.end + len(rest) - len(rest.lstrip())
    if not line.has_words:
        line.column = line.comment_column


def _trimmed(placed: Sequence[tuple[Line, str]]) -> Sequence[tuple[Line, str]]:
    """Without blank lines at the beginning and the end."""
    is_blank = [not (line.has_words or line.comment or line.body is not None) for line, _ in placed]
    first = is_blank.index(False)
    return placed[first : len(placed) - is_blank[::-1].index(False)]


@dataclass(slots=True)
class _Between:
    """Where comments and blank lines belong that stand between two lines.

    Args:
        chain: What was open at the end of the line before.

        after: The line behind; None at the end of the file.

        is_first: Whether nothing stands before.
    """

    chain: _Chain
    after: Line | None
    is_first: bool

    def put(self, lines: Sequence[Line]) -> None:
        """Give each its place; a blank line goes with the line below it."""
        waiting: list[Line] = []
        is_past = False  # of what belongs to the line before
        for line in lines:
            waiting.append(line)
            if line.comment:
                level = None if is_past or self.is_first else self._level(line.column)
                is_past = level is None
                self._give(waiting, level)
                waiting = []
        self._give(waiting, None)

    def _level(self, column: int) -> tuple[int, int, Path] | None:
        """The level above that a comment belongs to; None if it belongs to the line behind."""
        if self.after and (self.after.inner or column == self.after.column):
            return None
        exact = [level for level in self.chain if level[0] == column]
        around = [level for level in self.chain if level[0] < column]
        level = exact[0] if exact else around[-1] if around else None
        return level if level and (self.after is None or level[0] > self.after.column) else None

    def _give(self, lines: Sequence[Line], level: tuple[int, int, Path] | None) -> None:
        for line in lines:
            if level is not None:
                line.indent, line.path = level[1], (*level[2], LAST)
            elif self.after is None:
                line.path = (LAST,)
            else:
                line.indent = _before(line, self.after)
                line.path = AT_THE_TOP if self.is_first else self.after.lead


def _before(line: Line, after: Line) -> int:
    """Column of a comment that stands above a line."""
    if after.inner and line.column != after.column:
        shift, least = after.inner
        return max(line.column + shift, least)
    return after.start if after.dashes else after.lead_indent


def _place_the_rest(layer: Layer) -> None:
    """Give their places to comments on lines of their own, and to blank lines."""
    chain: _Chain = ()
    waiting: list[Line] = []
    is_first = True
    for number, line in enumerate(layer.lines):
        if line.has_words:
            _Between(chain, line, is_first).put(waiting)
            waiting, is_first = [], False
        elif line.body is None and line.inner is None:
            waiting.append(line)
        chain = layer.chains.get(number, chain)
    _Between(chain, None, is_first).put(waiting)
