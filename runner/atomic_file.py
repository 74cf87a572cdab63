"""Files that are there whole or not at all: written aside and renamed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomically(
    path: Path, content: str | bytes, *, is_synced: bool = False, mode: int | None = None
) -> None:
    """Writes a file beside its place and renames it: a reader, or a crash, sees the old file or the new one.

    Args:
        content: A text is written as UTF-8, its ends of lines as they are.

        is_synced: Whether it is on the disk when this returns, so that a power failure does not lose it.

        mode: The file's permissions; by default it is for its owner alone.

    Raises:
        OSError: It cannot be written; nothing is left beside it.
    """
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            if is_synced:
                os.fsync(file.fileno())
        if mode is not None:
            Path(aside).chmod(mode)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
