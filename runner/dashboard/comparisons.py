"""Compares revisions behind, one pair after the other; what was compared is kept: commits never change."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runner.dashboard.pages.revisions import FilePair, SideBySide
from runner.errors import RunnerError
from runner.project.config.settings import FILE_NAME
from runner.project.revisions.commit_files import below_top, commits
from runner.project.revisions.compare import Comparing, compared
from runner.project.revisions.file_history import (
    changed_paths,
    differing_rows,
    is_experiment_path,
    is_name,
)
from runner.project.views.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.dashboard.lookout import Lookout
    from runner.project.project import Project
    from runner.project.revisions.commit_files import Commit

    Pair = tuple[tuple[str, ...], str]

_MOST_FILES: Final = 20
_MOST_ROWS: Final = 400
_MOST_KEPT: Final = 32
_log: Final = logging.getLogger(__name__)


class Comparisons:
    """Revisions of a repository side by side, for all that look.

    Only one pair is compared at a time; whoever asks for another one meanwhile is told that it is not
    known yet, and asks again when there is news.
    """

    def __init__(self, lookout: Lookout) -> None:
        self._lookout = lookout
        self._turn = threading.Lock()
        self._is_busy = False
        self._made: OrderedDict[Pair, SideBySide] = OrderedDict()

    def of(self, before: str, after: str, path: str) -> SideBySide:
        """Two revisions side by side, as far as it is known; what is not is found out behind.

        Args:
            before: Name of a commit, as a person says it.

            after: The same; empty for what is checked out.

            path: Of an experiment file from the root, at either; empty for all.
        """
        project = self._lookout.project
        names = (before, after or "HEAD")
        if wrong := next((each for each in names if not is_name(each)), None):
            return SideBySide(trouble=f"{wrong!r} is no name of a commit: say a digest, a branch or a tag")
        if path and not is_experiment_path(path):
            return SideBySide(trouble=f"{path!r} is no path of an experiment file")
        try:
            pair = commits(project.root, "..".join(names))
        except RunnerError as error:
            return SideBySide(trouble=str(error).removeprefix("--rev "))
        key = (tuple(each.digest for each in pair), path)
        with self._turn:
            if key in self._made:
                return self._made[key]
            if not self._is_busy:
                self._is_busy = True
                threading.Thread(target=self._make, args=(project, pair, path), daemon=True).start()
        return SideBySide(commits=key[0], is_pending=True)

    def _make(self, project: Project, pair: Sequence[Commit], path: str) -> None:
        digests = tuple(each.digest for each in pair)
        try:
            made = _compared(project, pair, path)
        except Exception as error:  # noqa: BLE001  (the page says it, and is served on)
            _log.exception("revisions cannot be compared")
            made = SideBySide(commits=digests, trouble=f"a defect: {type(error).__name__}: {error}")
        with self._turn:
            self._is_busy = False
            self._made[digests, path] = made
            if len(self._made) > _MOST_KEPT:
                self._made.popitem(last=False)
        self._lookout.announce()


def _compared(project: Project, pair: Sequence[Commit], path: str) -> SideBySide:
    root = project.root
    before, after = (each.digest for each in pair)
    changed = changed_paths(root, before, after)
    experiments = [each for each in changed if all(is_experiment_path(one) for one in each if one)]
    paths = [each for each in experiments if path in {"", *each}]
    files = tuple(
        FilePair(
            before=each[0], after=each[1], rows=tuple(differing_rows(root, before, after, each, _MOST_ROWS))
        )
        for each in paths[:_MOST_FILES]
    )
    changes, trouble = None, ""
    meant = frozenset(one for each in paths for one in each if one)
    # What else has changed may be part of an experiment whose own file has not.
    is_known = {*_records(changed, project.settings.results), *experiments} >= {*changed}
    try:
        if path and meant:
            changes = compared(pair[0], pair[1], _how(project, paths=sorted(meant)))
        elif not path:
            changes = compared(pair[0], pair[1], _how(project, only=meant if is_known else None))
    except RunnerError as error:
        trouble = str(error)
    return SideBySide(
        commits=(before, after),
        files=files,
        left_out=max(0, len(paths) - _MOST_FILES),
        changes=changes,
        trouble=trouble,
    )


def _records(changed: Sequence[tuple[str, str]], folder: str) -> list[tuple[str, str]]:
    """Of files that differ, those that are no part of an experiment: records, and the settings."""
    return [
        each
        for each in changed
        if all(one.startswith(f"{folder}/") or one == FILE_NAME for one in each if one)
    ]


def _how(project: Project, paths: Sequence[str] = (), only: frozenset[str] | None = None) -> Comparing:
    return Comparing(
        root=project.root,
        prefix=below_top(project.root),
        paths=tuple(map(Path, paths)),
        selection=Selection(),
        target=project.target_name,
        environ=project.environ,
        asks_cloud=False,
        only=only,
    )
