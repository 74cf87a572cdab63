"""Problems of a file, as they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.errors import Problem
    from runner.spec.document import Document


class Findings:
    """Collects problems, each at its place.

    Args:
        document: The file that they are in.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._problems: list[Problem] = []

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found so far."""
        return tuple(self._problems)

    def line(self, pointer: str) -> int:
        """Line of a value."""
        return self._document.place(pointer).line

    def note(self, pointer: str, message: str, hint: str = "", *, of_key: bool = False) -> None:
        """Something is wrong with a value, or with its key."""
        self._problems.append(self._document.problem(pointer, message, hint, of_key=of_key))
