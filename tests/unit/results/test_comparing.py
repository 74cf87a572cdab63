"""Results before and after, side by side."""

from __future__ import annotations

import math
import random

import pytest
from builders import a_record, a_result
from scipy.stats import beta

from runner.results import Estimate
from runner.results.analysis.columns import Quantities
from runner.results.export.compare import Pair, apart_by, compared, difference, pairs, significance
from runner.results.export.sheets import chosen_columns


def named(name, key, **fields):
    """A result of a name and a point."""
    return a_result(fields.pop("counts", {"01": 10}), name=name, key=key, **fields)


def test_jobs_are_joined_by_point_and_name_then_by_either():
    """In today's order; what is gone comes last, what is new stands alone."""
    before = [named("a", "1"), named("b", "2"), named("c", "3"), named("d", "4"), named("twin", "1")]
    after = [named("c", "9"), named("renamed", "2"), named("twin", "1"), named("new", "8"), named("a", "1")]

    assert [("c", "c"), ("b", "renamed"), ("twin", "twin"), (None, "new"), ("a", "a"), ("d", None)] == [
        (p.before and p.before.name, p.after and p.after.name) for p in pairs(before, after)
    ]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (named("a", "1"), named("a", "1"), "same"),
        (None, named("a", "1"), "added"),
        (named("a", "1"), None, "removed"),
        (named("a", "1"), named("b", "1"), "name"),
        (named("a", "1"), named("a", "1", recipe="x", counts={"11": 10}), "recipe, counts"),
        (named("a", "1"), named("a", "1", variables={"t": 2}, rerun=1), "variables, rerun"),
        (named("a", "1"), named("a", "1", runs=20), "runs, status"),
    ],
)
def test_a_change_is_told_by_what_differs(before, after, change):
    """In words."""
    pair = Pair(before, after)

    assert pair.change == change
    assert pair.is_changed is (change != "same")


def test_errors_of_separate_runs_add_up_in_squares():
    """0.3 and 0.4 make 0.5."""
    found = difference(Estimate(1.0, 0.3), Estimate(3.0, 0.4), runs=(10, 10), shared=0)

    assert (2.0, 0.5) == pytest.approx((found.value, found.error))
    assert 4.0 == pytest.approx(significance(found))


def test_the_same_runs_are_no_difference():
    """Its error is 0 then, and so is its significance."""
    found = difference(Estimate(1.0, 0.3), Estimate(1.0, 0.3), runs=(10, 10), shared=10)

    assert (Estimate(0.0, 0.0), 0.0) == (found, significance(found))


def test_the_error_of_a_top_up_is_that_of_many_trials():
    """Means of the first 100 and of all 200 of the same runs spread by σ √(1/100 - 1/200)."""
    rng = random.Random(7)
    apart = []
    for _ in range(4000):
        first = sum(rng.random() < 0.3 for _ in range(100))
        more = sum(rng.random() < 0.3 for _ in range(100))
        apart.append((first + more) / 200 - first / 100)
    spread = math.sqrt(sum(each**2 for each in apart) / len(apart))
    sigma = math.sqrt(0.3 * 0.7)
    ends = Estimate(0.3, sigma / math.sqrt(100)), Estimate(0.3, sigma / math.sqrt(200))
    found = difference(*ends, runs=(100, 200), shared=100)

    assert sigma * math.sqrt(1 / 100 - 1 / 200) == pytest.approx(found.error)
    assert found.error == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Estimate(math.nan, math.nan), Estimate(1.0, 0.1)),
        (None, Estimate(1.0, 0.1)),
        (Estimate(1.0, 0.1), None),
    ],
)
def test_nothing_is_apart_from_what_was_not_measured(before, after):
    """Neither is it significant."""
    found = difference(before, after, runs=(0, 10), shared=0)

    assert (None, None) == (found, significance(found))


def test_a_difference_without_error_is_beyond_all_errors():
    """All runs gave 0, then all gave 1; one run each tells nothing."""
    assert math.inf == significance(Estimate(1.0, 0.0))
    assert significance(Estimate(1.0, math.nan)) is None


def test_runs_of_the_same_remote_jobs_count_once():
    """Known by their ids."""
    old, new = a_record("j1", counts={"01": 10}), a_record("j2", counts={"01": 30})
    before = a_result({"01": 10}, remote_jobs=(old,))
    after = a_result({"01": 40}, remote_jobs=(old, new))

    assert 10 == Pair(before, after).shared_runs


def test_the_sheet_has_both_and_the_difference():
    """With significance; of what has no error, both alone."""
    before, after = a_result({"01": 10}, name="a"), a_result({"01": 5, "11": 5}, name="a")
    columns = chosen_columns(["runs", "occupation[q0]"], Quantities([before, after]))
    apart = apart_by(Pair(before, after), columns[1])
    found = compared([Pair(before, after), Pair(None, after)], columns)

    assert (
        "experiment", "job", "change", "runs_before", "runs_after", "occupation[q0]_before",
        "occupation[q0]_after", "occupation[q0]_difference", "occupation[q0]_significance",
    ) == found.names  # fmt: skip
    none = Estimate(0.0, pytest.approx(beta(0.5, 10.5).std()))
    assert ("exp", "a", "counts", 10, 10, none) == found.rows[0][:6]
    sigmas = 0.5 / math.hypot(beta(0.5, 10.5).std(), beta(5.5, 5.5).std())
    assert (apart, sigmas) == (found.rows[0][7], pytest.approx(found.rows[0][8]))
    assert ("exp", "a", "added", None, 10, None) == found.rows[1][:6]
