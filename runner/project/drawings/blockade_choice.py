"""Which blockade is drawn on a register: that of a job's strongest drive, or of a given one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.errors import UsageError
from runner.results.plots.picture import Blockade

if TYPE_CHECKING:
    from runner.sequences.samples import Played

_POWER: Final = 1 / 6
_BASIS: Final = "ground-rydberg"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBlockade:
    """What of a blockade is to be seen.

    Args:
        rabi_rad_per_us: Rabi frequency of the drive; None for the highest of the job.
    """

    radius: bool = False
    graph: bool = False
    rabi_rad_per_us: float | None = None

    @property
    def is_there(self) -> bool:
        """Whether anything is asked for."""
        return self.radius or self.graph or self.rabi_rad_per_us is not None


def blockade(shown: Played, asked: AskedBlockade) -> Blockade | None:
    """The blockade of a job; None where none is asked for.

    Two atoms at the radius interact as strongly as they are driven: C6 / r^6 = Ω.

    Raises:
        UsageError: The job does not drive its atoms to the Rydberg state, and so has none.
    """
    if not asked.is_there:
        return None
    if shown.c6_rad_um6_per_us is None:
        raise UsageError(
            "there is no blockade radius: no channel drives the atoms to the Rydberg state",
            hint=f"it takes a channel in the {_BASIS} basis",
        )
    rabi = asked.rabi_rad_per_us if asked.rabi_rad_per_us is not None else _highest(shown)
    if not rabi:
        raise UsageError(
            "there is no blockade radius: the amplitude of this job is 0 throughout",
            hint="name another job with --job, or a Rabi frequency with --rabi-frequency",
        )
    return Blockade(
        radius_um=(shown.c6_rad_um6_per_us / rabi) ** _POWER,
        shows_radius=asked.radius or not asked.graph,
        shows_graph=asked.graph,
        rabi_rad_per_us=rabi,
    )


def _highest(shown: Played) -> float:
    """The highest Rabi frequency that is programmed (in rad/µs)."""
    driven = (each.amplitude_rad_per_us for each in shown.channels if each.basis == _BASIS)
    return max((max(amplitude, default=0.0) for amplitude in driven), default=0.0)
