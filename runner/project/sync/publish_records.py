"""Records pushed to a branch after each turn, and brought back from it where a clone is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.gitops import Publisher, RecordsPlace
from runner.gitops.commit_policy import SHORT
from runner.reconcile.execute.change_events import News, Pace, pause_s

if TYPE_CHECKING:
    from runner.gitops import AppliedCommit, Clone, Publication
    from runner.project.sync.loop import LoopContext
    from runner.project.sync.status import SyncStatus
    from runner.project.sync.sync import Following

# Between two attempts, while others push at the same moment.
_PACE: Final = Pace(first_retry_s=0.5, longest_retry_s=8.0, spread=0.5)
_NAMED: Final = 3


class RecordsPublished:
    """Pushes what is on record to a branch, if it is not as it was at the last push.

    Args:
        following: Says to which branch, if to any.
    """

    name = "records"

    def __init__(self, clone: Clone, following: Following, context: LoopContext) -> None:
        self._following, self._context = following, context
        self._publisher = Publisher(clone, self._pause)
        self._is_prepared = False

    def must_be_accepted(self) -> None:
        """Makes sure that our own commits can come into force where only signed ones do.

        Raises:
            UsageError: They could not.
        """
        records, followed = self._following.records, self._following.source.branch
        if records is None or not self._following.rules.signed or followed not in {None, records.branch}:
            return
        if not self._publisher.signs:
            raise UsageError(
                "--verify-signatures would refuse the commits that --records makes: they are not signed",
                hint="git config --global commit.gpgSign true, or --branch and another one for --records",
            )

    def prepare(self, applied: AppliedCommit) -> None:
        """Brings back what was recorded elsewhere, before anything is bought; once for each clone.

        Raises:
            RunnerError: The repository cannot be reached.
        """
        place = self._place(applied)
        if place and not self._is_prepared:
            if count := self._publisher.bring_back(place):
                text = f"took {counted(count, 'file')} of records from {place.branch}"
                self._context.report(News.RECORDS, text)
            self._is_prepared = True

    def __call__(self, status: SyncStatus) -> None:
        """Pushes them.

        Raises:
            RunnerError: They could not be pushed.
        """
        place = self._place(status.applied) if status.applied else None
        if place and self._is_prepared:
            text = pushed(self._publisher.publish(place), place.branch)
            if text:
                self._context.report(News.RECORDS, text)

    def _place(self, applied: AppliedCommit) -> RecordsPlace | None:
        records = self._following.records
        if records is None:
            return None
        return RecordsPlace(
            branch=records.branch,
            folder=records.folder or applied.results,
            results=applied.results,
            is_followed=records.branch == applied.branch,
        )

    def _pause(self, attempt: int) -> None:
        self._context.wait(pause_s(_PACE, attempt, self._context.jitter()))


def pushed(publication: Publication, branch: str) -> str:
    """What a push has brought about, in a line; empty where nothing has changed."""
    count = sum(publication.jobs.values())
    what = counted(count, "record") if count else "what belongs to records"
    done = f"pushed {what} to {branch} (commit {publication.commit[:SHORT]})" if publication.commit else ""
    left = list(publication.left[:_NAMED])
    if len(publication.left) > _NAMED:
        left.append(f"and {counted(len(publication.left) - _NAMED, 'more file')}")
    kept = f"left as it is on {branch}: {', '.join(left)}" if left else ""
    return "; ".join(each for each in (done, kept) if each)
