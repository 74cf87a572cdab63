"""What is known of jobs that were built before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Former(Protocol):
    """Remembers jobs that were built and of which there was nothing to say.

    Whoever keeps them forgets them when Pulser or the runner is another one.
    """

    def durations(self, text: str) -> Mapping[str, int]:
        """How long jobs of a sequence take (in ns), by key.

        Args:
            text: Abstract representation of the sequence; its device is a part of it.
        """

    def keep(self, text: str, durations: Mapping[str, int]) -> None:
        """Remembers the jobs of a sequence, and no others of it."""


class Nothing:
    """Remembers nothing."""

    def durations(self, text: str) -> Mapping[str, int]:
        """No job was built before."""
        del text
        return {}

    def keep(self, text: str, durations: Mapping[str, int]) -> None:
        """Forgets at once."""
