"""`exclude` and `include` of a sweep, with the meaning that CI matrices gave these words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.spec.values.sweep_values import Value


@dataclass(frozen=True, slots=True)
class Combination:
    """Values of some variables, as an item of `exclude` or `include` says them."""

    pointer: str
    values: Mapping[str, Value]


@dataclass(slots=True)
class Spot:
    """One point of a sweep.

    Args:
        swept: Values that the sweep gives it; empty for a point of its own.

        pointer: What asks for it.

        included: Variables that items of `include` have given it.
    """

    swept: Mapping[str, Value]
    values: Mapping[str, Value]
    pointer: str
    included: frozenset[str] = frozenset()


@dataclass(slots=True)
class Matrix:
    """The points of a sweep, on which items of `exclude` and `include` work one after the other.

    Args:
        constants: Variables to which the sweep gives one value: what an included point may leave out.
    """

    spots: list[Spot]
    constants: Mapping[str, Value]
    _indices: dict[tuple[str, ...], dict[tuple[Value, ...], list[Spot]]] = field(default_factory=dict)

    def exclude(self, items: Sequence[Combination]) -> list[Combination]:
        """Drops the points that an item agrees with; the items that agree with none are given back."""
        idle = []
        dropped: set[int] = set()
        for item in items:
            agreeing = self._agreeing(item.values)
            dropped.update(map(id, agreeing))
            idle += [] if agreeing else [item]
        self.spots = [spot for spot in self.spots if id(spot) not in dropped]
        self._indices.clear()
        return idle

    def include(self, items: Iterable[Combination]) -> list[Combination]:
        """Adds values to the points that an item does not contradict, or else a point of its own.

        Items that say nothing new are given back.
        """
        idle, added = [], []
        for item in items:
            swept = {name: value for name, value in item.values.items() if self._is_swept(name)}
            # Without a swept variable, it contradicts no point.
            agreeing = self._agreeing(swept)
            if not agreeing:
                values = {**self.constants, **item.values}
                added.append(Spot({}, values, item.pointer, frozenset(item.values)))
            elif len(swept) == len(item.values):
                idle.append(item)
            for spot in agreeing:
                spot.values = {**spot.values, **item.values}
                spot.included |= item.values.keys() - swept.keys()
        self.spots += added
        return idle

    def _is_swept(self, name: str) -> bool:
        return bool(self.spots) and name in self.spots[0].swept

    def _agreeing(self, values: Mapping[str, Value]) -> list[Spot]:
        """Points whose swept values are these; found by an index, as there may be many of both."""
        names = tuple(sorted(values))
        if not all(self._is_swept(name) for name in names):
            return []
        if names not in self._indices:
            self._indices[names] = self._index(names)
        return self._indices[names].get(tuple(values[name] for name in names), [])

    def _index(self, names: tuple[str, ...]) -> dict[tuple[Value, ...], list[Spot]]:
        index: dict[tuple[Value, ...], list[Spot]] = {}
        for spot in self.spots:
            index.setdefault(tuple(spot.swept[name] for name in names), []).append(spot)
        return index
