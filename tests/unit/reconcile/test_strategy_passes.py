"""Loops whose jobs depend on what came back: every slot is bought once, on whatever machine they go on."""

from __future__ import annotations

import json
import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from builders import a_batch, a_job, a_record, a_snapshot, at, seen, tags_of
from fakes import SEQUENCE
from test_passes import TERMS, Bench, the_experiment

from runner.cli.exit_code_choice import after_apply
from runner.cli.exit_codes import Exit
from runner.domain import BatchMode, BatchStatus, JobStatus, Policy, Retry, recipe_digest
from runner.domain.slot_jobs import SlotJob, with_slots
from runner.domain.strategies import (
    Confirmation,
    OnFailed,
    SearchDimension,
    SearchSpace,
    Strategy,
    slot_key,
)
from runner.errors import CloudUnavailableError
from runner.reconcile import Context, End, Health, Journal, Patience, Reconciler, Snapshot, Sync
from runner.reconcile.execute import reconciler
from runner.reconcile.model.actions import Hold, RecordResults
from runner.reconcile.model.proposal import Proposal, ProposedPoint, SlotResult
from runner.reconcile.model.tags import read_marks
from runner.reconcile.plan.dependencies import is_complete
from runner.reconcile.plan.job_states import job_states
from runner.reconcile.plan.planner import plan as planned_for
from runner.reconcile.plan.strategy import unfolded
from runner.results import Records

ROUNDS, ASK = 5, 3


class Machine:
    """A clone on the cloud of a bench, that proposes what depends on all that came before."""

    def __init__(self, bench, folder, *, noise=0, rounds=ROUNDS):
        self.bench, self.noise, self.rounds = bench, noise, rounds
        self.journal, self.records = Journal(Path(":memory:"), bench.clock), Records(folder)
        self.asked, self.declared = [], None

    def close(self):
        """Lets go of the journal."""
        self.journal.close()

    def propose(self, desired, slots):
        """Rounds of some points each; a point comes to the sum of all before it, disturbed."""
        del desired
        self.asked.append(dict(slots))
        number = sum(not result.is_pending for result in slots.values()) // ASK
        begin = number * ASK + 1
        if number >= self.rounds:
            best = max(slots, key=lambda slot: slots[slot].variables["t"])
            return Proposal(confirmed=(best,), is_done=True)
        before = sum(result.variables["t"] for slot, result in slots.items() if slot < begin)
        missing = [slot for slot in range(begin, begin + ASK) if slot not in slots]
        points = {
            slot: ProposedPoint(variables={"t": 10 * slot + before % 7 + self.noise}) for slot in missing
        }
        return Proposal(points=points)

    def reconciler(self, sleep=None, settings=TERMS):
        """A fresh process of this machine."""
        context = Context(
            client=self.bench.cloud.client(self.bench.port),
            journal=self.journal,
            records=self.records,
            namespace="lab",
            declared=lambda: self.declared,
            clock=self.bench.clock,
            sleep=sleep or self.bench.sleep,
            propose=self.propose,
        )
        return Reconciler(context, settings)

    def run(self, experiment, **patience):
        """Applies an experiment."""
        return self.reconciler().run([Snapshot(desired=experiment)], Patience(timeout_s=9e4, **patience))


@pytest.fixture
def bench(tmp_path):
    """A bench on which everything goes well."""
    with closing(Bench(tmp_path / "unused")) as bench:
        yield bench


@pytest.fixture
def machine(bench, tmp_path):
    """A clone on it."""
    with closing(Machine(bench, tmp_path / "results")) as machine:
        yield machine


def a_loop(*, text="{}", think_limit_s=None, confirm=None, **fields):
    """An experiment that asks for points of `t` by what came back."""
    recipe = recipe_digest(device_type="EMU_FREE", sequence=SEQUENCE, strategy=text)
    space = SearchSpace(
        dimensions=(SearchDimension(variable="t", low=0, high=1000, step=1),), values={"t": 0}
    )
    strategy = Strategy(
        digest=recipe,
        text=text,
        kind="sobol",
        space=space,
        runs=100,
        think_limit_s=think_limit_s,
        confirm=confirm,
    )
    mode = BatchMode.CLOSED if think_limit_s is None else BatchMode.OPEN
    policy = replace(fields.pop("policy", Policy()), batch=mode)
    return replace(the_experiment(), jobs=(), recipe=recipe, strategy=strategy, policy=policy, **fields)


def batches(bench):
    """What the cloud has: the tag of the slots, and the statuses of the jobs, oldest batch first."""
    payloads = sorted(bench.cloud.client().get_batches(tag="runner:lab"), key=lambda each: each["created_at"])
    jobs = {}
    for job in bench.cloud.jobs():
        jobs.setdefault(job["batch_id"], []).append(job["status"])
    return [(str(read_marks(each["tags"]).repetitions), jobs.get(each["id"], [])) for each in payloads]


def values(bench):
    """The values of all jobs on the cloud, oldest first, cancelled ones left out."""
    jobs = reversed(list(bench.cloud.jobs()))
    return [job["variables"]["t"] for job in jobs if job["status"] != JobStatus.CANCELED]


def test_a_loop_goes_on_from_round_to_round(bench, machine):
    """Each round is bought once what came before it is on record; nothing is left to do in the end."""
    outcome = machine.run(a_loop(confirm=Confirmation(best=1, runs=50, repeat=2)))
    assert outcome.end is End.SETTLED
    assert outcome.plans[0].sync is Sync.SYNCED
    assert [tag for tag, _ in batches(bench)] == [
        "slots:1-3", "slots:4-6", "slots:7-9", "slots:10-12", "slots:13-15", "again:15x1.15x2",
    ]  # fmt: skip
    assert [job.name for job in outcome.plans[0].jobs][-3:] == [
        "slot 15",
        "slot 15 again #1",
        "slot 15 again #2",
    ]
    runs = Counter(job["runs"] for job in bench.cloud.jobs())
    assert runs == {100: 15, 50: 2}
    sent = bench.posts()
    assert machine.run(a_loop(confirm=Confirmation(best=1, runs=50, repeat=2))).end is End.SETTLED
    assert bench.posts() == sent


def test_values_that_were_bought_count(bench, machine, tmp_path):
    """Another clone, without journal and records, goes on with what was bought, whatever it would propose."""
    machine.rounds = 3
    machine.run(a_loop())
    bought = values(bench)
    assert len(bought) == 9
    with closing(Machine(bench, tmp_path / "other", noise=2)) as other:
        assert other.run(a_loop()).end is End.SETTLED
    assert values(bench)[:9] == bought
    assert len(values(bench)) == 15
    replayed = other.asked[-1]
    assert [replayed[slot].variables["t"] for slot in range(1, 10)] == bought
    assert values(bench)[9] == 100 + sum(bought) % 7 + 2


def cancelled(bench, *more):
    """Cancels the only batch of a bench, with more tags."""
    client = bench.cloud.client()
    (payload,) = client.get_batches(tag="runner:lab")
    client.set_batch_tags(payload["id"], [*payload["tags"], *more])
    client.cancel_batch(payload["id"])


def test_what_never_ran_has_no_values():
    """A slot that was cancelled and bought again has the second job's values, also while it is pending."""
    wanted, told = a_loop(), {}
    key = slot_key(wanted.strategy.short, "1")
    jobs = [
        replace(a_job(f"j{t}", t=t, batch_id=f"b{t}", status=status), key=key)
        for t, status in ((1, JobStatus.CANCELED), (2, JobStatus.PENDING))
    ]
    fenced = a_batch(
        "b1", jobs[0], status=BatchStatus.CANCELED, tags=("fenced", *tags_of("s", "c", wanted.recipe[:16]))
    )
    again = a_batch("b2", jobs[1], tags=tags_of("s", "d", wanted.recipe[:16]), created_at=at(-5))

    def propose(desired, slots):
        del desired
        told.update(slots)
        return Proposal()

    unfolded(a_snapshot(wanted, seen(fenced, again)), propose)
    assert told == {1: SlotResult(variables={"t": 2}, is_pending=True)}


@pytest.mark.parametrize(
    ("is_done", "status", "slots"),
    [
        (True, JobStatus.ERROR, []),
        (False, JobStatus.ERROR, ["1"]),
        (True, JobStatus.PENDING, ["1"]),
        (True, JobStatus.DONE, ["1"]),
    ],
)
def test_a_strategy_that_is_done_tries_nothing_again(is_done, status, slots):
    """As where fewer rounds are wanted now, or another slot of the round has reached the target."""
    wanted = a_loop(policy=Policy(retry=Retry(limit=2)))
    job = replace(a_job("j1", status=status), key=slot_key(wanted.strategy.short, "1"))
    batch = a_batch("b1", job, tags=tags_of("s", "c", wanted.recipe[:16]))
    asking = unfolded(a_snapshot(wanted, seen(batch)), lambda *_: Proposal(is_done=is_done))

    assert slots == [each.slot for each in asking.desired.jobs]


@pytest.mark.parametrize(
    ("status", "is_bought", "slots"),
    [
        (JobStatus.PENDING, False, ["1", "2"]),
        (JobStatus.DONE, False, ["1", "2"]),
        (JobStatus.PENDING, True, ["1", "2", "1x1"]),
        (JobStatus.ERROR, False, ["1", "1x1", "1x2"]),
    ],
)
def test_a_winner_is_confirmed_once_no_other_slot_may_be_it(status, is_bought, slots):
    """The target is reached while jobs of the round are under way; what is bought already stays wanted."""
    confirm = Confirmation(best=1, runs=50, repeat=2)
    wanted = a_loop(confirm=confirm, policy=Policy(retry=Retry(limit=2)))
    statuses = {"1": JobStatus.DONE, "2": status} | ({"1x1": JobStatus.PENDING} if is_bought else {})
    jobs = [
        replace(a_job(f"j{label}", status=each), key=slot_key(wanted.strategy.short, label))
        for label, each in statuses.items()
    ]
    batch = a_batch("b1", *jobs, tags=tags_of("s", "c", wanted.recipe[:16]))
    record = replace(a_record("j1", counts={"0": 100}), key=jobs[0].key, recipe=wanted.recipe[:16])
    there = seen(batch, recorded=[record])
    asking = unfolded(a_snapshot(wanted, there), lambda *_: Proposal(confirmed=(1,), is_done=True))

    assert slots == [each.slot for each in asking.desired.jobs]


@pytest.mark.parametrize(
    ("is_shown", "ended_s", "is_pending"), [(True, -99, True), (False, -99, False), (False, -1, True)]
)
def test_a_result_that_the_cloud_has_forgotten_is_not_waited_for(is_shown, ended_s, is_pending):
    """Its batch is shown no more, and no list lags so far."""
    wanted, told = a_loop(), {}
    key = slot_key(wanted.strategy.short, "1")
    job = replace(a_job("j1", status=JobStatus.DONE), key=key)
    batch = a_batch("b1", job, status=BatchStatus.DONE, tags=tags_of("s", "c", wanted.recipe[:16]))
    record = replace(a_record("j1", counts={}), key=key, recipe=wanted.recipe[:16], ended_at=at(ended_s))
    there = seen(*[batch] * is_shown, recorded=[record])

    def propose(desired, slots):
        del desired
        told.update(slots)
        return Proposal()

    unfolded(a_snapshot(wanted, there, replace(TERMS, settle_s=10.0)), propose)
    assert {1: is_pending} == {slot: result.is_pending for slot, result in told.items()}


def test_a_job_that_a_person_cancels_in_a_held_batch_holds_nothing_up(bench, machine):
    """The batch is closed, so that it is seen whose wish it was; the next round has another one."""
    experiment = a_loop(think_limit_s=9e3)
    machine.rounds = 2
    machine.run(experiment, until_done=False)
    bench.cloud.client().cancel_job(bench.cloud.jobs()[0]["id"])
    began = bench.clock.now
    outcome = machine.run(experiment)

    assert (End.SETTLED, True) == (outcome.end, (bench.clock.now - began).total_seconds() < 300)
    assert [tag for tag, _ in batches(bench)] == ["slots:1-3", "slots:4-6"]
    assert 2 * ASK - 1 == len(values(bench))


def test_a_cancelled_slot_ends_once_it_must_be_known_who_cancelled_it(bench, machine):
    """Until then its cancellation may be ours, and what follows it may be another round."""
    settled = replace(TERMS, settle_s=10.0)
    machine.run(a_loop(), until_done=False)
    cancelled(bench)
    began_s, ended_s = bench.clock.now.timestamp(), []
    propose = machine.propose

    def noted(desired, slots):
        ended_s.extend([bench.clock.now.timestamp() - began_s] * (len(slots) == ASK and not pending(slots)))
        return propose(desired, slots)

    def pending(slots):
        return [slot for slot, result in slots.items() if result.is_pending]

    machine.propose = noted
    patience = Patience(timeout_s=30.0, until_done=False)
    machine.reconciler(settings=settled).run([Snapshot(desired=a_loop())], patience)
    assert ended_s
    assert ended_s[0] >= settled.settle_s


def test_a_round_follows_what_was_recorded_without_another_list(bench, machine):
    """To put results on record changes nothing on the cloud."""
    machine.run(a_loop())
    sent = bench.port.sent
    before = [sent[n - 1][1] for n, each in enumerate(sent) if each == ("POST", "/api/v1/batches")]
    assert len(before) == ROUNDS
    assert ["/api/v1/batches"] == [path for path in before if path.endswith("/batches")]


def test_what_is_recorded_again_and_again_hides_nothing_that_others_do(bench, machine, monkeypatch):
    """As results that can't be had, of several loops: there is a new list every second time."""
    record = RecordResults(batch_id="b1", jobs=(), reason="1 result is asked for again")

    def recording(plans, _):
        return [replace(each, actions=(record,), differences=((),)) for each in plans]

    monkeypatch.setattr(reconciler, "paced", recording)
    process, are_listed = machine.reconciler(), []
    for _ in range(6):
        sent = len(bench.port.sent)
        process.one_pass([Snapshot(desired=a_loop())])
        are_listed.append(("GET", "/api/v1/batches") in bench.port.sent[sent:])

    assert [True, False] * 3 == are_listed


def test_more_rounds_go_on_and_fewer_end(bench, machine):
    """How long it goes on is no part of what it is."""
    machine.rounds = 2
    machine.run(a_loop())
    machine.rounds = 4
    machine.run(a_loop())
    machine.rounds = 3
    sent = bench.posts()
    assert machine.run(a_loop()).end is End.SETTLED
    assert (len(values(bench)), bench.posts()) == (12, sent)


def test_without_waiting_one_round_is_bought(bench, machine):
    """`--no-wait` ends once a round is submitted."""
    assert machine.run(a_loop(), until_done=False).end is End.SUBMITTED
    assert len(values(bench)) == ASK


@pytest.mark.parametrize("think_limit_s", [None, 9e3])
def test_without_waiting_no_second_round_is_bought_where_results_are_there_at_once(
    bench, machine, think_limit_s
):
    """What came back is put on record, and each call buys one more; the winner has one of its own."""

    def at_once(_):
        bench.sleep(1.0)
        return "answered"

    bench.fate, machine.rounds = at_once, 2
    experiment = a_loop(think_limit_s=think_limit_s, confirm=Confirmation(best=1, runs=100, repeat=2))
    expected = [(ASK, End.SUBMITTED), (2 * ASK, End.SUBMITTED), (2 * ASK + 2, End.SETTLED)]
    for each in expected:
        outcome = machine.run(experiment, until_done=False)
        assert each == (len(values(bench)), outcome.end)


def test_another_strategy_says_what_has_changed(machine):
    """Before it buys anew; not once it has begun, and not where the old one is asked for again."""

    def asking(seed):
        strategy = {"seed": seed}
        manifest = {"device_type": "EMU_FREE", "sequence": json.loads(SEQUENCE), "strategy": strategy}
        return [Snapshot(desired=a_loop(text=json.dumps(strategy)), manifest=manifest)]

    def remarks(seed):
        (looked,) = machine.reconciler().look(asking(seed))
        return [note for note in looked.plan.notes if note.startswith("the recipe")]

    machine.reconciler().run(asking(7), Patience())
    assert ["the recipe has changed: recipe.strategy.seed: 7 → 8"] == remarks(8)
    assert [] == remarks(7)
    machine.reconciler().run(asking(8), Patience())
    assert [] == remarks(8)


def test_another_strategy_is_bought_anew(bench, machine):
    """A changed objective, or anything else that counts, is another strategy with slots of its own."""
    machine.run(a_loop())
    machine.run(a_loop(text='{"seed": 8}'))
    assert Counter(tag for tag, _ in batches(bench)) == {
        f"slots:{n}-{n + 2}": 2 for n in range(1, ROUNDS * ASK, ASK)
    }
    sent = bench.posts()
    assert machine.run(a_loop()).end is End.SETTLED  # a revert finds the old slots again
    assert bench.posts() == sent


@pytest.mark.parametrize("think_limit_s", [None, 60.0])
def test_failed_jobs_are_tried_again_in_batches_of_their_own(tmp_path, think_limit_s):
    """A retry says which slots it is for, and has the values of the first attempt; the round waits."""
    with (
        closing(Bench(tmp_path / "unused", failing=0.3)) as bench,
        closing(Machine(bench, tmp_path / "results")) as machine,
    ):
        policy = Policy(retry=Retry(limit=20, backoff_s=0.0))
        assert machine.run(a_loop(policy=policy, think_limit_s=think_limit_s)).end is End.SETTLED
        assert any(tag.startswith("again:") for tag, _ in batches(bench))
        done = Counter(j["variables"]["t"] for j in bench.cloud.jobs() if j["status"] == JobStatus.DONE)
        assert sorted(done.values()) == [1] * (ROUNDS * ASK)
        assert {j["variables"]["t"] for j in bench.cloud.jobs()} == set(done)


def test_what_failed_for_good_is_told(tmp_path):
    """After the last retry a slot has ended without a result, and the loop goes on."""
    with (
        closing(Bench(tmp_path / "unused", failing=0.5)) as bench,
        closing(Machine(bench, tmp_path / "results")) as machine,
    ):
        assert machine.run(a_loop(policy=Policy(retry=Retry(limit=0)))).end is End.SETTLED
        last = machine.asked[-1]
        failed = [slot for slot, result in last.items() if not result.remote]
        assert len(last) == ROUNDS * ASK
        assert 0 < len(failed) < ROUNDS * ASK
        assert not any(result.is_pending for result in last.values())


@pytest.mark.parametrize(
    ("on_failed", "state"),
    [
        (OnFailed.DROP, (Sync.SYNCED, Health.HEALTHY)),
        (OnFailed.WORST, (Sync.SYNCED, Health.HEALTHY)),
        (OnFailed.STOP, (Sync.OUT_OF_SYNC, Health.DEGRADED)),
    ],
)
def test_what_a_strategy_may_drop_is_no_loss(tmp_path, on_failed, state):
    """A finished loop is as its file wants it; nobody has to do anything about it."""
    with (
        closing(Bench(tmp_path / "unused", failing=0.3)) as bench,
        closing(Machine(bench, tmp_path / "results")) as machine,
    ):
        experiment = a_loop(policy=Policy(retry=Retry(limit=0)))
        experiment = replace(experiment, strategy=replace(experiment.strategy, on_failed=on_failed))
        confirmed, machine.propose = machine.propose, lambda *known: replace(confirmed(*known), confirmed=())
        outcome = machine.run(experiment)
    (plan,) = outcome.plans
    failed = [job for job in plan.jobs if job.failed]
    is_fine = state[0] is Sync.SYNCED

    assert 0 < len(failed) < ROUNDS * ASK
    assert state == (plan.sync, plan.health)
    assert {"DROPPED" if is_fine else "FAILED"} == {job.status for job in failed}
    assert (Exit.DONE if is_fine else Exit.FAILED_JOBS) == after_apply(outcome)
    assert is_fine == is_complete(plan)


@pytest.mark.parametrize(
    ("label", "statuses", "status"),
    [
        ("1", (JobStatus.ERROR,), "DROPPED"),
        ("1", (JobStatus.CANCELED,), "DROPPED"),
        ("1x1", (JobStatus.ERROR,), "FAILED"),
        ("1x1", (JobStatus.CANCELED,), "CANCELED"),
        ("1", (JobStatus.ERROR, JobStatus.RUNNING), "ACTIVE"),
        ("1", (JobStatus.ERROR, JobStatus.DONE), "DONE"),
    ],
)
def test_only_slots_without_a_result_are_dropped(label, statuses, status):
    """A job that confirms is wanted as it is, and what is measured is there."""
    wanted = a_loop(policy=Policy(retry=Retry(limit=0)))
    jobs = [
        replace(a_job(f"j{n}", status=each), key=slot_key(wanted.strategy.short, label))
        for n, each in enumerate(statuses)
    ]
    batches = [
        a_batch(f"b{n}", job, status=BatchStatus.DONE, tags=tags_of("s", "c", wanted.recipe[:16]))
        for n, job in enumerate(jobs)
    ]
    asking = with_slots(wanted, [SlotJob(label=label, variables={"t": 1})])
    (state,) = job_states(a_snapshot(asking, seen(*batches)))
    assert status == state.progress.status


def test_a_held_batch_has_all_rounds(bench, machine):
    """One open batch gets round after round, its tag says so first, and it is closed in the end."""
    assert machine.run(a_loop(think_limit_s=60.0)).end is End.SETTLED
    ((tag, statuses),) = batches(bench)
    assert (tag, statuses) == ("slots:1-15", [JobStatus.DONE] * 15)
    (payload,) = bench.cloud.client().get_batches(tag="runner:lab")
    assert not payload["open"]


@pytest.mark.parametrize(
    ("think_limit_s", "said"),
    [(None, ["again:1.2.3", "again:4.5.6"]), (60.0, ["slots:1-2", "slots:3-4", "slots:5-6"])],
)
def test_slots_with_the_same_values_are_told_apart(bench, machine, monkeypatch, think_limit_s, said):
    """By their places in a batch that gets nothing more; a held one has each value once."""
    propose = machine.propose

    def of_two_values(*known):
        proposal = propose(*known)
        points = {slot: ProposedPoint(variables={"t": slot % 2}) for slot in proposal.points}
        return replace(proposal, points=points, confirmed=())

    monkeypatch.setattr(machine, "propose", of_two_values)
    machine.rounds = 2
    assert machine.run(a_loop(think_limit_s=think_limit_s)).end is End.SETTLED
    assert [tag for tag, _ in batches(bench)] == said
    assert {slot: each.variables["t"] for slot, each in machine.asked[-1].items()} == {
        slot: slot % 2 for slot in range(1, 7)
    }
    assert values(bench) == [1, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("failing", [0.0, 0.4], ids=["values again", "retries"])
def test_a_held_batch_is_let_go_of_when_its_strategy_goes_on_in_another(tmp_path, failing):
    """A device that is kept for the one would never run the other."""
    with (
        closing(Bench(tmp_path / "unused", failing=failing)) as bench,
        closing(Machine(bench, tmp_path / "results")) as machine,
    ):
        propose, n_open = machine.propose, []

        def of_few_values(*known):
            proposal = propose(*known)
            points = {slot: ProposedPoint(variables={"t": slot % 5}) for slot in proposal.points}
            return replace(proposal, points=points, confirmed=())

        def sleep(seconds):
            n_open.append(sum(each["open"] for each in bench.cloud.client().get_batches(tag="runner:lab")))
            bench.sleep(seconds)

        machine.propose = of_few_values
        policy = Policy(retry=Retry(limit=20, backoff_s=0.0))
        experiment = a_loop(think_limit_s=9e3, policy=policy)
        machine.reconciler(sleep).run([Snapshot(desired=experiment)], Patience(timeout_s=9e4))
        assert len(batches(bench)) > 1
        assert 1 == max(n_open)


def test_a_held_batch_that_the_cloud_ends_is_replaced(bench, machine):
    """What is closed under us has its slots; the next round has another batch."""
    experiment = a_loop(think_limit_s=60.0)
    machine.rounds = 2
    closes = []

    def sleep(seconds):
        bench.sleep(seconds)
        if len(values(bench)) == ASK and not closes:
            (payload,) = bench.cloud.client().get_batches(tag="runner:lab")
            closes.append(bench.cloud.client().close_batch(payload["id"]))

    machine.reconciler(sleep).run([Snapshot(desired=experiment)], Patience(timeout_s=9e4))
    assert [tag for tag, _ in batches(bench)] == ["slots:1-3", "slots:4-6"]


def test_jobs_that_the_tag_does_not_tell_of_buy_nothing(bench, machine):
    """Another tool has added a job to our batch: what is which is not known, and a person must look."""
    experiment = a_loop(think_limit_s=60.0)
    machine.run(experiment, until_done=False)
    client = bench.cloud.client()
    (payload,) = client.get_batches(tag="runner:lab")
    client.add_jobs(payload["id"], [{"runs": 7, "variables": {"t": 99}}])
    outcome = machine.run(experiment)
    assert [job["runs"] for job in bench.cloud.jobs()] == [7] + [100] * ASK
    assert "is none of them" in outcome.plans[0].holds[0].reason
    assert not client.get_batch(payload["id"])["open"]


@pytest.mark.parametrize("forgets", [False, True], ids=["same clone", "fresh clone"])
def test_a_job_that_a_person_has_repeated_is_what_it_repeats(bench, machine, tmp_path, forgets):
    """The new batch has the tags of the old one, and not all of its jobs: places tell nothing there."""
    machine.rounds = 1
    machine.run(a_loop())
    client = bench.cloud.client()
    (payload,) = client.get_batches(tag="runner:lab")
    third = next(job for job in bench.cloud.jobs() if job["variables"]["t"] == values(bench)[2])
    client.rebatch(payload["id"], id=third["id"])
    with closing(Machine(bench, tmp_path / "fresh", rounds=1)) as fresh:
        clone = fresh if forgets else machine
        outcome = clone.run(a_loop())
        results = clone.asked[-1]

    assert (End.SETTLED, Sync.SYNCED) == (outcome.end, outcome.plans[0].sync)
    assert {1: 1, 2: 1, 3: 2} == {slot: len(result.remote) for slot, result in results.items()}
    assert values(bench)[:3] == [result.variables["t"] for _, result in sorted(results.items())]
    assert [JobStatus.DONE] * 4 == [job["status"] for job in bench.cloud.jobs()]


def test_a_fresh_clone_looks_until_it_knows_the_slots(bench, machine, tmp_path):
    """Which slot a job is may take a settle window to tell; who only looks once would never know."""
    settled = replace(TERMS, settle_s=10.0)
    machine.rounds = 2
    machine.reconciler(settings=settled).run([Snapshot(desired=a_loop())], Patience(timeout_s=9e4))
    with closing(Machine(bench, tmp_path / "fresh", rounds=2)) as fresh:
        reconciler, began = fresh.reconciler(settings=settled), bench.clock.now
        (once,) = reconciler.look([Snapshot(desired=a_loop())])
        (whole,) = reconciler.look_whole([Snapshot(desired=a_loop())])

    assert ((), Sync.UNKNOWN) == (once.plan.jobs, once.plan.sync)
    assert [job.name for job in whole.plan.jobs] == [f"slot {n}" for n in range(1, 7)]
    assert 10 <= (bench.clock.now - began).total_seconds() <= 20


def test_a_slot_that_failed_for_good_is_measured_where_a_person_repeats_it(tmp_path):
    """What came of it counts, and nothing is bought for it."""
    with (
        closing(Bench(tmp_path / "unused", failing=0.5)) as bench,
        closing(Machine(bench, tmp_path / "results", rounds=2)) as machine,
    ):
        experiment = a_loop(policy=Policy(retry=Retry(limit=0)))
        machine.run(experiment)
        failed = [slot for slot, result in machine.asked[-1].items() if not result.remote]
        client, sent = bench.cloud.client(), bench.posts()
        bench.engine.failing = 0.0
        for payload in client.get_batches(tag="runner:lab"):
            if any(job["status"] == JobStatus.ERROR for job in client.get_batch_jobs(payload["id"])):
                client.rebatch(payload["id"], status=JobStatus.ERROR)
        outcome = machine.run(experiment)

        assert failed
        assert all(result.remote for result in machine.asked[-1].values())
        assert outcome.plans[0].sync is Sync.SYNCED
        assert bench.posts() == sent


def test_random_deaths_buy_nothing_twice(tmp_path):
    """Processes that die at any pause, on machines that take turns, buy every slot once."""
    with closing(Bench(tmp_path / "unused")) as bench:
        rng = random.Random(5)
        machines = [Machine(bench, tmp_path / str(n), noise=n) for n in range(3)]
        for _ in range(40):
            machine = rng.choice(machines)
            patience = Patience(timeout_s=rng.choice([0.5, 2.0, 8.0]))
            machine.reconciler().run([Snapshot(desired=a_loop())], patience)
        machines[0].run(a_loop())
        assert [tag for tag, _ in batches(bench)] == [f"slots:{n}-{n + 2}" for n in range(1, 16, 3)]
        for machine in machines:
            machine.close()


def test_what_holds_a_strategy_says_what_to_do(bench, machine):
    """It may be a package that is missing, or a permission: not each is mended in the file."""
    machine.propose = lambda desired, slots: Proposal(fault="it needs a package; pip install that")
    (plan,) = machine.run(a_loop()).plans
    (hold,) = (action for action in plan.actions if isinstance(action, Hold))

    assert ("it needs a package; pip install that", "mend what is said, and apply again") == (
        hold.reason,
        hold.how.split(";")[0],
    )
    assert not bench.posts()


@pytest.mark.parametrize("settle_s", [0.0, 10.0])
def test_a_person_cancels_a_round_on_another_machine(bench, machine, tmp_path, settle_s):
    """It waits until the round is seen whole there: before, nothing of it would be known to be pending."""
    terms = replace(TERMS, settle_s=settle_s)
    machine.reconciler(settings=terms).run(
        [Snapshot(desired=a_loop())], Patience(timeout_s=60.0, until_done=False)
    )
    bought = {status for _, jobs in batches(bench) for status in jobs}
    with closing(Machine(bench, tmp_path / "other")) as other:
        process = other.reconciler(sleep=bench.clock.sleep, settings=terms)
        cancelled = process.cancel([Snapshot(desired=a_loop())])
    assert ({"PENDING"}, ["3 of its 3 jobs are pending"]) == (bought, [each.reason for each in cancelled])
    assert [("slots:1-3", ["CANCELED"] * 3)] == batches(bench)


def test_a_person_is_told_of_a_round_that_cannot_be_cancelled(bench, machine, tmp_path, monkeypatch):
    """A batch that is not seen whole is named; that nothing was pending would not be true."""
    machine.reconciler().run([Snapshot(desired=a_loop())], Patience(timeout_s=60.0, until_done=False))
    monkeypatch.setattr(Snapshot, "gap", lambda self, batch: "some jobs may not be shown yet")
    with closing(Machine(bench, tmp_path / "other")) as other:
        monkeypatch.setattr(reconciler, "cancellations", lambda observed: ())
        process = other.reconciler(sleep=bench.clock.sleep)
        with pytest.raises(CloudUnavailableError, match="is not seen whole, and was not cancelled: some"):
            process.cancel([Snapshot(desired=a_loop())])


@pytest.mark.parametrize("lags", [False, True])
def test_what_depends_on_a_loop_is_bought_after_its_last_round(bench, machine, lags):
    """No batch is claimed for it between two rounds, nor by a machine that does not see a round whole."""
    after = replace(
        the_experiment(), name="after", recipe="f" * 64, policy=Policy(depends_on=(the_experiment().name,))
    )
    terms = replace(TERMS, settle_s=10.0) if lags else TERMS
    loop = a_loop(confirm=Confirmation(best=1, runs=50, repeat=2))
    process = machine.reconciler(settings=terms)
    outcome = process.run([Snapshot(desired=loop), Snapshot(desired=after)], Patience(timeout_s=9e4))
    slots = ["slots:1-3", "slots:4-6", "slots:7-9", "slots:10-12", "slots:13-15", "again:15x1.15x2"]
    assert [*slots, "1"] == [tag for tag, _ in batches(bench)]
    assert {Sync.SYNCED} == {plan.sync for plan in outcome.plans}


def test_a_loop_of_which_a_round_is_not_seen_whole_is_not_complete():
    """No job of it is known then, which is no proof that all are measured."""
    partly = a_snapshot(a_loop(), seen())
    assert not is_complete(planned_for(partly))
