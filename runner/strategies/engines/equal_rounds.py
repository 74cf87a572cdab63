"""Engines each of whose rounds has as many points as are asked for; NumPy is not imported for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.strategies.engines.base import Search


class EqualRounds:
    """What engines have in common each of whose rounds has as many points as are asked for."""

    def __init__(self, search: Search) -> None:
        self._search = search

    def size(self) -> int:
        """As many as are asked for."""
        return self._search.ask

    def most(self, rounds: int) -> int:
        """As many each."""
        return rounds * self._search.ask
