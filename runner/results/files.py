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
