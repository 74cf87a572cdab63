"""Clones whose files are closed loops: real reconcilers, and an engine that tells slots by their values."""

from __future__ import annotations

import json
import math
import re
import zlib
from functools import lru_cache

from loop_judge import A_CODE
from loop_schedules import CONFIRM_RUNS, RUNS
from reference_crew import CrashError, Crewman
from reference_schedules import MAX_RUNS
from reference_world import sequence

from runner.domain import (
    BatchMode,
    Budget,
    DesiredExperiment,
    OnUnknown,
    Policy,
    Retry,
    Submission,
    Surplus,
    recipe_digest,
)
from runner.domain.observed import own_first
from runner.domain.slot_jobs import with_recorded_slots
from runner.domain.strategies import Confirmation, SearchDimension, SearchSpace, Strategy
from runner.reconcile import Snapshot
from runner.reconcile.model.proposal import Proposal, ProposedPoint
from runner.results.gather import gathered
from runner.results.records.counted_jobs import each_once

_SPACE = SearchSpace(dimensions=(SearchDimension(variable="t", high=1e5),), values={"t": 0.0})
_PASSES_A_ROUND, _ROUND_S = 15, 150.0
_NAME = re.compile("slot ([0-9]+)( again #[0-9]+)?")


def loop_experiment(conditions, index, version):
    """What a version of a loop's file asks for."""
    loop = conditions.files[index]
    text = sequence(0)
    strategy = _strategy(conditions.device_type, text, version)
    return DesiredExperiment(
        name=f"exp{index}",
        device_type=conditions.device_type,
        sequence=text,
        recipe=strategy.digest,
        jobs=(),
        strategy=strategy,
        max_runs=MAX_RUNS,
        qubit_ids=("q0",),
        policy=Policy(
            batch=BatchMode.CLOSED if version.think_limit_s is None else BatchMode.OPEN,
            retry=Retry(limit=conditions.retry_limit, backoff_s=0.0),
            prune=Surplus(conditions.surplus),
            supersede=Surplus(conditions.surplus),
            submission=Submission(conditions.submission),
            on_unknown_submission=OnUnknown(conditions.on_unknown),
            budget=Budget(runs=loop.budget_runs, jobs=loop.budget_jobs),
            max_jobs_per_batch=conditions.jobs_per_batch,
        ),
    )


@lru_cache(maxsize=256)
def _strategy(device_type, text, version):
    said = json.dumps({"strategy": version.strategy})
    return Strategy(
        digest=recipe_digest(device_type=device_type, sequence=text, strategy=said),
        text=said,
        kind="sobol",
        space=_SPACE,
        runs=RUNS,
        think_limit_s=version.think_limit_s,
        confirm=Confirmation(best=1, runs=CONFIRM_RUNS, repeat=version.repeat) if version.repeat else None,
        rerun=version.rerun,
    )


class LoopCrewman(Crewman):
    """One clone, with an engine whose proposals hang on all that came back, and are disturbed.

    Attributes:
        winners: Slots that are to be confirmed, by file and code; None while a loop goes on.

        names: Of the files that its process was begun with.
    """

    def __init__(self, world, number, folder):
        super().__init__(world, number, folder)
        self.winners, self._has, self.names = {}, {}, frozenset()
        self._disturbing = world.schedule.luck("disturbance", number)
        loops = world.conditions.files
        n_rounds = sum(max(len(loop.rounds(each)) for each in loop.versions) for loop in loops)
        self.most_passes += _PASSES_A_ROUND * n_rounds
        self.patience_s = (120.0, 900.0 + _ROUND_S * n_rounds)

    def declared(self):
        """The names in all files of the repository, where files come and go."""
        return self.names if self.world.is_renaming else None

    def _wishes(self):
        self._commit = self.world.commit_of(self.number)
        here = self.world.files_of(self.number)
        self.names = frozenset(f"exp{index}" for index in here)
        return [self._wish(index, version) for index, version in here.items()]

    def _count_pass(self, plans):
        super()._count_pass(plans)
        if self.names != frozenset(f"exp{index}" for index in self.world.files_of(self.number)):
            self.world.tell(f"{self} is stopped: its files have other names now")
            raise CrashError(None)

    def _wish(self, index, version):
        self._has[index] = self.world.conditions.files[index].versions[version]
        desired = loop_experiment(self.world.conditions, index, self._has[index])
        return Snapshot(desired=desired, commit=self._commit)

    def propose(self, desired, slots):
        """The next round of a loop, or its winner, once all jobs before have ended."""
        index = int(desired.name.removeprefix("exp"))
        loop, version = self.world.conditions.files[index], self._has[index]
        told = {n: (each.variables["t"], each.is_pending, *_counts(each)) for n, each in slots.items()}
        self.world.judge.replayed(self, index, version.code, told)
        self.winners[index, version.code] = None
        for some in loop.rounds(version):
            missing = [slot for slot in some if slot not in slots]
            if missing:
                values = {slot: self._value(loop, version, slot, some.start, told) for slot in missing}
                self.world.judge.asked(self, index, version.code, values, ())
                return Proposal(points={n: ProposedPoint(variables={"t": t}) for n, t in values.items()})
            if any(slots[slot].is_pending for slot in some):
                return Proposal(said="a round is under way")
        winners = _winners(told)
        self.winners[index, version.code] = winners
        self.world.judge.asked(self, index, version.code, {}, winners if version.repeat else ())
        return Proposal(confirmed=winners if version.repeat else (), is_done=True)

    def _value(self, loop, version, slot, start, told):
        """What is proposed for a slot: what came of all rounds before stands in its fraction."""
        before = {n: each for n, each in told.items() if n < start and loop.hears}
        history = sorted((n, value, sorted(m.values(), key=str)) for n, (value, _, m, _) in before.items())
        share = zlib.crc32(repr((slot, history)).encode()) / 2**32
        value = version.code * A_CODE + slot + share / 2
        if loop.disturbance == "last bits":
            return value + self._disturbing.randrange(4) * math.ulp(value)
        return value + (self._disturbing.random() / 2.5 if loop.disturbance == "much" else 0.0)

    def _tell_records(self):
        """Tells the judge what is on record of each slot, as the product reads it."""
        for index, version in self.world.files_of(self.number).items():
            wanted = self.world.conditions.files[index].versions[version]
            desired = loop_experiment(self.world.conditions, index, wanted)
            recorded = self._recorded(desired)
            found = {}
            for job in gathered(with_recorded_slots(desired, recorded), recorded):
                slot, fresh = _NAME.fullmatch(job.name).groups()
                ids = found.setdefault(f"{slot}x" if fresh else slot, [])
                ids += [each.id for each in job.remote_jobs]
            self.world.judge.listed(self, index, wanted.code, found)

    def _recorded(self, desired):
        """What is on record of an experiment, under its own name and former ones."""
        names = [f"exp{index}" for index in range(len(self.world.conditions.files))]
        former = [name for name in names if name not in self.names]
        known = [job for name in (*former, desired.name) for job in self.records.of_experiment(name)]
        return own_first(desired.name, each_once(known))


def _counts(result):
    """What the jobs of a slot measured, and what those that confirm it did."""
    fresh = [job for some in result.fresh.values() for job in some]
    return [{job.id: dict(job.counts) for job in jobs} for jobs in (result.remote, fresh)]


def _winners(told):
    """The slot of the largest share of ones; none where nothing is measured."""
    shares = {}
    for slot, (_, _, measured, _) in told.items():
        ones, all_ = (sum(each.get(b, 0) for each in measured.values() for b in bits) for bits in ("1", "01"))
        if all_:
            shares[slot] = ones / all_
    return (max(shares, key=lambda slot: (shares[slot], -slot)),) if shares else ()
