"""Strategies of kind `bayesian` beside `gp_minimize` of scikit-optimize: same budget, functions and noise.

`python tests/benchmarks/strategies.py [--seeds 20] [--only branin]` prints a table: the true loss at the
place with the least score, over the least of all, as a median over seeds with its standard error (by
bootstrap), and how many seconds a job was proposed in. The peer is no dependency: `pip install
scikit-optimize`. Both measure as many places before they have a model; the peer estimates the noise, ours is
told it.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import sys
import time
import warnings
from importlib.util import find_spec

import numpy as np

from runner.domain.strategies import SearchDimension, SearchSpace, Strategy, Trial
from runner.strategies.rounds import next_round

A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
A3 = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
P3 = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])
ALPHA = np.array([1.0, 1.2, 3.0, 3.2])


def branin(u):
    """Three equal minima on the plane."""
    x, y = 15 * u[0] - 5, 15 * u[1]
    value = (y - 5.1 * x**2 / (4 * np.pi**2) + 5 * x / np.pi - 6) ** 2
    return value + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


def hartmann3(u):
    """Four bumps in three numbers."""
    return -ALPHA @ np.exp(-np.sum(A3 * (np.asarray(u) - P3) ** 2, axis=1))


def hartmann6(u):
    """Four bumps in six numbers."""
    return -ALPHA @ np.exp(-np.sum(A * (np.asarray(u) - P) ** 2, axis=1))


def bell(u):
    """A probability as of a state that is prepared well at one place only."""
    return 1 - 0.95 * np.exp(-3 * np.sum((np.asarray(u) - 0.35) ** 2))


# name: function, numbers, least value, error of a score, points before the model, jobs in all
PROBLEMS = {
    "branin": (branin, 2, 0.397887, 0.0, 10, 40),
    "branin-noise": (branin, 2, 0.397887, 2.0, 10, 40),
    "hartmann3": (hartmann3, 3, -3.86278, 0.0, 10, 40),
    "hartmann3-noise": (hartmann3, 3, -3.86278, 0.1, 10, 40),
    "hartmann6-noise": (hartmann6, 6, -3.32237, 0.1, 20, 70),
    "shots-200": (bell, 4, 0.05, None, 15, 50),
}


def scorer(name, seed):
    """Score and its error, at a place."""
    function, _, _, noise, _, _ = PROBLEMS[name]
    rng = np.random.default_rng([seed, 99])

    def score(u):
        value = function(u)
        if noise is None:
            found = rng.binomial(200, value) / 200
            return found, max(np.sqrt(found * (1 - found) / 200), 1 / 200)
        return value + noise * rng.normal(), noise

    return score


def ours(name, seed, ask=1):
    """Places and scores in their order."""
    _, n, _, _, first, jobs = PROBLEMS[name]
    dimensions = tuple(SearchDimension(variable="x", element=i) for i in range(n))
    space = SearchSpace(dimensions=dimensions, values={"x": (0.0,) * n})
    wanted = Strategy(
        digest="5e" * 32, text="", kind="bayesian", space=space, runs=1, seed=seed, first=first, ask=ask
    )
    score, trials = scorer(name, seed), {}
    while len(trials) < jobs:
        for slot, units in next_round(wanted, trials).points.items():
            trials[slot] = Trial(slot, units, *score(units))
    return [(trial.units, trial.loss) for trial in trials.values()]


def in_fours(name, seed):
    """Four jobs a round."""
    return ours(name, seed, ask=4)


def theirs(name, seed):
    """The defaults of the peer."""
    from skopt import gp_minimize  # noqa: PLC0415  (no dependency)

    _, n, _, _, first, jobs = PROBLEMS[name]
    score = scorer(name, seed)
    found = gp_minimize(
        lambda x: float(score(x)[0]),
        [(0.0, 1.0)] * n,
        n_calls=jobs,
        n_initial_points=first,
        random_state=seed,
    )
    return list(zip(found.x_iters, found.func_vals, strict=True))


def median_with_error(losses):
    """And its standard error."""
    rng = np.random.default_rng(0)
    samples = rng.choice(losses, (2000, len(losses)))
    return np.median(losses), np.median(samples, axis=1).std()


def say(line):
    """Write a line at once: a whole table takes a quarter of an hour."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main():
    """Print the table, a line a problem and method."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", choices=PROBLEMS, nargs="*", default=list(PROBLEMS))
    said = parser.parse_args()
    warnings.simplefilter("ignore")
    methods = {"bayesian": ours, "bayesian, ask: 4": in_fours}
    if find_spec("skopt"):
        methods["gp_minimize"] = theirs
    say("| function | jobs | method | loss over the least | seconds a job |\n|---|---|---|---|---|")
    for name in said.only:
        function, _, least, _, _, jobs = PROBLEMS[name]
        for method, run in methods.items():
            begin = time.perf_counter()
            found = [min(run(name, seed), key=lambda each: each[1])[0] for seed in range(said.seeds)]
            spent = (time.perf_counter() - begin) / said.seeds / jobs
            middle, error = median_with_error([function(u) - least for u in found])
            say(f"| {name} | {jobs} | {method} | {middle:.2g} ± {error:.1g} | {spent:.2f} |")


if __name__ == "__main__":
    main()
