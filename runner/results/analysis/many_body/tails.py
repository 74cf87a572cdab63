"""Means over the lowest or highest part of the runs: CVaR, the conditional value at risk. Pure.

Of values x over N runs, that of a part α is q + ⟨min(x - q, 0)⟩ / α, where q is the quantile of α: the mean
over the αN lowest runs, of which the last may count in part. So it is a mean, and has an error like any; that
q is known with an error does not change it in first order, but where values repeat: there the quantile may
be the next value, and the greater error counts.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from runner.results import analysis
from runner.results.analysis.named_observable import NamedObservable
from runner.results.analysis.names import UnknownQuantityError, numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.results.analysis.counts import Counts
    from runner.results.analysis.estimates import Estimate
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.named_observable import PerBitstring

CVAR: Final = "cvar"
LOWEST: Final = "lowest"
HIGHEST: Final = "highest"


def split_tail(index: str) -> tuple[float, bool, str]:
    """Fraction, whether it is of the highest runs, and name of what: `0.2,cost:q.csv`, `0.2,highest,…`.

    Raises:
        UnknownQuantityError: It says something else.
    """
    said, _, of = index.partition(",")
    (fraction,) = numbers_of(said) or (math.nan,)
    end, _, rest = of.partition(",")
    is_said = end.strip() in {LOWEST, HIGHEST}
    name = (rest if is_said else of).strip()
    if not 0 < fraction <= 1 or not name:
        hint = f"say {CVAR}[0.2,cost:q.csv], or {CVAR}[0.2,{HIGHEST},magnetization]"
        raise UnknownQuantityError(
            "a CVaR is of a part of the runs, above 0 and at most 1, and of what", hint
        )
    return fraction, end.strip() == HIGHEST, name


def cvar(index: str, inner: NamedObservable) -> NamedObservable:
    """The mean of an observable over a part of the runs.

    Raises:
        UnknownQuantityError: It is of something that has no value of each run.
    """
    fraction, is_highest, name = split_tail(index)
    if inner.statistic or inner.evaluated:
        raise UnknownQuantityError(
            f"{name} has no value of each run", "a CVaR is of what is a mean over runs"
        )
    sign = -1.0 if is_highest else 1.0
    least = min(sign * inner.low, sign * inner.high), max(sign * inner.low, sign * inner.high)

    def values(job: MeasuredJob, counts: Counts) -> list[float]:
        return [sign * each for each in inner.influences(job, counts) or ()]

    def influence(job: MeasuredJob, counts: Counts) -> list[float]:
        found = values(job, counts)
        return [sign * each for each in _parts(found, _quantile(found, counts, fraction), fraction)]

    def statistic(job: MeasuredJob, counts: Counts) -> Estimate:
        found = _estimate(values(job, counts), counts, fraction, least)
        center, between = sign * found.center, (inner.low, inner.high)
        return replace(found, value=sign * found.value, center=center, between=between)

    def of(job: MeasuredJob) -> PerBitstring | None:
        return (lambda _: math.nan) if inner.of(job) else None

    said = f"{fraction:.0%}" if round(fraction * 100) == fraction * 100 else f"{fraction:g}"
    label = f"CVaR of the {HIGHEST if is_highest else LOWEST} {said} of {inner.label}"
    shown = index.replace(" ", "")
    low, high, is_wide = inner.low, inner.high, inner.is_wide
    return NamedObservable(f"{CVAR}[{shown}]", label, low, high, of, statistic, influence, is_wide=is_wide)


def _quantile(values: Sequence[float], counts: Counts, fraction: float) -> float:
    """The least value that a part of the runs is not above."""
    ordered = sorted(zip(values, counts.values(), strict=True))
    seen = accumulate(count for _, count in ordered)
    wanted = fraction * counts.total
    return next(each for (each, _), so_far in zip(ordered, seen, strict=True) if so_far >= wanted)


def _parts(values: Sequence[float], quantile: float, fraction: float) -> list[float]:
    return [quantile + min(each - quantile, 0.0) / fraction for each in values]


def _estimate(
    values: Sequence[float], counts: Counts, fraction: float, possible: tuple[float, float]
) -> Estimate:
    """The mean over the lowest part of the runs; its error by the quantile, or by one a step higher."""
    step = math.sqrt(fraction * (1 - fraction) / counts.total)
    quantiles = [_quantile(values, counts, min(each, 1.0)) for each in (fraction, fraction + step)]
    low, high = possible
    found = [
        analysis.observables.mean_of(
            _parts(values, quantile, fraction), counts, (quantile + (low - quantile) / fraction, high)
        )
        for quantile in quantiles
    ]
    return replace(found[0], error=max(each.error for each in found))
