"""Observables of bitstring counts: means over the runs, with their errors (see the module `means`). Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from runner.results.analysis.counts import Counts
from runner.results.analysis.estimates import Bootstrap, Estimate, Estimates
from runner.results.analysis.means import likely_mean, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import DTypeLike

    from runner.results.analysis.estimates import Floats

PROBABILITY: Final = (0.0, 1.0)
_ZERO: Final = ord("0")
_FEW: Final = 8  # qubits, all bitstrings of which are soon tried


def expectation(
    counts: Counts | None, fn: Callable[[str], float], between: tuple[float, float] | None = None
) -> Estimate:
    """The mean of a function of the bitstring over all runs; NaN when nothing was measured.

    Args:
        fn: Called once for each different bitstring; for others, too, where all runs agree and `between` does
            not tell what else it can give.

        between: Least and greatest value that it can give.
    """
    if not counts:
        return Estimate(np.nan, np.nan)
    values = [float(fn(bitstring)) for bitstring in counts]
    if between is None:
        low, high = min(values), max(values)
        between = (low, high) if low < high else reach(fn, counts, low)
    return mean_of(values, counts, between)


def mean_of(values: Sequence[float], counts: Counts, between: tuple[float, float]) -> Estimate:
    """The mean over all runs of what each different bitstring gives.

    Args:
        between: Least and greatest that one can give.
    """
    found = moments(np.array(values, dtype=float)[:, None], run_numbers(counts))
    error, center = likely_mean(found, counts.total, between)
    return Estimate(float(found.mean[0]), float(error[0]), center=float(center[0]), between=between)


def mean_and_variance(counts: Counts, fn: Callable[[str], float]) -> tuple[float, float]:
    """The mean of a function of the bitstring, and its variance among the runs."""
    found = moments(np.array([[fn(bitstring)] for bitstring in counts], dtype=float), run_numbers(counts))
    return float(found.mean[0]), float(found.variance[0])


def expectations(
    names: tuple[str, ...], counts: Sequence[Counts | None], fn: Callable[[str], float]
) -> Estimates:
    """The same of several jobs; shape (jobs,)."""
    return gathered([expectation(each, fn) for each in counts], names)


def gathered(some: Sequence[Estimate], labels: tuple[str, ...] = ()) -> Estimates:
    """Single estimates as arrays; shape (estimates,)."""
    rows = [(each.value, each.error, each.center, *each.between) for each in some]
    value, error, center, low, high = np.array(rows, dtype=float).reshape(-1, 5).T
    return Estimates(value, error, labels, center, (low, high))


def occupation(counts: Counts | None, qubit_ids: tuple[str, ...]) -> Estimates:
    """⟨n_i⟩, the share of runs in which qubit i was measured as 1; shape (qubits,)."""
    if not counts:
        return unknown(qubit_ids, 1)
    found = moments(bits(counts), run_numbers(counts))
    error, center = likely_mean(found, counts.total, PROBABILITY)
    return Estimates(found.mean, error, qubit_ids, center, PROBABILITY)


def magnetization(occupied: Estimates) -> Estimates:
    """⟨σz_i⟩ = 2⟨n_i⟩ - 1: +1 where every run gave 1, -1 where every run gave 0; shape (qubits,)."""
    value, error, labels = 2 * occupied.value - 1, 2 * occupied.error, occupied.labels
    return Estimates(value, error, labels, 2 * occupied.middle - 1, (-1.0, 1.0))


def shares(counts: Sequence[int], runs: Sequence[int]) -> Estimates:
    """The shares of so many runs each that gave something; shape (shares,)."""
    hits, total = np.array(counts, dtype=float), np.array(runs, dtype=float)
    center = (hits + 1 / 2) / (total + 1)
    error = np.sqrt(center * (1 - center) / (total + 2))
    return Estimates(hits / total, error, (), center, PROBABILITY)


def share(count: int, runs: int) -> Estimate:
    """The share of so many runs that gave something."""
    center = (count + 1 / 2) / (runs + 1)
    error = math.sqrt(center * (1 - center) / (runs + 2))
    return Estimate(count / runs, error, center=center, between=PROBABILITY)


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


def run_numbers(counts: Counts) -> Floats:
    """How often each different bitstring was measured; shape (bitstrings,)."""
    return np.fromiter(counts.values(), dtype=float, count=len(counts))


def _shares(counts: Counts) -> Floats:
    return run_numbers(counts) / counts.total


def reach(fn: Callable[[str], float], counts: Counts, value: float) -> tuple[float, float]:
    """Least and greatest value that a function of the bitstring gives, as far as a few trials tell.

    All bitstrings of few qubits are tried; of many, those in which all qubits are the same, or one differs
    from what was measured. Where a function gives but 0, or 1, it may be a yes or a no.

    Args:
        value: What it gives for all that was measured.
    """
    return reach_of(_tried(fn, counts), counts, value)


def reach_of(tried: Iterable[float], counts: Counts, value: float) -> tuple[float, float]:
    """The same by what a function gave for `other_bitstrings`, as far as it gave something."""
    values = [value, *tried]
    low, high = min(values), max(values)
    if low < high or counts.n_qubits <= _FEW:
        return low, high
    return PROBABILITY if value in PROBABILITY else (-np.inf, np.inf)


def _tried(fn: Callable[[str], float], counts: Counts) -> Iterator[float]:
    for bitstring in other_bitstrings(counts):
        try:
            yield float(fn(bitstring))
        except (LookupError, ValueError, ArithmeticError):
            continue  # a function need not know what was not measured


def other_bitstrings(counts: Counts) -> Iterator[str]:
    """Bitstrings that are tried: all of few qubits; of many, those that differ the most and the least."""
    n = counts.n_qubits
    if n <= _FEW:
        yield from (f"{number:0{n}b}" for number in range(2**n))
        return
    yield from ("0" * n, "1" * n)
    (seen, _), *_ = counts.most_frequent(1)
    for place in range(n):
        yield f"{seen[:place]}{'10'[int(seen[place])]}{seen[place + 1 :]}"


def unknown(labels: tuple[str, ...], dimensions: int) -> Estimates:
    """What is said of each label, or of pairs, where nothing was measured."""
    shape = (len(labels),) * dimensions
    return Estimates(np.full(shape, np.nan), np.full(shape, np.nan), labels)
