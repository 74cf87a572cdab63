"""Every kind of strategy beside `gp_minimize` of scikit-optimize: same budget, functions and noise.

`python tests/benchmarks/strategies.py [--seeds 20] [--only branin] [--methods bayesian spsa]` prints a table:
the true loss at the place with the least score, over the least of all, as a median over seeds with its
standard error (by bootstrap), and how many seconds a job was proposed in. The peer is no dependency: `pip
install scikit-optimize`. All measure as many places before they have a model or a start; the peer estimates
the noise, ours is told it.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import sys
import time
import warnings
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "strategies"))

from textbook_functions import (
    BRANIN_LEAST,
    HARTMANN3_LEAST,
    HARTMANN6_LEAST,
    branin,
    hartmann3,
    hartmann6,
    hartmann6_probability,
)

from runner.domain.strategies import SearchDimension, SearchSpace, Strategy, Trial
from runner.strategies.rounds import Ask, next_round


def bell(u):
    """A probability as of a state that is prepared well at one place only."""
    return 1 - 0.95 * np.exp(-3 * np.sum((np.asarray(u) - 0.35) ** 2))


# name: function, numbers, least value, error of a score (None: 200 shots), first points, jobs in all
PROBLEMS = {
    "branin": (branin, 2, BRANIN_LEAST, 0.0, 10, 40),
    "branin-noise": (branin, 2, BRANIN_LEAST, 2.0, 10, 40),
    "hartmann3": (hartmann3, 3, HARTMANN3_LEAST, 0.0, 10, 40),
    "hartmann3-noise": (hartmann3, 3, HARTMANN3_LEAST, 0.1, 10, 40),
    "hartmann6-noise": (hartmann6, 6, HARTMANN6_LEAST, 0.1, 20, 70),
    "hartmann6-shots": (hartmann6_probability, 6, 0.0, None, 20, 100),
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


def ours(name, seed, kind="bayesian", ask=None):
    """Places and scores in their order; a last round counts as far as the budget goes."""
    _, n, _, _, first, jobs = PROBLEMS[name]
    dimensions = tuple(SearchDimension(variable="x", element=i) for i in range(n))
    space = SearchSpace(dimensions=dimensions, values={"x": (0.0,) * n})
    wanted = Strategy(
        digest="5e" * 32, text="", kind=kind, space=space, runs=1, seed=seed, first=first, ask=ask
    )
    score, trials = scorer(name, seed), {}
    while len(trials) < jobs and isinstance(step := next_round(wanted, trials), Ask):
        for slot, units in step.points.items():
            trials[slot] = Trial(slot, units, *score(units))
    return [(trial.units, trial.loss) for trial in list(trials.values())[:jobs]]


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


METHODS = {
    "bayesian": ours,
    "bayesian, ask: 4": partial(ours, ask=4),
    **{kind: partial(ours, kind=kind) for kind in ("cma-es", "nelder-mead", "spsa", "sobol")},
    "gp_minimize": theirs,
}


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
    installed = [name for name in METHODS if name != "gp_minimize" or find_spec("skopt")]
    parser.add_argument("--methods", choices=installed, nargs="*", default=installed)
    said = parser.parse_args()
    warnings.simplefilter("ignore")
    say("| function | jobs | method | loss over the least | seconds a job |\n|---|---|---|---|---|")
    for name in said.only:
        function, _, least, _, _, jobs = PROBLEMS[name]
        for method in said.methods:
            run, begin = METHODS[method], time.perf_counter()
            found = [min(run(name, seed), key=lambda each: each[1])[0] for seed in range(said.seeds)]
            spent = (time.perf_counter() - begin) / said.seeds / jobs
            middle, error = median_with_error([function(u) - least for u in found])
            say(f"| {name} | {jobs} | {method} | {middle:.2g} ± {error:.1g} | {spent:.2f} |")


if __name__ == "__main__":
    main()
