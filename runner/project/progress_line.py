"""One line that tells how far an apply has come, in a notebook or at a prompt of Python."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from runner.reconcile import Progress, Watch, progress_after, utc_now
from runner.reconcile.display.progress_text import cut, log_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self, TextIO

    from runner.errors import CloudUnavailableError
    from runner.reconcile import Plan

# What a notebook, which has no width, shows of a line.
_NOTEBOOK = (120, 1)


def is_interactive() -> bool:
    """Whether a person types here: Python, IPython and Jupyter set the prompt, scripts do not."""
    return hasattr(sys, "ps1")


class ProgressLine:
    """A context that writes the line anew at each news, and ends it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._progress = Progress()
        self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("\n")

    @property
    def watch(self) -> Watch:
        """Tells this line what happens."""
        return Watch(on_plans=self._show_plans, on_outage=self._show_outage)

    def _show_plans(self, plans: Sequence[Plan]) -> None:
        self._progress = progress_after(self._progress, plans, utc_now())
        if self._progress.numbers.jobs:
            self._show(log_line(self._progress))

    def _show_outage(self, error: CloudUnavailableError) -> None:
        self._show(f"the cloud is out of reach, waiting: {error}")

    def _show(self, text: str) -> None:
        line = cut(text, shutil.get_terminal_size(_NOTEBOOK).columns - 1)
        if line != self._shown:
            self._write(f"\r{line}{' ' * (len(self._shown) - len(line))}")
            self._shown = line

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
