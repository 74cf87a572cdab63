"""The workers of a Dask cluster as values: which of them may get jobs, which one gets the next, and why not.

Pure: what was seen of them is passed in, and so is the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.local.engines.dask_worker import EMULATORS, NO_VERSION, REQUIRED, differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ATTEMPTS_PER_THREAD = 2
# The emulator that another one stands in for where its package is not installed.
_REPLACED = "EMU_SV"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """How long a worker may be silent (in s).

    Args:
        silent_s: After so long it gets no more jobs, and those it has say so.

        given_up_s: After so long its jobs are given to others, and what it still says of them is refused.

        left_out_s: For so long a worker gets no job after one that it could not execute.

        answer_s: How long a question to the cluster may take.
    """

    silent_s: float = 15.0
    given_up_s: float = 60.0
    left_out_s: float = 60.0
    answer_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A worker of the cluster.

    Args:
        id: Another one for each process, also at the same address.

        silent_s: How long nothing was heard of it (in s).

        packages: The versions that it has; None as long as it has not said so.

        fault: Why it could not be asked, or could not execute a job.

        left_out_until_s: Until when it gets no job for that (in s, as `Silence` counts).
    """

    address: str
    id: str
    n_threads: int = 1
    silent_s: float = 0.0
    packages: Mapping[str, str] | None = None
    fault: str = ""
    left_out_until_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a worker has: attempts, and those of them that are long, which get no other one behind them."""

    attempts: int = 0
    long: int = 0

    @property
    def slots(self) -> int:
        """How much of its room is taken."""
        return self.attempts + self.long


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRules:
    """By what members are judged.

    Args:
        wanted: The server's own versions.

        patience: How long they may be silent.
    """

    wanted: Mapping[str, str]
    patience: Silence = field(default_factory=Silence)

    def unfit(self, member: Member, now_s: float) -> str:
        """Why a worker gets no job, in words; empty if it may get one."""
        if member.left_out_until_s > now_s:
            return member.fault
        if member.silent_s >= self.patience.silent_s:
            return f"nothing was heard of it for {member.silent_s:.0f} s"
        if member.packages is None:
            return member.fault or "it has not said yet which versions it has"
        wrong = differences({name: self.wanted.get(name, "") for name in REQUIRED}, member.packages)
        return f"it has {wrong}" if wrong else ""

    def emulates(self, member: Member, emulator: str) -> bool:
        """Whether a worker has what an emulator needs, as the server has it."""
        package = EMULATORS.get(emulator)
        has = member.packages or {}
        return package is None or has.get(package) == self.wanted.get(package)

    def fit(self, members: Iterable[Member], now_s: float) -> list[Member]:
        """The workers that may get jobs."""
        return [member for member in members if not self.unfit(member, now_s)]

    def left_out(self, members: Iterable[Member], now_s: float) -> dict[str, str]:
        """Why each worker that gets no job gets none."""
        known = [member for member in members if member.packages is not None or member.fault]
        return {member.address: why for member in known if (why := self.unfit(member, now_s))}

    def lacking(self, members: Iterable[Member], now_s: float) -> dict[str, str]:
        """The emulators that no worker has, and why their jobs wait."""
        fit = self.fit(members, now_s)
        return dict(self._lacking(fit)) if fit else {}

    def _lacking(self, fit: list[Member]) -> Iterator[tuple[str, str]]:
        for emulator, package in EMULATORS.items():
            # Where the server lacks it, another emulator plays its jobs.
            is_needed = emulator != _REPLACED or self.wanted.get(package) != NO_VERSION
            if is_needed and not any(self.emulates(member, emulator) for member in fit):
                yield emulator, f"no worker of the Dask cluster has {package} {self.wanted.get(package)}"


def next_worker(members: Iterable[Member], loads: Mapping[str, Load]) -> Member | None:
    """The worker that gets the next job: the one that has least to do for its threads; None without any."""
    return min(members, key=lambda each: _busyness(each, loads), default=None)


def _busyness(member: Member, loads: Mapping[str, Load]) -> tuple[float, str]:
    return loads.get(member.id, Load()).slots / max(1, member.n_threads), member.address


def capacity(members: Iterable[Member], loads: Mapping[str, Load]) -> int:
    """How many attempts may be under way: two a thread, none behind a long one.

    What workers have that get no jobs now takes no room from the others.
    """
    threads = {member.id: member.n_threads for member in members}
    room = ATTEMPTS_PER_THREAD * sum(threads.values())
    behind_long = sum(load.long for id_, load in loads.items() if id_ in threads)
    elsewhere = sum(load.attempts for id_, load in loads.items() if id_ not in threads)
    return max(0, room - behind_long) + elsewhere
