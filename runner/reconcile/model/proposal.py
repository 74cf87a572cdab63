"""What a strategy is asked, and what it answers, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.domain import DesiredExperiment, RecordedJob
    from runner.domain.json_values import JobValues
    from runner.strategies.standing import StrategyStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotResult:
    """What came of a slot.

    Args:
        variables: As they were bought.

        is_pending: Whether it may still be measured, or is and not on record.

        is_unrecorded: Whether it is, and not on record.

        remote: What was measured, as it is on record; empty while it is pending, or where it failed.

        fresh: What was measured by each job that confirms it, by its label.
    """

    variables: Mapping[str, object]
    is_pending: bool
    is_unrecorded: bool = False
    remote: tuple[RecordedJob, ...] = ()
    fresh: Mapping[str, tuple[RecordedJob, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedPoint:
    """Values that are to be measured.

    Args:
        duration_ns: How long the built sequence takes (in ns).
    """

    variables: JobValues
    duration_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a strategy asks for next.

    Args:
        points: The points to buy, by their slots.

        confirmed: Slots that fresh jobs confirm, the best first, once it is done.

        said: How it stands, in words.

        fault: Why nothing can be asked for, and a person must decide; empty where nothing is wrong.

        is_done: Whether it asks for nothing more.

        standing: How it stands, as data; None where that is not known.
    """

    points: Mapping[int, ProposedPoint] = field(default_factory=dict)
    confirmed: tuple[int, ...] = ()
    said: str = ""
    fault: str = ""
    is_done: bool = False
    standing: StrategyStanding | None = None


Propose: TypeAlias = "Callable[[DesiredExperiment, Mapping[int, SlotResult]], Proposal]"


def nothing_proposed(desired: DesiredExperiment, slots: Mapping[int, SlotResult]) -> Proposal:
    """Asks for nothing beyond what was bought."""
    del desired, slots
    return Proposal()
