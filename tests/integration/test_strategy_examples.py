"""Worked strategies: what their pages and their peers say of them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import a_result

from runner.results.analysis.objectives.scores import score

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import afm_bayesian
import calibration

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.long

PULSES = [(0.5, 0.8, 0.4, 0.3, 0.5, 0.7), (0.7, 0.9, 0.4, 0.3, 0.6, 0.8)]


@pytest.fixture(scope="module")
def experiment():
    """specs/afm-bayesian.yaml, with its solver."""
    return afm_bayesian.Experiment(ROOT / "specs" / "afm-bayesian.yaml")


def tutorials_score(shares, n):
    """Connected correlations around the ring with alternating signs, the opposite atom twice, over 13."""
    atoms = 1 - np.array([np.arange(2**n) >> (n - 1 - i) & 1 for i in range(n)])
    alone, both = atoms @ shares, (atoms * shares) @ atoms.T
    connected = both - np.outer(alone, alone)
    return sum(
        4 * (-1) ** k * np.mean([connected[i, (i + abs(k)) % n] for i in range(n)])
        for k in range(-n // 2, n // 2 + 1)
    ) / (n + 1)


def test_the_tutorial_is_a_file_of_at_most_forty_lines():
    """The page shows the file as it is."""
    text = (ROOT / "specs" / "afm-bayesian.yaml").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 40
    assert f'```yaml title="specs/afm-bayesian.yaml"\n{text}```' in (
        ROOT / "docs" / "from-a-loop.md"
    ).read_text(encoding="utf-8")


def test_the_score_of_the_file_is_the_tutorials_up_to_the_opposite_atom(experiment):
    """By the correlations of the solver's state, for the two pulses whose scores the page says."""
    page = (ROOT / "docs" / "from-a-loop.md").read_text(encoding="utf-8")
    said = re.search(r"had ([\d.]+) and ([\d.]+) here, and ([\d.]+) and ([\d.]+) there", page)
    shares = [experiment.shares(each, accuracy=1e-8) for each in PULSES]
    found = [float(each @ experiment.scores) for each in shares]
    theirs = [tutorials_score(each, experiment.n) for each in shares]

    assert [f"{each:.3f}" for each in (*found, *theirs)] == list(said.groups())
    for ours, other, share in zip(found, theirs, shares, strict=True):
        far = np.array([opposite(share, i, experiment.n) for i in range(experiment.n)]).mean()
        assert 13 * other == pytest.approx(12 * ours + 4 * far, abs=1e-7)


def opposite(shares, i, n):
    """The connected correlation of an atom with the one opposite to it on the ring."""
    one, other = (1 - (np.arange(2**n) >> (n - 1 - j) & 1) for j in (i, (i + n // 2) % n))
    return (one * other) @ shares - (one @ shares) * (other @ shares)


def test_the_peer_is_given_the_score_of_the_file(experiment):
    """The benchmark's score of some counts is that of the file's objective, with its error."""
    rng = np.random.default_rng(4)
    counts = rng.multinomial(1000, experiment.shares(PULSES[1]))
    mean = counts @ experiment.scores / 1000
    named = {
        "".join("01"[1 - (index >> (experiment.n - 1 - i) & 1)] for i in range(experiment.n)): int(count)
        for index, count in enumerate(counts)
        if count
    }
    places = {name: at.as_array() for name, at in experiment.sequence.register.qubits.items()}
    register = [{"name": name, "x": float(x), "y": float(y)} for name, (x, y) in places.items()]
    job = a_result(named, qubit_ids=tuple(places), sequence=lambda: {"register": register})
    found = score(experiment.strategy.objective, job)
    error = np.sqrt(counts @ (experiment.scores - mean) ** 2) / 1000

    assert found.value == pytest.approx(mean)
    assert found.error == pytest.approx(error, rel=0.01)


def test_a_calibration_by_refine_needs_less_than_half_the_runs_of_a_grid():
    """It has a smaller error than the best point of grids with four times the runs, and not than a fit."""
    refined, *grids, fitted = calibration.rows(40, [(80, 500), (20, 2000)])

    assert 10_000 == refined[2]
    assert [40_000, 40_000] == [runs for _, _, runs, _ in grids]
    assert refined[3] < min(error for _, _, _, error in grids)
    assert fitted[3] < refined[3]
