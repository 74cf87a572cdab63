"""Rows of the journal as values: what was tried, and how it came out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from datetime import datetime


class RequestKind(StrEnum):
    """What was about to happen; a SKIP is a person's decision that some jobs are not to be bought."""

    CLAIM = "claim"
    ADD = "add"
    SUBMIT = "submit"
    SKIP = "skip"


class State(StrEnum):
    """What became of it, as far as this machine knows.

    REJECTED: the cloud does not take such a request. NOT_DONE: for any other reason nothing happened.
    """

    INTENDED = "intended"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"

    @property
    def is_clear(self) -> bool:
        """Whether the cloud's answer is known."""
        return self not in {State.INTENDED, State.UNKNOWN}

    @property
    def may_have_bought(self) -> bool:
        """Whether something may have been bought: it was, or nobody knows that it was not."""
        return self in {State.INTENDED, State.ACCEPTED, State.UNKNOWN}


# Kinds of requests that buy.
BUYING = frozenset({RequestKind.ADD, RequestKind.SUBMIT})


class Intention(TypedDict):
    """What is written of a request before it is sent, see `JournalEntry`."""

    experiment: str
    submission: str
    claim: str
    target: NotRequired[str]
    recipe: NotRequired[str]
    rerun: NotRequired[int]
    repetitions: NotRequired[str]
    observables: NotRequired[str]
    batch_id: NotRequired[str]
    jobs: NotRequired[tuple[tuple[str, int], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One row.

    Args:
        at: When it was last written, by this machine's clock. Of an accepted creation it is later than the
            creation itself, however long the request was under way: settling counts from here.

        submission: The tag; of a SKIP, the work that it is about, see `runner.reconcile.model.tags.work`.

        claim: Nonce of the batch, see `runner.reconcile.model.tags.Marks`.

        jobs: Key and runs of each job that was about to be bought.

        target: The service and project that it was sent to; empty in rows of older versions.

        recipe: Recipe of the jobs, 16 hexadecimal digits; empty in rows of older versions.

        rerun: Counter that the jobs are bought by; None in rows of older versions.

        repetitions: Those that the jobs are of their points, as the tag of the batch says it.

        job_ids: Ids of the jobs that the cloud's answer said were new.

        observables: Ids of what is evaluated beside the bitstrings, with blanks between them.
    """

    seq: int
    at: datetime
    kind: RequestKind
    state: State
    experiment: str
    submission: str
    claim: str
    batch_id: str | None = None
    jobs: tuple[tuple[str, int], ...] = ()
    target: str = ""
    recipe: str = ""
    rerun: int | None = None
    repetitions: str = ""
    job_ids: tuple[str, ...] = ()
    observables: str = ""
