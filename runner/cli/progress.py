"""Progress while applying: a bar on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from runner.cli.output import say, stderr
from runner.reconcile import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from runner.errors import CloudUnavailableError
    from runner.reconcile import Plan


class ApplyProgress:
    """A context that shows how many of the wanted jobs are done, experiment by experiment."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*columns, console=stderr(), transient=True, disable=not sys.stderr.isatty())
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @property
    def watch(self) -> Watch:
        """Tells this display what happens."""
        return Watch(on_plans=self._show, on_outage=self._outage)

    def _show(self, plans: Sequence[Plan]) -> None:
        for each in plans:
            done = sum(tally.status not in {"ACTIVE", "WANTED"} for tally in each.jobs)
            active = sum(tally.active > 0 for tally in each.jobs)
            if each.experiment not in self._tasks:
                self._tasks[each.experiment] = self._bars.add_task(
                    each.experiment, total=len(each.jobs), note=""
                )
            self._bars.update(
                self._bars.task_ids[list(self._tasks).index(each.experiment)],
                completed=done,
                note=f"{active} under way" if active else str(each.wait_for),
            )

    @staticmethod
    def _outage(error: CloudUnavailableError) -> None:
        say(f"the cloud is out of reach, waiting: {error}", style="yellow")
