"""Files beside results: names that stay in their folder, and texts that are there whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Final

from runner.errors import RecordError

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
    if path.is_symlink():
        return f"is a link to {path.readlink()}, where nothing is"
    return "is a pipe, a device or a socket" if path.exists() else ""


def write_aside(path: Path, text: str) -> None:
    """Writes a text beside its place and renames it, so that a reader, or a crash, sees the old or the new.

    Raises:
        RecordError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).replace(path)
    except OSError as error:
        raise RecordError(f"{path}: the record cannot be written: {error}") from error
