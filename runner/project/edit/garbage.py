"""What may go from a repository: found and explained; removed only as it is told to."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.errors import ProjectError, UsageError
from runner.project.cache.compiled_cache import FOLDER as COMPILED
from runner.project.config.repository import state_folder
from runner.project.project import journal_folder
from runner.reconcile import Journal, utc_now
from runner.reconcile.model.tags import SHORT
from runner.results.records.records import lines_of, read_record
from runner.results.records.verify import serialised_without_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project

# Files are written aside under such names; what is older was left behind by something that was killed.
_ASIDE: Final = re.compile(r"\..+\.[a-z0-9_]{8}")
_ASIDE_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """Something that may go.

    Args:
        path: A file, or a folder with all that is in it; from the root of the repository.

        size: In bytes.

        is_replaceable: Whether nothing is lost with it: it is made again, or was never finished.

        is_proof: Whether it is what keeps jobs from being bought again once the cloud has forgotten them.
    """

    path: str
    size: int
    reason: str
    is_replaceable: bool
    is_proof: bool = False


def spare(project: Project, experiments: Sequence[Experiment]) -> list[Spare]:
    """What may go, those first with which nothing is lost.

    Args:
        experiments: All that the repository declares.
    """
    wanted = {each.desired.recipe[:SHORT] for each in experiments}
    state, results = state_folder(project.root), project.root / project.settings.results
    found = [
        *_leftovers(project.root, (results, state / COMPILED)),
        *_compiled(project.root, state / COMPILED),
        *_records(project.root, results, wanted),
        *_strays(project.root, results, wanted),
        *_journals(project, state / "targets"),
    ]
    return sorted(found, key=lambda each: (not each.is_replaceable, each.path))


def chosen(spares: Sequence[Spare], paths: Sequence[str], *, all_replaceable: bool) -> list[Spare]:
    """What is to be removed.

    Args:
        paths: Named one by one, from the root of the repository.

        all_replaceable: Whether all that goes with which nothing is lost.

    Raises:
        UsageError: One is none of those that may go.
    """
    known = {each.path: each for each in spares}
    named = [path.rstrip("/") or path for path in paths]
    for path in named:
        if path not in known:
            raise UsageError(f"{path}: is none of what may go", hint="`runner gc` lists it, from the root")
    return [each for each in spares if each.path in named or (all_replaceable and each.is_replaceable)]


def remove(root: Path, doomed: Iterable[Spare]) -> None:
    """Removes what was chosen.

    Raises:
        ProjectError: Something cannot be removed; what came before it is gone.
    """
    for each in doomed:
        place = root / each.path
        try:
            shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
        except FileNotFoundError:
            continue  # another process was quicker
        except OSError as error:
            raise ProjectError(f"{place}: cannot be removed: {error}") from error


def _spare(root: Path, place: Path, reason: str, *, is_replaceable: bool = False) -> Spare:
    files = [each for each in place.rglob("*") if each.is_file()] if place.is_dir() else [place]
    size = sum(file.lstat().st_size for file in files)
    path = place.relative_to(root).as_posix()
    return Spare(path=path, size=size, reason=reason, is_replaceable=is_replaceable)


def _leftovers(root: Path, folders: Iterable[Path]) -> Iterator[Spare]:
    for place in (place for folder in folders for place in folder.rglob(".*")):
        if _ASIDE.fullmatch(place.name) and _is_old(place):
            yield _spare(root, place, "left behind by something that was killed", is_replaceable=True)


def _is_old(place: Path) -> bool:
    try:
        return place.is_file() and utc_now().timestamp() - place.stat().st_mtime > _ASIDE_S
    except OSError:
        return False  # it is gone already: it was being written at this moment


def _compiled(root: Path, folder: Path) -> Iterator[Spare]:
    if folder.is_dir() and any(folder.iterdir()):
        yield _spare(root, folder, "what files were compiled to: made again when needed", is_replaceable=True)


def _records(root: Path, results: Path, wanted: set[str]) -> Iterator[Spare]:
    for recipe in sorted(results.glob("*/*")):
        if recipe.is_dir() and recipe.name not in wanted:
            found = _spare(root, recipe, f"no file asks for this recipe: {_measured(recipe)}")
            yield replace(found, is_proof=any(recipe.glob("*.jsonl")))


def _measured(recipe: Path) -> str:
    """What would be lost with the records of a recipe."""
    jobs = runs = 0
    try:
        for line in (line for file in recipe.glob("*.jsonl") for line in lines_of(file)):
            jobs, runs = jobs + 1, runs + sum(read_record(line).counts.values())
    except (OSError, ValueError):
        return "it cannot be read"
    some = counted(jobs, "job")
    return f"{some} with {runs} measured runs" if jobs else "nothing came back of it yet"


def _strays(root: Path, results: Path, wanted: set[str]) -> Iterator[Spare]:
    recipes = [each for each in sorted(results.glob("*/*")) if each.is_dir() and each.name in wanted]
    lost = list(serialised_without_line(recipes))
    for folder in dict.fromkeys(path.parent for path in lost):
        paths = [path for path in lost if path.parent == folder]
        if len(paths) == sum(1 for _ in folder.iterdir()):
            some = "an unrecorded job" if len(paths) == 1 else f"{len(paths)} unrecorded jobs"
            yield _spare(root, folder, f"what an emulator gave for {some}")
        else:
            for path in paths:
                yield _spare(root, path, "what an emulator gave for an unrecorded job")


def _journals(project: Project, folder: Path) -> Iterator[Spare]:
    known = {journal_folder(name) for name in (*project.settings.targets, "local", project.target_name)}
    for place in sorted(folder.glob("*/journal.sqlite")):
        if place.parent.name in known:
            continue
        with closing(Journal(place, utc_now)) as journal:
            unclear = journal.unclear()
        if not unclear:
            reason = (
                "journal and history of a target that runner.toml does not name; nothing is pending in it"
            )
            yield _spare(project.root, place.parent, reason)
