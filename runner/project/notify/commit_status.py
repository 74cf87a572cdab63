"""The states that are shown beside a commit: one for all, and if wished one for each experiment. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.gitops import shown
from runner.gitops.commit_policy import SHORT
from runner.project.notify.events import NoticeState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.project.notify.events import Notice
    from runner.project.sync.status import SyncStatus

# GitHub takes 140 characters, GitLab 255.
_LONGEST: Final = 140
_NAMED: Final = 3
# No state of an experiment: the commit that was to bring it is not in force any more.
SUPERSEDED: Final = "superseded"
# The first that any experiment has come to is that of the commit.
_BY_WEIGHT: Final = (NoticeState.HELD, NoticeState.ERROR, NoticeState.FAILED, NoticeState.PROGRESSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitState:
    """What is shown beside a commit.

    Args:
        commit: All of its digits.

        context: What tells it from other states of the commit.

        state: One of `State`, or `SUPERSEDED`.
    """

    commit: str
    context: str
    state: str
    description: str

    @property
    def key(self) -> str:
        """What it is a state of."""
        return f"{self.commit}/{self.context}"


def commit_states(
    status: SyncStatus, told: Sequence[Notice], context: str, *, per_experiment: bool
) -> Iterator[CommitState]:
    """What is to be shown after a turn, whether or not it is shown.

    Args:
        told: All notices of the turn.
    """
    for notice in told:
        if notice.state in {NoticeState.INVALID, NoticeState.REFUSED}:
            said = f"{notice.state}: {notice.message}"
            yield CommitState(
                commit=notice.commit, context=context, state=notice.state, description=described(said)
            )
    applied = status.applied
    if status.error or applied is None or not applied.commit:
        return  # what holds is not known
    of_experiments = [notice for notice in told if notice.experiment]
    yield _of_all(applied.newest_change, context, applied.names, of_experiments)
    for notice in of_experiments if per_experiment else ():
        yield CommitState(
            commit=applied.newest_change,
            context=f"{context}/{notice.experiment}",
            state=notice.state,
            description=described(f"{notice.state}: {notice.message}"),
        )


def superseded(known: Mapping[str, str], commit: str) -> Iterator[CommitState]:
    """What becomes of commits that are shown as progressing, and that another one has come after.

    Args:
        known: The last state of each key.

        commit: The one in force.
    """
    for key, state in known.items():
        of, _, context = key.partition("/")
        if state == NoticeState.PROGRESSING and of != commit:
            said = f"superseded by {commit[:SHORT]}"
            yield CommitState(commit=of, context=context, state=SUPERSEDED, description=said)


def _of_all(commit: str, context: str, names: Sequence[str], told: Sequence[Notice]) -> CommitState:
    states = {notice.experiment: notice.state for notice in told}
    by_state = {
        state: [n for n in names if states.get(n, NoticeState.PROGRESSING) is state] for state in NoticeState
    }
    state = next((each for each in _BY_WEIGHT if by_state[each]), NoticeState.COMPLETE)
    parts = [f"{each}: {_some(by_state[each])}" for each in _BY_WEIGHT if by_state[each]]
    if by_state[NoticeState.SUSPENDED]:
        parts.append(f"suspended: {_some(by_state[NoticeState.SUSPENDED])}")
    complete = len(by_state[NoticeState.COMPLETE])
    count = f"{complete} of {len(names)} experiment{'' if len(names) == 1 else 's'} complete"
    return CommitState(
        commit=commit, context=context, state=state, description=described("; ".join([count, *parts]))
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def described(said: str) -> str:
    """A text as both services take it: one line, not too long; without passwords in URLs."""
    line = " ".join(shown(said).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
