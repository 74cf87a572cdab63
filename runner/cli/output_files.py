"""Files that verbs write for people."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from runner.errors import ProjectError


def write_file(path: Path, content: bytes) -> None:
    """Writes a file aside and renames it, so that whoever reads meets the old file or the new one.

    A link is followed. What is no file, as a pipe or /dev/null, is written to as it is.

    Raises:
        ProjectError: It cannot be written.
    """
    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(aside).chmod(0o644)
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ProjectError(f"{path}: cannot be written: {error.strerror}") from error
