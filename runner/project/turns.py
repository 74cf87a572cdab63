"""Turns: one after another, with pauses that grow while they fail, and what is told and measured."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runner.errors import RunnerError
from runner.reconcile.watching import News, Pace, pause_s

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.reconcile import Plan


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
class Figures:
    """What can be measured of a watch.

    Args:
        turns: Since it began.

        failed_turns: Of these.

        unknown: Submissions whose outcome nobody knows.

        runs_bought: Confirmed, since the journal began.

        succeeded_at: When a turn last went well; None for never.
    """

    plans: Mapping[str, Plan] = field(default_factory=dict)
    turns: int = 0
    failed_turns: int = 0
    broken_files: int = 0
    unknown: int = 0
    runs_bought: int = 0
    succeeded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything around a watch that is not a pure function.

    Args:
        tell: Told every event.

        measure: Told the figures after each turn.

        check: Raises `StopRequest` once somebody asks to end.

        wait: Waits that many seconds, or raises `StopRequest`.

        jitter: A number between 0 and 1, by chance.
    """

    tell: Callable[[Event], None]
    measure: Callable[[Figures], None]
    check: Callable[[], None]
    wait: Callable[[float], None]
    jitter: Callable[[], float]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class Turns:
    """One turn after another, with a pause that grows while they fail.

    Args:
        turn: Does what there is to do; raises a `RunnerError` when it cannot.
    """

    def __init__(self, turn: Callable[[], None], pace: Pace, around: Surroundings) -> None:
        self._turn, self._pace, self._around = turn, pace, around
        self._failures = 0
        self._error = ""
        self.figures = Figures()

    def go_on(self) -> None:
        """Goes on until `StopRequest` is raised."""
        while True:
            self._around.check()
            self._one()
            self._around.measure(self.figures)
            self._around.wait(pause_s(self._pace, self._failures, self._around.jitter()))

    def _one(self) -> None:
        try:
            self._turn()
        except RunnerError as error:
            self._failures += 1
            self.figures = replace(self.figures, failed_turns=self.figures.failed_turns + 1)
            self._tell_error(str(error))
        else:
            self._failures = 0
            self.figures = replace(self.figures, succeeded_at=self._around.clock())
            self._tell_error("")
        self.figures = replace(self.figures, turns=self.figures.turns + 1)

    def _tell_error(self, error: str) -> None:
        if error == self._error:
            return
        self._error = error
        news, text = (News.ERROR, error) if error else (News.RECOVERED, "it works again")
        self._around.tell(Event(at=self._around.clock(), event=news, experiment="", text=text))
