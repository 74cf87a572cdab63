"""What holds for a target, and what was seen of an experiment, as frozen values. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.reconcile.model.plan import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain import Budget, ObservedBatch, RecordedJob, Surplus
    from runner.reconcile.model.actions import Hold
    from runner.reconcile.model.entries import JournalEntry
    from runner.reconcile.model.proposal import Proposal
    from runner.reconcile.model.result_fetches import FailedFetch


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """What holds for a target and a repository.

    Args:
        namespace: What separates this repository from others; None: nothing with jobs is ever cancelled.

        settle_s: How far the cloud's lists may lag behind (in s).

        claim_ttl_s: How long a claim is respected that is not ours (in s).

        poll_s: Pause before looking again at jobs that are under way (in s).

        removed: What happens to pending work of experiments that were removed from the repository; None when
            they are not looked at.

        per_day: What all experiments together may buy in a day of UTC; None for no limit.
    """

    namespace: str | None = None
    settle_s: float = 0.0
    claim_ttl_s: float = 60.0
    poll_s: float = 2.0
    removed: Surplus | None = None
    per_day: Budget | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """An experiment that another one waits for.

    Args:
        is_complete: All that its file asks for is measured.

        is_under_way: It may become complete without anybody's doing.
    """

    name: str
    is_complete: bool
    is_under_way: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """How well, and for how long, a batch has been seen by this process.

    Args:
        gap: What is missing of it, in words; empty where it is seen whole.

        gap_s: For how long something has been missing (in s).

        seen_s: Since it was first seen (in s).

        same_s: Since its status, its openness or its number of jobs last changed (in s).

        shut_s: Since it was first seen to take no more jobs (in s); 0 while it does.

        ended_s: Since it was first seen to have ended (in s); 0 while it has not.

        lost_s: Since a tag was put on it that it does not show (in s); 0 while it shows them all.
    """

    gap: str = ""
    gap_s: float = 0.0
    seen_s: float = math.inf
    same_s: float = math.inf
    shut_s: float = math.inf
    ended_s: float = math.inf
    lost_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything known of one experiment, on the cloud and on this machine.

    Args:
        batches: Ours, of all recipes and reruns of the experiment.

        recorded: Jobs whose end is on record, of all recipes and reruns of the experiment, and which were
            measured at the target.

        unproved: Jobs on record of which nothing proves where they were measured.

        refuted: Jobs on record as done, without a result, that have ended otherwise, by the name that they
            are under.

        completed: Jobs on record, by the name that they are under, with what is proved of them and not yet
            written down.

        constants: Constants of devices behind the digests that batches and records have, where they are not
            those of the file.

        entries: The journal's rows, oldest first.

        failed_fetches: Results that were asked for in vain in this apply, by the ids of their jobs.

        dependencies: What is known of each experiment that this one depends on.

        bought: Manifests of recipes that were bought, newest last, as far as they are of interest.

        today: What all experiments together have bought in this day of UTC, and what those before this one
            are about to buy; counted only where the settings limit it.

        today_gap: What of that cannot be counted, in words; empty where all can.

        sightings: How well each batch is seen, by its id; one without has long been seen whole.

        ages_s: How long ago each row of the journal was last written (in s), by its number; by the clock
            where it does not say.

        remembered_s: For how long this machine's journal has remembered (in s).

        ancestors: Commits of the batches that the present one descends from, or is.

        cancelled: How many jobs of each batch of the repository the cloud says are cancelled, by its id.

        refused: What the guard has refused in this process, and why.

        proposal: What its strategy asks for next; None without one, and where too little is seen.

        remarks: What people should know of this machine beside.

        previous_names: Names that the experiment had before, as far as there is work under them.

        shared_names: Those of them that are another experiment's, too, as both ask for the same.

        vanished: Batches that this machine bought at an emulator, and that are neither there nor on record:
            what emulates has lost them, for it forgets none by itself.
    """

    batches: tuple[ObservedBatch, ...] = ()
    recorded: tuple[RecordedJob, ...] = ()
    unproved: tuple[RecordedJob, ...] = ()
    refuted: Mapping[str, tuple[RecordedJob, ...]] = field(default_factory=dict)
    completed: Mapping[str, tuple[RecordedJob, ...]] = field(default_factory=dict)
    constants: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    entries: tuple[JournalEntry, ...] = ()
    failed_fetches: Mapping[str, FailedFetch] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    bought: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    today: Cost = field(default_factory=Cost)
    today_gap: str = ""
    sightings: Mapping[str, Sighting] = field(default_factory=dict)
    ages_s: Mapping[int, float] = field(default_factory=dict)
    remembered_s: float = math.inf
    ancestors: frozenset[str] = frozenset()
    cancelled: Mapping[str, int] = field(default_factory=dict)
    refused: Hold | None = None
    proposal: Proposal | None = None
    remarks: tuple[str, ...] = ()
    previous_names: tuple[str, ...] = ()
    shared_names: frozenset[str] = frozenset()
    vanished: tuple[str, ...] = ()
