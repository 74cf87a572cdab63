"""Records pushed to a branch after each turn, and brought back from it where a clone is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain.numerals import counted
from runner.errors import UsageError
from runner.gitops import Place, Publisher
from runner.gitops.commit_policy import SHORT
from runner.project.sync.loop import Event
from runner.reconcile.execute.change_events import News, Pace, pause_s

if TYPE_CHECKING:
    from runner.gitops import Applied, Clone, Publication
    from runner.project.sync.loop import Surroundings
    from runner.project.sync.status import Standing
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

    def __init__(self, clone: Clone, following: Following, around: Surroundings) -> None:
        self._following, self._around = following, around
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

    def prepare(self, applied: Applied) -> None:
        """Brings back what was recorded elsewhere, before anything is bought; once for each clone.

        Raises:
            RunnerError: The repository cannot be reached, so that nobody knows.
        """
        place = self._place(applied)
        if place and not self._is_prepared:
            if count := self._publisher.bring_back(place):
                self._tell(f"took {counted(count, 'file')} of records from {place.branch}")
            self._is_prepared = True

    def __call__(self, standing: Standing) -> None:
        """Pushes them.

        Raises:
            RunnerError: They could not be pushed.
        """
        place = self._place(standing.applied) if standing.applied else None
        if place and self._is_prepared:
            text = pushed(self._publisher.publish(place), place.branch)
            if text:
                self._tell(text)

    def _place(self, applied: Applied) -> Place | None:
        records = self._following.records
        if records is None:
            return None
        return Place(
            branch=records.branch,
            folder=records.folder or applied.results,
            results=applied.results,
            is_followed=records.branch == applied.branch,
        )

    def _pause(self, attempt: int) -> None:
        self._around.wait(pause_s(_PACE, attempt, self._around.jitter()))

    def _tell(self, text: str) -> None:
        self._around.tell(Event(at=self._around.clock(), event=News.RECORDS, experiment="", text=text))


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
