"""The lookout: one thread that reads files, records, journal and cloud, for all that look at the pages."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runner.dashboard.sight import BrokenFile, Sight
from runner.domain.json_values import plain_object
from runner.errors import RunnerError
from runner.project.sync.file_watcher import Files
from runner.project.views.device_table import device_rows
from runner.reconcile import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from runner.project.project import Project
    from runner.reconcile import Planned

# How often it is looked whether a record was written (in s), and a file changed.
_RECORDS_EVERY_S: Final = 0.5
_FILES_EVERY_S: Final = 2.0
_MOST_HAPPENED: Final = 2000


class Lookout:
    """Keeps a sight of a repository; what takes long is done behind, and the last sight is shown meanwhile.

    Args:
        poll_s: Pause between two looks at the target (in s); None where another process of the runner
            tells what it sees by `tell`.
    """

    def __init__(self, project: Project, paths: Sequence[Path], *, poll_s: float | None = 10.0) -> None:
        self._project, self._poll_s = project, poll_s
        self._files = Files(paths, project.load)
        self._turn, self._ended = threading.Lock(), threading.Event()
        self._sight = Sight(title=project.root.resolve().name, target=project.site.target)
        self._records: object = None
        self._thread = threading.Thread(target=self._go_on, name="lookout", daemon=True)

    @property
    def sight(self) -> Sight:
        """What was last seen."""
        return self._sight

    @property
    def project(self) -> Project:
        """The repository."""
        return self._project

    @property
    def is_ended(self) -> bool:
        """Whether it has been told to end."""
        return self._ended.is_set()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Looks in a thread of its own, while the context is open; ends with the look that is under way."""
        self._thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._thread.join()

    def look(self) -> Sight:
        """Looks at everything now: files, records, and the target."""
        self._read_files()
        self._read_records()
        self._look_at_target()
        return self._sight

    def tell(self, project: Project, paths: Sequence[Path], planned: Sequence[Planned]) -> None:
        """Takes in what a loop of the runner has just seen of the target, by which files."""
        if project is not self._project:
            self._project, self._files = project, Files(paths, project.load)
        by_name = {each.plan.experiment: each for each in planned}
        devices = self._sight.devices or self._devices()
        seen = {**self._sight.planned, **by_name}
        self._show(planned=seen, looked_at=utc_now(), trouble="", devices=devices)

    # One after the other

    def _go_on(self) -> None:
        next_s = dict.fromkeys(("files", "target"), 0.0)
        tasks: list[tuple[str, float, Callable[[], None]]] = [("files", _FILES_EVERY_S, self._read_files)]
        if self._poll_s is not None:
            tasks.append(("target", self._poll_s, self._look_at_target))
        while not self._ended.is_set():
            for name, every_s, do in tasks:
                if time.monotonic() >= next_s[name]:
                    do()
                    next_s[name] = time.monotonic() + every_s
                self._read_records()
            self._ended.wait(_RECORDS_EVERY_S)

    def _read_files(self) -> None:
        before = {path: read.experiment for path, read in self._files.read.items()}
        self._files.refresh()
        read = self._files.read
        if before and before == {path: each.experiment for path, each in read.items()}:
            return
        self._records = None  # of other experiments others count
        experiments = {each.experiment.name: each.experiment for each in read.values() if each.experiment}
        self._show(
            experiments=experiments,
            paths={e.experiment.name: self._from_root(path) for path, e in read.items() if e.experiment},
            broken=tuple(
                BrokenFile(path=self._from_root(path), error=each.error)
                for path, each in read.items()
                if each.experiment is None
            ),
        )

    def _from_root(self, path: Path) -> str:
        whole, root = path.resolve(), self._project.root.resolve()
        return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else str(path)

    def _read_records(self) -> None:
        """Notes that a record or a row of the journal was written."""
        now = (_newest(self._project.root / self._project.settings.results), self._journal_version())
        if now == self._records:
            return
        self._records = now
        try:
            with closing(self._project.journal()) as journal:
                happened = journal.history.of(limit=_MOST_HAPPENED)
            recorded = {
                name: tuple(job for _, job in self._project.recorded.of(experiment))
                for name, experiment in self._sight.experiments.items()
            }
        except RunnerError as error:
            self._show(trouble=str(error))
            return
        self._show(happened=happened, recorded=recorded)

    def _journal_version(self) -> object:
        folder = self._project.root / ".runner" / "targets"
        return _newest(folder)

    def _look_at_target(self) -> None:
        experiments = list(self._sight.experiments.values())
        try:
            planned = self._project.look(experiments) if experiments else []
        except RunnerError as error:
            self._show(trouble=str(error))
            return
        by_name = {each.plan.experiment: each for each in planned}
        self._show(planned=by_name, looked_at=utc_now(), trouble="", devices=self._devices())

    def _devices(self) -> tuple[dict[str, object], ...]:
        """What is known of device types; asks the target only where nothing is known yet."""
        try:
            return tuple(plain_object(each) for each in device_rows(self._project, refresh=False))
        except RunnerError:
            return ()

    def _show(self, **seen: object) -> None:
        with self._turn:
            self._sight = replace(self._sight, **seen, version=self._sight.version + 1)  # type: ignore[arg-type]


def _newest(folder: Path) -> tuple[int, int]:
    """How many files are below a folder, and when the newest of them was written (in ns)."""
    count, newest = 0, 0
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                newest = max(newest, os.stat(os.path.join(top, name)).st_mtime_ns)  # noqa: PTH116, PTH118
            except OSError:
                continue
            count += 1
    return count, newest
