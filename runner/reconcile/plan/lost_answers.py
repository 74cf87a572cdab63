"""Purchases whose answer was lost: what is shut, what waits, and what a person must decide. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain import OnUnknown
from runner.domain.qpu_time import is_emulator
from runner.reconcile.model.actions import Fence, Hold
from runner.reconcile.model.entries import RequestKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.domain import DesiredExperiment
    from runner.reconcile.model.actions import NewJob
    from runner.reconcile.model.entries import JournalEntry
    from runner.reconcile.model.snapshot import Snapshot


# For how long requests without a clear answer are counted (in s).
RECENT_S: Final = 600.0


def fences_around_unclear(snapshot: Snapshot) -> tuple[Fence, ...]:
    """Fences around purchases without a clear answer: a late request must be refused."""
    reason = "a purchase on it had no clear answer; a late one must be refused"
    return tuple(
        Fence(batch_id=batch.id, holds_jobs=bool(batch.jobs_count), reason=reason)
        for batch in snapshot.current + snapshot.outdated
        if snapshot.accepts_jobs(batch) and snapshot.has_unclear_addition(batch)
    )


def hold_for_silence(tries: int) -> Hold:
    """Asks a person to look, once so many requests within a while got no clear answer."""
    return Hold(
        reason=f"{tries} requests within {RECENT_S / 60:g} minutes got no clear answer",
        how="nothing was bought twice; see whether the cloud is in trouble, and apply again later",
    )


def lost_submissions(snapshot: Snapshot, submission: str, bought: Sequence[NewJob]) -> list[JournalEntry]:
    """Direct submissions that nobody knows the end of: this one, and others that buy any of its points."""
    landed = {marks.claim for marks in snapshot.marks.values()}
    keys = {job.key for job in bought}
    return [
        entry
        for entry in snapshot.observed.entries
        if entry.kind is RequestKind.SUBMIT and not entry.state.is_clear and entry.claim not in landed
        if entry.submission == submission or not keys.isdisjoint(key for key, _ in entry.jobs)
    ]


def holds_lost(desired: DesiredExperiment) -> bool:
    """Whether a submission that is lost waits for a person; on an emulator it is sent again."""
    said = desired.policy.on_unknown_submission
    return said is OnUnknown.HOLD or (said is None and not is_emulator(desired.device_type))


def hold_for_lost(entry: JournalEntry) -> Hold:
    """Asks a person what became of a submission."""
    return Hold(
        reason=f"nobody knows whether the submission {entry.submission} of {entry.at:%Y-%m-%d %H:%M:%S} UTC "
        "was accepted: no batch carries its tag",
        how=f"look for it in the cloud's portal; if it is there, `runner resolve {entry.experiment} adopt "
        f"BATCH`; if it is not, `… absent` to buy it again, or `… skip` to leave it",
    )
