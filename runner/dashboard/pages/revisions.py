"""Two revisions side by side: the lines of experiment files, and what becomes of experiments and jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.domain.json_values import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.project.revisions.changes import Changes
    from runner.project.revisions.file_history import DiffRow, PastCommit

_MOST_NAMES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePair:
    """A file at two revisions.

    Args:
        before: Its path; empty where it is not there, as `after`.
    """

    before: str
    after: str
    rows: tuple[DiffRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Two revisions side by side, as far as it is known by now.

    Args:
        commits: Digests of both; empty where there is no such commit.

        files: Experiment files that differ, the first ones of them.

        left_out: How many more differ.

        changes: What becomes of experiments; None where that is not known.

        trouble: Why something is not known.

        is_pending: Whether it is still being compared.
    """

    commits: tuple[str, ...] = ()
    files: tuple[FilePair, ...] = ()
    left_out: int = 0
    changes: Changes | None = None
    trouble: str = ""
    is_pending: bool = False


def compared_data(found: SideBySide) -> dict[str, Any]:
    """Two revisions side by side as plain data."""
    changes = found.changes
    return {
        "commits": list(found.commits),
        "files": [plain(each) for each in found.files],
        "left_out": found.left_out,
        "experiments": [_changed(plain(each)) for each in changes.shown] if changes else None,
        "cost": plain(changes.cost) if changes else None,
        "notes": list(changes.notes) if changes else [],
        "trouble": found.trouble,
        "is_pending": found.is_pending,
    }


def _changed(change: Any) -> dict[str, Any]:
    """An experiment that changes; of its jobs the first names, and how many there are."""
    return {
        **change,
        **{name: change[name][:_MOST_NAMES] for name in ("added", "removed", "resized")},
        "counts": {name: len(change[name]) for name in ("added", "removed", "resized")},
    }


def history_data(commits: Sequence[PastCommit]) -> list[dict[str, Any]]:
    """Commits of a file as plain data, each with the one before it to compare it with."""
    before = [each.digest for each in commits[1:]]
    return [
        {**plain_commit(each), "before": before[index] if index < len(before) else ""}
        for index, each in enumerate(commits)
    ]


def plain_commit(commit: PastCommit) -> Any:
    """A commit as plain data."""
    return plain(commit)
