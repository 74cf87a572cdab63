"""Refinement of one number: brackets, and what a calibration costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from closed_loops import ended, strategy

from runner.domain.strategies import SearchDimension, SearchSpace, StopRules, Trial
from runner.strategies.rounds import Ask, Done, next_round
from runner.strategies.winners import best

RUNS = 500
HALF = 0.5 / 1.1  # of a Rabi oscillation with 1.1 half turns in the interval


def flip(place):
    """Probability that an atom ends excited, as a detector with errors says it."""
    return 0.02 + 0.95 * np.sin(1.1 * np.pi * place) ** 2


def refined(score, *, ask=5, rounds=12, **said):
    """The best place of a loop, and why it ended."""
    wanted = strategy("refine", 1, ask=ask, **said)
    trials, reason = ended(wanted, lambda units: score(units[0]), rounds)
    return best(wanted, trials)[0].units[0], reason


@pytest.mark.parametrize("optimum", [0.0, 0.123, 0.5, 0.777, 1.0])
@pytest.mark.parametrize("ask", [3, 4, 5, 8])
def test_an_optimum_is_found_without_noise(optimum, ask):
    """To a thousandth of the interval, wherever it is, also where the curve is lopsided."""
    place, reason = refined(
        lambda x: -np.exp(-((x - optimum) ** 2) * 4) + 0.1 * (x - optimum) ** 3, ask=ask, rounds=30
    )

    assert abs(place - optimum) < 1e-3
    assert "the optimum is known to 0.001 of the interval" == reason


def test_brackets_halve():
    """Around the vertex of a parabola, which three points of it say; ends are measured too."""
    wanted = strategy("refine", 1, ask=5)
    trials, _ = ended(wanted, lambda units: (units[0] - 0.44) ** 2, 4)
    places = [units for _, units in sorted((trial.slot, trial.units[0]) for trial in trials.values())]

    np.testing.assert_allclose(places[:5], [0.1, 0.3, 0.5, 0.7, 0.9])
    np.testing.assert_allclose(places[5:10], [0.3, 0.4, 0.5, 0.6, 0.7])
    np.testing.assert_allclose(places[10:15], 0.44 + 0.1 * np.array([-1, -0.5, 0, 0.5, 1]))
    np.testing.assert_allclose(places[15:], 0.44 + 0.05 * np.array([-1, -0.5, 0, 0.5, 1]))


def test_a_bracket_begins_at_the_best_of_the_first_round():
    """From its left to its right neighbour, whichever is farther."""
    trials = {slot: Trial(slot, (x,), abs(x - 0.3)) for slot, x in enumerate((0.1, 0.9, 0.35, 0.5), 1)}
    step = next_round(strategy("refine", 1, first=4), trials)

    np.testing.assert_allclose(np.ravel(list(step.points.values())), 0.35 + 0.25 * np.linspace(-1, 1, 5))


def test_noise_keeps_a_bracket_wide():
    """Scores without any curve that could be told from chance leave it where it is."""
    rng = np.random.default_rng(2)
    wanted = strategy("refine", 1)
    trials, _ = ended(wanted, lambda _: rng.normal(0, 1e-3), 3, error=0.1)
    second, third = (
        sorted(trial.units[0] for trial in trials.values() if slots[0] <= trial.slot <= slots[1])
        for slots in ((6, 10), (11, 15))
    )

    assert second == pytest.approx(third)


def test_whole_numbers_end_at_their_neighbours():
    """Nothing is between them, however precise it is to be."""
    space = SearchSpace(dimensions=(SearchDimension(variable="t", low=0, high=40, step=4),))
    wanted = strategy("refine", 1, space=space)

    def score(units):
        return (space.variables(units)["t"] - 12) ** 2

    trials, reason = ended(wanted, score, 30)
    bought = {
        slot: replace(trial, units=space.units(space.variables(trial.units)))
        for slot, trial in trials.items()
    }

    assert "the optimum is known to 0.001 of the interval" == reason
    assert 12 == space.variables(best(wanted, bought)[0].units)["t"]


def test_conditions_are_kept_on_a_line():
    """What breaks one is pulled towards the best place that was bought."""
    wanted = strategy("refine", 1, where=("x[0] >= 0.35", "x[0] <= 0.8"))
    trials, _ = ended(wanted, lambda units: (units[0] - 0.2) ** 2, 12)
    places = [trial.units[0] for trial in trials.values()]

    assert 0.35 - 1e-9 <= min(places) < 0.36
    assert max(places) <= 0.8
    nothing = next_round(strategy("refine", 1, where=("x[0] > 2",)), {})
    assert nothing.reason.startswith("round 1: no point was found that keeps x[0] > 2 (1000 were drawn);")


def test_jobs_without_scores_are_passed_over():
    """A round that failed whole is asked for again, as if nothing had been measured."""
    wanted = strategy("refine", 1)
    failed = {slot: Trial(slot, units, None) for slot, units in next_round(wanted, {}).points.items()}

    assert list(next_round(wanted, {}).points.values()) == list(next_round(wanted, failed).points.values())
    assert () == best(wanted, failed)


def calibrated(seed):
    """Error of a calibration, and its jobs: the whole loop on counts."""
    rng = np.random.default_rng(seed)
    wanted = strategy("refine", 1, seed=seed, objective={"maximize": "excited"}, stop=StopRules(rounds=4))
    offset, trials = rng.uniform(-0.1, 0.1), {}
    while isinstance(step := next_round(wanted, trials), Ask):
        for slot, units in step.points.items():
            found = rng.binomial(RUNS, flip(units[0] - offset)) / RUNS
            trials[slot] = Trial(slot, units, -found, max(np.sqrt(found * (1 - found) / RUNS), 0.5 / RUNS))
    assert isinstance(step, Done)
    return best(wanted, trials)[0].units[0] - offset - HALF, len(trials)


def swept(seed, jobs):
    """Error of the best point of an even grid."""
    rng = np.random.default_rng(seed)
    places = (np.arange(jobs) + rng.random()) / jobs
    return places[np.argmax(rng.binomial(RUNS, flip(places)))] - HALF


def test_a_rabi_calibration_needs_half_the_runs_of_a_grid():
    """Root mean square error over 60 seeds: 20 jobs are better than the best of 40, and of 60, points."""
    errors, jobs = np.transpose([calibrated(seed) for seed in range(60)])
    found = np.sqrt(np.mean(errors**2))

    assert 20 == jobs.max()
    for points in (40, 60):
        assert found < np.sqrt(np.mean([swept(seed, points) ** 2 for seed in range(200)]))
