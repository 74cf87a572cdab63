"""Observables beside the bitstrings: a new one is evaluated by new jobs, and one less asks for nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import a_wanted_job
from fakes import SEQUENCE
from hypothesis import given, settings
from hypothesis import strategies as st
from test_passes import Bench, the_experiment

from runner.reconcile import CancelBatch, Difference, Patience, Snapshot, Sync
from runner.reconcile.model.tags import Marks, batch_tags, read_marks
from runner.reconcile.observe.adoption import recipe_objections
from runner.reconcile.plan.saved_plan import desired_facts

OCCUPATION, ENERGY = {"aaaaaaaa": "occupation"}, {"bbbbbbbb": "energy"}


@pytest.fixture
def bench(tmp_path):
    """A bench on which everything goes well."""
    bench = Bench(tmp_path / "results")
    yield bench
    bench.close()


def test_a_new_observable_measures_all_anew_and_one_less_nothing(bench):
    """What was measured with more serves who asks for less, also after a revert."""
    plain = the_experiment()
    both = the_experiment(observables=OCCUPATION | ENERGY)
    bench.run(plain)
    bench.run(both)
    bought, posts = bench.bought(), bench.posts()
    outcomes = [
        bench.run(the_experiment(observables=each)) for each in (OCCUPATION, ENERGY, {}, both.observables)
    ]

    assert {1: 200, 2: 200} == bought
    assert (bought, posts) == (bench.bought(), bench.posts())
    assert [Sync.SYNCED] * 4 == [outcome.plans[0].sync for outcome in outcomes]
    assert [[], [], [*both.observables], [*both.observables]] == sorted(
        [*job.observables] for job in bench.records.of_experiment("exp")
    )


def test_only_runs_that_were_evaluated_add_up(bench):
    """More runs are bought of what has the observable, by the difference."""
    bench.run(the_experiment(a_wanted_job(1, 300)))
    bench.run(the_experiment(a_wanted_job(1, 100), observables=ENERGY))
    bench.run(the_experiment(a_wanted_job(1, 150), observables=ENERGY))

    assert [(300, []), (100, [*ENERGY]), (50, [*ENERGY])] == [
        (job.runs, [*job.observables]) for job in bench.records.of_experiment("exp")
    ]


def test_the_plan_says_why_it_is_measured_anew(bench):
    """By the name of the observable."""
    bench.run(the_experiment())
    plan = bench.reconciler().look([Snapshot(desired=the_experiment(observables=ENERGY))])[0].plan

    assert "jobs on record were measured without energy: new jobs evaluate it" in plan.notes


def test_the_plan_says_what_came_back_without_an_observable(bench):
    """As of a service that gives counts alone: it is not bought again, and a person can."""
    bench.run(the_experiment(observables=ENERGY))
    plan = bench.reconciler().look([Snapshot(desired=the_experiment(observables=ENERGY))])[0].plan

    assert ((), Sync.SYNCED) == (plan.actions, plan.sync)
    assert (
        "2 jobs on record came back without energy: `runner status` says why, `runner rerun` measures anew"
        in plan.notes
    )
    without = bench.reconciler().look([Snapshot(desired=the_experiment())])[0].plan
    assert [] == [note for note in without.notes if "without" in note]


def test_pending_jobs_without_it_are_superseded(bench):
    """As those of an older version are; the observable is named as the cause."""
    bench.engine._capacity = 0
    bench.reconciler().run([Snapshot(desired=the_experiment())], Patience(timeout_s=30.0))
    seen = bench.reconciler().look([Snapshot(desired=the_experiment(observables=ENERGY))])[0]
    (cancelled,) = (
        cause
        for action, cause in zip(seen.plan.actions, seen.plan.differences, strict=True)
        if isinstance(action, CancelBatch)
    )

    assert (Difference("emulation.observables", None, "energy"),) == cancelled


@given(st.frozensets(st.from_regex(r"[0-9a-f]{8}", fullmatch=True), max_size=12))
@settings(max_examples=25)
def test_tags_say_what_is_evaluated(observables):
    """Whatever stands beside them."""
    tags = batch_tags(Marks(experiment="exp", recipe="r", observables=observables), ["figure-3"])

    assert observables == read_marks(tags).observables


def test_files_without_emulation_are_saved_as_ever():
    """A plan that was saved before there were observables still holds."""
    facts = desired_facts(the_experiment())

    assert not {"emulation", "configuration", "observables"} & facts.keys()
    assert {"observables"} == {
        *desired_facts(replace(the_experiment(), observables=ENERGY)).keys() - facts.keys()
    }


def test_what_was_bought_is_known_although_a_person_takes_its_tags(bench):
    """The journal says what it evaluates, so that it is not bought again."""
    bench.engine._ending = 0.0
    experiment = the_experiment(observables=ENERGY)
    bench.reconciler().run([Snapshot(desired=experiment)], Patience(timeout_s=30.0))
    (batch,) = bench.cloud.client().get_batches()
    bench.cloud.client().set_batch_tags(batch["id"], [])
    bench.engine._ending = 1.0
    outcome = bench.run(experiment)

    assert ({1: 100, 2: 100}, Sync.SYNCED) == (bench.bought(), outcome.plans[0].sync)
    assert [[*ENERGY]] * 2 == [[*job.observables] for job in bench.records.of_experiment("exp")]


def test_a_batch_of_another_tool_is_not_what_an_emulation_asks_for():
    """It may have had no noise, or evaluated nothing; a file without emulation takes it as ever."""
    batch = {"device_type": "EMU_FREE", "sequence_builder": SEQUENCE}
    plain, noisy = (the_experiment(configuration=each) for each in ("", "{}"))

    assert [] == [*recipe_objections(plain, batch)]
    assert ["the file says how it is emulated, and what emulated the batch is not known to be the same"] == [
        *recipe_objections(noisy, batch)
    ]
