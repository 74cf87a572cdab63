"""What verbs share that go on until they are ended: signals, figures, and a line for each change."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING

import click

from runner.cli.exit_codes import Exit
from runner.cli.output import print_text, say
from runner.project.sync.loop import LoopContext, StopRequest
from runner.project.sync.metrics import FiguresServer, address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.project.sync.loop import Event, Figures
    from runner.reconcile.execute.change_events import Pace

listen_option = click.option(
    "--listen", metavar="HOST:PORT", help="Serve /metrics for Prometheus and /healthz there."
)


class Stop:
    """A wish to end, said by a signal.

    A handler may run at any moment, also while a lock is held: it only writes to a pipe.

    Args:
        is_endless: Whether SIGTERM is the way to end what is stopped, and no interruption.
    """

    def __init__(self, *, is_endless: bool) -> None:
        self._is_endless = is_endless
        self._ear, self._mouth = os.pipe()
        self._signal: int | None = None

    def hear(self, number: int, _frame: object) -> None:
        """The first signal asks to end in order; the second ends at once."""
        if self._signal is not None:
            raise KeyboardInterrupt
        self._signal = number
        os.write(self._mouth, b"!")

    def check(self) -> None:
        """Raises `StopRequest` once a signal has asked to end."""
        if self._signal is not None:
            raise StopRequest

    def wait(self, seconds: float) -> None:
        """Waits (in s), unless a signal asks to end."""
        select.select([self._ear], [], [], seconds)
        self.check()

    @property
    def exit_code(self) -> Exit:
        """What an end says that was asked for."""
        return Exit.DONE if self._is_endless and self._signal == signal.SIGTERM else Exit.INTERRUPTED

    def close(self) -> None:
        """Gives the pipe back."""
        os.close(self._ear)
        os.close(self._mouth)


@contextmanager
def loop(
    form: str, listen: str | None, pace: Pace, *, is_endless: bool = True
) -> Iterator[tuple[LoopContext, Stop]]:
    """What a loop runs in, and what ends it; a signal that asks to end leaves the context.

    Args:
        form: `json` for lines of JSON, else lines for people.

        listen: Address at which figures are served; None for nowhere.

    Raises:
        UsageError: It is no address, or cannot be had.
    """
    with _listening(listen) as measure, _stopping(is_endless=is_endless) as stop:
        try:
            yield (
                LoopContext(
                    tell=_as_json if form == "json" else _as_text,
                    measure=measure,
                    check=stop.check,
                    wait=stop.wait,
                    pace=pace,
                ),
                stop,
            )
        except StopRequest:
            say("ended; nothing is lost: start it again to go on")


@contextmanager
def _listening(listen: str | None) -> Iterator[Callable[[Figures], None]]:
    """What takes the figures: a server while it is open, or nothing."""
    if listen is None:
        yield lambda _: None
        return
    with FiguresServer(*address(listen)) as server:
        say(f"figures are at {server.url}/metrics")
        yield server.show


@contextmanager
def _stopping(*, is_endless: bool) -> Iterator[Stop]:
    """While it is open, SIGTERM and SIGINT are wishes to end."""
    stop = Stop(is_endless=is_endless)
    before = {number: signal.signal(number, stop.hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()


def _as_text(event: Event) -> None:
    when = f"{event.at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    print_text(f"{when}  {event.experiment or '-'}  {' '.join(event.text.split())}")
    sys.stdout.flush()


def _as_json(event: Event) -> None:
    value = {
        "at": event.at.astimezone(UTC).isoformat(),
        "event": event.event,
        "experiment": event.experiment or None,
        "text": event.text,
    }
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
