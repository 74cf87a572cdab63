"""`sync`: a clone that is kept current, and each commit of its branch reconciled."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from runner.errors import GitError, RemoteError, RunnerError
from runner.gitops import (
    Advance,
    AppliedCommit,
    Change,
    Clone,
    CommitRules,
    Git,
    Refuse,
    decided,
    locked,
    read_applied,
    shown,
    write_applied,
)
from runner.gitops.commit_policy import SHORT
from runner.gitops.publish.choose_records import are_records
from runner.project.config.repository import state_folder
from runner.project.sync.loop import Followed, Loop, LoopContext
from runner.project.sync.status import Reporters, SyncStatus
from runner.project.sync.validate_commit import CommitReading, Judgement, judged
from runner.project.sync.watch import Watcher
from runner.reconcile.execute.change_events import News, Pace, pause_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from runner.gitops import Destination, FollowedSource
    from runner.gitops.commit_policy import Decision
    from runner.project.sync.status import Reporter
    from runner.reconcile import Plan

MEMORY: Final = "sync.json"
LOCK: Final = "sync.lock"
# The first pause after a repository could not be reached is one interval; the longest lasts ten minutes.
_LONGEST_S: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What is followed, what may come into force, and how it is read.

    Args:
        records: Where records are pushed to; commits of the followed branch that change nothing else come
            into force untold.
    """

    source: FollowedSource
    rules: CommitRules = field(default_factory=CommitRules)
    reading: CommitReading = field(default_factory=CommitReading)
    records: Destination | None = None


@contextmanager
def our_clone(folder: Path, source: FollowedSource, context: LoopContext) -> Iterator[Clone]:
    """The clone in a folder, which is made, and which no other process keeps current.

    Raises:
        GitError: Another process does, or the folder cannot be had.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GitError(f"{folder}: cannot be made: {error}") from error
    with locked(state_folder(folder) / LOCK) as lock:
        yield Clone(Git(folder=folder, url=source.url, environ=os.environ, check=context.check, kept=(lock,)))


class Syncing:
    """Looks at a branch, brings good commits into force, and reconciles what is in force.

    Args:
        clone: Reset by us; its lock is held by the caller.

        reporters: Told how things stand after each turn, in this order.

        prepare: Called with what is in force before anything is reconciled; while it raises a `RunnerError`,
            nothing is.
    """

    def __init__(
        self,
        clone: Clone,
        following: Following,
        context: LoopContext,
        *,
        reporters: Sequence[Reporter] = (),
        prepare: Callable[[AppliedCommit], None] = lambda _: None,
    ) -> None:
        self._clone, self._following, self._context = clone, following, context
        self._reporters, self._prepare = Reporters(reporters, context), prepare
        interval_s = context.pace.interval_s
        self._remote = _Remote(replace(context.pace, first_retry_s=interval_s, longest_retry_s=_LONGEST_S))
        self._loop = Loop(self._turn, context)
        self._watcher: Watcher | None = None
        self._applied: AppliedCommit | None = None
        self._refused, self._refusal, self._is_invalid = "", "", False
        self._checkout_incomplete = False

    def begin(self) -> None:
        """Puts the clone right, and the last good commit into force again.

        Raises:
            GitError: The clone is of something else, or cannot be put right.
        """
        source, memory = self._following.source, self._clone.state / MEMORY
        known = read_applied(memory)
        if known and (known.url != shown(source.url) or source.branch not in {None, known.branch}):
            raise GitError(
                f"{self._clone.folder}: is a clone of {known.url}, branch {known.branch}",
                hint="name another folder with --clone",
            )
        self._clone.reset()
        self._applied = known
        if known and known.commit:
            self._restore(known)
            try:
                self._watch()
            except RunnerError as error:  # a later commit may mend it
                self._context.report(News.ERROR, f"commit {known.commit[:SHORT]}: {error}")

    def go_on(self) -> None:
        """Goes on until `StopRequest` is raised by what surrounds it."""
        self._loop.go_on()

    def once(self) -> None:
        """Looks at the branch once, and does what can be done now.

        Raises:
            RunnerError: The cloud cannot be reached, or nothing can be done there.
        """
        self._turn()

    @property
    def is_in_order(self) -> bool:
        """Whether the newest commit is in force, and nothing in it is broken or refused by the cloud."""
        watcher = self._watcher
        is_as_said = not self._remote.error and not self._refused and self._reporters.are_in_order
        return is_as_said and watcher is not None and watcher.is_in_order

    @property
    def plans(self) -> Sequence[Plan]:
        """The newest plan of each experiment."""
        return self._watcher.plans if self._watcher else ()

    def _turn(self) -> None:
        try:
            self._look_and_reconcile()
        except RunnerError as error:
            self._report(str(error))
            raise
        self._report("")

    def _report(self, error: str) -> None:
        watcher = self._watcher
        status = SyncStatus(
            applied=self._applied,
            refused=self._refused,
            refusal=self._refusal if self._refused else "",
            experiments={each.name: each.desired for each in watcher.experiments} if watcher else {},
            plans={each.experiment: each for each in self.plans},
            error=error,
            is_invalid=bool(self._refused) and self._is_invalid,
            unreachable=self._remote.error,
            errors=watcher.errors if watcher else {},
            project=watcher.project if watcher else None,
        )
        self._reporters.tell(status)
        self._measure()

    def _measure(self) -> None:
        applied = self._applied
        followed = Followed(
            branch=applied.branch if applied else self._following.source.branch or "",
            commit=applied.commit if applied else "",
            is_refused=bool(self._refused),
            is_in_reach=not self._remote.error,
            reports_in_order=self._reporters.are_in_order,
        )
        self._context.note(replace(self._context.figures, followed=followed))

    def _look_and_reconcile(self) -> None:
        self._mend()
        now_s = self._context.seconds()
        if self._remote.look_at_s <= now_s:
            self._look(now_s)
        if self._watcher and self._applied:
            self._prepare(self._applied)
            self._watcher.turn()

    def _look(self, now_s: float) -> None:
        try:
            self._follow_branch()
        except GitError as error:
            self._mend()
            if str(error) != self._remote.error:
                news = News.UNREACHABLE if isinstance(error, RemoteError) else News.ERROR
                hint = f" ({error.hint})" if error.hint else ""
                self._context.report(news, f"{error}{hint}; {self._in_force()}")
            self._remote.fail(str(error), now_s, self._context.jitter())
        else:
            if self._remote.error:
                self._context.report(News.RECOVERED, "the branch can be followed again")
            self._remote.succeed()

    def _in_force(self) -> str:
        commit = self._applied.commit if self._applied else ""
        return f"commit {commit[:SHORT]} stays in force" if commit else "no commit is in force yet"

    def _follow_branch(self) -> None:
        applied = self._known()
        head = self._clone.remote_head(applied.branch)
        if head is None:
            raise RemoteError(f"{applied.url}: there is no branch {applied.branch}")
        if head in {applied.commit, self._refused}:
            self._refused = "" if head == applied.commit else self._refused
            return
        head = self._clone.fetch(applied.branch, is_first=not applied.commit)
        decision, judgement = self._decision(head, applied)
        if isinstance(decision, Advance):
            self._advance(head, applied, judgement, decision.reason)
        elif isinstance(decision, Refuse):
            is_told = decision.reason == self._refusal and self._is_of_records(self._refused, head)
            self._refused, self._refusal = head, decision.reason
            self._is_invalid = decision.is_invalid
            news = News.INVALID if decision.is_invalid else News.REFUSED
            if not is_told:
                self._context.report(news, f"commit {head[:SHORT]}: {decision.reason}; {self._in_force()}")

    def _known(self) -> AppliedCommit:
        if self._applied is None:
            source = self._following.source
            branch = source.branch or self._clone.own_branch()
            self._applied = AppliedCommit(url=shown(source.url), branch=branch)
            write_applied(self._clone.state / MEMORY, self._applied)
        return self._applied

    def _decision(self, head: str, applied: AppliedCommit) -> tuple[Decision, Judgement]:
        """What becomes of a commit; its files are read only if nothing else speaks against it."""
        rules, judgement = self._following.rules, Judgement()
        relation = self._clone.relation(applied.commit, head, applied.branch)
        change = Change(commit=head, relation=relation, before=frozenset(applied.names))
        if isinstance(decided(change, rules), Advance) and rules.signed:
            change = replace(change, signature=self._clone.signature(head))
        if isinstance(decided(change, rules), Advance):
            try:
                judgement = judged(self._clone.staged(head), self._following.reading)
            finally:
                self._clone.forget_staged()
            known = applied.namespace if applied.commit else None
            change = replace(
                change,
                problems=judgement.problems,
                after=judgement.names,
                namespaces=None if known is None else (known, judgement.namespace),
            )
        return decided(change, rules), judgement

    def _restore(self, applied: AppliedCommit) -> None:
        """Brings the files to what is in force, if anything is, and remembers it."""
        self._checkout_incomplete = True
        if applied.commit:
            former = self._applied.results if self._applied else None
            self._clone.check_out(applied.commit, applied.results, former=former)
        write_applied(self._clone.state / MEMORY, applied)
        self._applied, self._checkout_incomplete = applied, False

    def _advance(self, head: str, applied: AppliedCommit, judgement: Judgement, reason: str) -> None:
        if not judgement.namespace:
            self._clone.deepen(applied.branch)
        is_of_records = self._is_of_records(applied.commit, head)
        now = replace(
            applied,
            commit=head,
            names=tuple(sorted(judgement.names)),
            results=judgement.results,
            namespace=judgement.namespace,
            change=applied.newest_change if is_of_records else "",
        )
        self._restore(now)
        self._refused = ""
        if not is_of_records:
            subject = " ".join(self._clone.subject(head).split())
            self._context.report(News.COMMIT, f"commit {head[:SHORT]} is in force: {subject}; {reason}")
        self._watch()

    def _is_of_records(self, older: str, newer: str) -> bool:
        """Whether all that came in between are records, which are pushed to the followed branch."""
        records, applied = self._following.records, self._applied
        if not (older and records and applied and records.branch == applied.branch):
            return False
        changed = self._clone.changed(older, newer)
        return bool(changed) and are_records(changed, records.folder or applied.results)

    def _mend(self) -> None:
        """After something went wrong on the way from one commit to the next, goes back."""
        if self._checkout_incomplete and self._applied:
            self._clone.reset()
            self._restore(self._applied)

    def _watch(self) -> None:
        reading, folder = self._following.reading, self._clone.folder
        project = reading.project(folder, asks_cloud=True)
        paths = reading.folders(project)
        if self._watcher:
            self._watcher.follow(project, paths)
        else:
            self._watcher = Watcher(project, paths, self._context)


class _Remote:
    """How the repository answers, and when it is asked again."""

    def __init__(self, pace: Pace) -> None:
        self._pace, self._failures = pace, 0
        self.error, self.look_at_s = "", 0.0

    def fail(self, error: str, now_s: float, jitter: float) -> None:
        self._failures += 1
        self.error = error
        self.look_at_s = now_s + pause_s(self._pace, self._failures, jitter)

    def succeed(self) -> None:
        self._failures, self.error, self.look_at_s = 0, "", 0.0
