"""The strategy of specs/afm-bayesian.yaml beside `gp_minimize` of scikit-optimize, as in Pulser's tutorial.

`python tests/benchmarks/afm_bayesian.py [--seeds 20] [--keep FILE] [--write docs/from-a-loop.md]` runs both
with the same bounds, points before the model, budget, runs a job and score, and the solver of the local
cloud in place of a cloud. What counts is the true score at the place with the best measured one, from the
state; its median over seeds has its standard error by bootstrap. `--keep` goes on with what a file holds
already: a seed of both takes minutes. The peer is no dependency: `pip install scikit-optimize`.
"""

from __future__ import annotations

import os

if __name__ == "__main__":
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import json
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pulser
from pages import write_between
from pulser.backend import StateResult

from runner.domain.strategies import Trial
from runner.emulation import SplitBackend, SplitConfig
from runner.sequences import compiled
from runner.spec import load
from runner.strategies.rounds import Ask, next_round
from runner.strategies.winners import best

ROOT = Path(__file__).parents[2]
MARKS = ("<!-- benchmark -->\n", "<!-- end of the benchmark -->\n")
NAMES = {"bayesian": "the file", "gp_minimize": "`gp_minimize`"}


class Experiment:
    """The file, and what its pulses come to."""

    def __init__(self, path):
        experiment = compiled(load(path, root=ROOT)).experiment
        self.strategy = experiment.strategy
        self.sequence = pulser.Sequence.from_abstract_repr(experiment.sequence)
        self.n = len(self.sequence.register.qubits)
        signs = np.array([round(sum(at.as_array()) / 5) % 2 for at in self.sequence.register.qubits.values()])
        # The first atom is the slowest digit, and 0 is its Rydberg state.
        spins = 1 - 2 * np.array([np.arange(2**self.n) >> (self.n - 1 - i) & 1 for i in range(self.n)])
        self.scores = ((1 - 2 * signs) @ spins / self.n) ** 2

    def shares(self, units, accuracy=1e-3):
        """How probable every bitstring is; an error of the state of 0.001 is far below that of the runs."""
        built = self.sequence.build(**self.strategy.space.variables(units))
        config = SplitConfig(accuracy=accuracy, observables=[StateResult()])
        shares = np.abs(SplitBackend(built, config=config).run().final_state.amplitudes) ** 2
        return shares / shares.sum()

    def measured(self, units, rng):
        """Score of some runs, with its error."""
        counts = rng.multinomial(self.strategy.runs, self.shares(units))
        mean = counts @ self.scores / self.strategy.runs
        variance = counts @ (self.scores - mean) ** 2 / self.strategy.runs
        return mean, np.sqrt(variance / self.strategy.runs)

    def truth(self, units):
        """The score without the noise of shots."""
        return float(self.shares(units, accuracy=1e-6) @ self.scores)

    @property
    def budget(self):
        """Jobs in all."""
        return self.strategy.first + self.strategy.stop.rounds


def by_bayesian(experiment, seed):
    """The place with the best score that the file's strategy finds."""
    strategy, trials = replace(experiment.strategy, seed=seed), {}
    rng = np.random.default_rng([seed, 99])
    while isinstance(step := next_round(strategy, trials), Ask):
        for slot, units in step.points.items():
            score, error = experiment.measured(units, rng)
            trials[slot] = Trial(slot, units, -score, error)
    assert len(trials) == experiment.budget
    winner = best(strategy, trials)[0]
    return winner.units, -winner.loss


def by_gp_minimize(experiment, seed):
    """The place with the best score that the peer finds, with its defaults."""
    from skopt import gp_minimize  # noqa: PLC0415  (no dependency)

    rng = np.random.default_rng([seed, 99])
    found = gp_minimize(
        lambda units: -experiment.measured(units, rng)[0],
        [(0.0, 1.0)] * len(experiment.strategy.space.dimensions),
        n_calls=experiment.budget,
        n_initial_points=experiment.strategy.first,
        random_state=seed,
    )
    return tuple(found.x), -float(found.fun)


METHODS = {"bayesian": by_bayesian, "gp_minimize": by_gp_minimize}


def median_with_error(values):
    """And its standard error."""
    samples = np.random.default_rng(0).choice(values, (2000, len(values)))
    return np.median(values), np.median(samples, axis=1).std()


def table(rows):
    """What is shown: only seeds that both have."""
    seeds = set.intersection(*({row["seed"] for row in rows if row["method"] == name} for name in METHODS))
    lines = [
        f"| {len(seeds)} seeds | median of the true score | quartiles | measured | proposing, a job |",
        "|---|---|---|---|---|",
    ]
    for method, name in NAMES.items():
        mine = [row for row in rows if row["method"] == method and row["seed"] in seeds]
        middle, error = median_with_error([row["truth"] for row in mine])
        low, high = np.quantile([row["truth"] for row in mine], [0.25, 0.75])
        measured = np.median([row["measured"] for row in mine])
        spent = np.median([row["seconds"] for row in mine])
        cells = [f"{middle:.3f} ± {error:.3f}", f"{low:.3f} to {high:.3f}", f"{measured:.3f}"]
        lines.append(f"| {' | '.join([name, *cells])} | {spent:.2f} s |")
    return "\n".join(lines) + "\n"


def run(experiment, method, seed):
    """A row of the table."""
    emulating, begin = [0.0], time.process_time()
    shares = experiment.shares

    def timed(units, **said):
        start = time.process_time()
        found = shares(units, **said)
        emulating[0] += time.process_time() - start
        return found

    experiment.shares = timed
    try:
        units, measured = METHODS[method](experiment, seed)
    finally:
        del experiment.shares
    seconds = (time.process_time() - begin - emulating[0]) / experiment.budget
    truth = experiment.truth(units)
    return {"method": method, "seed": seed, "truth": truth, "measured": measured, "seconds": seconds}


def main():
    """Run what is missing, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--write", type=Path)
    said = parser.parse_args()
    warnings.simplefilter("ignore")
    experiment = Experiment(ROOT / "specs" / "afm-bayesian.yaml")
    kept = said.keep.read_text().splitlines() if said.keep and said.keep.exists() else []
    # A file that was put together may hold a seed twice, which would weigh more than the others.
    rows = list({(row["method"], row["seed"]): row for row in map(json.loads, kept)}.values())
    for seed in range(said.seeds):
        for method in METHODS:
            if any((row["method"], row["seed"]) == (method, seed) for row in rows):
                continue
            rows.append(run(experiment, method, seed))
            sys.stderr.write(json.dumps(rows[-1]) + "\n")
            if said.keep:
                said.keep.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if said.write:
        write_between(said.write, MARKS, table(rows))
    else:
        sys.stdout.write(table(rows))


if __name__ == "__main__":
    main()
