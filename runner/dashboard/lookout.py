"""The lookout: two threads that read the repository and the target, for all that look at the pages."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runner.dashboard.pages.tiles import Tiles
from runner.dashboard.sight import BrokenFile, Sight
from runner.domain.json_values import plain_object
from runner.errors import RunnerError
from runner.project.config.repository import from_root, head_commit
from runner.project.config.settings import FILE_NAME, read_settings
from runner.project.sync.file_watcher import Files
from runner.project.views.cloud_load import availabilities, cloud_load
from runner.project.views.device_changes import DeviceChanges
from runner.project.views.device_table import device_rows
from runner.reconcile import Planned, utc_now
from runner.reconcile.plan.planner import plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from runner.domain import JobStatus, ObservedBatch, RecordedJob
    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project

    Newest = tuple[int, int]

# How often it is looked whether a record was written (in s), and a file changed.
_RECORDS_EVERY_S: Final = 0.4
_FILES_EVERY_S: Final = 2.0
# How often it is asked whether devices are there (in s): a request for each type that experiments name.
_DEVICES_EVERY_S: Final = 300.0
_MOST_HAPPENED: Final = 2000
# A look at a target that is out of reach is not waited for longer than this at the end (in s); it only reads.
_GRACE_S: Final = 2.0
_log: Final = logging.getLogger(__name__)


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
        self._are_read = threading.Event()
        # Versions begin at the moment of the start: a page of an earlier start is told that it is old.
        begun = time.time_ns() // 1_000_000
        self._sight = Sight(
            title=project.root.resolve().name,
            target=project.site.target,
            version=begun,
        )
        self._newest: Mapping[str, Newest] | None = None
        self._journal: Newest | None = None
        self._tiles = Tiles()
        self._availability: Mapping[str, str] = {}
        self._ask_devices_at_s = 0.0
        self._device_changes = DeviceChanges(project.records)

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
        """Looks in threads of its own, while the context is open; ends with what is being read."""
        reader = threading.Thread(target=self._go_on_reading, name="lookout", daemon=True)
        reader.start()
        looker = threading.Thread(target=self._go_on_looking, name="lookout-target", daemon=True)
        looker.start()
        try:
            yield
        finally:
            self._ended.set()
            self._are_read.set()
            reader.join()
            looker.join(_GRACE_S)

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
            self._device_changes = DeviceChanges(project.records)
        known = self._devices_seen()
        with self._turn:
            seen = {**self._sight.planned, **self._with_newer_records(planned)}
            self._show(planned=seen, looked_at=utc_now(), trouble="", **known)

    def announce(self) -> None:
        """Says that there is news, although nothing else was seen: pages are made anew."""
        self._change()

    # One after the other

    def _go_on_reading(self) -> None:
        next_s = 0.0
        while not self._ended.is_set():
            if time.monotonic() >= next_s:
                self._safely(self._read_files)
                next_s = time.monotonic() + _FILES_EVERY_S
            self._safely(self._read_records)
            self._are_read.set()
            self._ended.wait(_RECORDS_EVERY_S)

    def _go_on_looking(self) -> None:
        self._are_read.wait()
        while self._poll_s is not None and not self._ended.is_set():
            self._safely(self._look_at_target)
            self._ended.wait(self._poll_s)

    def _safely(self, do: Callable[[], None]) -> None:
        """Does it; a defect is told on each page, and does not end a thread."""
        try:
            do()
        except Exception as error:  # noqa: BLE001  (whatever it is)
            said = f"{type(error).__name__}: {error}"
            if said != self._sight.defect:
                _log.exception("the lookout goes on after a defect")
                self._change(defect=said)

    def _read_files(self) -> None:
        files = self._files  # another thread may change them
        files.refresh()
        read = dict(files.read)
        found = {each.experiment.name: each.experiment for each in read.values() if each.experiment}
        broken = tuple(
            BrokenFile(path=from_root(path, self._project.root), error=each.error)
            for path, each in read.items()
            if each.experiment is None
        )
        views, wrong = self._views()
        broken = (*wrong, *broken)
        sight, head = self._sight, head_commit(self._project.root) or ""
        if (head, views) != (sight.head, sight.views):
            self._change(head=head, views=views)
        if (found, broken) == (sight.experiments, sight.broken):
            return
        self._newest = None  # of other experiments others count
        self._project.recorded.look_again()
        with self._turn:
            self._show(
                experiments=found,
                paths={
                    e.experiment.name: from_root(path, self._project.root)
                    for path, e in read.items()
                    if e.experiment
                },
                broken=broken,
                planned={name: each for name, each in self._sight.planned.items() if name in found},
            )

    def _views(self) -> tuple[Mapping[str, Mapping[str, str]], tuple[BrokenFile, ...]]:
        """Views that have a name, as runner.toml says them now, and what is wrong with it."""
        file = self._project.root / FILE_NAME
        try:
            return {name: view.filters for name, view in read_settings(file).views.items()}, ()
        except RunnerError as error:
            said = str(error).removeprefix(f"{file}: ")
            return self._sight.views, (BrokenFile(path=FILE_NAME, error=said),)

    def _read_records(self) -> None:
        """Notes that records or rows of the journal were written, and reads those that are new."""
        journal = _newest(self._project.root / ".runner" / "targets")
        if journal != self._journal:
            self._journal = journal
            self._read_journal()
        newest = _newest_below(self._project.root / self._project.settings.results)
        names = self._sight.experiments.keys()
        changed = names if self._newest is None else _differing(self._newest, newest)
        self._newest = newest
        if not changed <= names:  # what is gone may count for what is there
            self._project.recorded.look_again()
        if changed:
            self._read_records_of(changed if changed <= names else names)  # noqa: FURB136  (sets)

    def _read_journal(self) -> None:
        try:
            with closing(self._project.journal()) as journal:
                happened, why = journal.history.of(limit=_MOST_HAPPENED), ""
        except RunnerError as error:
            happened, why = self._sight.happened, str(error)
        # To look into it touches its files, too.
        if (happened, why) != (self._sight.happened, self._sight.unread.get("", "")):
            others = {name: each for name, each in self._sight.unread.items() if name}
            self._change(happened=happened, unread=others | ({"": why} if why else {}))

    def _read_records_of(self, names: Iterable[str]) -> None:
        recorded: dict[str, tuple[RecordedJob, ...]] = {}
        unread: dict[str, str] = {}
        sight = self._sight
        for name in names:
            try:
                recorded[name] = tuple(self._project.recorded.of(sight.experiments[name]))
            except RunnerError as error:
                unread[name] = str(error)
        kept = {name: each for name, each in sight.unread.items() if name not in recorded}
        with self._turn:
            known = {**self._sight.recorded, **recorded}
            planned = self._sight.planned
            again = {name: _with_records(planned[name], known[name]) for name in recorded if name in planned}
            self._show(recorded=known, unread={**kept, **unread}, planned={**planned, **again})

    def _look_at_target(self) -> None:
        """Looks at all experiments whose records can be read: the others would keep it from looking."""
        sight = self._sight
        experiments = [each for name, each in sight.experiments.items() if name not in sight.unread]
        try:
            planned = self._project.look(experiments, is_once=True) if experiments else []
        except RunnerError as error:
            self._change(trouble=str(error))
            return
        load = None
        if experiments and self._project.asks_cloud:
            load = cloud_load(self._project)
            self._ask_devices(experiments)
        seen = self._devices_seen()
        with self._turn:
            by_name = self._with_newer_records(planned)
            self._show(planned=by_name, looked_at=utc_now(), trouble="", load=load, **seen)

    def _ask_devices(self, experiments: Sequence[Experiment]) -> None:
        """Asks now and then what device types can do, if that is old, and whether their devices are there."""
        if time.monotonic() < self._ask_devices_at_s:
            return
        device_types = {each.desired.device_type for each in experiments}
        for each in device_types:
            self._project.devices.known(each)
        self._availability = availabilities(self._project, device_types)
        self._ask_devices_at_s = time.monotonic() + _DEVICES_EVERY_S

    def _with_newer_records(self, planned: Sequence[Planned]) -> dict[str, Planned]:
        """What was seen, by name, with what was put on record while it was looked at."""
        recorded = self._sight.recorded
        by_name = {each.plan.experiment: each for each in planned}
        return {name: _with_records(each, recorded.get(name, ())) for name, each in by_name.items()}

    def _devices_seen(self) -> dict[str, object]:
        """What is known of device types; asks the target only where nothing is known yet."""
        sight = self._sight
        try:
            rows = [plain_object(each) for each in device_rows(self._project, refresh=False)]
        except RunnerError:
            return {"devices": ()}
        kept = self._project.devices.kept()
        served = kept.texts if kept else {}
        changes = self._device_changes.of(sight.experiments.values(), served, sight.recorded)
        known = self._availability
        devices = tuple(
            {**row, "availability": known.get(str(row["device_type"]), row["availability"])} for row in rows
        )
        return {"devices": devices, "device_changes": tuple(changes)}

    def _change(self, **seen: object) -> None:
        with self._turn:
            self._show(**seen)

    def _show(self, **seen: object) -> None:
        """Shows what was seen; to be called in turn."""
        sight = replace(self._sight, **seen, version=self._sight.version + 1)  # type: ignore[arg-type]
        self._sight = replace(sight, tiles=self._tiles.of(sight))


def _with_records(planned: Planned, recorded: tuple[RecordedJob, ...]) -> Planned:
    """The same with what was put on record since: what runs shows before the target is looked at again."""
    seen = planned.snapshot.observed
    if len(recorded) <= len(seen.recorded):
        return planned
    batches = tuple(_with_ends(batch, {job.id: job.status for job in recorded}) for batch in seen.batches)
    snapshot = replace(planned.snapshot, observed=replace(seen, recorded=recorded, batches=batches))
    return Planned(snapshot, plan(snapshot))


def _with_ends(batch: ObservedBatch, ended: Mapping[str, JobStatus]) -> ObservedBatch:
    """A batch whose jobs have ended as their records say it."""
    if not any(job.id in ended for job in batch.jobs):
        return batch
    return replace(
        batch, jobs=tuple(replace(job, status=ended.get(job.id, job.status)) for job in batch.jobs)
    )


def _differing(before: Mapping[str, Newest], now: Mapping[str, Newest]) -> set[str]:
    return {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}


def _newest_below(folder: Path) -> dict[str, Newest]:
    """The same of each folder in a folder, by its name."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  (hundreds, twice a second)
    except OSError:
        return {}
    return {name: _newest(folder / name) for name in names}


def _newest(folder: Path | str) -> Newest:
    """How many files are below a folder, and when the newest of them was written (in ns)."""
    count, newest = 0, 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    more, written = _newest(entry.path)
                else:
                    more, written = 1, entry.stat(follow_symlinks=False).st_mtime_ns
                count, newest = count + more, max(newest, written)
    except OSError:  # it is not there, or goes away meanwhile
        return count, newest
    return count, newest
