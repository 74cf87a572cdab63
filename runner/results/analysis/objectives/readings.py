"""What names of an objective come to in one job: values with errors, and how their errors go together.

A value is a mean over the runs of a number for each bitstring, added up exactly and rounded once: the same on
every machine. What is no such mean (a connected correlation, a CVaR) has numbers that act as such: the
influence of each bitstring on it. So the numbers of several names say how their errors go together.

Of a function in Python nothing is known but its values. The runs are drawn again, with replacement, and its
spread over the draws is its error: unlike a jackknife that holds for medians and modes as well, and it takes
as many calls for many runs as for few. The draws are the same on every machine, as NumPy's `RandomState` is
frozen. Where they all agree, a run is replaced by others, which are tried as for means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from runner.results.analysis.counts import Counts
from runner.results.analysis.estimates import Estimate
from runner.results.analysis.means import Moments, likely_mean
from runner.results.analysis.observables import mean_of, reach, run_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.results.analysis.estimates import Floats
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.named_observable import NamedObservable

    OfCounts = Callable[[Counts], float]

_DRAWS: Final = 200
_SEED: Final = 20
_SAME: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Reading:
    """What a name comes to in a job.

    Args:
        numbers: For each different bitstring; none of what is not read off bitstrings.

        draws: What it came to of runs that were drawn again; none where `numbers` say it.
    """

    estimate: Estimate
    numbers: tuple[float, ...] = ()
    draws: tuple[float, ...] = ()


def reading(observable: NamedObservable, job: MeasuredJob, counts: Counts) -> Reading | None:
    """What an observable comes to; None where the job has no such thing.

    Raises:
        UsageError: The job has no such thing, for a reason.
    """
    if observable.evaluated:
        found = observable.evaluated([job])
        return Reading(found) if found else None
    numbers = observable.influences(job, counts)
    if numbers is None:
        return None
    if observable.statistic:
        estimate = observable.statistic(job, counts)
    else:
        estimate = mean_of(numbers, counts, (observable.low, observable.high))
    return Reading(replace(estimate, value=_mean(numbers, counts)), tuple(numbers))


def _mean(numbers: Sequence[float], counts: Counts) -> float:
    if min(numbers) == max(numbers):
        return numbers[0]
    return math.fsum(each * runs for each, runs in zip(numbers, counts.values(), strict=True)) / counts.total


def reading_of_function(of: OfCounts, counts: Counts) -> Reading | None:
    """What a function of the counts comes to; None where that is no finite number."""
    value = float(of(counts))
    if not math.isfinite(value):
        return None
    bitstrings = list(counts)
    draws = [
        float(of(Counts(dict(zip(bitstrings, map(int, row), strict=True)))))
        for row in _drawn(counts).tolist()
    ]
    error = float(np.std(draws, ddof=1))
    if error <= _SAME * abs(value):
        between = reach(lambda bits: _replaced(of, counts, bits, value), counts, value)
        error = error_where_all_agree(value, between, counts.total)
    return Reading(Estimate(value, error), draws=tuple(draws))


def _replaced(of: OfCounts, counts: Counts, bits: str, value: float) -> float:
    """Where a function of the counts would be if a change by one run were one of all runs."""
    ((seen, runs),) = counts.most_frequent(1)
    others = {**counts, seen: runs - 1}
    return value + counts.total * (float(of(Counts({**others, bits: others.get(bits, 0) + 1}))) - value)


def error_where_all_agree(value: float, between: tuple[float, float], runs: int) -> float:
    """Standard error of a mean over runs that all gave the same."""
    same = np.array(value)
    return float(likely_mean(Moments(same, np.array(0.0), same, same), runs, between).error)


def covariance(some: Sequence[Reading], counts: Counts) -> Floats:
    """How the errors of several names of the same counts go together; shape (names, names)."""
    columns, weights = [each.numbers for each in some], run_numbers(counts)
    if any(each.draws for each in some):
        drawn = _drawn(counts)
        columns = [each.draws or tuple(drawn @ each.numbers if each.numbers else ()) for each in some]
        weights = np.ones(_DRAWS)
    apart = np.array([_standardized(each, weights) for each in columns])
    correlation = (apart * weights) @ apart.T / weights.sum()
    np.fill_diagonal(correlation, 1.0)
    errors = np.array([each.estimate.error for each in some])
    return np.asarray(correlation * np.outer(errors, errors))


def _standardized(column: Sequence[float], weights: Floats) -> Floats:
    """Numbers with the mean 0 and the variance 1; zeros where they do not vary."""
    if not column:
        return np.zeros(len(weights))
    values = np.array(column)
    values = values - np.average(values, weights=weights)
    spread = math.sqrt(np.average(values**2, weights=weights))
    return values / spread if spread > _SAME * max(map(abs, column)) else np.zeros(len(weights))


def _drawn(counts: Counts) -> Floats:
    """How often each bitstring comes in runs that are drawn again; shape (draws, bitstrings)."""
    generator = np.random.RandomState(_SEED)  # of others, the stream may change
    return np.asarray(
        generator.multinomial(counts.total, run_numbers(counts) / counts.total, size=_DRAWS), dtype=float
    )
