"""Which experiment waits for which."""

from __future__ import annotations

import pytest
from builders import NOW, TERMS, a_batch, a_job, a_record, an_experiment, plan, seen

from runner.domain import Budget, JobStatus, Policy
from runner.reconcile.model.observation import Dependency
from runner.reconcile.plan.dependencies import dependencies, in_order


def named(name, *depends_on, **policy):
    """An experiment that depends on others."""
    return an_experiment(name=name, policy=Policy(depends_on=depends_on, **policy))


def test_an_experiment_comes_after_what_it_depends_on():
    """However they are given."""
    ordered = in_order([named("c", "b"), named("b", "a", "elsewhere"), named("a")])

    assert ["a", "b", "c"] == [each.name for each in ordered]


def test_a_circle_is_left_as_it_comes():
    """All in it wait for each other."""
    assert ["a", "b"] == [each.name for each in in_order([named("a", "b"), named("b", "a")])]


@pytest.mark.parametrize(
    ("observed", "applied", "expected"),
    [
        pytest.param(seen(recorded=[a_record()]), [], (True, False), id="complete"),
        pytest.param(seen(), ["a"], (False, True), id="being applied"),
        pytest.param(seen(), [], (False, False), id="not applied"),
        pytest.param(seen(a_batch("b1", a_job())), [], (False, True), id="somebody's jobs are under way"),
        pytest.param(
            seen(recorded=[a_record(f"j{n}", status=JobStatus.ERROR) for n in range(3)]),
            ["a"],
            (False, False),
            id="failed for good",
        ),
    ],
)
def test_what_is_known_of_a_dependency(observed, applied, expected):
    """Is it complete, and if not, may it become so without anybody's doing?"""
    plans = {"a": plan(named("a"), observed, TERMS, NOW)}

    (known,) = dependencies(named("b", "a"), plans, applied)

    assert ("a", *expected) == (known.name, known.is_complete, known.is_under_way)


def test_a_held_dependency_is_not_under_way():
    """It waits for a person."""
    held = plan(named("a", budget=Budget(runs=1)), seen(), TERMS, NOW)

    (known,) = dependencies(named("b", "a"), {"a": held}, ["a"])

    assert Dependency(name="a", is_complete=False, is_under_way=False) == known


def test_a_dependency_that_nobody_knows_is_neither():
    """Its file was not read."""
    (known,) = dependencies(named("b", "a"), {}, ["a"])

    assert Dependency(name="a", is_complete=False, is_under_way=False) == known
