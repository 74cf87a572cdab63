"""Observables against what is known exactly, and errors against known distributions."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from builders import a_result
from scipy.stats import beta

from runner.results import Bootstrap, Counts, Estimate, Estimates

BELL = {"00": 50, "11": 50}
GHZ = {"000": 300, "111": 300}
PRODUCT = {"00": 36, "01": 24, "10": 24, "11": 16}  # independent, both excited in 2 of 5 runs
W = {"100": 20, "010": 20, "001": 20}


def a_job(counts):
    """A job with so many qubits as its bitstrings have."""
    return a_result(counts, qubit_ids=tuple(f"q{i}" for i in range(len(next(iter(counts))))))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (BELL, [0.5, 0.5]),
        (GHZ, [0.5, 0.5, 0.5]),
        (PRODUCT, [0.4, 0.4]),
        (W, [1 / 3] * 3),
        ({"01": 7}, [0.0, 1.0]),
    ],
    ids=["bell", "ghz", "product", "w", "basis"],
)
def test_occupation_is_the_share_of_ones(counts, expected):
    """Qubit by qubit, with Jeffreys' error of a share; magnetization is twice that, less one."""
    job, n = a_job(counts), sum(counts.values())
    errors = [beta(p * n + 0.5, (1 - p) * n + 0.5).std() for p in expected]

    assert expected == pytest.approx(job.occupation.value)
    assert errors == pytest.approx(job.occupation.error)
    assert [2 * p - 1 for p in expected] == pytest.approx(job.magnetization.value)
    assert [2 * error for error in errors] == pytest.approx(job.magnetization.error)


@pytest.mark.parametrize(
    ("counts", "variance", "between"),
    [(BELL, 1 / 4, 1 / 4), (GHZ, 1 / 4, 1 / 4), (PRODUCT, 0.24, 0.0), (W, 2 / 9, -1 / 9)],
    ids=["bell", "ghz", "product", "w"],
)
def test_correlations_are_connected(counts, variance, between):
    """Full in Bell and GHZ states, none in a product, -1/9 in a W state of three."""
    job = a_job(counts)
    n = len(job.qubit_ids)

    assert np.where(np.eye(n), variance, between) == pytest.approx(job.correlations.value)


def test_errors_of_correlations_are_those_of_first_order():
    """Against 4,000 times the same measurement, drawn anew."""
    shares = np.array([0.5, 0.2, 0.1, 0.2])
    drawn = np.random.default_rng(1).multinomial(1000, shares, size=4000) / 1000
    both, first, second = drawn[:, 3], drawn[:, 2] + drawn[:, 3], drawn[:, 1] + drawn[:, 3]
    spread = np.std(both - first * second)
    job = a_job(dict(zip(("00", "01", "10", "11"), (500, 200, 100, 200), strict=True)))

    assert float(job.correlations["q0", "q1"]) == pytest.approx(0.2 - 0.3 * 0.4)
    assert spread == pytest.approx(job.correlations["q0", "q1"].error, rel=0.05)


def test_an_expectation_is_the_mean_over_all_runs():
    """With its standard error; the function is called once for each different bitstring."""
    called = []

    def ones(bitstring):
        called.append(bitstring)
        return bitstring.count("1")

    # Of 50 runs with 0, 50 with 2 and half a run more of each.
    assert Estimate(1.0, pytest.approx(1 / math.sqrt(102))) == a_job(BELL).expectation(ones)
    assert ["00", "11"] == called


def test_nothing_measured_is_not_a_number():
    """So that a sweep with holes can be drawn; shapes are those of what will come."""
    job = a_result()

    assert job.counts is None
    assert job.probabilities is None
    found = (job.expectation(len), job.occupation["q0"], job.correlations["q0", "q1"], job.bootstrap(len))
    assert ["nan"] * 8 == [repr(float(n)) for each in found for n in (each.value, each.error)]
    assert ((2,), (2, 2)) == (job.magnetization.value.shape, job.correlations.error.shape)


@pytest.mark.parametrize("n", [1, 9])
def test_an_error_is_never_0(n):
    """Not of a single run, and not where all runs agree."""
    assert Estimate(1.0, pytest.approx(beta(n + 0.5, 0.5).std())) == a_job({"1": n}).occupation["q0"]


def test_a_bootstrap_of_a_share_is_binomial():
    """Spread, mean and interval of the samples are those of the binomial distribution."""
    n, p, samples = 400, 0.3, 20_000
    found = a_job({"0": 280, "1": 120}).bootstrap(lambda counts: counts.probability("1"), samples, seed=7)
    sigma = math.sqrt(p * (1 - p) / n)
    reach = NormalDist().inv_cdf(0.975) * sigma

    assert p == found.value
    assert sigma == pytest.approx(found.error, rel=5 / math.sqrt(2 * samples))
    assert p == pytest.approx(found.samples.mean(), abs=5 * sigma / math.sqrt(samples))
    assert (p - reach, p + reach) == pytest.approx(found.interval(), abs=1 / n)
    # All the distribution: how many samples have each number of ones.
    drawn = np.bincount(np.rint(found.samples * n).astype(int), minlength=n + 1)
    exact = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    assert 0.02 > np.abs(np.cumsum(drawn) / samples - np.cumsum(exact)).max()


def test_a_bootstrap_is_the_same_for_the_same_seed():
    """And for the same generator in the same state; another seed draws otherwise."""
    job = a_job(PRODUCT)
    draws = [
        tuple(job.bootstrap(lambda counts: counts.probability("11"), 5, seed=seed).samples)
        for seed in (3, 3, np.random.default_rng(3), 4)
    ]

    assert draws[0] == draws[1] == draws[2] != draws[3]


def test_a_bootstrap_resamples_whole_measurements():
    """Every sample has as many runs as were measured."""
    found = a_job(PRODUCT).bootstrap(lambda counts: counts.total, 50)

    assert {100.0} == set(found.samples)


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        (Estimate(0.51234, 0.0223), "0.512 ± 0.022"),
        (Estimate(123.4, 15.0), "123 ± 15"),
        (Estimate(1.0, 0.0), "1 ± 0"),
        (Estimate(float("nan"), float("nan")), "nan ± nan"),
    ],
)
def test_an_estimate_shows_as_many_digits_as_its_error_allows(estimate, expected):
    """Two of the error."""
    assert expected == str(estimate)


def test_estimates_are_found_by_place_and_by_label():
    """One index for each dimension; they stand for the array of their values."""
    some = Estimates(np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros((2, 2)), ("a", "b"))

    assert (Estimate(2.0, 0.0), Estimate(2.0, 0.0)) == (some["a", "b"], some[0, 1])
    assert [3.0, 4.0] == list(np.asarray(some["b"]))
    assert 2 == len(some) == len(list(some))
    assert 10.0 == np.sum(some)


def test_a_bootstrap_is_an_estimate():
    """And shows itself as one."""
    assert "1.00 ± 0.25" == str(Bootstrap(1.0, 0.25, np.zeros(3)))


def test_counts_are_what_a_statistic_gets():
    """The same type as a job has."""
    seen = set()
    a_job(BELL).bootstrap(lambda counts: seen.add(type(counts)) or 0.0, 2)

    assert {Counts} == seen


# Such that no sum of shares is 1: 20,000 runs with counts that no power of two divides.
UNEVEN = Counts({f"{i:06b}1": 1 + 311 * i for i in range(11)} | {"1111111": 20_000 - 11 - 311 * 55})


def test_an_atom_that_is_1_in_all_runs_has_an_occupation_of_1():
    """Whole numbers are added up, and divided once; the error says what 20,000 runs can tell."""
    job = a_result(UNEVEN, qubit_ids=tuple("abcdefg"))

    assert 20_000 == UNEVEN.total
    error = beta(20_000.5, 0.5).std()
    assert (1.0, "1.000000 +0.000000 −0.000050") == (job.occupation.value[6], str(job.occupation["g"]))
    assert error == pytest.approx(job.occupation.error[6], rel=1e-6)
    assert (1.0, pytest.approx(2 * error)) == (job.magnetization.value[6], job.magnetization.error[6])
    assert [0.0] * 7 == job.correlations.value[6].tolist()
    assert 0 < job.correlations.error[6].min() <= job.correlations.error[6].max() < 1e-4


def test_what_all_runs_agree_on_is_the_value():
    """Whatever it is: a third cannot be written in binary. Error and ends are those of a share."""
    job = a_result(UNEVEN, qubit_ids=tuple("abcdefg"))
    found = job.expectation(lambda bits: int(bits[6]) / 3)

    assert Estimate(1 / 3, pytest.approx(beta(20_000.5, 0.5).std() / 3, rel=1e-6)) == found
    assert (beta(20_000.5, 0.5).ppf(0.025) / 3, 1 / 3) == pytest.approx(found.interval(0.95), rel=1e-9)


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        (Estimate(0.99999999999999989, 7.9e-19), "1 ± 0"),
        (Estimate(0.512345, 0.0221), "0.512 ± 0.022"),
        (Estimate(1234.5, 12.0), "1234 ± 12"),
        (Estimate(0.5, math.nan), "0.5"),
    ],
)
def test_a_number_has_as_many_digits_as_its_error_allows(estimate, expected):
    """What is smaller than computers round is no error."""
    assert expected == str(estimate)
