"""Claims: which of them stand, and which are shut, above all when their lease is over. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.reconcile.model.actions import Fence
from runner.reconcile.model.entries import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.domain import ObservedBatch
    from runner.reconcile.model.snapshot import Snapshot


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
