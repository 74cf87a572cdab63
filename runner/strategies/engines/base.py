"""What every engine has, and is given; how its points keep conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import numpy as np

from runner.domain.strategies import by_score

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.domain.strategies import SearchSpace, Trial, Units

    Round = tuple[Trial, ...]

MOST_DRAWS: Final = 1000
_HALVINGS: Final = 60  # more change nothing between two numbers of the unit interval


class UnkeptError(Exception):
    """No point was found that keeps the conditions; its text says where it was looked for, for people."""


class SearchEngine(Protocol):
    """What proposes rounds; made anew for each question, and told what has ended since the beginning."""

    @property
    def end(self) -> str:
        """Why it proposes nothing any more, for people; empty where it never ends by itself."""

    def size(self) -> int:
        """How many points the next round has."""

    def most(self, rounds: int) -> int:
        """How many points so many rounds behind the next one have at most."""

    def tell(self, trials: Round) -> None:
        """Take in a round that has ended; the `first` one, which may be empty, before all others."""

    def propose(self, rng: np.random.Generator) -> list[Units]:
        """The points of the next round; none at the end of the search.

        Raises:
            UnkeptError: No point keeps the conditions.
        """


@runtime_checkable
class Ranking(Protocol):
    """What an engine has that says itself which jobs are best."""

    def ranked(self, trials: Sequence[Trial]) -> list[Trial]:
        """Those that have a score, best first."""


@runtime_checkable
class Converging(Protocol):
    """What an engine has that says itself which scores are close to each other at the end."""

    def compared(self) -> list[float]:
        """Their losses, infinite of what failed; none while a step is not finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What an engine is to search, and how.

    Args:
        ask: Points of a round; a kind that takes none ignores it.

        settings: Value of each setting of its kind.

        entropy: What all random numbers come from: digest and seed.

        allows: Whether a place keeps the conditions.

        is_maximized: Whether losses are scores with another sign.
    """

    space: SearchSpace
    ask: int
    settings: Mapping[str, float]
    entropy: tuple[int, ...]
    allows: Callable[[Units], bool] = lambda _: True
    is_maximized: bool = False

    @property
    def n(self) -> int:
        """How many numbers are varied."""
        return len(self.space.dimensions)

    def random(self, number: int) -> np.random.Generator:
        """The generator of a round: the same one on every machine."""
        return np.random.default_rng([*self.entropy, number])

    def drawn(self, draw: Callable[[], Sequence[float]]) -> Units:
        """What is drawn until it keeps the conditions.

        Raises:
            UnkeptError: After many draws, none does.
        """
        for _ in range(MOST_DRAWS):
            point = in_cube(draw())
            if self.allows(point):
                return point
        raise UnkeptError(f"{MOST_DRAWS} were drawn")

    def pulled(self, anchor: Sequence[float], point: Sequence[float]) -> Units:
        """The point, or the first that keeps the conditions on halving the way to it from an anchor.

        Raises:
            UnkeptError: None does.
        """
        origin, way = np.asarray(anchor), np.asarray(in_cube(point)) - np.asarray(anchor)
        for halvings in range(_HALVINGS):
            place = in_cube(point) if not halvings else in_cube(origin + way / 2.0**halvings)
            if self.allows(place):
                return place
        raise UnkeptError("also on the way back to the best one")

    def start(self, first: Round, rng: np.random.Generator) -> Units:
        """The best of the first round; without one the middle, or a random place if it is not allowed."""
        known = [(trial.loss, trial.slot, trial.units) for trial in first if trial.loss is not None]
        if known:
            return min(known)[2]
        middle = (0.5,) * self.n
        return middle if self.allows(middle) else self.drawn(lambda: rng.random(self.n).tolist())


def in_cube(point: Sequence[float] | np.ndarray) -> Units:
    """The nearest point of the unit cube."""
    return tuple(min(max(float(each), 0.0), 1.0) for each in point)


def ranked(engine: SearchEngine, trials: Sequence[Trial]) -> list[Trial]:
    """Those that have a score, best first: as the engine says itself, else by their scores."""
    return engine.ranked(trials) if isinstance(engine, Ranking) else by_score(trials)


def loss_of(trial: Trial) -> float:
    """Loss of a trial; infinite where the job failed."""
    return float("inf") if trial.loss is None else trial.loss
