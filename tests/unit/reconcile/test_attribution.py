"""Whose work is whose, where no file has its experiment's name any more."""

from __future__ import annotations

import pytest
from builders import RECIPE, an_experiment

from runner.domain import Surplus
from runner.reconcile.observe.ownership import Ownership, ownership, removed_experiment

HERE = RECIPE[:16]
OTHER = "f" * 16
A = an_experiment(name="a")
B = an_experiment(name="b", recipe=OTHER + "0" * 48)
TWIN = an_experiment(name="twin")


@pytest.mark.parametrize(
    ("wanted", "others", "declared", "expected"),
    [
        pytest.param([A], {"old": {HERE}}, {"a"}, {("old", HERE): ("a",)}, id="renamed"),
        pytest.param([A], {"old": {OTHER}}, {"a"}, {}, id="something else was removed"),
        pytest.param([A], {"old": {HERE}}, {"a", "old"}, {}, id="another file that is not looked at"),
        pytest.param(
            [A, TWIN], {"old": {HERE}}, {"a", "twin"}, {("old", HERE): ("a", "twin")}, id="two run the same"
        ),
        pytest.param([A], {"old": {HERE}}, {"a", "twin"}, {("old", HERE): ("a",)}, id="one of two"),
        pytest.param(
            [A, B],
            {"old": {HERE, OTHER}},
            {"a", "b"},
            {("old", HERE): ("a",), ("old", OTHER): ("b",)},
            id="one name, two recipes",
        ),
    ],
)
def test_work_under_a_name_that_is_gone_is_that_of_the_one_who_runs_the_same(
    wanted, others, declared, expected
):
    """Runs are never bought again because a name has changed."""
    assert expected == ownership(wanted, others, set(), declared).new_owners


@pytest.mark.parametrize(
    ("wanted", "declared", "expected"),
    [([A, B], {"a", "b"}, ("old",)), ([A], {"a"}, ("old",)), ([A], {"a", "b"}, ())],
)
def test_removed_experiments_are_looked_at_with_the_whole_repository_only(wanted, declared, expected):
    """Who applies one file asks nothing of the others; without batches there is nothing to look at."""
    third = "e" * 16
    assert expected == ownership(wanted, {"old": {third}, "recorded": {third}}, {"old"}, declared).removed


def test_who_has_an_heir_for_everything_was_renamed_and_not_removed():
    """There is nothing left to be looked at under its name."""
    assert () == ownership([A], {"old": {HERE}}, {"old"}, {"a"}).removed
    assert ("old",) == ownership([A], {"old": {HERE, OTHER}}, {"old"}, {"a"}).removed


def test_an_owner_is_looked_at():
    """By its own name, as an heir, or as removed."""
    names = Ownership(wanted=frozenset({"a"}), removed=("old",), new_owners={("old", HERE): ("a",)})

    assert [("a",), ("a",), ("old",), ()] == [
        names.owners(*each) for each in (("a", OTHER), ("old", HERE), ("old", OTHER), ("else", HERE))
    ]
    assert (("old",), ()) == (names.previous_names("a"), names.previous_names("old"))


def test_a_tombstone_wants_nothing():
    """It is told from every experiment of a file."""
    assert (True, False) == (removed_experiment("old", Surplus.KEEP).is_removed, A.is_removed)
