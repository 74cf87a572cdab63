"""Claims: which of them stand, and which are shut, above all when their lease is over. Pure."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from runner.domain import BatchStatus
from runner.reconcile.model.actions import Fence, Hold
from runner.reconcile.model.entries import RequestKind, State
from runner.reconcile.plan.lost_answers import RECENT_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.domain import ObservedBatch
    from runner.reconcile.model.entries import JournalEntry
    from runner.reconcile.model.snapshot import Snapshot

# How many claims in a row a cloud may end before anything was bought on them.
_LOST: Final = 6


def sorted_claims(snapshot: Snapshot, submission: str) -> tuple[tuple[Fence, ...], tuple[ObservedBatch, ...]]:
    """Claims that are in the way, and those that stand; of ours only the oldest of all stands.

    Those of other machines stand whatever they were made for: their files may be others, and a budget is one
    for all versions of a file.
    """
    stale: list[Fence] = []
    standing: list[ObservedBatch] = []
    for claim in snapshot.claims:
        reason = staleness(snapshot, claim, submission)
        if not reason and standing and snapshot.creation(claim):
            reason = f"an older claim stands: {standing[0].id}"
        if reason:
            stale.append(Fence(batch_id=claim.id, holds_jobs=False, reason=reason))
        else:
            standing.append(claim)
    return tuple(stale), tuple(standing)


def shuts_another(snapshot: Snapshot, stale: Sequence[Fence]) -> bool:
    """Whether a claim is shut that another machine may be buying on at this moment."""
    ids = {fence.batch_id for fence in stale}
    return any(claim.id in ids and not snapshot.creation(claim) for claim in snapshot.claims)


def staleness(snapshot: Snapshot, claim: ObservedBatch, submission: str) -> str:
    """Why a claim is shut; empty while it stands. Another machine's is respected until its lease ends."""
    if not snapshot.creation(claim):
        is_over = snapshot.claim_age_s(claim) > snapshot.settings.claim_ttl_s
        return (
            f"another machine's claim is older than its lease of {snapshot.settings.claim_ttl_s:g} s"
            * is_over
        )
    if snapshot.marks[claim.id].submission != submission:
        return "it claims work that is no longer wanted"
    if any(entry.state is not State.INTENDED for entry in snapshot.additions(claim)):
        return "a purchase on it came to nothing"
    return ""


def hold_for_lost_claims(snapshot: Snapshot) -> Hold | None:
    """Asks a person to look, once the cloud has ended many claims in a row before we bought on them."""
    lost = _lost_claims(snapshot)
    if len(lost) < _LOST or snapshot.seconds_since(lost[0]) >= RECENT_S:
        return None
    return Hold(
        reason=f"the cloud has ended {len(lost)} open batches in a row before anything was added to them",
        how="nothing was bought on them; looking at all there is takes longer than the cloud keeps them "
        "open: `policy.submission: direct` buys without them, or apply again later",
    )


def _lost_claims(snapshot: Snapshot) -> list[JournalEntry]:
    """The claims of ours that ended so since the last purchase, newest first; refused purchases are none."""
    ended = {
        snapshot.marks[batch.id].claim
        for batch in snapshot.observed.batches
        if batch.status is BatchStatus.TIMED_OUT and not batch.jobs_count
    }
    newest = (row for row in reversed(snapshot.observed.entries) if row.state is not State.NOT_DONE)
    return list(takewhile(lambda row: row.kind is RequestKind.CLAIM and row.claim in ended, newest))
