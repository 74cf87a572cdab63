"""Manifests on disk: beside the records of their recipe, and a copy that no git command takes away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from runner.domain import recipe_digest
from runner.results.records.files import obstacle, safe_name, write_aside
from runner.results.records.manifest_history import following

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE_NAME: Final = "manifest.json"


class ManifestFiles:
    """The manifests of a repository.

    Args:
        folder: That of the records, `<experiment>/<recipe>/manifest.json` in it.

        kept: Where a copy of each is kept outside git: when records are fetched again that a revert has taken
            away, their manifest comes back as it was, and merges with itself. None for nowhere.
    """

    def __init__(self, folder: Path, kept: Path | None = None) -> None:
        self._folder, self._kept = folder, kept

    def read(self, experiment: str, recipe: str) -> dict[str, Any] | None:
        """What is known of a recipe that was run; None when nothing is, or the file is broken."""
        return _read(self._place(self._folder, experiment, recipe))

    def write(self, experiment: str, recipe: str, manifest: Mapping[str, object]) -> None:
        """Writes down what is being run; what an earlier manifest says otherwise stays under `earlier`."""
        before = self.read(experiment, recipe)
        now = following(manifest, before)
        if now != before:
            self._write(experiment, recipe, now)

    def is_missing(self, experiment: str, recipe: str) -> bool:
        """Whether there is nothing of a manifest's name; a broken file is there."""
        return not _is_there(self._place(self._folder, experiment, recipe))

    def missing(self, experiment: str) -> list[str]:
        """Recipes of an experiment that have records and no manifest."""
        try:
            recipes = sorted((self._folder / safe_name(experiment)).iterdir())
        except OSError:
            return []  # there are none
        return [
            each.name for each in recipes if not _is_there(each / FILE_NAME) and any(each.glob("*.jsonl"))
        ]

    def restore(self, experiment: str, recipe: str) -> bool:
        """Puts a manifest back that is missing, from the copy or from a former name's; False without one."""
        found = self.known(experiment, recipe)
        if found is not None:
            self._write(experiment, recipe, found)
        return found is not None

    def known(self, experiment: str, recipe: str) -> dict[str, object] | None:
        """A manifest that makes the recipe: the copy, or a former name's; None without one."""
        found = map(_read, self._copies(experiment, recipe))
        return next((each for each in found if each is not None and makes_recipe(each, recipe)), None)

    def _copies(self, experiment: str, recipe: str) -> Iterator[Path]:
        """Where a recipe's manifest may be, best first."""
        for folder in (self._kept, self._folder) if self._kept else (self._folder,):
            own = self._place(folder, experiment, recipe)
            yield own
            yield from (each for each in sorted(folder.glob(f"*/{recipe}/{FILE_NAME}")) if each != own)

    def _write(self, experiment: str, recipe: str, manifest: Mapping[str, object]) -> None:
        text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_aside(self._place(self._folder, experiment, recipe), text)
        if self._kept:
            write_aside(self._place(self._kept, experiment, recipe), text)

    @staticmethod
    def _place(folder: Path, experiment: str, recipe: str) -> Path:
        return folder / safe_name(experiment) / safe_name(recipe) / FILE_NAME


def checked_recipe(manifest: Mapping[str, object]) -> str:
    """The digest that device type, sequence and emulation of a manifest make.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: It is no manifest.
    """
    sequence, emulation, strategy = (manifest["sequence"], *map(manifest.get, ("emulation", "strategy")))
    return recipe_digest(
        device_type=str(manifest["device_type"]),
        sequence=json.dumps(sequence) if sequence else "",
        emulation=json.dumps(emulation) if emulation else "",
        strategy=json.dumps(strategy) if strategy else "",
    )


def recipe_of(manifest: Mapping[str, object]) -> str:
    """The same; empty where they make none."""
    try:
        return checked_recipe(manifest)
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""


def makes_recipe(manifest: Mapping[str, object], recipe: str) -> bool:
    """Whether device type and sequence of a manifest make a recipe, by its first digits."""
    return recipe_of(manifest).startswith(recipe)


def _is_there(path: Path) -> bool:
    """Whether there is anything of that name, a dangling link too."""
    return path.exists() or path.is_symlink()


def _read(path: Path) -> dict[str, object] | None:
    if obstacle(path):
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) else None
