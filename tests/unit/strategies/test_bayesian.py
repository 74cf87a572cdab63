"""Bayesian optimization: the model of scores with errors, and where it looks."""

from __future__ import annotations

import sys
from dataclasses import replace
from statistics import median

import numpy as np
import pytest
from closed_loops import best_loss, ended, space, sphere, strategy
from scipy import integrate
from textbook_functions import BRANIN_LEAST, branin

from runner.domain.strategies import SearchDimension, SearchSpace, Trial
from runner.errors import RunnerError
from runner.strategies.engines import bayesian
from runner.strategies.engines.bayesian import log_improvement
from runner.strategies.engines.gaussian_process import believable, features, score_model
from runner.strategies.rounds import Ask, next_round

MIXED = SearchSpace(
    dimensions=(
        SearchDimension(variable="t", low=1, high=4, step=1),
        SearchDimension(variable="p", choices=(0.0, 1.0, 5.0)),
        SearchDimension(variable="f", low=0.0, high=2.0),
    )
)


def measured(places, losses, errors):
    """A model of some scores on the unit square."""
    return score_model(space(2), places, losses, errors, np.random.default_rng(1))


@pytest.mark.parametrize("z", [3.0, 0.0, -0.9, -1.1, -4.0, -12.0, -35.0])
def test_the_expected_improvement_is_an_integral(z):
    """Of what lies below the best, by the density; its logarithm has digits also where it is 1e-270."""
    tail = integrate.quad(lambda t: t * np.exp(-(t**2) / 2 + z * t), 0, np.inf, epsabs=0)[0]
    expected = np.log(tail) - z**2 / 2 - np.log(2 * np.pi) / 2

    assert log_improvement(np.array([1.0 - 2 * z]), np.array([2.0]), 1.0)[0] == pytest.approx(
        expected + np.log(2), rel=1e-8, abs=1e-8
    )


def test_the_improvement_falls_for_ever():
    """Nowhere is it flat, so that there is a greatest one wherever the model is sure."""
    values = log_improvement(np.geomspace(0.1, 1e6, 60), np.full(60, 0.1), 0.0)

    assert np.isfinite(values).all()
    assert (np.diff(values) < 0).all()


def test_an_error_of_nothing_is_not_believed():
    """It is as usual among the others; where no error is known, as of exact scores, none is made up."""
    assert believable([0.1, 0.0, 0.3]).tolist() == [0.1, 0.2, 0.3]
    assert believable([0.0, 0.0]).tolist() == [0.0, 0.0]


@pytest.mark.long
def test_a_lucky_score_without_an_error_is_no_proof():
    """The model takes it for one among others, and does not go through it."""
    places = [(x, 0.5) for x in np.linspace(0, 1, 9)]
    losses = [0.0, 0.1, -0.1, 0.1, -2.0, 0.1, -0.1, 0.1, 0.0]
    errors = [0.5] * 4 + [0.0] + [0.5] * 4
    mean, _ = measured(places, losses, errors).predicted([places[4]])
    even, _ = measured(places, losses, [0.5] * 9).predicted([places[4]])

    assert mean.tolist() == even.tolist()


def test_the_model_is_the_textbooks():
    """Mean and deviation by the formulas of Rasmussen and Williams (2.25, 2.26), with Matérn's kernel."""
    rng = np.random.default_rng(3)
    places = [tuple(each) for each in rng.random((12, 2)).tolist()]
    losses, errors = [10 * sphere(each) for each in places], np.linspace(0.05, 0.5, 12)
    model = measured(places, losses, errors)
    size, lengths = np.exp(model.process.kernel_.theta[0]), np.exp(model.process.kernel_.theta[1:])

    def kernel(one, other):
        distance = np.linalg.norm((np.asarray(one)[:, None] - np.asarray(other)[None]) / lengths, axis=-1)
        root = np.sqrt(5) * distance
        return size * (1 + root + root**2 / 3) * np.exp(-root)

    wanted = [(0.3, 0.4), (0.9, 0.1)]
    noisy = kernel(places, places) + np.diag((errors / np.std(losses)) ** 2 + 1e-6)
    weights = np.linalg.solve(noisy, kernel(places, wanted)).T
    mean, deviation = model.predicted(wanted)

    np.testing.assert_allclose(mean, weights @ ((losses - np.mean(losses)) / np.std(losses)), rtol=1e-6)
    variance = np.diag(kernel(wanted, wanted) - weights @ kernel(places, wanted))
    np.testing.assert_allclose(deviation, np.sqrt(variance), rtol=1e-5)


def test_a_score_counts_by_its_error():
    """Of two scores at one place, the mean is close to the one that is known well."""
    places = [(0.2, 0.2), (0.2, 0.2), (0.8, 0.8), (0.5, 0.1), (0.1, 0.9)]
    model = measured(places, [0.0, 1.0, 2.0, 3.0, 1.5], [0.5, 0.01, 0.01, 0.01, 0.01])

    assert model.predicted([(0.2, 0.2)])[0] * np.std([0, 1, 2, 3, 1.5]) + 1.5 == pytest.approx(1.0, abs=0.02)


def test_the_model_sees_what_would_be_bought():
    """Whole numbers at their places, choices without an order."""
    expected = [[0.375, 1, 0, 0, 0.5], [0.875, 0, 0, 1, 0.25]]

    np.testing.assert_allclose(features(MIXED, [(0.3, 0.1, 0.5), (1.0, 0.99, 0.25)]), expected)


def test_what_is_believed_makes_a_place_sure():
    """The mean stays as it was everywhere, and nothing new is expected there."""
    model = measured([(0.1, 0.1), (0.5, 0.9), (0.9, 0.3)], [1.0, 2.0, 0.5], [0.01] * 3)
    place, other = (0.3, 0.7), (0.7, 0.7)
    believed = model.believed([place])

    np.testing.assert_allclose(
        believed.predicted([place, other])[0], model.predicted([place, other])[0], atol=1e-3
    )
    assert believed.predicted([place])[1] < 0.1 * model.predicted([place])[1]


def branin_loss(units):
    """Branin's function over its least value, in hundreds."""
    return (branin(units) - BRANIN_LEAST) / 100


@pytest.mark.long
def test_a_few_scores_find_the_least():
    """Of Branin's function with an error of 0.01, by 12 and 5 · 4 jobs: the median of three seeds."""
    losses = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        wanted = strategy("bayesian", seed=seed, first=12, ask=4)
        trials, _ = ended(wanted, lambda u, rng=rng: branin_loss(u) + rng.normal(0, 0.01), 5, error=0.01)
        losses.append(best_loss(trials, branin_loss))
        assert 32 == len({trial.units for trial in trials.values()})

    assert median(losses) < 0.02


@pytest.mark.long
def test_a_choice_is_found():
    """With a whole number and a plain one beside it, all of which matter."""

    def score(units):
        values = MIXED.variables(units)
        return (values["t"] - 3) ** 2 / 4 + (values["p"] != 1.0) + (values["f"] - 0.6) ** 2

    trials, _ = ended(strategy("bayesian", space=MIXED, first=10, ask=3), score, 4)
    best = min(trials.values(), key=lambda trial: trial.loss)

    assert (3, 1.0) == (MIXED.variables(best.units)["t"], MIXED.variables(best.units)["p"])
    assert best.loss < 0.02


def test_where_a_job_failed_it_does_not_go_again_at_once():
    """Also where what failed is left out, and the model would promise most there."""
    wanted = strategy("bayesian", first=8)
    trials, _ = ended(wanted, sphere, 1)
    failed = {**trials, 9: replace(trials[9], loss=None)}
    step = next_round(wanted, failed)

    assert isinstance(step, Ask)
    assert np.linalg.norm(np.subtract(step.points[10], trials[9].units)) > 0.02


def test_too_little_to_learn_from_is_added_to():
    """By the sequence of the first round, as long as there are no more scores than numbers."""
    wanted = strategy("bayesian", 3, first=2)
    sequence, _ = ended(strategy("sobol", 3, ask=4), sphere, 1)
    trials, _ = ended(wanted, sphere, 2)

    assert [trial.units for trial in sequence.values()] == [trial.units for trial in trials.values()]
    assert isinstance(next_round(wanted, {s: Trial(s, trials[s].units, None) for s in (1, 2, 3)}), Ask)


@pytest.mark.parametrize("n_rounds", [None, 0], ids=["before its first points", "after them"])
def test_without_the_package_it_says_which_extra_brings_it(monkeypatch, n_rounds):
    """When a round is asked for, and not before; first points are nothing without what follows them."""
    trials = {} if n_rounds is None else ended(strategy("sobol", first=4), sphere, n_rounds)[0]
    monkeypatch.setitem(sys.modules, "sklearn", None)
    next_round(strategy("bayesian", first=4), trials, range(1, 6))
    with pytest.raises(RunnerError) as refused:
        next_round(strategy("bayesian", first=4), trials)

    assert "a strategy of kind bayesian needs sklearn, which is not installed" == refused.value.message
    assert "pip install 'pulser-runner[bayes]'" == refused.value.hint


def test_a_long_history_is_learnt_from_in_part(monkeypatch):
    """The best and the last of it, half each."""
    trials, _ = ended(strategy("sobol", first=9), lambda units: units[0], 0)
    learnt = []

    def model(space, places, losses, errors, rng):
        learnt.extend(losses)
        return score_model(space, places, losses, errors, rng)

    monkeypatch.setattr(bayesian, "_LEARNT", 4)
    monkeypatch.setattr(bayesian, "score_model", model)
    next_round(strategy("bayesian", first=9), trials)
    losses = [trial.loss for trial in trials.values()]

    assert [*sorted(losses[:7])[:2], *losses[7:]] == learnt


def test_equal_scores_have_a_model():
    """Scores that do not differ at all, without errors, too: it looks where it knows least."""
    trials, _ = ended(strategy("bayesian", first=4), lambda _: 0.5, 2)

    assert 6 == len({trial.units for trial in trials.values()})
