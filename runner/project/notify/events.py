"""What there is to tell of a turn: states of experiments, errors, commits that were refused. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.domain.digests import digest
from runner.domain.numerals import counted
from runner.reconcile.model.plan import Health, Sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from runner.domain import DesiredExperiment
    from runner.project.sync.status import SyncStatus
    from runner.reconcile import Plan
    from runner.reconcile.model.plan import PointProgress

_NAMED: Final = 5
_ERROR_CHARACTERS: Final = 500
_UNUSABLE: Final = "its file cannot be used with the target; the log of `runner sync` says why"
# Numbers and ids, by which two errors of one kind differ.
_PARTICULARS: Final = re.compile(r"[0-9a-f-]*\d[0-9a-f-]*")


class NoticeState(StrEnum):
    """What an experiment, a commit or a turn has come to."""

    COMPLETE = "complete"
    FAILED = "failed"
    HELD = "held"
    INVALID = "invalid"
    REFUSED = "refused"
    ERROR = "error"
    PROGRESSING = "progressing"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that is so after a turn.

    Args:
        experiment: Empty where it is about the whole repository.

        digest: Of what the file asks for; empty for the whole repository, or where it is not known.

        commit: The one in force, or the one that was refused; empty where none is known.

        about: What else tells it from other notices of this state; empty where there is a digest.

        plan: None where there is none of this turn.
    """

    state: NoticeState
    message: str
    commit: str
    experiment: str = ""
    digest: str = ""
    about: str = ""
    plan: Plan | None = None


def request_digest(desired: DesiredExperiment) -> str:
    """Digest of what a file asks for, 64 hexadecimal digits: recipe, and keys, runs and reruns of its jobs.

    The order of the jobs does not count, nor does what they are called.
    """
    jobs = sorted(f"{job.key} {job.runs} {job.rerun}" for job in desired.jobs)
    return digest({"recipe": desired.recipe, "jobs": jobs})


def notices(
    status: SyncStatus, at: datetime, digest_of: Callable[[DesiredExperiment], str] = request_digest
) -> tuple[Notice, ...]:
    """All that is so after a turn, whether or not it was told before.

    Args:
        at: With a time zone; an error that stays is another one on another day.
    """
    return (*_of_commit(status), *_of_turn(status, at), *_of_experiments(status, digest_of))


def _of_commit(status: SyncStatus) -> Iterator[Notice]:
    if status.refused:
        state = NoticeState.INVALID if status.is_invalid else NoticeState.REFUSED
        commit = status.refused
        yield Notice(state=state, message=status.refusal, commit=commit, about=commit)


def _of_turn(status: SyncStatus, at: datetime) -> Iterator[Notice]:
    commit = status.applied.newest_change if status.applied else ""
    for error in dict.fromkeys(filter(None, (status.unreachable, status.error))):
        about = f"{commit} {at:%Y-%m-%d} {_PARTICULARS.sub('#', error[:_ERROR_CHARACTERS])}"
        yield Notice(state=NoticeState.ERROR, message=error, commit=commit, about=about)


def _of_experiments(status: SyncStatus, digest_of: Callable[[DesiredExperiment], str]) -> Iterator[Notice]:
    if status.error or status.applied is None:
        return  # plans may be of what an earlier commit asked for
    commit = status.applied.newest_change
    for name in status.applied.names:
        if name not in status.experiments:
            yield Notice(
                state=NoticeState.ERROR, message=_UNUSABLE, commit=commit, experiment=name, about=commit
            )
    for name, desired in status.experiments.items():
        plan, error = status.plans.get(name), status.errors.get(name, "")
        if error or plan:
            yield Notice(
                state=state_of(plan, error),
                message=error or _message(plan),
                commit=commit,
                experiment=name,
                digest=digest_of(desired),
                plan=None if error else plan,
            )


def state_of(plan: Plan | None, error: str = "") -> NoticeState:
    """What an experiment has come to.

    Args:
        plan: Its newest; None where there is none yet.

        error: Why the cloud refuses it.
    """
    if error:
        return NoticeState.ERROR
    if plan is None:
        return NoticeState.PROGRESSING
    if plan.holds:
        return NoticeState.HELD
    if any(job.is_lost for job in plan.jobs):
        return NoticeState.FAILED
    if all(job.is_complete for job in plan.jobs):
        is_over = plan.sync is Sync.SYNCED and not plan.is_in_progress
        return NoticeState.COMPLETE if is_over else NoticeState.PROGRESSING
    return NoticeState.SUSPENDED if plan.health is Health.SUSPENDED else NoticeState.PROGRESSING


def _message(plan: Plan | None) -> str:
    state = state_of(plan)
    if plan is None:
        return "nothing is known of it yet"
    if state is NoticeState.HELD:
        return "; ".join(f"{hold.reason}; {hold.how}" for hold in plan.holds)
    if state is NoticeState.COMPLETE:
        return f"{_jobs(plan.jobs)}, {counted(sum(job.done for job in plan.jobs), 'run')} measured"
    if state is NoticeState.FAILED:
        return _failures(plan)
    counts = sorted(Counter(job.status.lower() for job in plan.jobs).items())
    return f"{_jobs(plan.jobs)}: {', '.join(f'{count} {word}' for word, count in counts)}"


def _failures(plan: Plan) -> str:
    failed = [job for job in plan.jobs if job.failed and not job.dropped]
    declined = [job for job in plan.jobs if job.declined and not (job.failed or job.dropped)]
    short = [job for job in plan.jobs if job.falls_short and job not in (*failed, *declined)]
    said = [
        (failed, f"{_jobs(failed)} of {len(plan.jobs)} failed for good"),
        (declined, f"a person cancelled {_jobs(declined)}"),
        (short, f"{_jobs(short)} without a result, or with missing shots"),
    ]
    return "; ".join(f"{text}: {_names(some)}" for some, text in said if some)


def _jobs(some: Sequence[PointProgress]) -> str:
    return f"{len(some)} job{'' if len(some) == 1 else 's'}"


def _names(some: Sequence[PointProgress]) -> str:
    more = f", … and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    return ", ".join(job.name for job in some[:_NAMED]) + more
