"""What experiment files were compiled to, kept until a file, Pulser or the runner is another one.

A file of an experiment takes some tenths of a second to be parsed and built, and Pulser one second to be
imported. Nothing here is needed: what is lost, broken or out of date is compiled again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import runner
from runner.domain import digest, file_digest
from runner.errors import ProjectError
from runner.project.cache.durations import KeptDurations, read_checksummed, write_checksummed
from runner.project.cache.json_codec import decoded_mapping, encoded
from runner.project.cache.source_file import Source
from runner.project.config.repository import STATE_FOLDER, state_folder
from runner.project.config.settings import FILE_NAME
from runner.sequences import Compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FOLDER: Final = "compiled"
DURATIONS: Final = "durations"
ANSWERS: Final = "answers"
MOST_FILES: Final = 10_000
MOST_BYTES: Final = 256_000_000
OLDEST_S: Final = 30 * 86_400.0
_TOUCHED_EVERY_S: Final = 86_400.0
_FORMAT: Final = "runner/compiled/v1"
# Whatever these say may change what a file is compiled to.
_COMPILER: Final = (
    "domain",
    "spec",
    "sequences",
    "project/cache/source_file.py",
    "project/cache/json_codec.py",
)


class CachedFile(NamedTuple):
    """A file of the cache: how large it is, and when it was last of use (in s)."""

    path: Path
    size: int
    used_at_s: float


class CompiledCache:
    """What experiment files were compiled to, a file for each.

    Args:
        folder: Where they are kept; None keeps nothing.

        root: Folder that files named in an experiment file must not leave.

        defaults: What the repository says where a file does not.

        compiler: Digest of what compiles; None for this runner's own.

        clock: The time now (in s), as files have it.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        root: Path,
        defaults: Mapping[str, object] | None = None,
        compiler: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._root = root
        self._defaults = json.dumps(defaults or {}, sort_keys=True, default=str)
        self._compiler = compiler
        self._clock = clock
        self._is_fuller = False

    def find(self, path: Path) -> tuple[Source, Compiled] | None:
        """What a file was compiled to; None unless it and all it names are as they were."""
        if self._folder is None:
            return None
        text = _text(path)
        place = self._place(path, text)
        found = _read(place) if place else None
        if found is None or place is None:
            return None
        beside = self._beside(path, found[0].companions)
        if found[0].digest != file_digest(text, beside) or not _are_as_they_ran(found[0]):
            return None
        self._touch(place)
        return _named(str(path), *found)

    @property
    def known_jobs(self) -> KeptDurations:
        """Jobs that were built before, also of files that have changed since."""
        folder = None if self._folder is None else self._folder.with_name(DURATIONS)
        return KeptDurations(folder, self._compiler or compiler_digest(Path(runner.__file__).parent))

    def keep(self, path: Path, source: Source, compiled: Compiled) -> None:
        """Keeps what a file was compiled to, if the file is still what was compiled."""
        text = _text(path)
        place = self._place(path, text)
        if place is None or source.digest != file_digest(text, self._beside(path, source.companions)):
            return
        with suppress(OSError, TypeError, ValueError):  # then it is compiled again
            write_checksummed(place, _body(source, compiled))
            self._is_fuller = True

    def tidy(self) -> None:
        """Removes what has not been of use for long, and the oldest of what is too much."""
        if self._folder is None or not self._is_fuller:
            return
        for folder in (self._folder, self._folder.with_name(DURATIONS)):
            tidied(folder, self._clock())

    def _beside(self, path: Path, companions: Iterable[str]) -> list[str | None]:
        """The texts of files that a file names; None for one that it must not name, or that is not there."""
        places = [(path.parent / name).resolve() for name in companions]
        return [_text(each) if each.is_relative_to(self._root.resolve()) else None for each in places]

    def _place(self, path: Path, text: str | None) -> Path | None:
        """Where the file's entry is, by everything that its compilation depends on but its companions."""
        compiler = self._compiler or compiler_digest(Path(runner.__file__).parent)
        if self._folder is None or text is None or compiler is None:
            return None
        content = hashlib.sha256(text.encode()).hexdigest()
        key = digest([_FORMAT, compiler, self._defaults, self._from_root(path), content])
        return self._folder / f"{key}.json"

    def _from_root(self, path: Path) -> str:
        whole, root = path.resolve(), self._root.resolve()
        return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else str(whole)

    def _touch(self, place: Path) -> None:
        with suppress(OSError):
            if self._clock() - place.stat().st_mtime > _TOUCHED_EVERY_S:
                os.utime(place)


def kept_folder(root: Path) -> Path | None:
    """Where a repository keeps them; None where there is no repository to keep anything in."""
    is_ours = any((root / name).exists() for name in (FILE_NAME, ".git", STATE_FOLDER))
    try:
        return state_folder(root) / FOLDER if is_ours else None
    except ProjectError:
        return None  # nothing can be written here


def tidied(folder: Path, now_s: float) -> None:
    """Removes what is too much or too old in a folder of the cache."""
    with suppress(OSError):
        for doomed in superfluous(_entries(folder), now_s):
            doomed.unlink(missing_ok=True)


def superfluous(entries: Iterable[CachedFile], now_s: float) -> list[Path]:
    """What to remove: what is too old, then what was of use longest ago, until the rest is small enough."""
    files, size, doomed = 0, 0, []
    for entry in sorted(entries, key=lambda each: each.used_at_s, reverse=True):
        files, size = files + 1, size + entry.size
        if files > MOST_FILES or size > MOST_BYTES or now_s - entry.used_at_s > OLDEST_S:
            doomed.append(entry.path)
    return doomed


def _entries(folder: Path) -> list[CachedFile]:
    with os.scandir(folder) as found:
        stats = [(Path(each.path), each.stat(follow_symlinks=False)) for each in found if each.is_file()]
    return [CachedFile(path, stat.st_size, stat.st_mtime) for path, stat in stats]


def _text(path: Path) -> str | None:
    """A text as it is compiled; None when it cannot be had.

    Importing what reads experiment files takes as long as reading a hundred of them.
    """
    try:
        is_readable = path.is_file() and path.stat().st_size <= MOST_BYTES  # no pipe, and nothing endless
        return path.read_bytes().decode("utf-8-sig") if is_readable else None
    except (OSError, ValueError):
        return None


def _are_as_they_ran(source: Source) -> bool:
    """Whether code that gave sequences would meet the same versions again; true of files without code."""
    factories = [each for each in (source.factory, *source.factories.values()) if each is not None]
    return all(_version(name) == each for one in factories for name, each in one["versions"].items())


@cache
def _version(name: str) -> str | None:
    try:
        return platform.python_version() if name == "python" else version(name)
    except PackageNotFoundError:
        return None


def _named(path: str, source: Source, compiled: Compiled) -> tuple[Source, Compiled]:
    """The same under the path that the user names; another folder may name the file otherwise."""
    warnings = tuple(replace(each, path=path) for each in compiled.warnings)
    return replace(source, path=path), replace(compiled, warnings=warnings)


def _body(source: Source, compiled: Compiled) -> str:
    return json.dumps(encoded((source, compiled)), allow_nan=False, separators=(",", ":"))


def _read(place: Path) -> tuple[Source, Compiled] | None:
    """The entry of a file; None when it is not there, or not one of ours, or not whole."""
    try:
        body = read_checksummed(place)
        found = None if body is None else json.loads(body, object_hook=decoded_mapping)
    except ValueError:
        return None
    match found:
        case (Source() as source, Compiled() as compiled):
            return source, compiled
    return None


@cache
def compiler_digest(package: Path) -> str | None:
    """Digest of what compiles: versions, and the source itself, for a working tree changes without one.

    Args:
        package: Folder of the runner's source.
    """
    try:
        files = sorted(file for name in _COMPILER for file in _sources(package / name))
        said = [
            [file.relative_to(package).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()]
            for file in files
        ]
        return digest([version("pulser-runner"), version("pulser-core"), said])
    except (OSError, PackageNotFoundError):
        return None


def _sources(place: Path) -> Iterable[Path]:
    return place.rglob("*.py") if place.is_dir() else (place,)
