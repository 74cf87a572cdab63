"""What is remembered of a clone: which commit is in force, of which branch of which repository."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from runner.atomic_file import write_atomically
from runner.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The commit in force.

    Args:
        url: Without user and password.

        commit: Empty before the first.

        names: Of the experiments it describes, in order.

        results: Folder of the records, from the clone's root.

        change: The newest commit in force that is more than a push of records; empty where that is `commit`.

        namespace: The one that its settings name; empty for that of the root commit, None where nobody knows.
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


def read_applied(path: Path) -> Applied | None:
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
        return Applied(**(found | {"names": tuple(found["names"])}))
    except (ValueError, TypeError, KeyError) as error:
        raise GitError(
            f"{path}: is not what `runner sync` writes",
            hint="look at the newest commit yourself; without this file it is taken as the first one",
        ) from error


def write_applied(path: Path, applied: Applied) -> None:
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
