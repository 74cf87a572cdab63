"""Connected correlations of pairs of qubits. Pure.

With x_i = n_i - ⟨n_i⟩, a correlation is the mean of x_i x_j over the runs, which has an error like any mean.
Two qubits have four results, of which the rarest often tells most: half a run is added at the least and half
at the greatest x_i x_j that is possible, measured or not. That ⟨n_i⟩ itself is known with an error only adds,
in second order, (V_i V_j + C²)/N² to the square of it, where V are variances and C is the correlation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from runner.results.analysis.estimates import Estimate, Estimates
from runner.results.analysis.means import Moments, likely_mean, moments
from runner.results.analysis.observables import bits, run_numbers, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.estimates import Floats

MOST: Final = 0.25  # variance of a qubit that is as often 1 as it is 0


def correlations(counts: Counts | None, qubit_ids: tuple[str, ...]) -> Estimates:
    """⟨n_i n_j⟩ - ⟨n_i⟩⟨n_j⟩ of the measured shares; shape (qubits, qubits), symmetric.

    On the diagonal is the variance of one qubit, ⟨n_i⟩(1 - ⟨n_i⟩).
    """
    if not counts:
        return unknown(qubit_ids, 2)
    ones, runs, total = bits(counts), run_numbers(counts), counts.total
    occupied = runs @ ones / total
    apart = ones - occupied
    value = (apart.T * runs) @ apart / total
    variance = np.maximum((apart.T**2 * runs) @ apart**2 / total - value**2, 0)
    possible = extremes(occupied)
    error, center = likely_mean(Moments(value, variance, *possible), total, possible)
    of_one = np.diag(value)
    second = (np.outer(of_one, of_one) + value**2) / total**2
    least = np.where(np.eye(len(qubit_ids)), 0.0, -MOST)
    return Estimates(value, np.sqrt(error**2 + second), qubit_ids, center, (least, MOST))


def averaged(counts: Counts, pairs: Sequence[tuple[int, int]]) -> Estimate:
    """The mean of the connected correlations of some pairs of places, of the same runs."""
    ones, runs, total = bits(counts), run_numbers(counts), counts.total
    occupied = runs @ ones / total
    weights = np.zeros((counts.n_qubits, counts.n_qubits))
    for one, other in pairs:
        weights[one, other] = weights[other, one] = 1 / (2 * len(pairs))
    apart = ones - occupied
    measured = moments(np.sum(apart @ weights * apart, axis=1)[:, None], runs)
    # Of pairs that have nothing to do with each other, the mean varies less than each of them.
    ends = (
        measured.mean + (np.sum(weights * end) - measured.mean) / len(pairs) ** 0.5
        for end in extremes(occupied)
    )
    low, high = (np.minimum(next(ends), measured.low), np.maximum(next(ends), measured.high))
    error, center = likely_mean(measured._replace(low=low, high=high), total, (low, high))
    turned = weights @ ((apart.T * runs) @ apart / total)
    second = 2 * np.sum(turned * turned.T) / total**2
    value, sigma = float(measured.mean[0]), float(np.sqrt(error[0] ** 2 + second))
    return Estimate(value, sigma, center=float(center[0]), between=(-MOST, MOST))


def extremes(occupied: Floats) -> tuple[Floats, Floats]:
    """Least and greatest x_i x_j that two qubits can give; shape (qubits, qubits) each."""
    sides = (1 - occupied, -occupied)
    four = np.array([np.outer(one, other) for one in sides for other in sides])
    return four.min(axis=0), four.max(axis=0)
