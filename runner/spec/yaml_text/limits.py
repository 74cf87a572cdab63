"""How large an experiment file may be: what is beyond is refused before it costs time or memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What no experiment file may go beyond.

    Args:
        characters: Length of the file, and of each file that it names.

        depth: How deep lists and mappings may be nested.

        jobs: How many jobs the file may ask for, and how many values a rule of a sweep may give.
    """

    characters: int = 5_000_000
    depth: int = 40
    jobs: int = 100_000

    @property
    def bytes(self) -> int:
        """The most that so many characters take in UTF-8."""
        return 4 * self.characters


LIMITS = Limits()
