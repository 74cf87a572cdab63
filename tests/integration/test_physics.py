"""The physics of specs/afm-ramp.yaml: order grows with the ramp time, and it is Pulser's own."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pulser
import pytest
from afm_by_hand import NEIGHBOURS, antiferromagnetic_order, counts_of, sequence_by_hand
from comparison import SAME, p_value

from runner.sequences import compiled
from runner.spec import load

ROOT = Path(__file__).parents[2]
CHECKERBOARD = "101010101"


@pytest.fixture(scope="module")
def experiment():
    """specs/afm-ramp.yaml, compiled."""
    return compiled(load(ROOT / "specs" / "afm-ramp.yaml", root=ROOT)).experiment


def counts_of_job(experiment, job, *, seed):
    """Bitstring counts of a job, built from what is sent."""
    sequence = pulser.Sequence.from_abstract_repr(experiment.sequence).build(**job.variables)
    return counts_of(sequence, runs=job.runs, seed=seed)


def test_antiferromagnetic_order_grows_with_the_ramp_time(experiment):
    """The slower the ramp, the closer the atoms stay to the checkerboard.

    500 runs give the mean over 12 pairs to better than 0.03; the steps asked for are several times that.
    """
    jobs = {job.variables["t_sweep_ns"]: job for job in experiment.jobs if job.name != "reference"}
    counts = {t: counts_of_job(experiment, jobs[t], seed=1) for t in (400, 800, 1600, 4000)}
    order = [antiferromagnetic_order(each) for each in counts.values()]
    checkerboards = [each.get(CHECKERBOARD, 0) / sum(each.values()) for each in counts.values()]

    assert all(later > earlier + 0.1 for earlier, later in itertools.pairwise(order))
    assert order[0] < 0.55
    assert order[-1] > 0.9
    assert checkerboards[0] < 0.2
    assert checkerboards[-1] > 0.8


@pytest.mark.parametrize("name", ["t_sweep_ns=400", "t_sweep_ns=2000", "reference"])
def test_a_compiled_job_measures_what_pulser_measures(experiment, name):
    """Counts of what is sent, and of the sequence written by hand, come from one distribution."""
    (job,) = (each for each in experiment.jobs if each.name == name)

    ours = counts_of_job(experiment, job, seed=1)
    by_hand = counts_of(sequence_by_hand(**job.variables), runs=job.runs, seed=2)

    assert p_value(ours, by_hand) > SAME


def test_the_comparison_tells_different_sequences_apart():
    """Another ramp time, or a drive weaker by a third, is seen at once: the comparison could fail."""
    counts = counts_of(sequence_by_hand(omega_max=6.28, t_sweep_ns=2000), runs=500, seed=1)
    faster = counts_of(sequence_by_hand(omega_max=6.28, t_sweep_ns=1200), runs=500, seed=2)
    weaker = counts_of(sequence_by_hand(omega_max=4.2, t_sweep_ns=2000), runs=500, seed=3)

    assert p_value(counts, faster) < SAME / 1000
    assert p_value(counts, weaker) < SAME / 1000


def test_equal_distributions_are_taken_for_equal():
    """Over many pairs of samples of one distribution, p-values are spread evenly, as they must be."""
    generator = np.random.default_rng(7)
    weights = generator.dirichlet(np.full(40, 0.3))

    def sample(runs):
        return {str(i): int(n) for i, n in enumerate(generator.multinomial(runs, weights))}

    found = [p_value(sample(500), sample(300)) for _ in range(400)]

    assert min(found) > SAME
    assert 0.4 < np.mean(found) < 0.6
    assert 0.02 < np.mean(np.array(found) < 0.05) < 0.09


def test_samples_without_anything_in_common_differ():
    """One bitstring against another one is as different as can be; the same one is no difference."""
    assert p_value({"01": 500}, {"10": 500}) < 1e-100
    assert p_value({"01": 500}, {"01": 100}) == 1.0
    assert p_value({"01": 500, "10": 0}, {"01": 100}) == 1.0


def test_order_is_one_for_the_checkerboard():
    """The order parameter has its two ends where its definition says, and counts every pair once."""
    assert len(NEIGHBOURS) == len(set(NEIGHBOURS)) == 12
    assert antiferromagnetic_order({CHECKERBOARD: 3}) == 1.0
    assert antiferromagnetic_order({"000000000": 5}) == -1.0
    assert antiferromagnetic_order({CHECKERBOARD: 1, "111111111": 1}) == 0.0
