"""Loops whose file was renamed, or said the same as one that was removed: each slot keeps its own values."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from itertools import chain

import pytest
from fakes import LossyPort, MemoryCloud
from test_passes import Bench
from test_strategy_passes import ASK, ROUNDS, Machine, a_loop

from runner.domain import JobStatus, Policy, Retry, Surplus
from runner.domain.observed import own_first
from runner.domain.slot_jobs import with_recorded_slots
from runner.reconcile import End, Patience, Snapshot
from runner.reconcile.model.proposal import ProposedPoint
from runner.reconcile.model.tags import read_marks
from runner.results.records.counted_jobs import behind

HELD = pytest.mark.parametrize("think_limit_s", [None, 60.0], ids=["closed", "held"])


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


def applied(machine, name, rounds, *, noise=0, declared=(), **fields):
    """Applies a loop of so many rounds under a name, beside other names that files have.

    Returns:
        The outcome, and how each slot stood when the loop was last asked.
    """
    machine.rounds, machine.noise, machine.declared = rounds, noise, frozenset({name, *declared})
    outcome = machine.run(a_loop(name=name, **fields))
    return outcome, machine.asked[-1]


def bought(bench):
    """The values of all jobs that were bought and not cancelled, by the name that they were bought under."""
    names = {
        each["id"]: read_marks(each["tags"]).experiment
        for each in bench.cloud.client().get_batches(tag="runner:lab")
    }
    found = {}
    for job in reversed(list(bench.cloud.jobs())):
        if job["status"] != JobStatus.CANCELED:
            found.setdefault(names[job["batch_id"]], []).append(job["variables"]["t"])
    return found


def slot_values(slots):
    """The values of slots, in their order."""
    return [slots[slot].variables["t"] for slot in sorted(slots)]


def forgotten(bench):
    """The cloud has forgotten everything."""
    bench.cloud.close()
    bench.cloud = MemoryCloud(bench.clock, bench.engine, first=1000)
    bench.port = LossyPort(bench.cloud, bench._current_fate)


@HELD
@pytest.mark.parametrize("is_forgotten", [False, True], ids=["shown", "on record"])
@pytest.mark.parametrize("rounds", [(ROUNDS, 1), (1, ROUNDS), (3, 3), (3, 2), (2, 3)])
def test_a_loop_stays_its_own_where_another_file_said_the_same(
    bench, machine, rounds, think_limit_s, is_forgotten
):
    """Whatever the removed one had bought further on followed other results."""
    removed, kept = rounds
    both = {"declared": ["other", "loop"], "think_limit_s": think_limit_s}
    applied(machine, "other", removed, noise=2, **both)
    applied(machine, "loop", kept, **both)
    own = bought(bench)["loop"]
    if is_forgotten:
        forgotten(bench)
    outcome, slots = applied(machine, "loop", ROUNDS, think_limit_s=think_limit_s)

    assert End.SETTLED is outcome.end
    assert ROUNDS * ASK == len(slots)
    assert own == slot_values(slots)[: len(own)]
    assert own + bought(bench).get("loop", [])[0 if is_forgotten else len(own) :] == slot_values(slots)
    assert {"loop"} == {job.experiment for each in slots.values() for job in each.remote}
    assert [1] * len(slots) == [len(each.remote) for each in slots.values()]
    assert 0 == max(job.surplus for job in outcome.plans[0].jobs)


@HELD
@pytest.mark.parametrize("is_forgotten", [False, True], ids=["shown", "on record"])
def test_a_loop_that_is_renamed_goes_on(bench, machine, think_limit_s, is_forgotten):
    """And again, and back: every slot is bought once, with the values that it was bought with first."""
    for name, rounds in (("one", 2), ("two", 3), ("three", 4), ("one", ROUNDS)):
        outcome, slots = applied(machine, name, rounds, noise=rounds, think_limit_s=think_limit_s)
        if is_forgotten and name == "two":
            forgotten(bench)

        assert End.SETTLED is outcome.end
        assert rounds * ASK == len(slots)
        assert all(each.remote for each in slots.values())
    if not is_forgotten:
        assert sorted(slot_values(slots)) == sorted(chain.from_iterable(bought(bench).values()))
    assert {100} == {job.runs for each in slots.values() for job in each.remote}


def test_of_two_former_names_the_one_that_was_bought_last_goes_on(bench, machine):
    """What a file was renamed from is newer than what was removed before; it is looked at once."""
    applied(machine, "removed", 4, noise=2, declared=["removed", "old"])
    applied(machine, "old", 3, declared=["removed", "old"])
    old = bought(bench)["old"]
    _, slots = applied(machine, "new", ROUNDS)

    assert old + bought(bench)["new"] == slot_values(slots)
    assert {"removed": 4 * ASK, "old": 3 * ASK, "new": 2 * ASK} == {
        name: len(some) for name, some in bought(bench).items()
    }


@pytest.mark.parametrize(
    ("ticks", "status", "recorded"), [(0, JobStatus.CANCELED, 0), (1, JobStatus.DONE, ASK)], ids=str
)
def test_what_a_removed_file_has_under_way_is_none_of_it(bench, machine, ticks, status, recorded):
    """What is pending is cancelled; what runs is put on record under the name that it was bought under."""
    both, policy = ["other", "loop"], Policy(prune=Surplus.CANCEL)
    applied(machine, "loop", 1, declared=both, policy=policy)
    machine.rounds, machine.noise = 2, 2
    under_way = Snapshot(desired=a_loop(name="other", policy=policy))
    machine.reconciler(sleep=bench.clock.sleep).run([under_way], Patience(until_done=False))
    for _ in range(ticks):
        bench.cloud.step()
    outcome, slots = applied(machine, "loop", 2, policy=policy)

    assert End.SETTLED is outcome.end
    assert bought(bench)["loop"] == slot_values(slots)
    assert {status: ASK} == Counter(
        job["status"] for job in bench.cloud.jobs() if job["variables"]["t"] % 10 == 2
    )
    under_other = machine.records.of_experiment("other")
    assert recorded == sum(job.status is JobStatus.DONE for job in under_other)
    assert 2 * ASK == len(machine.records.of_experiment("loop"))


@HELD
@pytest.mark.parametrize("rounds", [1, 2], ids=["the same so far", "went another way"])
@pytest.mark.parametrize("prune", Surplus)
def test_what_is_pending_of_a_loop_that_is_renamed_is_left_alone_by_one_that_says_the_same(
    bench, machine, prune, rounds, think_limit_s
):
    """Both see what was bought under the former name; the renamed one goes on with it."""
    fields = {"policy": Policy(prune=prune), "think_limit_s": think_limit_s}
    machine.declared = frozenset({"loop", "old"})
    for noise, name in enumerate(("loop", "old")):
        machine.noise, machine.rounds = 2 * noise, rounds
        if rounds > 1:
            applied(machine, name, 1, noise=2 * noise, declared=["loop", "old"], **fields)
            machine.rounds = rounds
        under_way = Snapshot(desired=a_loop(name=name, **fields))
        machine.reconciler(sleep=bench.clock.sleep).run([under_way], Patience(until_done=False))
    before = bought(bench)
    machine.declared = frozenset({"loop", "new"})
    both = [Snapshot(desired=a_loop(name=name, **fields)) for name in ("loop", "new")]
    outcome = machine.reconciler().run(both, Patience(timeout_s=9e4))

    assert End.SETTLED is outcome.end
    assert {"loop": rounds * ASK, "old": rounds * ASK} == {name: len(some) for name, some in before.items()}
    assert before == bought(bench)
    assert {JobStatus.DONE} == {job["status"] for job in bench.cloud.jobs()}


def test_what_was_under_way_is_on_record_under_the_name_that_bought_it(bench, machine):
    """Whoever fetches it: whose slots it has must be known also where not all of them are seen."""
    machine.rounds = 1
    machine.reconciler(sleep=bench.clock.sleep).run(
        [Snapshot(desired=a_loop(name="old"))], Patience(until_done=False)
    )
    bench.cloud.step()
    outcome, slots = applied(machine, "new", 2)

    assert End.SETTLED is outcome.end
    assert 2 * ASK == len(slots)
    assert {"old": ASK, "new": ASK} == {
        name: len(machine.records.of_experiment(name)) for name in ("old", "new")
    }


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["shown", "on record"])
def test_behind_another_way_the_same_values_are_another_slot_too(bench, machine, is_forgotten):
    """There they followed other results; by chance they may be the same again."""
    both = {"declared": ["other", "loop"], "policy": Policy(retry=Retry(limit=0))}
    propose = machine.propose
    machine.propose = lambda desired, slots: _fixed(propose(desired, slots), {1: 5}, desired.name == "other")
    applied(machine, "other", 1, **both)
    applied(machine, "loop", 1, **both)
    if is_forgotten:
        forgotten(bench)
    outcome, slots = applied(machine, "loop", 1, policy=both["policy"])

    assert End.SETTLED is outcome.end
    assert [1] * ASK == [len(each.remote) for each in slots.values()]
    assert {"loop"} == {job.experiment for each in slots.values() for job in each.remote}
    recorded = machine.records.of_experiment("loop") + machine.records.of_experiment("other")
    counting = behind(with_recorded_slots(a_loop(name="loop"), own_first("loop", recorded)), recorded)
    assert {"loop"} == {job.experiment for some in counting.values() for job in some}


def _fixed(proposal, values, is_meant):
    """A proposal with other values of some slots."""
    if not is_meant:
        return proposal
    points = {
        n: ProposedPoint(variables={"t": values[n]}) if n in values else p for n, p in proposal.points.items()
    }
    return replace(proposal, points=points)


def test_what_was_bought_under_another_name_has_not_arrived_twice(bench, machine):
    """Who applies one file alone does not look at the renamed one, and cancels nothing as bought twice."""
    machine.rounds = 1
    for name in ("loop", "old"):
        machine.declared = frozenset({"loop", "old"})
        under_way = Snapshot(desired=a_loop(name=name))
        machine.reconciler(sleep=bench.clock.sleep).run([under_way], Patience(until_done=False))
    outcome, _ = applied(machine, "loop", 1, declared=["new"])

    assert End.SETTLED is outcome.end
    assert [JobStatus.DONE] * 2 * ASK == [job["status"] for job in bench.cloud.jobs()]
