"""Files that verbs write for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.atomic_file import write_atomically
from runner.errors import ProjectError

if TYPE_CHECKING:
    from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Writes a file aside and renames it, so that a reader meets the old file or the new one.

    A link is followed. What is no file, as a pipe or /dev/null, is written to as it is.

    Raises:
        ProjectError: It cannot be written.
    """
    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            write_atomically(path, content, mode=0o644)
    except OSError as error:
        raise ProjectError(f"{path}: cannot be written: {error.strerror}") from error
