"""How long jobs wait whose attempts are lost again and again. Pure.

A lost attempt is never the job's fault. But what takes machines with it should not take them one after the
other without a pause, and what no machine can execute should not be tried in every second.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FREE = 2
_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(minutes=10)


def rest(n_losses: int) -> timedelta:
    """How long a job waits after so many lost attempts: not at all twice, then twice as long each time."""
    if n_losses <= _FREE:
        return timedelta()
    return min(_LONGEST, _FIRST * 2.0 ** min(n_losses - _FREE - 1, 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The rest of a job."""

    n_losses: int = 0
    since: datetime | None = None

    @property
    def until(self) -> datetime | None:
        """When it is over."""
        return None if self.since is None else self.since + rest(self.n_losses)

    def is_on(self, now: datetime) -> bool:
        """Whether it lasts; a clock that was set back ends it."""
        return self.since is not None and self.until is not None and self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Rests:
    """The rests of all jobs, by their ids."""

    _jobs: Mapping[str, Rest] = field(default_factory=dict)

    def after(self, lost: Iterable[str], ended: Iterable[str], now: datetime) -> Rests:
        """The rests after some jobs were lost once more, and others came to their end."""
        over = set(ended)
        jobs = {job_id: each for job_id, each in self._jobs.items() if job_id not in over}
        for job_id in lost:
            before = jobs.get(job_id, Rest())
            jobs[job_id] = replace(before, n_losses=before.n_losses + 1, since=now)
        return Rests(jobs)

    def resting(self, now: datetime) -> frozenset[str]:
        """The jobs that are not to be started yet."""
        return frozenset(job_id for job_id, each in self._jobs.items() if each.is_on(now))

    def next_end(self, now: datetime) -> datetime | None:
        """When the next rest is over; None without any."""
        return min(
            (each.until for each in self._jobs.values() if each.is_on(now) and each.until), default=None
        )
