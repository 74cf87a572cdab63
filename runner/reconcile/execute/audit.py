"""Writes into the history what an actor does, as it does it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from runner.errors import RunnerError
from runner.reconcile.journal.history import DONE
from runner.reconcile.model.actions import AddJobs, Claim, Submit
from runner.reconcile.model.entries import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.reconcile.journal.journal import Journal
    from runner.reconcile.model.actions import Action
    from runner.reconcile.model.entries import JournalEntry

_CHARACTERS: Final = 300


@contextmanager
def written_down(journal: Journal, experiment: str, action: Action) -> Iterator[None]:
    """What happens inside is an action being performed; afterwards it stands in the history."""
    before = _newest(journal, experiment, action)
    try:
        yield
    except RunnerError as error:
        _write(journal, experiment, action, outcome=f"failed: {error}"[:_CHARACTERS])
        raise
    entry = _newest(journal, experiment, action)
    if entry and before and entry.seq == before.seq:
        entry = None  # nothing was intended
    _write(journal, experiment, action, outcome=_outcome(entry), entry=entry)


def _newest(journal: Journal, experiment: str, action: Action) -> JournalEntry | None:
    """The last row of the journal, where the action writes one."""
    return journal.newest(experiment) if isinstance(action, (Claim, AddJobs, Submit)) else None


def _outcome(entry: JournalEntry | None) -> str:
    """What became of a request that must not be sent twice; done, where there was none."""
    return DONE if entry is None or entry.state is State.ACCEPTED else entry.state.value


def _write(
    journal: Journal, experiment: str, action: Action, *, outcome: str, entry: JournalEntry | None = None
) -> None:
    bought = action.jobs if isinstance(action, (AddJobs, Submit)) else ()
    is_new = isinstance(action, (Claim, Submit))
    journal.history.add(
        experiment,
        type(action).__name__,
        batch_id=(entry.batch_id if entry else None) if is_new else getattr(action, "batch_id", None),
        reason=action.reason,
        outcome=outcome,
        jobs=len(bought),
        runs=sum(job.runs for job in bought),
    )
