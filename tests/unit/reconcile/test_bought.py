"""What was bought before, beside what the file asks for now."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from builders import (
    NOW,
    RECIPE,
    SEQUENCE,
    TERMS,
    a_batch,
    a_job,
    a_record,
    an_experiment,
    at,
    plan,
    seen,
    tags_of,
)

from runner.domain import BatchStatus, DesiredJob, own_sequence_key, recipe_digest
from runner.reconcile.model.plan import Difference
from runner.reconcile.plan.device_changes import device_difference_said
from runner.reconcile.plan.past_purchases import changes, drift, of_interest

PRESENT, OLD = RECIPE[:16], "f" * 16


def a_manifest(device_type="EMU_FREE", **sequence):
    """What is remembered of a recipe; of the sequence, some keys are others."""
    return {"device_type": device_type, "sequence": json.loads(SEQUENCE) | sequence}


def with_device(**device):
    """An experiment on a device of some specification, and its sequence."""
    sequence = json.dumps(json.loads(SEQUENCE) | {"device": {"name": "D"} | device})
    recipe = recipe_digest(device_type="EMU_FREE", sequence=sequence)
    return an_experiment(sequence=sequence, recipe=recipe)


def test_a_changed_device_is_no_new_recipe_and_is_reported():
    """With what has changed of it."""
    experiment = with_device(max_runs=200)
    before = a_manifest(device={"name": "D", "max_runs": 100})

    made = plan(experiment, replace(seen(), bought={PRESENT: before}), TERMS, NOW)

    assert PRESENT == experiment.recipe[:16]
    assert (Difference("device.max_runs", 100, 200),) == drift(experiment, {PRESENT: before})
    assert ("the device has changed since this was bought: max_runs 100 → 200",) == made.notes


def a_live_device(**channel):
    """A specification as a target serves it."""
    channels = [{"id": "rydberg_local"}, {"id": "rydberg_global", "max_amp": 12.566370614359172} | channel]
    return {"name": "FRESNEL", "pulser_version": "1", "max_runs": 500, "channels": channels}


def test_a_changed_live_device_is_reported_field_by_field():
    """Although the sequence names another one; channels by their names, numbers with their units."""
    now = a_live_device(max_amp=10.053096491487338, eom_config={"mod_bandwidth": 40}) | {
        "pulser_version": "2",
        "min_atom_distance": 5,
        "max_runs": None,
    }
    experiment = replace(an_experiment(), live_device=json.dumps(now))
    before = a_manifest() | {"live_device": a_live_device()}

    made = plan(experiment, replace(seen(), bought={PRESENT: before}), TERMS, NOW)

    (note,) = made.notes
    said, _, fields = note.partition(": ")

    assert "the device has changed since this was bought" == said
    assert [
        "max_runs 500 → nothing",
        "channels.rydberg_global.max_amp 12.57 → 10.05 rad/µs",
        "channels.rydberg_global.eom_config nothing → 1 field",
        "min_atom_distance nothing → 5 µm",
    ] == fields.split(", ")
    assert () == drift(experiment, {PRESENT: a_manifest()})


def test_a_device_that_stands_in_the_sequence_is_reported_once():
    """Not again as what the target serves."""
    experiment = replace(with_device(max_runs=200), live_device=json.dumps({"name": "D", "max_runs": 300}))
    before = a_manifest(device={"name": "D", "max_runs": 100}) | {
        "live_device": {"name": "D", "max_runs": 100}
    }

    assert (Difference("device.max_runs", 100, 200),) == drift(experiment, {PRESENT: before})


@pytest.mark.parametrize(
    ("have", "want", "expected"),
    [
        (12.566370614359172, 12.56637061435918, "12.566370614359172 → 12.56637061435918"),
        (True, False, "yes → no"),
        ([1, 2], [1], "2 values → 1 value"),
        ("a" * 60, "b", "a" * 39 + "… → b"),
        (100_000_000, 6000.0, "100000000 → 6000"),
    ],
)
def test_values_of_a_device_are_short_and_differ(have, want, expected):
    """Whatever they are."""
    assert f"x {expected}" == device_difference_said(Difference("device.x", have, want))


def test_an_unchanged_device_is_not_mentioned():
    """Nor one of which nothing is known."""
    assert () == drift(an_experiment(), {PRESENT: a_manifest()})
    assert () == drift(an_experiment(), {PRESENT: {"sequence": "broken"}})
    assert () == plan(an_experiment(), seen(), TERMS, NOW).notes


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (a_manifest(), ()),
        (a_manifest(name="another", pulser_version="0"), ()),
        (a_manifest("EMU_SV"), (Difference("recipe.device_type", "EMU_SV", "EMU_FREE"),)),
        (
            a_manifest(register=[{"name": "q0", "x": 5.0, "y": 0.0}]),
            (Difference("recipe.sequence.register.0.x", 5.0, 0.0),),
        ),
        ({}, ()),
    ],
)
def test_recipes_differ_in_what_makes_them(before, expected):
    """Names and versions do not."""
    assert expected == changes(an_experiment(), before)


def test_of_a_strategy_that_is_no_more_the_beginning_is_said():
    """And not all of it."""
    old = a_batch("b0", a_job("j0", batch_id="b0"), tags=tags_of("s", "c", OLD))
    before = a_manifest() | {"strategy": {"kind": "spsa", "where": ["omega <= 6", "omega > 1", "delta > 2"]}}
    made = plan(an_experiment(), replace(seen(old), bought={OLD: before}), TERMS, NOW)

    said = "recipe.strategy: {'kind': 'spsa', 'where': ['omega <= 6',… → None"
    assert (f"the recipe has changed: {said}",) == made.notes


def test_a_changed_recipe_says_what_has_changed():
    """In a note before it is bought, and beside the cancellation of what is pending."""
    old = a_batch("b0", a_job("j0", batch_id="b0"), tags=tags_of("s", "c", OLD))
    before = a_manifest(register=[{"name": "q0", "x": 5.0, "y": 0.0}])

    made = plan(an_experiment(), replace(seen(old), bought={OLD: before}), TERMS, NOW)

    assert ("the recipe has changed: recipe.sequence.register.0.x: 5.0 → 0.0",) == made.notes
    assert (
        Difference("recipe", OLD, PRESENT),
        Difference("recipe.sequence.register.0.x", 5.0, 0.0),
    ) == made.differences[0]


@pytest.mark.parametrize(
    ("batches", "recorded", "expected"),
    [
        pytest.param([], [a_record()], [], id="complete: nothing is read"),
        pytest.param([], [], [PRESENT], id="nothing is there"),
        pytest.param([], [a_record("j0", recipe=OLD)], [OLD, PRESENT], id="another recipe is on record"),
        pytest.param(
            [
                a_batch("b2", created_at=at(-1)),
                a_batch("b1", created_at=at(-5), tags=tags_of("s", "c", OLD)),
            ],
            [],
            [OLD, PRESENT],
            id="batches by their age",
        ),
        pytest.param(
            [a_batch("b1", status=BatchStatus.RUNNING, tags=tags_of("s", "c", OLD))],
            [a_record()],
            [PRESENT, OLD],
            id="complete, and something runs",
        ),
    ],
)
def test_manifests_are_read_only_where_they_may_say_something(batches, recorded, expected):
    """Experiments that are complete cost nothing."""
    assert expected == of_interest(an_experiment(), batches, recorded)


def test_a_changed_device_is_reported_of_jobs_with_sequences_of_their_own():
    """Each is held against the same sequence, as it was when it was bought."""
    own = json.dumps({"device": {"name": "D", "max_runs": 200}, "register": []})
    key = own_sequence_key(own)
    job = DesiredJob(key=key, name="own", runs=100, variables={}, sequence=own)
    recipe = recipe_digest(device_type="EMU_FREE", sequence="")
    experiment = replace(an_experiment(job), sequence="", recipe=recipe)
    others = {"0" * 16: {"device": {"name": "D", "max_runs": 7}}}
    before = {"sequence": None, "sequences": others | {key: {"device": {"name": "D", "max_runs": 100}}}}

    assert (Difference("device.max_runs", 100, 200),) == drift(experiment, {recipe[:16]: before})
    assert () == drift(experiment, {recipe[:16]: {"sequence": None, "sequences": others}})
