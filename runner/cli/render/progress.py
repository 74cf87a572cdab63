"""Progress while applying, on stderr: a display on a terminal, lines in a log."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from runner.cli.output import say
from runner.reconcile import Progress, Watch, progress_after, utc_now
from runner.reconcile.display.progress_text import Area, display, log_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import TextIO

    from runner.errors import CloudUnavailableError
    from runner.reconcile import Plan

# Lines of a log come no closer to each other (in s).
PAUSE_S: Final = 5.0
# Behind the last line there is room for the ^C of an interrupt: a line that wraps is not wiped off.
_CARET_C: Final = 3


class _Display(Protocol):
    def begin(self) -> None: ...

    def show(self, progress: Progress) -> None: ...

    def end(self) -> None: ...


class ApplyProgress:
    """A context that shows how far the wanted jobs are: jobs by status, rate, time left, batches.

    On a terminal that can move its cursor it is drawn in place, and is gone at the end. Elsewhere it is a
    line at each change: without time, which logs of CI put before each line themselves.
    """

    def __init__(self) -> None:
        console = Console(file=sys.stderr, highlight=False)
        can_move = console.is_terminal and not console.is_dumb_terminal
        self._display: _Display = _InPlace(console) if can_move else LogLines(sys.stderr)
        self._progress = Progress()

    def __enter__(self) -> Self:
        self._display.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.end()

    @property
    def watch(self) -> Watch:
        """Tells this display what happens."""
        return Watch(on_plans=self._show, on_outage=self._outage)

    def _show(self, plans: Sequence[Plan]) -> None:
        self._progress = progress_after(self._progress, plans, utc_now())
        self._display.show(self._progress)

    @staticmethod
    def _outage(error: CloudUnavailableError) -> None:
        say(f"the cloud is out of reach, waiting: {error}", style="yellow")


class _InPlace:
    """Lines that are drawn again and again at the same place."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress()
        self._live = Live(
            get_renderable=self._text,
            console=console,
            transient=True,
            refresh_per_second=4,
            redirect_stdout=False,
        )

    def begin(self) -> None:
        self._live.start()
        # Whoever is killed cannot give the cursor back.
        self._console.show_cursor(True)

    def show(self, progress: Progress) -> None:
        self._progress = progress
        self._live.refresh()

    def end(self) -> None:
        self._live.stop()

    def _text(self) -> Text:
        progress = self._progress
        if progress.began_at is None:
            return Text("looking at what is there", style="dim")
        spent_s = (utc_now() - progress.began_at) / timedelta(seconds=1)
        room = Area(max(1, self._console.width - _CARET_C), self._console.height)
        is_ascii = not self._console.encoding.startswith("utf")
        return Text("\n".join(display(progress, spent_s, room, is_ascii=is_ascii)), no_wrap=True)


def _kind(told: Sequence[str]) -> tuple[str, ...]:
    """What was told, without numbers: that something lasts longer is no news."""
    return tuple("".join(mark for mark in text if not mark.isdigit()) for text in told)


class LogLines:
    """A line whenever the numbers are others, at most every few seconds; the last one always.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._said_at = float("-inf")
        self._said: object = None
        self._last = Progress()

    def begin(self) -> None:
        """Says nothing yet."""

    def show(self, progress: Progress) -> None:
        """Says how far it is, if that is news and it is time."""
        self._last = progress
        if self._clock() - self._said_at >= PAUSE_S:
            self._say()

    def end(self) -> None:
        """Says the last numbers, if they are not said yet."""
        self._say()

    def _say(self) -> None:
        last = self._last
        news = (last.numbers, len(last.cached), len(last.adopted), last.batches, _kind(last.told))
        if last.began_at is None or not last.numbers.jobs or news == self._said:
            return
        self._stream.write(f"{log_line(last)}\n")
        self._stream.flush()
        self._said, self._said_at = news, self._clock()
