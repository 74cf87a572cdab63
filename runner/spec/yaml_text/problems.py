"""Problems of a file, as they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from runner.errors import Problem
    from runner.spec.yaml_text.document import Document

# More of them help nobody, and take a while to be explained.
MOST: Final = 100


class Findings:
    """Collects problems, each at its place; no more than a reader can use.

    Args:
        document: The file that they are in.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._problems: list[Problem] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found so far."""
        return (*self._problems, *([more_problems(self._document)] if self.is_full else []))

    @property
    def is_full(self) -> bool:
        """Whether it is of no use to look for more."""
        return len(self._problems) >= MOST

    def has(self, pointer: str) -> bool:
        """Whether a value stands in the file at a pointer."""
        return pointer in self._document.values

    def line(self, pointer: str) -> int:
        """Line of a value."""
        return self._document.place(pointer).line

    def note(self, pointer: str, message: str, hint: str = "", *, of_key: bool = False) -> None:
        """Something is wrong with a value, or with its key, all of which could be read."""
        if not self.is_full and not self._is_read_in_part(pointer):
            self._problems.append(self._document.problem(pointer, message, hint, of_key=of_key))

    def _is_read_in_part(self, pointer: str) -> bool:
        """Whether something stands in for a value that is no number, which would be blamed in its place."""
        return bool(pointer) and any(
            each.pointer.startswith(f"{pointer}/") for each in self._document.problems
        )


def more_problems(document: Document) -> Problem:
    """What is said where there may be more problems than are told."""
    return document.problem("", f"there may be more problems: after {MOST} of them nobody looked further")
