"""How often intervals hold the truth: exactly for probabilities, by seeded repetitions for other means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import a_result
from scipy.stats import beta, binom

from runner.results import Counts, Estimate
from runner.results.analysis.intervals import ends
from runner.results.analysis.many_body.correlations import correlations
from runner.results.analysis.means import likely_mean, moments
from runner.results.analysis.observables import expectation, shares

GRID = np.linspace(0.001, 0.999, 999)


def coverage(runs, level=0.95):
    """Share of all outcomes of so many runs whose interval holds the truth, for each probability of GRID."""
    hits = np.arange(runs + 1)
    low, high = shares(list(hits), [runs] * (runs + 1)).interval(level)
    return np.array([binom.pmf(hits, runs, p)[(low <= p) & (p <= high)].sum() for p in GRID])


@pytest.mark.parametrize(
    ("runs", "least", "within"),
    [(10, 0.86, 0.5), (20, 0.89, 0.75), (50, 0.88, 0.89), (100, 0.88, 0.95), (1000, 0.91, 0.98)],
)
def test_intervals_of_probabilities_hold_the_truth(runs, least, within):
    """At 95 % on the average over all probabilities; at nearly all of them between 93 and 97 %."""
    found = coverage(runs)

    assert 0.95 == pytest.approx(found.mean(), abs=0.005)
    assert least < found.min()
    assert within < np.mean((found > 0.93) & (found < 0.97))


def test_an_error_bar_holds_the_truth_in_68_of_100():
    """On the average, as one standard error does."""
    level = math.erf(math.sqrt(0.5))

    assert level == pytest.approx(coverage(100, level).mean(), abs=0.005)


@pytest.mark.parametrize("hits", [0, 1, 7, 50, 100])
def test_an_interval_of_a_probability_is_that_of_jeffreys(hits):
    """And it holds the share itself: it begins at 0 where nothing, and ends at 1 where all was a hit."""
    found = a_result({"1": hits, "0": 100 - hits}, qubit_ids=("q0",)).occupation["q0"]
    known = beta(hits + 0.5, 100.5 - hits)
    low, high = known.interval(0.95)

    assert known.std() == pytest.approx(found.error)
    assert (0 if hits == 0 else low, 1 if hits == 100 else high) == pytest.approx(found.interval())


@pytest.mark.parametrize("atoms", [2, 5, 20, 100])
@pytest.mark.parametrize(("runs", "least"), [(50, 0.9), (200, 0.93), (1000, 0.92)])
def test_intervals_of_means_over_atoms_hold_the_truth(atoms, runs, least):
    """Of 2,000 repetitions, for rare and for frequent excitations."""
    rng = np.random.default_rng(atoms + runs)
    for p in (0.001, 0.01, 0.1, 0.3, 0.5, 0.9):
        drawn = rng.binomial(atoms, p, (runs, 2000)) / atoms
        measured = moments(drawn, np.ones(runs))
        error, center = likely_mean(measured, runs, (0.0, 1.0))
        low, high = ends(measured.mean, error, center, (0.0, 1.0), 0.95)

        assert least <= np.mean((low <= p) & (p <= high)), p
        assert 0 < error.min()


PAIRS = {
    "product": (0.36, 0.24, 0.24, 0.16),
    "anticorrelated": (0.05, 0.45, 0.45, 0.05),
    "blockade": (0.1, 0.44, 0.44, 0.02),
    "correlated": (0.7, 0.05, 0.05, 0.2),
    "rare": (0.9, 0.04, 0.04, 0.02),
}


@pytest.mark.parametrize("shares_of", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("runs", [50, 200, 1000])
def test_intervals_of_correlations_hold_the_truth(shares_of, runs):
    """Of 1,000 repetitions in 90 of 100 and more; in more than 98 where what tells is rare."""
    both = shares_of[3] - (shares_of[1] + shares_of[3]) * (shares_of[2] + shares_of[3])
    held = []
    for drawn in np.random.default_rng(runs).multinomial(runs, shares_of, 1000):
        counts = Counts(dict(zip(("00", "01", "10", "11"), drawn.tolist(), strict=True)))
        low, high = correlations(counts, ("a", "b"))["a", "b"].interval()
        held.append(low <= both <= high)

    most = 1.0 if runs * min(shares_of) <= 1 else 0.98
    assert 0.9 <= np.mean(held) <= most


def test_a_correlation_that_no_run_contradicts_has_an_error():
    """Perfect order has one of second order: 1/4 is where the product of variances is greatest."""
    perfect = correlations(Counts({"01": 50, "10": 50}), ("a", "b"))
    same = correlations(Counts({"00": 100}), ("a", "b"))

    assert (-0.25, 0.25) == (perfect["a", "b"].value, perfect["a", "a"].value)
    assert math.sqrt(2) / 400 <= perfect.error.min()
    assert 0.005 < same.error.min() <= same.error.max() < 0.01


@pytest.mark.parametrize(
    ("fn", "qubits", "between"),
    [
        (lambda bits: bits.count("1"), 3, (0, 3)),
        (lambda bits: bits.count("1"), 30, (0, 30)),
        (lambda bits: float(bits == "1" * 29 + "0"), 30, (0, 1)),
        (lambda bits: {"000": 2.0, "111": 5.0}[bits], 3, (2, 5)),
    ],
    ids=["few", "many", "yes or no", "not of all"],
)
def test_what_all_runs_agree_on_can_be_as_the_function_says(fn, qubits, between):
    """By trial: of all bitstrings if they are few, else of those near what was measured."""
    found = expectation(Counts({"0" * qubits: 40}), fn)

    assert between == found.between
    assert (between[1] - between[0]) * beta(0.5, 40.5).std() == pytest.approx(found.error)


def test_a_range_that_is_said_is_not_tried():
    """The function is then called of what was measured alone."""
    called = []
    expectation(Counts({"00": 4}), lambda bits: called.append(bits) or 1.0, between=(0.0, 2.0))

    assert ["00"] == called


def test_a_number_that_is_always_the_same_has_no_error():
    """If it is the same of all bitstrings; of more than a few qubits, its error is not known."""
    assert Estimate(2.0, 0.0) == expectation(Counts({"00": 4}), len)
    assert math.isnan(expectation(Counts({"0" * 30: 4}), len).error)


@pytest.mark.parametrize(
    ("hits", "said"),
    [
        (0, "0.0000 +0.0099 −0.0000"),
        (1, "0.010 +0.016 −0.006"),
        (3, "0.030 ± 0.018"),
        (100, "1.0000 +0.0000 −0.0099"),
    ],
)
def test_an_error_beyond_what_is_possible_is_not_told(hits, said):
    """The ends of the interval are, one by one."""
    found = a_result({"1": hits, "0": 100 - hits}, qubit_ids=("q0",)).occupation["q0"]

    assert said == str(found)
