"""SPSA and Nelder and Mead's simplex against independent implementations."""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest
from closed_loops import best_loss, ended, shots, sphere, strategy
from scipy.optimize import minimize
from textbook_functions import (
    BRANIN_LEAST,
    HARTMANN3_LEAST,
    HARTMANN6_LEAST,
    branin,
    hartmann3,
    hartmann6,
    hartmann6_probability,
)

from runner.domain.strategies import Trial
from runner.strategies.rounds import next_round, round_slots


def valley(units):
    """Rosenbrock's function, its least value at (0.75, 0.75, …)."""
    x = 4 * np.asarray(units) - 2
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


@pytest.mark.parametrize("is_adaptive", [False, True], ids=["plain", "adaptive"])
@pytest.mark.parametrize(("score", "n", "rounds"), [(valley, 2, 80), (valley, 4, 150), (sphere, 3, 40)])
def test_a_simplex_goes_where_scipys_goes(score, n, rounds, is_adaptive):
    """Step for step, from the same first simplex, at the same places."""
    wanted = strategy("nelder-mead", n, settings={"smallest": 0.0, "adaptive": is_adaptive})
    trials, _ = ended(wanted, score, rounds)
    places = [trial.units for trial in trials.values()]
    asked = []

    def recorded(x):
        asked.append(tuple(x))
        return score(x)

    options = {"initial_simplex": places[: n + 1], "maxfev": len(places), "adaptive": is_adaptive}
    minimize(recorded, places[0], method="Nelder-Mead", bounds=[(0, 1)] * n, options=options | {"xatol": 0})

    np.testing.assert_allclose(np.asarray(places), np.asarray(asked[: len(places)]), rtol=1e-9, atol=1e-12)


def test_a_simplex_begins_at_what_is_best_of_the_first_round():
    """Its place is measured, so that only its neighbours are asked for."""
    wanted = strategy("nelder-mead", first=8)
    trials, _ = ended(wanted, sphere, 1)
    start = min((trial for trial in trials.values() if trial.slot <= 8), key=lambda trial: trial.loss).units
    steps = [np.subtract(trials[slot].units, start) for slot in (9, 10)]

    assert 10 == len(trials)
    np.testing.assert_allclose(np.abs(steps), 0.2 * np.eye(2), atol=1e-12)


def test_a_simplex_ends_when_it_is_a_point():
    """Its edges are shorter than the settings say."""
    trials, reason = ended(strategy("nelder-mead", 2, settings={"smallest": 1e-3}), sphere, 500)

    assert "the simplex has shrunk to a point" == reason
    assert len(trials) < 80
    assert best_loss(trials, sphere) < 1e-6


def test_a_simplex_of_one_number_halves():
    """On a line, steps are those of two numbers, adaptive or not."""
    trials, _ = ended(strategy("nelder-mead", 1, settings={"adaptive": True}), sphere, 60)

    assert best_loss(trials, sphere) < 1e-6


@pytest.mark.parametrize("pairs", [1, 3])
def test_spsa_goes_where_a_few_lines_of_numpy_go(pairs):
    """The formulas of Spall, 1998, told the signs that were drawn."""
    said = {"a": 0.3, "A": 5.0, "alpha": 0.602, "c": 0.05, "gamma": 0.101}
    wanted = strategy("spsa", 5, ask=2 * pairs, settings=said)
    trials, _ = ended(wanted, sphere, 30)
    places = np.asarray([trial.units for trial in trials.values()]).reshape(30, pairs, 2, 5)
    theta = np.full(5, 0.5)
    for k, pair in enumerate(places):
        c = said["c"] / (k + 1) ** said["gamma"]
        delta = np.sign(pair[:, 0] - pair[:, 1])
        np.testing.assert_allclose(pair[:, 0], theta + c * delta, rtol=1e-9)
        np.testing.assert_allclose(pair[:, 1], theta - c * delta, rtol=1e-9)
        difference = [sphere(theta + c * each) - sphere(theta - c * each) for each in delta]
        slope = np.mean(np.asarray(difference)[:, None] / (2 * c * delta), axis=0)
        theta = theta - said["a"] / (k + 1 + said["A"]) ** said["alpha"] * slope

    assert np.abs(theta - 0.3).max() < 0.05


def test_spsa_makes_a_first_step_of_the_length_that_is_asked_for():
    """Without a gain, whatever the scale of the objective."""
    for scale in (1e-3, 1.0, 1e4):
        trials, _ = ended(strategy("spsa", 4, settings={"step": 0.08}), lambda u, s=scale: s * u[0], 2)
        before, after = (np.add(trials[slot].units, trials[slot + 1].units) / 2 for slot in (1, 3))
        np.testing.assert_allclose(np.abs(after - before), 0.08, rtol=1e-9)


def test_spsa_leaves_a_pair_out_that_is_not_whole():
    """The slope is that of the other; without any, it stays where it is."""
    wanted = strategy("spsa", ask=4, settings={"a": 1.0})
    whole = next_round(wanted, {}).points
    trials = {slot: Trial(slot, units, sphere(units)) for slot, units in whole.items()}
    failed = {**trials, 3: Trial(3, whole[3], None)}
    alone = {**trials, 3: trials[1], 4: trials[2]}
    none = {slot: Trial(slot, units, None) for slot, units in whole.items()}

    def middle(trials):
        return np.mean(list(next_round(wanted, trials).points.values()), axis=0)

    np.testing.assert_allclose(middle(failed), middle(alone), rtol=1e-9)
    np.testing.assert_allclose(middle(none), [0.5, 0.5], rtol=1e-9)


def ramp(units):
    """A probability with its least value, 0.05, at (0.3, 0.3, …)."""
    return 0.05 + 0.9 * (1 - np.exp(-4 * sphere(units)))


@pytest.mark.parametrize(
    ("kind", "n", "rounds", "most"),
    [
        ("sobol", 2, 10, 0.02),
        pytest.param("spsa", 4, 60, 0.05, marks=pytest.mark.long),
        pytest.param("cma-es", 4, 25, 0.02, marks=pytest.mark.long),
        ("nelder-mead", 2, 40, 0.02),
    ],
)
def test_shot_noise_is_outlived(kind, n, rounds, most):
    """Of a probability of 200 runs, the median of nine seeds ends close to the least value."""
    losses = []
    for seed in range(9):
        trials, _ = ended(strategy(kind, n, seed=seed, first=4), shots(ramp, 200, seed), rounds)
        losses.append(best_loss(trials, ramp))

    assert median(losses) - 0.05 < most


@pytest.mark.parametrize(
    ("kind", "said", "rounds", "most"),
    [
        ("sobol", {"ask": 8}, 10, 0.5),
        ("spsa", {}, 60, 0.15),
        ("cma-es", {}, 14, 0.15),
        ("nelder-mead", {}, 60, 0.15),
        pytest.param("bayesian", {"ask": 4}, 10, 0.15, marks=(pytest.mark.long, pytest.mark.seconds(30))),
    ],
)
def test_hartmanns_function_of_six_numbers_is_searched_through_shot_noise(kind, said, rounds, most):
    """By 200 runs a job, the median of five seeds: far below what is found by points that learn nothing."""
    losses = []
    for seed in range(5):
        wanted = strategy(kind, 6, seed=seed, first=20, **said)
        trials, _ = ended(wanted, shots(hartmann6_probability, 200, seed), rounds)
        losses.append(best_loss(trials, hartmann6_probability))

    assert median(losses) < most


@pytest.mark.parametrize(
    ("function", "place", "least"),
    [
        (branin, (0.54277, 0.15167), BRANIN_LEAST),
        (hartmann3, (0.114614, 0.555649, 0.852547), HARTMANN3_LEAST),
        (hartmann6, (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573), HARTMANN6_LEAST),
    ],
)
def test_a_textbook_function_has_its_least_value_where_textbooks_say(function, place, least):
    """And nothing lower close by."""
    assert function(place) == pytest.approx(least, abs=1e-4)
    assert all(function(np.clip(np.add(place, step), 0, 1)) > least for step in 0.01 * np.eye(len(place)))


def test_a_round_of_a_simplex_has_the_size_that_its_step_needs():
    """A new simplex and a shrunk one as many as there are numbers, all else one."""
    trials, _ = ended(strategy("nelder-mead"), lambda units: float(units != (0.5, 0.5)), 4)

    slots = round_slots(strategy("nelder-mead"), trials)

    assert [0, 3, 1, 1, 2] == [len(each) for each in slots[:-1]]
