"""CMA-ES: generations are told as they were bought."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from closed_loops import best_loss, ended, sphere, strategy

from runner.domain.strategies import OnFailed, Trial
from runner.errors import RunnerError
from runner.strategies.rounds import next_round


def cigar(units):
    """A narrow valley across the axes, least at (0.3, 0.3, …)."""
    x = np.asarray(units) - 0.3
    return float(x.sum() ** 2 / len(x) + 1000 * np.sum((x - x.mean()) ** 2))


def test_it_learns_the_shape_of_a_valley():
    """A thousand times as steep across as along, on two numbers, in 40 generations of the usual size."""
    trials, _ = ended(strategy("cma-es", 2), cigar, 40)

    assert 40 * 6 == len(trials)
    assert best_loss(trials, cigar) < 1e-5


@pytest.mark.long
def test_it_ends_when_it_has_narrowed_to_a_point():
    """By the rules of the package."""
    trials, reason = ended(strategy("cma-es", 2), sphere, 500)

    assert "the search has narrowed to a point" == reason
    assert best_loss(trials, sphere) < 1e-12


@pytest.mark.parametrize("on_failed", [OnFailed.DROP, OnFailed.WORST])
def test_a_failed_job_counts_as_the_worst_of_its_generation(on_failed):
    """Also where it is to be left out: a generation is told whole. One without any score tells nothing."""
    wanted = strategy("cma-es", on_failed=on_failed)
    trials = {s: Trial(s, u, sphere(u)) for s, u in next_round(wanted, {}).points.items()}
    worst = max(trial.loss for trial in trials.values())
    failed, as_worst = ({**trials, 2: replace(trials[2], loss=loss)} for loss in (None, worst))
    none = {slot: replace(trial, loss=None) for slot, trial in trials.items()}

    assert next_round(wanted, as_worst) == next_round(wanted, failed)
    assert {tuple(units) for units in next_round(wanted, none).points.values()}.isdisjoint(
        trial.units for trial in trials.values()
    )


def test_without_the_package_it_says_which_extra_brings_it(monkeypatch):
    """When a round is proposed, and not before."""
    wanted = strategy("cma-es")
    monkeypatch.setitem(sys.modules, "cmaes", None)
    next_round(wanted, {}, range(1, 7))
    with pytest.raises(RunnerError) as refused:
        next_round(wanted, {})

    assert "a strategy of kind cma-es needs cmaes, which is not installed" == refused.value.message
    assert "pip install 'pulser-runner[cma]'" == refused.value.hint
