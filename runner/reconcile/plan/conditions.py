"""Conditions: what is so of an experiment, one claim each, with its reason. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.domain import JobStatus
from runner.domain.identity import OTHER_CONSTANTS, UNPROVED
from runner.domain.numerals import counted
from runner.reconcile.model.actions import RecordResults
from runner.reconcile.model.kinship import Kin, changes, changes_said
from runner.reconcile.model.plan import Sync
from runner.reconcile.plan.counted_jobs import effective_status
from runner.reconcile.plan.past_purchases import live_changes
from runner.reconcile.plan.proofs import measurements

if TYPE_CHECKING:
    from runner.domain import RecordedJob
    from runner.reconcile.model.plan import Plan, PointProgress
    from runner.reconcile.model.snapshot import Snapshot
    from runner.strategies.standing import StrategyStanding

_NAMED: Final = 5


class Claimed(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One claim about an experiment.

    Args:
        type: What is claimed, in one word.

        reason: Why it is so or not, in one word for programs.

        message: The same for people; empty when there is nothing to add.

        is_wanted: Whether all is well when it holds.
    """

    type: str
    status: Claimed
    reason: str
    message: str = ""
    is_wanted: bool = False

    @property
    def is_as_wanted(self) -> bool:
        """Whether nobody needs to look at it."""
        return self.status is (Claimed.TRUE if self.is_wanted else Claimed.FALSE)


def conditions(snapshot: Snapshot, planned: Plan) -> tuple[Condition, ...]:
    """What is so of an experiment, always the same claims in the same order; one more of a strategy."""
    return (
        _submitted(snapshot, planned),
        _complete(planned),
        _recorded(snapshot, planned),
        _held(planned),
        _failed(planned),
        _canceled(planned),
        _foreign_claim(snapshot),
        _drift(snapshot, planned),
        _device_changed(snapshot),
        *([_proposed_otherwise(planned.strategy)] if planned.strategy else ()),
    )


def _submitted(snapshot: Snapshot, planned: Plan) -> Condition:
    if planned.sync is Sync.UNKNOWN and not snapshot.unknown:
        return _wanted("Submitted", Claimed.UNKNOWN, "NotSeenWhole", snapshot.gaps_said)
    if planned.sync is Sync.UNKNOWN:
        message = "a batch has a status that this runner does not know"
        return _wanted("Submitted", Claimed.UNKNOWN, "UnknownStatus", message)
    missing = [job for job in planned.jobs if job.missing]
    if missing:
        runs = sum(job.missing for job in missing)
        message = f"{runs} runs of {_jobs(missing)} are not bought"
        return _wanted("Submitted", Claimed.FALSE, "RunsMissing", message)
    return _wanted("Submitted", Claimed.TRUE, "NothingMissing")


def _complete(planned: Plan) -> Condition:
    undone = [job for job in planned.jobs if not job.is_complete]
    if not undone:
        return _wanted("Complete", Claimed.TRUE, "AllMeasured")
    said = ", ".join(f"{n} {word.lower()}" for word, n in sorted(Counter(t.status for t in undone).items()))
    message = f"{len(planned.jobs) - len(undone)} of {counted(len(planned.jobs), 'job')} measured; {said}"
    return _wanted("Complete", Claimed.FALSE, "JobsUnfinished", message)


def _recorded(snapshot: Snapshot, planned: Plan) -> Condition:
    ended = {job.id for a in planned.actions if isinstance(a, RecordResults) for job in a.jobs}
    open_ends = len(ended - {record.id for record in snapshot.observed.recorded})
    if open_ends:
        message = f"jobs that ended and are not on record: {open_ends}; apply records them"
        return _wanted("Recorded", Claimed.FALSE, "EndsUnrecorded", message)
    lacking = [record for record in snapshot.recorded if record.lacks_result]
    if lacking:
        message = f"done without a result that can be right: {_ids(lacking)}; apply asks for it again"
        return _wanted("Recorded", Claimed.FALSE, "ResultsLacking", message)
    short = [record for record in snapshot.recorded if record.missing_shots]
    if short:
        message = f"shots are missing in the results of: {_ids(short)}"
        return _wanted("Recorded", Claimed.FALSE, "ShotsMissing", message)
    return _wanted("Recorded", Claimed.TRUE, "NothingUnrecorded")


def _held(planned: Plan) -> Condition:
    if not planned.holds:
        return _unwanted("Held", "NothingToDecide")
    message = "; ".join(hold.reason for hold in planned.holds)
    return _unwanted("Held", "PersonMustDecide", message)


def _failed(planned: Plan) -> Condition:
    failed = [job for job in planned.jobs if job.failed and not job.dropped]
    if not failed:
        return _unwanted("Failed", "NoneFailed")
    message = f"{_jobs(failed)} failed for good: {_names(failed)}"
    return _unwanted("Failed", "JobsFailed", message)


def _canceled(planned: Plan) -> Condition:
    canceled = [job for job in planned.jobs if job.declined and not job.dropped]
    if not canceled:
        return _unwanted("Canceled", "NoneCanceled")
    message = f"a person cancelled {_jobs(canceled)}: {_names(canceled)}"
    return _unwanted("Canceled", "JobsCanceled", message)


def _foreign_claim(snapshot: Snapshot) -> Condition:
    foreign = [claim.id for claim in snapshot.claims if not snapshot.creation(claim)]
    if not foreign:
        return _unwanted("ForeignClaim", "NoneStands")
    message = f"another machine is about to buy: {', '.join(foreign)}"
    return _unwanted("ForeignClaim", "AnotherMachine", message)


def _drift(snapshot: Snapshot, planned: Plan) -> Condition:
    """What is on the cloud beyond what the file asks for."""
    said = []
    surplus = sum(max(0, job.surplus) for job in planned.jobs)
    if surplus:
        said.append(f"{counted(surplus, 'run')} more than the file asks for")
    pending = sum(
        effective_status(batch.status, job.status) is JobStatus.PENDING
        for batch in snapshot.current + snapshot.outdated
        for job in batch.jobs
        if batch in snapshot.outdated or snapshot.is_outrun(batch, job)
    )
    if pending:
        said.append(f"pending of an older version of the file: {counted(pending, 'job')}")
    if not said:
        return _unwanted("Drift", "AsTheFileSays")
    return _unwanted("Drift", "MoreThanWanted", "; ".join(said))


def _device_changed(snapshot: Snapshot) -> Condition:
    """Whether the device is another one than when it was measured, in what the sequence uses of it."""
    desired, observed = snapshot.desired, snapshot.observed
    others = [
        each
        for each in measurements(snapshot)
        if each.constants not in {"", UNPROVED, OTHER_CONSTANTS, desired.constants_for(each.job)}
        and each.kin is not Kin.OTHER
    ]
    found = [changes(desired, each.job, each.constants, observed.constants) for each in others]
    found += [live_changes(desired, observed.bought)] if not desired.emulated else []
    if not others and not any(found):
        return _unwanted("DeviceChanged", "AsMeasured")
    said = changes_said(found) or f"those of the batch {others[0].batch_id} are not known"
    hint = "" if desired.emulated else "; nothing is bought for it: a higher `rerun` measures anew"
    return _unwanted(
        "DeviceChanged", "ConstantsDiffer", f"constants of the device have changed: {said}{hint}"
    )


def _proposed_otherwise(strategy: StrategyStanding) -> Condition:
    """Whether another machine bought points that this one would not have proposed."""
    said = f"{strategy.differs}; what was bought counts" if strategy.differs else ""
    return _unwanted("ProposedOtherwise", "ProposalsDiffer" if said else "AsProposedHere", said)


def _wanted(kind: str, status: Claimed, reason: str, message: str = "") -> Condition:
    return Condition(type=kind, status=status, reason=reason, message=message, is_wanted=True)


def _unwanted(kind: str, reason: str, message: str = "") -> Condition:
    """A condition that holds when there is something to say."""
    status = Claimed.TRUE if message else Claimed.FALSE
    return Condition(type=kind, status=status, reason=reason, message=message)


def _jobs(some: list[PointProgress]) -> str:
    return f"{len(some)} job{'s' if len(some) > 1 else ''}"


def _ids(some: list[RecordedJob]) -> str:
    more = f", … and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    return ", ".join(record.id for record in some[:_NAMED]) + more


def _names(some: list[PointProgress]) -> str:
    more = f", … and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    return ", ".join(job.name for job in some[:_NAMED]) + more
