"""Observables of bitstring counts: means over the runs, with standard errors. Pure.

Runs are independent, so the standard error of a mean over N runs is the standard deviation of one run, as
it is estimated from them (with N - 1), divided by √N. Where all runs agree it is 0: the counts alone can
tell no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from runner.results.analysis.counts import Counts
from runner.results.analysis.estimates import Bootstrap, Estimate, Estimates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike

    from runner.results.analysis.estimates import Floats

_ZERO = ord("0")


def expectation(counts: Counts | None, fn: Callable[[str], float]) -> Estimate:
    """The mean of a function of the bitstring over all runs; NaN when nothing was measured.

    Args:
        fn: Called once for each different bitstring.
    """
    if not counts:
        return Estimate(np.nan, np.nan)
    values = np.array([fn(bitstring) for bitstring in counts], dtype=float)
    value, error = _mean(counts, values[:, None])
    return Estimate(float(value[0]), float(error[0]))


def expectations(
    names: tuple[str, ...], counts: Sequence[Counts | None], fn: Callable[[str], float]
) -> Estimates:
    """The same of several jobs; shape (jobs,)."""
    found = [expectation(each, fn) for each in counts]
    return Estimates(
        np.array([each.value for each in found], dtype=float),
        np.array([each.error for each in found], dtype=float),
        names,
    )


def occupation(counts: Counts | None, qubit_ids: tuple[str, ...]) -> Estimates:
    """⟨n_i⟩, the share of runs in which qubit i was measured as 1; shape (qubits,)."""
    if not counts:
        return _unknown(qubit_ids, 1)
    value, error = _mean(counts, bits(counts))
    return Estimates(value, error, qubit_ids)


def magnetization(occupied: Estimates) -> Estimates:
    """⟨σz_i⟩ = 2⟨n_i⟩ - 1: +1 where every run gave 1, -1 where every run gave 0; shape (qubits,)."""
    return Estimates(2 * occupied.value - 1, 2 * occupied.error, occupied.labels)


def correlations(counts: Counts | None, qubit_ids: tuple[str, ...]) -> Estimates:
    """⟨n_i n_j⟩ - ⟨n_i⟩⟨n_j⟩ of the measured shares; shape (qubits, qubits), symmetric.

    On the diagonal is the variance of one qubit, ⟨n_i⟩(1 - ⟨n_i⟩). Errors are those of first order in 1/√N.
    """
    if not counts:
        return _unknown(qubit_ids, 2)
    measured, shares = bits(counts), _shares(counts)
    apart = measured - _weighted(counts, measured)
    value = np.einsum("d,di,dj->ij", shares, apart, apart, optimize=True)
    squares = np.einsum("d,di,dj->ij", shares, apart**2, apart**2, optimize=True)
    return Estimates(value, _error(squares - value**2, counts.total), qubit_ids)


def bootstrap(
    counts: Counts | None, fn: Callable[[Counts], float], n: int, seed: int | np.random.Generator
) -> Bootstrap:
    """A statistic of the counts with an error by resampling the runs with replacement.

    Args:
        fn: Called once for the counts, and once for each of the n resampled counts.

        seed: The same seed gives the same samples, with the same numpy.
    """
    if not counts:
        return Bootstrap(np.nan, np.nan, np.full(n, np.nan))
    drawn = np.random.default_rng(seed).multinomial(counts.total, _shares(counts), size=n)
    bitstrings = list(counts)
    samples = np.array([fn(_counts(bitstrings, row)) for row in drawn], dtype=float)
    return Bootstrap(float(fn(counts)), float(np.std(samples, ddof=1)) if n > 1 else np.nan, samples)


def interval(samples: Floats, level: float) -> tuple[float, float]:
    """The interval that holds this share of some samples, as much left out below as above."""
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def array(values: Floats, dtype: DTypeLike | None, copy: bool | None) -> Floats:
    """Values as numpy asks an object for them; see `numpy.array`."""
    return np.array(values, dtype=dtype, copy=copy)


def bits(counts: Counts) -> Floats:
    """Each different bitstring as a row of zeros and ones; shape (bitstrings, qubits)."""
    letters = np.frombuffer("".join(counts).encode(), dtype=np.uint8)
    return (letters.reshape(len(counts), counts.n_qubits) - _ZERO).astype(float)


def _counts(bitstrings: list[str], drawn: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Counts:
    return Counts(dict(zip(bitstrings, drawn.tolist(), strict=True)))


def _shares(counts: Counts) -> Floats:
    return np.fromiter(counts.values(), dtype=float, count=len(counts)) / counts.total


def _mean(counts: Counts, values: Floats) -> tuple[Floats, Floats]:
    """Means and their errors of values of each bitstring, column by column."""
    mean = _weighted(counts, values)
    return mean, _error(_weighted(counts, (values - mean) ** 2), counts.total)


def _weighted(counts: Counts, values: Floats) -> Floats:
    """Means over the runs: sums of whole numbers where values are such, divided once.

    Where all runs agree it is what they agree on, to the last digit.
    """
    runs = np.fromiter(counts.values(), dtype=float, count=len(counts))
    mean = runs @ values / counts.total
    found: Floats = np.where(values.max(axis=0) == values.min(axis=0), values[0], mean)
    return found


def _error(variance: Floats, runs: int) -> Floats:
    """Standard error of a mean, from the variance of one run among those measured."""
    if runs == 1:
        return np.full_like(variance, np.nan)
    # A variance of 0 may come out as a little less.
    error: Floats = np.sqrt(np.maximum(variance, 0) / (runs - 1))
    return error


def _unknown(labels: tuple[str, ...], dimensions: int) -> Estimates:
    shape = (len(labels),) * dimensions
    return Estimates(np.full(shape, np.nan), np.full(shape, np.nan), labels)
