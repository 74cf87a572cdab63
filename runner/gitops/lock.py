"""The lock of a clone: one process keeps it current."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from runner.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_S: Final = 10.0
_POLL_S: Final = 0.1


@contextmanager
def locked(path: Path, patience_s: float = _PATIENCE_S) -> Iterator[int]:
    """Holds the lock; gives its descriptor.

    A git that we started inherits it: when we are killed, the lock is free once that has ended, too.

    Raises:
        GitError: Another process holds it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise GitError(f"{path}: cannot be opened: {error}") from error
    try:
        _take(descriptor, path, patience_s)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise GitError(
                    f"another `runner sync` works in {path.parent.parent}",
                    hint="end it first, or choose another folder with --clone",
                ) from None
            time.sleep(_POLL_S)
        else:
            return
