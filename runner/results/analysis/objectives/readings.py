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

from runner.results.analysis.estimates import Estimate
from runner.results.analysis.means import Moments, likely_mean
from runner.results.analysis.observables import mean_of, other_bitstrings, reach_of, run_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.estimates import Floats
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.named_observable import NamedObservable

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


@dataclass(frozen=True, slots=True)
class AskedRuns:
    """Runs of which a function in Python is asked what it gives.

    Args:
        rows: How often each bitstring was measured, once for each value that is wanted.
    """

    bitstrings: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]


def asked_first(counts: Counts) -> AskedRuns:
    """What a function is asked of some counts: themselves, and runs that are drawn again from them."""
    drawn = (tuple(map(int, row)) for row in _drawn(counts).tolist())
    return AskedRuns(tuple(counts), (tuple(counts.values()), *drawn))


def asked_then(counts: Counts, answers: Sequence[float]) -> AskedRuns | None:
    """What it is asked where it gave the same for all: a run is replaced by others. None elsewhere.

    It need not know what was not measured, and may fail.
    """
    if not _do_agree(answers):
        return None
    ((seen, _),) = counts.most_frequent(1)
    others = list(other_bitstrings(counts))
    bitstrings = tuple(dict.fromkeys((*counts, *others)))
    rows = ({**counts, seen: counts[seen] - 1} for _ in others)
    replaced = (row | {bits: row.get(bits, 0) + 1} for row, bits in zip(rows, others, strict=True))
    return AskedRuns(bitstrings, tuple(tuple(row.get(bits, 0) for bits in bitstrings) for row in replaced))


def reading_of_function(answers: Sequence[float], counts: Counts) -> Reading | None:
    """What a function of the counts comes to; None where that is no finite number.

    Args:
        answers: What it gave for `asked_first`, and then for `asked_then`; NaN where it gave nothing.
    """
    value, draws, then = answers[0], tuple(answers[1 : _DRAWS + 1]), answers[_DRAWS + 1 :]
    if not math.isfinite(value):
        return None
    if not all(map(math.isfinite, draws)):
        return Reading(Estimate(value, math.nan), draws=draws)
    error = float(np.std(draws, ddof=1))
    if _do_agree(answers):
        # Where it would be if a change by one run were one of all runs.
        tried = (value + counts.total * (each - value) for each in then if math.isfinite(each))
        error = error_where_all_agree(value, reach_of(tried, counts, value), counts.total)
    return Reading(Estimate(value, error), draws=draws)


def _do_agree(answers: Sequence[float]) -> bool:
    value, draws = answers[0], answers[1 : _DRAWS + 1]
    if not all(map(math.isfinite, (value, *draws))):
        return False
    return float(np.std(draws, ddof=1)) <= _SAME * abs(value)


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
