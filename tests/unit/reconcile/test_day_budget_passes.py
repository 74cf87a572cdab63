"""The day's budget over whole passes, against the cloud in memory and in virtual time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders import a_record, a_wanted_job, an_experiment
from fakes import SEQUENCE, DiceEngine, LossyPort, MemoryCloud, VirtualClock

from runner.domain import Budget, JobStatus, recipe_digest
from runner.reconcile import Context, End, Journal, Patience, Reconciler, Snapshot, TargetSettings
from runner.reconcile.model.tags import read_marks
from runner.reconcile.plan.daily_budget import day_of
from runner.results import Records

TERMS = TargetSettings(namespace="lab", poll_s=1.0)
RECIPE = recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE)


class Machine:
    """A machine with a journal and records of its own, in front of a cloud that others may use as well."""

    def __init__(self, cloud, clock, folder):
        self.cloud, self.clock = cloud, clock
        self.journal, self.records = Journal(Path(":memory:"), clock), Records(folder)
        self.port = LossyPort(cloud, lambda request: "answered")

    def sleep(self, seconds):
        """Lets time pass, and the cloud work."""
        self.clock.sleep(seconds)
        for work in (self.cloud.step, self.cloud.engine.tick, self.cloud.step):
            work()

    def reconciler(self, per_day):
        """A fresh process."""
        context = Context(
            client=self.cloud.client(self.port),
            journal=self.journal,
            records=self.records,
            namespace="lab",
            clock=self.clock,
            sleep=self.sleep,
        )
        return Reconciler(context, replace(TERMS, per_day=per_day))

    def apply(self, *experiments, per_day, **patience):
        """Applies some experiments, and answers how it ended."""
        return self.reconciler(per_day).run(snapshots(*experiments), Patience(timeout_s=600.0, **patience))

    def gets(self):
        """How many requests have asked for jobs since this was last called."""
        asked = [path for method, path in self.port.sent if method == "GET" and "/jobs" in path]
        self.port.sent.clear()
        return len(asked)


@pytest.fixture
def lab(tmp_path):
    """Makes machines in front of one cloud, which ends with the test."""
    clock = VirtualClock()
    cloud = MemoryCloud(clock, DiceEngine(random.Random(1), failing=0.0, ending=1.0))
    machines = []

    def machine():
        machines.append(Machine(cloud, clock, tmp_path / f"{len(machines)}"))
        return machines[-1]

    yield machine
    for each in machines:
        each.journal.close()
    cloud.close()


def experiment(name, *points, **fields):
    """An experiment of 100 runs a point."""
    jobs = [a_wanted_job(point) for point in points or (1,)]
    return an_experiment(*jobs, name=name, **{"sequence": SEQUENCE, "recipe": RECIPE} | fields)


A, B, C = experiment("a", 1), experiment("b", 2), experiment("c", 3)


def snapshots(*experiments):
    """They are wanted."""
    return [Snapshot(desired=each) for each in experiments]


def runs(machine):
    """Runs on the cloud that were not cancelled."""
    jobs = machine.cloud.jobs()
    return sum(job["runs"] for job in jobs if job["status"] != JobStatus.CANCELED)


def held(outcome):
    """Names of the experiments that are held."""
    return [each.experiment for each in outcome.plans if each.holds]


def test_what_fits_into_the_day_is_bought_in_order_and_the_rest_after_midnight(lab):
    """All experiments share the day; the next apply goes on."""
    machine = lab()
    per_day = Budget(runs=250)
    first = machine.apply(A, experiment("big", 4, 5), B, per_day=per_day)
    again = machine.apply(A, experiment("big", 4, 5), B, per_day=per_day)
    bought = runs(machine)
    machine.clock.now = day_of(machine.clock.now) + timedelta(days=1)
    last = machine.apply(A, experiment("big", 4, 5), B, per_day=per_day)

    assert (End.SETTLED, ["big"], ["big"], 200) == (first.end, held(first), held(again), bought)
    assert (End.SETTLED, [], 400) == (last.end, held(last), runs(machine))


@pytest.mark.parametrize(("spoken", "expected"), [(timedelta(0), ["b"]), (timedelta(days=1), [])])
def test_what_another_machine_bought_of_another_experiment_counts_for_its_day(lab, spoken, expected):
    """A machine of CI has neither journal nor records: the cloud tells."""
    lab().apply(A, per_day=None)
    machine = lab()
    machine.clock.now += spoken

    assert expected == held(machine.apply(B, per_day=Budget(runs=199)))


def test_what_was_cancelled_before_it_ran_does_not_count(lab):
    """It costs nothing."""
    other = lab()
    other.sleep = other.clock.sleep  # the cloud does not work
    other.apply(A, per_day=None, until_done=False)
    (batch,) = other.cloud.client().get_batches()
    before = held(other.apply(B, per_day=Budget(runs=199)))
    other.cloud.client().cancel_batch(batch["id"])

    assert (["b"], []) == (before, held(lab().apply(B, per_day=Budget(runs=199))))


def test_what_only_journal_and_records_know_counts(lab):
    """The cloud may have forgotten it; what another target measured is on record, too, and is not of it."""
    machine = lab()
    machine.apply(A, per_day=None)
    there = [job.batch_id for job in machine.records.of_experiment("a")]
    elsewhere = a_record("x", batch_id="elsewhere", created_at=machine.clock.now, recipe=RECIPE[:16])
    machine.records.add("e", [elsewhere])
    machine.port = LossyPort(machine.cloud, lambda request: "answered")
    forgetful = MemoryCloud(machine.clock, machine.cloud.engine)
    machine.cloud = forgetful
    machine.port = LossyPort(forgetful, lambda request: "answered")
    over, within = (machine.apply(B, per_day=Budget(runs=most)) for most in (199, 200))
    forgetful.close()

    assert (1, ["b"], []) == (len(there), held(over), held(within))


def test_other_folders_beside_the_records_are_passed_by(lab, tmp_path):
    """An editor or a notebook may leave its own there."""
    machine = lab()
    (tmp_path / "0" / ".ipynb_checkpoints").mkdir(parents=True)

    assert ["a"] == held(machine.apply(A, per_day=Budget(runs=99)))


def test_a_retry_of_a_failed_job_counts(lab):
    """As any purchase."""
    machine = lab()
    machine.cloud.engine.failing = 1.0
    machine.clock.now = day_of(machine.clock.now) + timedelta(hours=1)

    outcome = machine.apply(A, per_day=Budget(jobs=2))

    assert (["a"], 2) == (held(outcome), len(machine.cloud.jobs()))


def test_two_machines_with_the_same_files_keep_within_the_day(lab):
    """Whoever comes second sees the claims of the first."""
    one, other = lab(), lab()
    per_day = Budget(runs=200)
    one.apply(A, B, C, per_day=per_day, until_done=False)
    other.apply(A, B, C, per_day=per_day, until_done=False)

    assert 200 == runs(one)


@pytest.mark.parametrize(
    ("of_one", "of_other", "expected"),
    [
        pytest.param((A, B), (A, B), {"a"}, id="the same files: one claims, and the other counts that"),
        pytest.param((A,), (B,), {"a"}, id="different files: the other sees what was bought before it buys"),
    ],
)
def test_machines_that_take_turns_keep_within_the_day(lab, of_one, of_other, expected):
    """What each is about to buy is looked at again before it is bought."""
    turns = [(lab().reconciler(Budget(runs=100)), snapshots(*files)) for files in (of_one, of_other)]
    for _ in range(3):
        for reconciler, wanted in turns:
            reconciler.one_pass(wanted)
    machine = lab()
    batches = [each for each in machine.cloud.client().get_batches() if each["jobs_count"]]

    assert (100, expected) == (runs(machine), {read_marks(each["tags"]).experiment for each in batches})


def test_without_a_days_budget_nothing_more_is_asked(lab):
    """With one, each batch of the day that is neither looked at nor on record is read once, to buy more."""
    other, machine = lab(), lab()
    other.apply(A, C, per_day=None)
    asked = []
    for per_day in (None, Budget(runs=10_000)):
        machine.gets()
        machine.apply(replace(B, name=f"b{per_day is None}"), per_day=per_day)
        asked.append(machine.gets())
    machine.clock.now += timedelta(days=1)
    machine.apply(experiment("d", 6), per_day=Budget(runs=10_000))
    next_day = machine.gets()
    other.gets()
    other.apply(A, per_day=Budget(runs=10_000))

    bare, counted = asked
    assert (bare + 2, bare, 0) == (counted, next_day, other.gets())
