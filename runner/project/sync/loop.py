"""Turns: one after another, with pauses that grow while they fail, and what is told and measured."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from runner.cloud.wire.request_counts import RequestCounts
from runner.errors import RunnerError
from runner.reconcile.context import steady, utc_now
from runner.reconcile.execute.change_events import News, Pace, pause_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from runner.project.project import Project
    from runner.reconcile import Patience, Plan, Planned

    Show = Callable[[Project, Sequence[Path], Sequence[Planned]], None]


# A turn has to get on, from one pass to the next or to its end, in this time: a large sweep is built and a
# large clone is fetched in it. A pause may last this much longer than was meant (in s).
_LONGEST_STEP_S: Final = 3600.0
_LATE_S: Final = 60.0


class StopRequest(BaseException):
    """A request to end: raised between two actions, or in a pause."""


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

        reports_in_order: Whether all reports of it went well.
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

        unknown: Submissions whose outcome is not known.

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


@dataclass(slots=True, kw_only=True)
class LoopContext:
    """What a loop works with, and its figures as they are now.

    Args:
        tell: Told every event.

        check: Raises `StopRequest` once there is a request to end.

        wait: Waits that many seconds, or raises `StopRequest`.

        measure: Told the figures whenever they change.

        show: Told what is seen of the target: the project, its files, and what is there of each experiment.

        jitter: A number between 0 and 1, by chance.

        patience: How long a turn goes on; by default it waits for what is being submitted, as long as a
            pause lasts.

        sees_removed: Whether a turn looks at experiments, too, that no file describes any more.

        verb: By which the journal knows the loop.
    """

    tell: Callable[[Event], None]
    check: Callable[[], None]
    wait: Callable[[float], None]
    measure: Callable[[Figures], None] = lambda _: None
    show: Show = lambda *_: None
    jitter: Callable[[], float] = random.random
    clock: Callable[[], datetime] = utc_now
    pace: Pace = field(default_factory=Pace)
    patience: Patience | None = None
    sees_removed: bool = False
    verb: str = "watch"
    figures: Figures = field(default_factory=Figures)
    requests: RequestCounts = field(default_factory=RequestCounts)

    def seconds(self) -> float:
        """A moment of a clock that only ever grows (in s): waits go by it."""
        return steady(self.clock)()

    def report(self, news: News, text: str, experiment: str = "") -> None:
        """Tells an event of now."""
        self.tell(Event(at=self.clock(), event=news, experiment=experiment, text=text))

    def note(self, figures: Figures) -> None:
        """From now on these are the figures, with the requests so far."""
        self.figures = replace(figures, requests=self.requests.so_far())
        self.measure(self.figures)

    def gets_on(self, within_s: float = _LONGEST_STEP_S) -> None:
        """It is alive, and shows it again in that time (in s)."""
        self.note(replace(self.figures, alive_until=self.clock() + timedelta(seconds=within_s)))

    def one_pass(self) -> None:
        """The reconciler has made one more pass."""
        self.note(replace(self.figures, passes=self.figures.passes + 1))
        self.gets_on()


class Loop:
    """One turn after another, with a pause that grows while they fail.

    Args:
        turn: Does what there is to do; raises a `RunnerError` when it cannot.
    """

    def __init__(self, turn: Callable[[], None], context: LoopContext) -> None:
        self._turn, self._context = turn, context
        self._failures = 0
        self._error = ""

    def go_on(self) -> None:
        """Goes on until `StopRequest` is raised."""
        context = self._context
        while True:
            context.check()
            context.gets_on()
            self._one()
            wait_s = pause_s(context.pace, self._failures, context.jitter())
            context.gets_on(wait_s + _LATE_S)
            context.wait(wait_s)

    def _one(self) -> None:
        error = ""
        try:
            self._turn()
        except RunnerError as caught:
            error = str(caught)
        self._failures = self._failures + 1 if error else 0
        known = replace(self._context.figures, turns=self._context.figures.turns + 1)
        if error:
            self._context.note(replace(known, failed_turns=known.failed_turns + 1))
        else:
            self._context.note(replace(known, succeeded_at=self._context.clock()))
        self._tell_error(error)

    def _tell_error(self, error: str) -> None:
        if error != self._error:
            self._error = error
            self._context.report(*((News.ERROR, error) if error else (News.RECOVERED, "it works again")))
