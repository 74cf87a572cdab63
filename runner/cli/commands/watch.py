"""`runner watch`."""

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

from runner.cli import options
from runner.cli.exit_codes import Exit
from runner.cli.output import print_text, say
from runner.errors import UsageError
from runner.project.config.repository import as_typed
from runner.project.experiments.loader import experiment_folders
from runner.project.sync.loop import LoopContext, StopRequest
from runner.project.sync.metrics import FiguresServer, address
from runner.project.sync.watch import Watcher
from runner.reconcile.execute.change_events import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runner.project.sync.loop import Event, Figures


listen_option = click.option(
    "--listen", metavar="HOST:PORT", help="Serve /metrics for Prometheus and /healthz there."
)


@click.command()
@options.files(required=False)
@options.target
@options.allow_python
@options.output("table", "json")
@click.option(
    "--interval",
    metavar="SECONDS",
    type=options.PAUSE,
    default=30.0,
    show_default=True,
    help="Pause between two looks (in s).",
)
@listen_option
@click.option("--yes", is_flag=True, help="Spend without asking; the local cloud needs no such word.")
def watch(  # noqa: PLR0913, PLR0917  (a word of the command line each)
    paths: tuple[Path, ...], target: str | None, form: str, interval: float, listen: str | None, yes: bool
) -> int:
    """Keep the cloud matching the files: look, act, pause, until ended by SIGTERM or Ctrl-C.

    Files are read again when they change. A broken one is reported and left alone, nothing is bought for it;
    the others go on. After an error the pause grows up to five minutes. One line tells each change. Without
    FILE, the whole repository is watched.
    """
    project = options.project(paths[0] if paths else None, target, asks_cloud=True)
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise UsageError(f"{missing[0]}: no such file or folder")
    if not project.target.is_local and not yes:
        raise UsageError(
            f"a watch on the target {project.target_name} spends unasked",
            hint="say --yes, after `runner plan` has shown what it costs",
        )
    with listening(listen) as measure, stopping() as stop:
        context = LoopContext(
            tell=as_json if form == "json" else as_text,
            measure=measure,
            check=stop.check,
            wait=stop.wait,
            pace=Pace(interval_s=interval),
        )
        try:
            chosen = paths or experiment_folders(as_typed(project.root), project.settings)
            Watcher(project, chosen, context).go_on()
        except StopRequest:
            say("ended; nothing is lost: start it again to go on")
        return Exit.INTERRUPTED if stop.signal == signal.SIGINT else Exit.DONE


@contextmanager
def listening(listen: str | None) -> Iterator[Callable[[Figures], None]]:
    """Whom to tell the figures: a server while it is open, or nobody.

    Raises:
        UsageError: It is no address, or cannot be had.
    """
    if listen is None:
        yield lambda _: None
        return
    with FiguresServer(*address(listen)) as server:
        say(f"figures are at {server.url}/metrics")
        yield server.show


def as_text(event: Event) -> None:
    """Tells an event in a line for people."""
    when = f"{event.at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    print_text(f"{when}  {event.experiment or '-'}  {' '.join(event.text.split())}")
    sys.stdout.flush()


def as_json(event: Event) -> None:
    """Tells an event in a line of JSON."""
    value = {
        "at": event.at.astimezone(UTC).isoformat(),
        "event": event.event,
        "experiment": event.experiment or None,
        "text": event.text,
    }
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


class Stop:
    """A wish to end, said by a signal.

    A handler may run at any moment, also while a lock is held: it only writes to a pipe.
    """

    def __init__(self) -> None:
        self._ear, self._mouth = os.pipe()
        self.signal: int | None = None

    def hear(self, number: int, _frame: object) -> None:
        """The first signal asks to end in order; the second ends at once."""
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
        os.write(self._mouth, b"!")

    def check(self) -> None:
        """Raises `StopRequest` once somebody has asked to end."""
        if self.signal is not None:
            raise StopRequest

    def wait(self, seconds: float) -> None:
        """Waits, unless somebody asks to end."""
        select.select([self._ear], [], [], seconds)
        self.check()

    def close(self) -> None:
        """Gives the pipe back."""
        os.close(self._ear)
        os.close(self._mouth)


@contextmanager
def stopping() -> Iterator[Stop]:
    """While it is open, SIGTERM and SIGINT are wishes to end."""
    stop = Stop()
    before = {number: signal.signal(number, stop.hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
