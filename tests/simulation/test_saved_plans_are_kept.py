"""Under faults and restarts, a saved plan never buys more than it names."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from builders import NOW, TERMS, a_snapshot, a_wanted_job, an_experiment, plan, repeated, seen
from fakes import SEQUENCE, DiceEngine, LossyPort, MemoryCloud, VirtualClock
from hypothesis import given
from hypothesis import strategies as st

from runner.domain import JobStatus, OnUnknown, Policy, Submission, job_key, recipe_digest
from runner.errors import CloudError
from runner.reconcile import Context, Journal, Patience, Planned, Reconciler, Snapshot, TargetSettings
from runner.reconcile.model.actions import AddJobs, NewJob
from runner.reconcile.plan.saved_plan import saved_experiment
from runner.reconcile.plan.saved_plan_limits import Amounts, permitted
from runner.results import Records

SEEDS = 20
JOBS = Counter({1: 2, 2: 1, 3: 1})  # the first point is repeated
POLICIES = {
    "claim": Policy(),
    "direct": Policy(submission=Submission.DIRECT, on_unknown_submission=OnUnknown.RESUBMIT),
}


class World:
    """A cloud whose answers get lost and whose jobs fail, and a runner that is started again and again."""

    def __init__(self, seed, policy, folder):
        self.rng = random.Random(seed)
        self.clock = VirtualClock()
        self.engine = DiceEngine(self.rng, failing=0.4)
        self.cloud = MemoryCloud(self.clock, self.engine)
        self.journal = Journal(Path(":memory:"), self.clock)
        self.records = Records(folder)
        recipe = recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE)
        jobs = [*repeated(2), a_wanted_job(2), a_wanted_job(3)]
        self.wanted = an_experiment(*jobs, policy=policy, sequence=SEQUENCE, recipe=recipe)
        self.is_faulty = False

    def close(self):
        """Lets go of everything."""
        self.journal.close()
        self.cloud.close()

    def fate(self, request):
        """Some requests get lost, before or after they are carried out."""
        is_lost = self.is_faulty and self.rng.random() < 0.3
        return self.rng.choice(["lost before", "lost after"]) if is_lost else "answered"

    def sleep(self, seconds):
        """Lets time pass, and the cloud work."""
        self.clock.sleep(seconds)
        self.cloud.step()
        self.engine.tick()

    def reconciler(self):
        """A fresh process on the same machine."""
        context = Context(
            client=self.cloud.client(LossyPort(self.cloud, self.fate)),
            journal=self.journal,
            records=self.records,
            namespace="lab",
            clock=self.clock,
            sleep=self.sleep,
        )
        return Reconciler(context, TargetSettings(namespace="lab", poll_s=1.0, claim_ttl_s=5.0))

    def bought(self):
        """Remote jobs of each point, those left out that we cancelled ourselves."""
        jobs = self.cloud.jobs()
        return Counter(job["variables"]["t"] for job in jobs if job["status"] != JobStatus.CANCELED)


@pytest.mark.parametrize("first", [0, pytest.param(SEEDS, marks=pytest.mark.long)])
@pytest.mark.parametrize("policy", POLICIES)
def test_each_job_of_a_saved_plan_is_bought_at_most_once(tmp_path, policy, first):
    """Whatever gets lost, fails, or is begun again; with claims each is bought once faults end."""
    for seed in range(first, first + SEEDS):
        with closing(World(seed, POLICIES[policy], tmp_path / str(seed))) as world:
            (found,) = world.reconciler().look([Snapshot(desired=world.wanted)])
            promise = saved_experiment(found, "specs/exp.yaml")
            snapshot = Snapshot(desired=world.wanted, promise=promise)
            for turn in range(8):
                world.is_faulty = turn < 6
                try:
                    world.reconciler().run(
                        [snapshot], Patience(timeout_s=world.rng.choice([0.0, 3.0, 900.0]))
                    )
                except CloudError:
                    continue
            bought = world.bought()

        assert bought <= JOBS, (seed, bought)
        if policy == "claim":
            assert bought == JOBS, seed


AMOUNTS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 150)), max_size=6)


@given(asked=AMOUNTS, before=AMOUNTS)
def test_no_pass_buys_beyond_what_is_promised_and_left(asked, before):
    """Whatever is asked for, and whatever was bought before."""
    experiment = an_experiment(a_wanted_job(1), a_wanted_job(2))
    planned = plan(experiment, seen(), TERMS, NOW)
    promise = saved_experiment(Planned(a_snapshot(experiment), planned), "specs/exp.yaml")
    jobs = tuple(NewJob(key=job_key({"t": t}), name="", runs=runs, attempt=1) for t, runs in asked)
    add = AddJobs(batch_id="b", jobs=jobs, reason="")
    cut = permitted(replace(planned, actions=(add,), differences=((),)), promise, amounts(before))
    total = Amounts.of((job.key, job.runs) for action in cut.actions for job in action.jobs)
    limit = amounts([(1, 100), (2, 100)]).less(amounts(before))

    assert all(total.runs[key] <= limit.runs[key] for key in total.runs)
    assert all(total.jobs[key] <= limit.jobs[key] for key in total.jobs)


def amounts(some):
    """Remote jobs from (point, runs)."""
    return Amounts.of((job_key({"t": t}), runs) for t, runs in some)
