"""What is remembered of a clone: which commit is in force, of which branch of which repository."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from runner.atomic_file import write_atomically
from runner.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCommit:
    """The commit in force.

    Args:
        url: Without user and password.

        commit: Empty before the first.

        names: Of the experiments it describes, in order.

        results: Folder of the records, from the clone's root.

        change: The newest commit in force that is more than a push of records; empty where that is `commit`.

        namespace: The one that its settings name; empty for that of the root commit, None if unknown.
    """

    url: str
    branch: str
    commit: str = ""
    names: tuple[str, ...] = ()
    results: str = "results"
    namespace: str | None = None
    change: str = ""

    @property
    def newest_change(self) -> str:
        """The commit that people know by what is in force; empty before the first."""
        return self.change or self.commit


def read_applied(path: Path) -> AppliedCommit | None:
    """What was remembered; None where nothing is.

    Raises:
        GitError: It cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise GitError(f"{path}: cannot be read: {error}") from error
    try:
        found = json.loads(text)
        return AppliedCommit(**(found | {"names": tuple(found["names"])}))
    except (ValueError, TypeError, KeyError) as error:
        raise GitError(
            f"{path}: is not what `runner sync` writes",
            hint="look at the newest commit yourself; without this file it is taken as the first one",
        ) from error


def write_applied(path: Path, applied: AppliedCommit) -> None:
    """Remembers it, whole or not at all."""
    write_aside(path, asdict(applied))


def write_aside(path: Path, value: Mapping[str, object]) -> None:
    """Writes a file of JSON, whole or not at all.

    Raises:
        GitError: It cannot be written.
    """
    try:
        write_atomically(path, json.dumps(value, indent=1), is_synced=True)
    except OSError as error:
        raise GitError(f"{path}: cannot be written: {error}") from error


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
