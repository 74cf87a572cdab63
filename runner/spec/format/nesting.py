"""What is open at a place of a file: mappings and lists, and the place of the entry that is being read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runner.spec.yaml_text.json_pointers import child

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.spec.format.lines import Line, Path

STEP: Final = 2  # columns that a level is indented by
AT_THE_TOP: Final = (float("-inf"),)
LAST: Final = float("inf")
_MANY: Final = 10**9


@dataclass(slots=True)
class Level:
    """A mapping or a list that is open.

    Args:
        old: Column that it stood at.

        new: Column that it is to stand at.

        path: Where it stands in the file.

        pointer: JSON pointer of it.

        order: Its keys, in the order of the schema; empty where the order is the author's.

        is_list: Whether it is a list.

        is_flow: Whether it is in brackets or braces.

        is_bare: Whether it is a list at the column of its key.

        entry: Where its present entry stands in the file.

        entry_pointer: JSON pointer of that.

        ranks: Of its entries so far.

        lines: That its entries begin on.

        begins: Of one in brackets or braces, how many words stand before its first, and on which line.
    """

    old: int = 0
    new: int = -STEP
    path: Path = ()
    pointer: str = ""
    order: Sequence[str] = ()
    is_list: bool = False
    is_flow: bool = False
    is_bare: bool = False
    entry: Path = ()
    entry_pointer: str = ""
    ranks: list[float] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    begins: tuple[int, Line] | None = None

    def inside(self, old: int) -> Level:
        """A level that is the value of the present entry."""
        return Level(old, self.new + STEP, self.entry, self.entry_pointer)

    def take_key(self, key: str) -> None:
        """Begin with the entry of a key."""
        known = self.order.index(key) if key in self.order else len(self.order)
        self._take(known * _MANY + len(self.ranks), child(self.pointer, key))

    def take_item(self) -> None:
        """Begin with the next item."""
        number = len(self.ranks)
        self._take(number, child(self.pointer, number))

    def _take(self, rank: float, pointer: str) -> None:
        self.ranks.append(rank)
        self.entry, self.entry_pointer = (*self.path, rank), pointer


@dataclass(slots=True)
class Nesting:
    """The levels around a place, outermost first.

    Args:
        order_at: The keys of a mapping in the order of the schema, by its pointer.
    """

    order_at: Callable[[str], Sequence[str]]
    levels: list[Level] = field(default_factory=lambda: [Level()])
    _chain: tuple[tuple[int, int, Path], ...] | None = None

    @property
    def top(self) -> Level:
        """The innermost level."""
        return self.levels[-1]

    @property
    def block(self) -> Level:
        """The innermost level that is not in brackets or braces."""
        return next(level for level in reversed(self.levels) if not level.is_flow)

    def open(
        self, column: int, *, is_list: bool = False, is_flow: bool = False, is_bare: bool = False
    ) -> Level:
        """Open a level as the value of the present entry."""
        level = self.top.inside(column)
        level.is_list, level.is_flow, level.is_bare = is_list, is_flow, is_bare
        level.order = () if level.is_list else self.order_at(level.pointer)
        self.levels.append(level)
        self._chain = self._chain if is_flow else None
        return level

    def close(self) -> Level:
        """Close the innermost level, and a list first that nothing else closes."""
        self.leave_bare()
        self._chain = None
        return self.levels.pop()

    def leave_bare(self) -> None:
        """Close a list that stands at the column of its key, if there is one."""
        if self.top.is_bare:
            self._chain = None
            self.levels.pop()

    def chain(self) -> tuple[tuple[int, int, Path], ...]:
        """Old and new column and path of each level that is not in brackets or braces."""
        if self._chain is None:  # asked for at each word of a line
            self._chain = tuple(
                (each.old, each.new, each.path) for each in self.levels[1:] if not each.is_flow
            )
        return self._chain
