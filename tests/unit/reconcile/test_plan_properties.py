"""The planner against anything: whatever is wanted and seen, it plans, and what it plans is an answer."""

from __future__ import annotations

import copy
import random
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from builders import NOW, RECIPE, TERMS, a_key, a_wanted_job, an_experiment, at, plan
from fakes import SEQUENCE, DiceEngine, MemoryCloud, VirtualClock
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.domain import (
    BatchMode,
    BatchStatus,
    Budget,
    JobStatus,
    ObservedBatch,
    ObservedJob,
    OnUnknown,
    Policy,
    RecordedJob,
    Retry,
    RunsMode,
    Shortfall,
    Submission,
    Surplus,
    recipe_digest,
)
from runner.reconcile import Context, Journal, Observation, Reconciler, Snapshot, TargetSettings
from runner.reconcile.model.entries import JournalEntry, RequestKind, State
from runner.reconcile.model.result_fetches import FailedFetch
from runner.results import Records

ALWAYS_THE_SAME = settings(derandomize=True, database=None)

few = st.integers(0, 3)
moments = st.integers(-2000, 60).map(at)
# Keys that the tests' tags and jobs are made of: often those that mean something together.
names = st.sampled_from(["s", "c", "c1", "", "exp"]) | st.text(max_size=5)
keys = st.builds(a_key, st.integers(1, 4), st.sampled_from([1, 1, 2, 3]))
recipes = st.sampled_from([RECIPE[:16], "0" * 16, ""])


@st.composite
def tags(draw):
    """Ours, in part or in disorder, and anybody's."""
    ours = [
        "runner:lab",
        "exp:exp",
        f"recipe:{draw(recipes)}",
        f"submission:{draw(names)}",
        f"claim:{draw(names)}",
        f"rerun:{draw(st.sampled_from(['0', '1', '²', '-1', 'many']))}",
        f"repeat:{draw(st.sampled_from(['1', '2', '1-3', '2-3', '3-2', '²', 'often']))}",
        "fenced",
        "superseded",
        "pruned",
        "adopted",
    ]
    return tuple(draw(st.lists(st.sampled_from(ours) | st.text(max_size=8), max_size=9)))


# What PCS may say one day reads as UNKNOWN.
batch_statuses = st.sampled_from([*BatchStatus]) | st.text(max_size=9).map(BatchStatus)
job_statuses = st.sampled_from([*JobStatus]) | st.text(max_size=9).map(JobStatus)


@st.composite
def observed_batches(draw):
    """Any batches, each with its own id, and jobs that may be there twice."""
    batches = []
    for number in range(draw(st.integers(0, 4))):
        jobs = tuple(
            ObservedJob(
                id=f"j{draw(st.integers(1, 6))}",
                batch_id=f"b{number}",
                key=draw(keys),
                status=draw(job_statuses),
                runs=draw(st.sampled_from([0, 1, 50, 100, 1000])),
                ended_at=draw(st.none() | moments),
                errors=draw(st.sampled_from([(), ("the atoms were lost",)])),
            )
            for _ in range(draw(few))
        )
        created = draw(moments)
        batches.append(
            ObservedBatch(
                id=f"b{number}",
                status=draw(batch_statuses),
                open=draw(st.booleans()),
                created_at=created,
                updated_at=draw(moments),
                tags=draw(tags()),
                jobs=jobs,
                jobs_count=draw(st.just(len(jobs)) | few),
            )
        )
    return tuple(batches)


entries = st.lists(
    st.builds(
        JournalEntry,
        seq=st.integers(1, 99),
        at=moments,
        kind=st.sampled_from(RequestKind),
        state=st.sampled_from(State),
        experiment=st.just("exp"),
        submission=names,
        claim=names,
        batch_id=st.none() | st.integers(0, 4).map("b{}".format),
        jobs=st.lists(st.tuples(keys, st.integers(0, 200)), max_size=3).map(tuple),
    ),
    max_size=5,
).map(tuple)
recorded = st.lists(
    st.builds(
        RecordedJob,
        id=st.integers(1, 9).map("j{}".format),
        batch_id=st.integers(0, 4).map("b{}".format),
        recipe=recipes,
        key=keys,
        status=job_statuses,
        runs=st.sampled_from([0, 50, 100, 1000]),
        rerun=st.integers(0, 1),
        ended_at=st.none() | moments,
        counts=st.sampled_from([{}, {"0": 100}, {"0": 30}, {"01": 50}]),
    ),
    max_size=4,
).map(tuple)
observations = st.builds(
    Observation,
    batches=observed_batches(),
    recorded=recorded,
    entries=entries,
    failed_fetches=st.dictionaries(
        st.sampled_from(["j1", "j2"]), st.builds(FailedFetch, times=st.integers(1, 4), at=moments)
    ),
    remembered_s=st.floats(0.0, 60.0),
)
policies = st.builds(
    Policy,
    runs=st.sampled_from(RunsMode),
    shortfall=st.sampled_from(Shortfall),
    batch=st.sampled_from(BatchMode),
    retry=st.builds(
        Retry,
        limit=few,
        on=st.lists(st.sampled_from([JobStatus.ERROR, JobStatus.CANCELED]), unique=True).map(tuple),
        errors=st.sampled_from([(), ("atoms",), ("laser",)]),
        backoff_s=st.sampled_from([0.0, 30.0]),
    ),
    prune=st.sampled_from(Surplus),
    supersede=st.sampled_from(Surplus),
    submission=st.sampled_from(Submission),
    on_unknown_submission=st.none() | st.sampled_from(OnUnknown),
    budget=st.builds(Budget, runs=st.none() | st.sampled_from([0, 100, 1000])),
    deadline=st.none() | moments,
    suspend=st.booleans(),
    max_failed=st.none() | few,
    max_jobs_per_batch=st.none() | st.integers(1, 2),
)
lone_jobs = st.builds(
    lambda t, runs, rerun: (a_wanted_job(t, runs, rerun),),
    st.integers(1, 4),
    st.sampled_from([1, 100, 250]),
    st.integers(0, 1),
)
repetitions = st.builds(
    lambda repeat, t, runs, again: tuple(
        a_wanted_job(t, runs, int(n == again), n) for n in range(1, repeat + 1)
    ),
    st.integers(2, 4),
    st.integers(1, 4),
    st.sampled_from([1, 50]),
    st.integers(0, 4),
)
wanted_jobs = st.lists(
    lone_jobs | repetitions, min_size=1, max_size=4, unique_by=lambda some: some[0].of_point
).map(lambda entries: [job for some in entries for job in some])
experiments = st.builds(
    lambda jobs, policy, rerun, max_runs, device: an_experiment(
        *jobs, policy=policy, rerun=rerun, max_runs=max_runs, device_type=device
    ),
    wanted_jobs,
    policies,
    st.integers(0, 1),
    st.none() | st.sampled_from([1, 100]),
    st.sampled_from(["EMU_FREE", "FRESNEL"]),
)
target_settings = st.builds(
    replace,
    st.just(TERMS),
    namespace=st.sampled_from(["lab", None]),
    settle_s=st.sampled_from([0.0, 15.0]),
)


def bought(planned):
    """Runs that a plan leads to."""
    return planned.cost.runs


@settings(ALWAYS_THE_SAME)
@given(experiments, observations, target_settings)
def test_the_planner_has_an_answer_to_everything(experiment, seen, some_terms):
    """Statuses never seen before, tags of any text, jobs that are there twice, rows of any state and time."""
    planned = plan(experiment, seen, some_terms, NOW)

    assert [job.key for job in experiment.jobs] == [job.key for job in planned.jobs]
    assert all(action.reason for action in planned.actions)


@ALWAYS_THE_SAME
@given(experiments, observations, target_settings)
def test_planning_changes_nothing(experiment, seen, some_terms):
    """What it is given is as it was."""
    before = copy.deepcopy((experiment, seen, some_terms))
    plan(experiment, seen, some_terms, NOW)

    assert before == (experiment, seen, some_terms)


@ALWAYS_THE_SAME
@given(experiments, observations, target_settings, st.randoms(use_true_random=False))
def test_the_order_of_what_is_seen_does_not_matter(experiment, seen, some_terms, rng):
    """Lists come in any order; only the journal's rows have one."""
    ids = {job.id for batch in seen.batches for job in batch.jobs} | {job.id for job in seen.recorded}
    n_jobs = sum(len(batch.jobs) for batch in seen.batches) + len(seen.recorded)
    if len(ids) < n_jobs:  # the same job twice, and not the same: then the last one counts
        seen = replace(seen, batches=tuple(replace(b, jobs=()) for b in seen.batches), recorded=())
    shuffled = replace(
        seen,
        batches=tuple(rng.sample(seen.batches, len(seen.batches))),
        recorded=tuple(rng.sample(seen.recorded, len(seen.recorded))),
    )

    assert plan(experiment, seen, some_terms, NOW) == plan(experiment, shuffled, some_terms, NOW)


@ALWAYS_THE_SAME
@given(experiments, observations, target_settings, st.integers(0, 2000), st.integers(0, 2000))
def test_a_bigger_budget_never_buys_less(experiment, seen, some_terms, one, other):
    """None is the biggest."""
    budgets = [Budget(runs=min(one, other)), Budget(runs=max(one, other)), Budget()]
    policies = [replace(experiment.policy, budget=budget) for budget in budgets]
    runs = [bought(plan(replace(experiment, policy=policy), seen, some_terms, NOW)) for policy in policies]

    assert sorted(runs) == runs


class Bench:
    """A reconciler on a cloud in memory, on which a third of the attempts fails."""

    def __init__(self, folder, max_runs):
        self._clock = VirtualClock()
        self._engine = DiceEngine(random.Random(1), failing=0.3, ending=1.0)
        self._cloud = MemoryCloud(self._clock, self._engine, max_runs=max_runs)
        self._journal = Journal(Path(":memory:"), self._clock)
        context = Context(
            client=self._cloud.client(),
            journal=self._journal,
            records=Records(folder),
            namespace="lab",
            clock=self._clock,
        )
        self.reconciler = Reconciler(context, TargetSettings(namespace="lab", poll_s=1.0))

    def close(self):
        """Lets go of everything."""
        self._journal.close()
        self._cloud.close()

    def performed(self, snapshots):
        """The last plan of passes that went on until nothing was left to do, or too long."""
        for _ in range(100):
            planned = self.reconciler.one_pass(snapshots)[0]
            if not planned.is_in_progress:
                break
            self._clock.sleep(31)
            self._cloud.step()
            self._engine.tick()
            self._cloud.step()
        return planned


@settings(ALWAYS_THE_SAME, max_examples=40)
@given(wanted_jobs, policies, st.none() | st.sampled_from([50, 100]))
def test_a_plan_that_was_performed_leaves_nothing_to_plan(jobs, policy, max_runs):
    """Pass after pass on a cloud in memory; what is planned then is nothing, or what a person must decide."""
    recipe = recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE)
    experiment = an_experiment(*jobs, policy=policy, sequence=SEQUENCE, recipe=recipe, max_runs=max_runs)
    snapshots = [Snapshot(desired=experiment)]
    with tempfile.TemporaryDirectory() as folder, closing(Bench(Path(folder), max_runs)) as bench:
        planned = bench.performed(snapshots)
        again = bench.reconciler.look(snapshots)[0].plan

    assert not planned.is_in_progress
    assert planned.holds == again.actions
