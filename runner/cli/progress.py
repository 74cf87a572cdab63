"""Progress while applying: a bar on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from runner.cli.output import say, stderr
from runner.reconcile import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.progress import TaskID

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
        self._tasks: dict[str, TaskID] = {}

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
            if each.experiment not in self._tasks:
                bar = self._bars.add_task(each.experiment, total=len(each.jobs), note="")
                self._tasks[each.experiment] = bar
            ended = sum(tally.status not in {"ACTIVE", "WANTED"} for tally in each.jobs)
            self._bars.update(self._tasks[each.experiment], completed=ended, note=_note(each))

    @staticmethod
    def _outage(error: CloudUnavailableError) -> None:
        say(f"the cloud is out of reach, waiting: {error}", style="yellow")


def _note(plan: Plan) -> str:
    """What the jobs that have not ended are waiting for."""
    statuses = Counter(tally.status for tally in plan.jobs)
    under_way, wanted = statuses["ACTIVE"], statuses["WANTED"]
    return f"{under_way} under way" if under_way else f"{wanted} to be bought" if wanted else ""
