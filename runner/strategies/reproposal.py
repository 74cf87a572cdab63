"""How far a round that was bought is from what would be proposed for it here. Pure; it changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.strategies.rounds import proposal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain.strategies import Strategy, Trial
    from runner.strategies.rounds import MakeEngine

# In parts of the interval: less is how computers round.
_SAME: Final = 1e-9


def reproposed(
    strategy: Strategy,
    trials: Mapping[int, Trial],
    slots: Mapping[int, Mapping[str, object]],
    number: int,
    *,
    engine: MakeEngine | None = None,
) -> str:
    """What differs, for people; empty where nothing does.

    Args:
        trials: Every slot that has ended.

        slots: Every slot that was bought, with the values that were bought.

        number: Of the round.

    Raises:
        RunnerError: The kind needs a package that is not installed.
    """
    points, space = proposal(strategy, trials, number, engine=engine), strategy.space
    apart = {
        slot: [
            (abs(here - there), dimension.name)
            for here, there, dimension in zip(
                space.units(space.variables(units)), space.units(slots[slot]), space.dimensions, strict=True
            )
        ]
        for slot, units in points.items()
        if slot in slots
    }
    others = {slot: max(some) for slot, some in apart.items() if max(some)[0] > _SAME}
    if not others:
        return ""
    slot = max(others, key=lambda each: (others[each][0], -each))
    distance, name = others[slot]
    name_of_round = f"round {number}" if number else "first"
    return (
        f"{len(others)} of {len(apart)} points of {name_of_round} were bought otherwise than"
        f" they are proposed here, by up to {100 * distance:.2g} % of an interval (slot {slot}: {name})"
    )
