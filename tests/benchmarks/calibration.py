"""The strategy of specs/rabi-refine.yaml beside even grids: how well the best pulse is known.

`python tests/benchmarks/calibration.py [--seeds 200] [--write docs/strategies.md]` prints a table, or writes
it. The solver of the local cloud says once how probable it is, for each length of the pulse, to measure the
atom as excited, errors of the detector included; the shots of each seed are drawn from that.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pulser
from pages import write_between
from pulser.backend import StateResult
from scipy.optimize import curve_fit

from runner.domain.strategies import Trial
from runner.emulation import SplitBackend, SplitConfig
from runner.sequences import compiled
from runner.spec import load
from runner.strategies.rounds import Ask, next_round
from runner.strategies.winners import best

ROOT = Path(__file__).parents[2]
MARKS = ("<!-- calibration -->\n", "<!-- end of the calibration -->\n")
OMEGA = 5.5
BEST_NS = 1000 * math.pi / OMEGA
FALSE_POSITIVE, FALSE_NEGATIVE = 0.02, 0.03
GRIDS = ((20, 500), (40, 500), (80, 500), (20, 2000))  # points, runs of each


class Calibration:
    """The file, and how probable it is that the atom is measured as excited."""

    def __init__(self):
        experiment = compiled(load(ROOT / "specs" / "rabi-refine.yaml", root=ROOT)).experiment
        self.strategy = experiment.strategy
        (dimension,) = self.strategy.space.dimensions
        sequence = pulser.Sequence.from_abstract_repr(experiment.sequence)
        self.lengths = np.arange(int(dimension.low), int(dimension.high) + 1, dimension.step)
        excited = np.array([self._excited(sequence.build(t_ns=int(t))) for t in self.lengths])
        self.shares = FALSE_POSITIVE * (1 - excited) + (1 - FALSE_NEGATIVE) * excited

    @staticmethod
    def _excited(built):
        config = SplitConfig(observables=[StateResult()])
        return abs(SplitBackend(built, config=config).run().final_state.amplitudes[0]) ** 2

    def drawn(self, length_ns, rng, runs=None):
        """Which part of the runs is measured as excited, with its error."""
        place, runs = int(np.searchsorted(self.lengths, length_ns)), runs or self.strategy.runs
        found = rng.binomial(runs, self.shares[place]) / runs
        center = (found * runs + 1) / (runs + 2)
        return found, math.sqrt(center * (1 - center) / (runs + 2))

    def by_refine(self, seed):
        """The best length by the file, and how many jobs it took."""
        rng, trials = np.random.default_rng([seed, 1]), {}
        strategy = replace(self.strategy, seed=seed)
        while isinstance(step := next_round(strategy, trials), Ask):
            for slot, units in step.points.items():
                variables = strategy.space.variables(units)
                score, error = self.drawn(variables["t_ns"], rng)
                trials[slot] = Trial(slot, strategy.space.units(variables), -score, error)
        return strategy.space.variables(best(strategy, trials)[0].units)["t_ns"], len(trials)

    def grid(self, seed, points, runs):
        """Lengths, evenly over the interval from a place of the seed's own, and what is measured there."""
        rng = np.random.default_rng([seed, points])
        places = ((np.arange(points) + rng.random()) / points * len(self.lengths)).astype(int)
        lengths = self.lengths[places]
        return lengths, np.array([self.drawn(each, rng, runs)[0] for each in lengths])

    def by_grid(self, seed, points, runs):
        """The best length of a grid."""
        lengths, found = self.grid(seed, points, runs)
        return lengths[np.argmax(found)]

    def by_fit(self, seed, points, runs):
        """Where a fitted sin² is highest."""
        lengths, found = self.grid(seed, points, runs)
        start = (0.02, 0.95, OMEGA * 1.05)
        (_, _, omega), _ = curve_fit(
            lambda t, low, high, omega: low + high * np.sin(omega * t / 2000) ** 2, lengths, found, start
        )
        return 1000 * math.pi / omega


def error_ns(found):
    """Root mean square of how far some lengths are off."""
    return float(np.sqrt(np.mean((np.asarray(found) - BEST_NS) ** 2)))


def rows(seeds, grids=GRIDS):
    """What is compared: method, jobs, runs in all, error (in ns)."""
    calibration, several = Calibration(), range(seeds)
    refined = [calibration.by_refine(seed) for seed in several]
    jobs, runs = max(jobs for _, jobs in refined), calibration.strategy.runs
    found = [("`refine`, the file", jobs, jobs * runs, error_ns([length for length, _ in refined]))]
    for points, each in grids:
        lengths = [calibration.by_grid(seed, points, each) for seed in several]
        found.append(("grid, its best point", points, points * each, error_ns(lengths)))
    lengths = [calibration.by_fit(seed, jobs, runs) for seed in several]
    return [*found, ("grid, a fitted sin²", jobs, jobs * runs, error_ns(lengths))]


def main():
    """Print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--write", type=Path)
    said = parser.parse_args()
    lines = ["| | jobs | runs | error of the length |", "|---|---|---|---|"]
    lines += [
        f"| {method} | {jobs} | {runs:,} | {error:.1f} ns |" for method, jobs, runs, error in rows(said.seeds)
    ]
    table = "\n".join(lines) + "\n"
    if not said.write:
        sys.stdout.write(table)
        return
    write_between(said.write, MARKS, table)


if __name__ == "__main__":
    main()
