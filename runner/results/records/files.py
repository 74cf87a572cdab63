"""Files beside results: names that stay in their folder, and texts that are there whole or not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from runner.atomic_file import write_atomically
from runner.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RECIPE: Final = re.compile(r"[0-9a-f]{16}")
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def safe_name(name: str) -> str:
    """A name that stays in its folder: ids come from the cloud.

    Raises:
        RecordError: It is none.
    """
    if not NAME.fullmatch(name):
        raise RecordError(f"{name!r} cannot be the name of a file")
    return name


def obstacle(path: Path, *, is_folder: bool = False) -> str:
    """What stands in the place of a file or folder and is none, in words; empty where none stands there.

    To read from a pipe or a device may never end.
    """
    if path.is_file() or path.is_dir():
        return (
            "" if path.is_dir() is is_folder else "is a folder" if path.is_dir() else "is a file, no folder"
        )
    if path.exists():
        return "is a pipe, a device or a socket"
    return f"is a link to {path.readlink()}, where nothing is" if path.is_symlink() else ""


def folder_obstacles(results: Path, experiment: Path) -> Iterator[tuple[Path, str]]:
    """What stands in the place of the folders that hold an experiment's records, outermost first."""
    recipes = sorted(experiment.iterdir()) if experiment.is_dir() else []
    for place in (results, experiment, *(each for each in recipes if _RECIPE.fullmatch(each.name))):
        if said := obstacle(place, is_folder=True):
            yield place, said


def write_aside(path: Path, text: str) -> None:
    """Writes a text whole or not at all, in a folder that is made.

    Raises:
        RecordError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text, is_synced=True)
    except OSError as error:
        raise RecordError(f"{path}: the record cannot be written: {error}") from error
