"""Experiment files that are read again when they change, each by itself: a broken one stops no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.errors import RunnerError, SpecError, UsageError
from runner.project.experiments.loader import experiment_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from runner.project.experiments.loaded import Experiment

    Load = Callable[[Sequence[Path]], list[Experiment]]
    Version = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What a file held when it was last read.

    Args:
        experiment: None if it is broken.

        error: Why it is broken; empty if it is not.
    """

    version: Version
    experiment: Experiment | None
    error: str = ""


class Files:
    """Experiment files at some paths.

    Args:
        paths: Files, and folders of files.

        load: Gives the experiments of some files.

        is_current: Whether what an experiment was checked against is as it was.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        load: Load,
        is_current: Callable[[Experiment], bool] = lambda experiment: True,  # noqa: ARG005  (nothing else)
    ) -> None:
        self.paths = tuple(paths)
        self._load, self._is_current = load, is_current
        self.read: dict[Path, Read] = {}

    def refresh(self) -> list[str]:
        """Reads what has changed; answers what there is to tell of files, each thing once."""
        before = self.read
        self.read = {}
        taken: dict[str, Path] = {}
        for path in self._found():
            self.read[path] = _without_twins(path, self._again(path, before.get(path)), taken)
        return [*_told(before, self.read)]

    @property
    def experiments(self) -> list[Experiment]:
        """Those whose files are in order; nothing is done for the others."""
        return [each.experiment for each in self.read.values() if each.experiment]

    @property
    def broken(self) -> int:
        """How many files are not in order."""
        return sum(not each.experiment for each in self.read.values())

    def _found(self) -> Iterator[Path]:
        for path in self.paths:
            try:
                yield from experiment_files([path])
            except UsageError:
                continue  # gone, or empty: files may come

    def _again(self, path: Path, known: Read | None) -> Read:
        if known and self._is_as_it_was(path, known):
            return known
        version = _version(path, None)  # before it is read: a change in between is then seen
        try:
            (experiment,) = self._load([path])
        except RunnerError as error:
            return Read(version, None, _in_a_line(error))
        return Read((*version, *_versions_of_companions(path, experiment)), experiment)

    def _is_as_it_was(self, path: Path, known: Read) -> bool:
        found = known.experiment
        return found is not None and known.version == _version(path, found) and self._is_current(found)


def _in_a_line(error: RunnerError) -> str:
    if isinstance(error, SpecError):
        return "; ".join(f"{each.line}:{each.column}: {each.message}" for each in error.problems)
    return str(error)


def _without_twins(path: Path, read: Read, taken: dict[str, Path]) -> Read:
    """Of two files with one name the second is broken."""
    if read.experiment is None:
        return read
    first = taken.setdefault(read.experiment.name, path)
    if first == path:
        return read
    return Read(read.version, None, f"the name {read.experiment.name!r} is taken by {first}")


def _version(path: Path, experiment: Experiment | None) -> Version:
    return (_stat(path), *(_versions_of_companions(path, experiment) if experiment else ()))


def _versions_of_companions(path: Path, experiment: Experiment) -> Version:
    """Versions of the files that it names."""
    return tuple(_stat(path.parent / name) for name in experiment.file.companions)


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        now = path.stat()
    except OSError:
        return None
    return now.st_ino, now.st_mtime_ns, now.st_size


def _told(before: dict[Path, Read], now: dict[Path, Read]) -> Iterable[str]:
    for path, read in now.items():
        known = before.get(path)
        if read.error and (known is None or known.error != read.error):
            yield f"{path} is broken, and left alone until it is mended: {read.error}"
        elif read.experiment and known is not None and known.experiment is not read.experiment:
            what = "has changed" if known.version != read.version else "is read again: its device has changed"
            yield f"{path} {what}"
    for path in before.keys() - now.keys():
        yield f"{path} is gone; what it asked for is left as it is"
