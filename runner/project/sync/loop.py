"""Turns: one after another, with pauses that grow while they fail, and what is told and measured."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from runner.cloud.wire.request_counts import RequestCounts
from runner.errors import RunnerError
from runner.reconcile.context import steady, utc_now
from runner.reconcile.execute.change_events import News, Pace, pause_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.reconcile import Plan


# A turn has to get on, from one pass to the next or to its end, in this time: a large sweep is built and a
# large clone is fetched in it. A pause may last this much longer than was meant (in s).
_LONGEST_STEP_S: Final = 3600.0
_LATE_S: Final = 60.0


class StopRequest(BaseException):
    """Somebody asks to end: raised between two actions, or in a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of what a watch tells.

    Args:
        experiment: Empty where it is about none.
    """

    at: datetime
    event: News
    experiment: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What can be measured of a repository that is followed.

    Args:
        commit: In force; empty before the first.

        is_refused: Whether the newest commit did not come into force.

        is_in_reach: Whether the last look at it went well.

        reports_in_order: Whether all who tell others of it could.
    """

    branch: str
    commit: str
    is_refused: bool
    is_in_reach: bool
    reports_in_order: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What can be measured of a watch.

    Args:
        turns: Since it began.

        failed_turns: Of these.

        passes: Of the reconciler, in all turns.

        requests: To the cloud, by method and outcome.

        unknown: Submissions whose outcome nobody knows.

        runs_bought: Confirmed, since the journal began; None before it was read.

        succeeded_at: When a turn last went well; None for never.

        alive_until: By when it gets on, unless it is stuck; None before it begins.

        followed: None where no repository is.
    """

    plans: Mapping[str, Plan] = field(default_factory=dict)
    turns: int = 0
    failed_turns: int = 0
    passes: int = 0
    requests: Mapping[tuple[str, str], int] = field(default_factory=dict)
    broken_files: int = 0
    unknown: int = 0
    runs_bought: int | None = None
    succeeded_at: datetime | None = None
    alive_until: datetime | None = None
    followed: Followed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything around a watch that is not a pure function.

    Args:
        tell: Told every event.

        measure: Told the figures whenever they change.

        check: Raises `StopRequest` once somebody asks to end.

        wait: Waits that many seconds, or raises `StopRequest`.

        jitter: A number between 0 and 1, by chance.
    """

    tell: Callable[[Event], None]
    measure: Callable[[Figures], None]
    check: Callable[[], None]
    wait: Callable[[float], None]
    jitter: Callable[[], float]
    clock: Callable[[], datetime] = utc_now

    def seconds(self) -> float:
        """A moment of a clock that only ever grows (in s): waits go by it."""
        return steady(self.clock)()


class Meter:
    """The figures as they are now; whoever measures is told of each change."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.figures = Figures()
        self.requests = RequestCounts()

    def note(self, figures: Figures) -> None:
        """From now on these are the figures, with the requests so far."""
        self.figures = replace(figures, requests=self.requests.so_far())
        self._around.measure(self.figures)

    def gets_on(self, within_s: float = _LONGEST_STEP_S) -> None:
        """It is alive, and shows it again in that time (in s)."""
        until = self._around.clock() + timedelta(seconds=within_s)
        self.note(replace(self.figures, alive_until=until))

    def one_pass(self) -> None:
        """The reconciler has made one more pass."""
        self.note(replace(self.figures, passes=self.figures.passes + 1))
        self.gets_on()


class Turns:
    """One turn after another, with a pause that grows while they fail.

    Args:
        turn: Does what there is to do; raises a `RunnerError` when it cannot.

        meter: Counts the turns.
    """

    def __init__(self, turn: Callable[[], None], pace: Pace, around: Surroundings, meter: Meter) -> None:
        self._turn, self._pace, self._around, self._meter = turn, pace, around, meter
        self._failures = 0
        self._error = ""

    def go_on(self) -> None:
        """Goes on until `StopRequest` is raised."""
        while True:
            self._around.check()
            self._meter.gets_on()
            self._one()
            wait_s = pause_s(self._pace, self._failures, self._around.jitter())
            self._meter.gets_on(wait_s + _LATE_S)
            self._around.wait(wait_s)

    def _one(self) -> None:
        try:
            self._turn()
        except RunnerError as error:
            self._failures += 1
            self._count(failed_turns=1)
            self._tell_error(str(error))
        else:
            self._failures = 0
            self._count(succeeded_at=self._around.clock())
            self._tell_error("")

    def _count(self, *, failed_turns: int = 0, succeeded_at: datetime | None = None) -> None:
        known = self._meter.figures
        counted = replace(
            known,
            turns=known.turns + 1,
            failed_turns=known.failed_turns + failed_turns,
            succeeded_at=succeeded_at or known.succeeded_at,
        )
        self._meter.note(counted)

    def _tell_error(self, error: str) -> None:
        if error == self._error:
            return
        self._error = error
        news, text = (News.ERROR, error) if error else (News.RECOVERED, "it works again")
        self._around.tell(Event(at=self._around.clock(), event=news, experiment="", text=text))
