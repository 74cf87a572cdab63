"""Records mended on disk: what is changed is kept beside, and said; measured counts are never lost."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.domain.numerals import counted
from runner.errors import RecordError
from runner.project.config.repository import past_texts, state_folder
from runner.reconcile import utc_now
from runner.reconcile.execute.lost_manifests import REBUILT
from runner.reconcile.model.tags import SHORT
from runner.results.records.files import write_aside
from runner.results.records.manifest_files import FILE_NAME, makes_recipe
from runner.results.records.repairs import MendedLines, RecordedLine, copies, mended_lines, sound_job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project


@dataclass(frozen=True, slots=True, order=True)
class Repair:
    """One thing that was mended.

    Args:
        kept: Where the file is as it was before; None where there was none.
    """

    path: Path
    message: str
    kept: Path | None = None


def repaired(project: Project, experiment: Experiment) -> list[Repair]:
    """Mends what merges, reverts and older versions left in the records of an experiment; asks no cloud.

    Raises:
        RecordError: Something cannot be written.
    """
    mending = _Mending(project, experiment)
    folders = project.recorded.folders(experiment)
    recipes = [
        recipe for each in folders if each.is_dir() for recipe in sorted(each.iterdir()) if recipe.is_dir()
    ]
    for recipe in recipes:
        for file in sorted(recipe.glob("*.jsonl")):
            mending.mend_lines(file)
    mending.take_copies_away(folders)
    for recipe in recipes:
        mending.mend_manifest(recipe)
    return mending.done


class _Mending:
    """What is mended, and what of it was done so far."""

    def __init__(self, project: Project, experiment: Experiment) -> None:
        self._project, self._experiment = project, experiment
        self._root, self._results = project.root, project.root / project.settings.results
        self._aside = state_folder(project.root) / "repaired" / f"{utc_now():%Y%m%d-%H%M%S-%f}"
        self.done: list[Repair] = []

    # Lines

    def mend_lines(self, file: Path) -> None:
        """Lines that a merge or an edit broke."""
        lines = _lines(file)
        mended = mended_lines(lines, lambda: self._past_lines(file)) if lines else self._refilled(file)
        if mended.said:
            self._rewrite(file, mended.lines, "; ".join(mended.said))

    def _refilled(self, file: Path) -> MendedLines:
        """The lines of an empty record, as git has them; none for what is no file."""
        for text in self._past(file) if _text(file) is not None else ():
            lines = tuple(line for line in text.split("\n") if sound_job(line))
            if lines:
                return MendedLines(lines, (f"{counted(len(lines), 'line')} put back as git has it",))
        return MendedLines(())

    def _past_lines(self, file: Path) -> Iterator[str]:
        return (line for text in self._past(file) for line in text.split("\n"))

    def _past(self, file: Path) -> Iterator[str]:
        """What a record once was, under any name of its experiment."""
        pattern = f"{self._project.settings.results}/*/{file.parent.name}/{file.name}"
        return past_texts(self._root, pattern)

    # Copies

    def take_copies_away(self, folders: list[Path]) -> None:
        """Copies of jobs that are on record under a former name, or twice in a file."""
        places = [place for rank, folder in enumerate(folders) for place in _places(folder, rank)]
        files = {path: dict(enumerate(_lines(path))) for path in dict.fromkeys(each.path for each in places)}
        changed: dict[Path, int] = {}
        for each in copies(places):
            files[each.place.path][each.place.number] = each.best.line
            changed.setdefault(each.place.path, 0)
            for other in each.others:
                del files[other.path][other.number]
                changed[other.path] = changed.get(other.path, 0) + 1
                self._move_serialised(other, each.place)
        for file, n_taken in changed.items():
            lines = tuple(files[file][number] for number in sorted(files[file]))
            if n_taken:
                some = f"{counted(n_taken, 'job')} that {'is' if n_taken == 1 else 'are'}"
                self._rewrite(file, lines, f"{some} on record elsewhere too, taken away")
            elif "".join(f"{line}\n" for line in lines) != _text(file):
                self._rewrite(file, lines, "results put in that a copy had")

    def _move_serialised(self, gone: RecordedLine, kept: RecordedLine) -> None:
        """What an emulator gave beside a copy stays with the line that stays."""
        name = f"{gone.job.id}.pulser.json"
        source = gone.path.with_suffix("") / name
        goal = kept.path.with_suffix("") / name
        if source == goal or not source.is_file():
            return
        if not goal.exists():
            write_aside(goal, source.read_text(encoding="utf-8"))
        self._keep(source)
        source.unlink()
        with suppress(OSError):
            source.parent.rmdir()

    # Manifests

    def mend_manifest(self, recipe: Path) -> None:
        """A manifest that is missing, or that does not make its recipe, where one is known that does."""
        path = recipe / FILE_NAME
        if not any(recipe.glob("*.jsonl")) or makes_recipe(_object(_text(path)), recipe.name):
            return
        if path.exists() and not path.is_file():
            return
        told, message = self._known_manifest(recipe)
        if told:
            kept = self._keep(path) if path.is_file() else None
            write_aside(path, json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
            self.done.append(Repair(path, message, kept))

    def _known_manifest(self, recipe: Path) -> tuple[dict[str, object], str]:
        """What is known of a recipe, and where from; nothing where nothing tells."""
        known = self._project.records.manifests.known(recipe.parent.name, recipe.name)
        if known is not None:
            return known, "put back from a copy"
        pattern = f"{self._project.settings.results}/*/{recipe.name}/{FILE_NAME}"
        for found in map(_object, past_texts(self._root, pattern)):
            if makes_recipe(found, recipe.name):
                return found, "put back as git has it"
        if self._experiment.desired.recipe[:SHORT] == recipe.name:
            told = self._own_manifest() | {"experiment": recipe.parent.name}
            return told, "made from the file, and says so under `rebuilt`"
        return {}, ""

    def _own_manifest(self) -> dict[str, object]:
        manifests = self._project.manifests([self._experiment])
        return manifests[self._experiment.name] | {REBUILT: "from the file, after the purchase"}

    # What was there

    def _rewrite(self, file: Path, lines: tuple[str, ...], message: str) -> None:
        kept = self._keep(file)
        if lines:
            write_aside(file, "".join(f"{line}\n" for line in lines))
        else:
            file.unlink()
        self.done.append(Repair(file, message, kept))

    def _keep(self, file: Path) -> Path:
        """Keeps a file as it is, once: the first time it is about to be changed."""
        goal = self._aside / file.relative_to(self._results)
        if not goal.exists():
            try:
                goal.parent.mkdir(parents=True, exist_ok=True)
                goal.write_bytes(file.read_bytes())
            except OSError as error:
                raise RecordError(f"{goal}: cannot be kept before it is mended: {error}") from error
        return goal


def _places(folder: Path, rank: int) -> Iterator[RecordedLine]:
    """All lines below a folder that are as they were recorded, and lie where they belong."""
    for file in sorted(folder.glob("*/*.jsonl")):
        lines = _lines(file)
        jobs = [sound_job(line) for line in lines]
        if all(jobs):  # else the file is told by verify, and stays
            for number, (line, job) in enumerate(zip(lines, jobs, strict=True)):
                if job is not None and (job.recipe, job.batch_id) == (file.parent.name, file.stem):
                    yield RecordedLine(file, number, line, job, rank)


def _lines(file: Path) -> list[str]:
    """The lines of a record, broken ones too; none where it is no file that can be read."""
    text = _text(file)
    return text.removesuffix("\n").split("\n") if text else []


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None
    except OSError:
        return None


def _object(text: str | None) -> dict[str, object]:
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def plain_repair(repair: Repair) -> dict[str, str | None]:
    """A repair as JSON has it."""
    return {
        "path": str(repair.path),
        "message": repair.message,
        "kept": None if repair.kept is None else str(repair.kept),
    }
