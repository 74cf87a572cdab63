"""Fits of what was measured along a variable, line by line. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from runner.errors import UsageError
from runner.results.analysis.fit_models import model
from runner.results.analysis.fits import Tallies, fitted
from runner.results.analysis.vocabulary import OCCUPATION
from runner.results.plots.axes import points
from runner.results.plots.observables import observable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.results.analysis.fits import Fit
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.plots.axes import Along, Axis
    from runner.results.plots.observables import Observable

# Times are in µs, so that frequencies are in MHz.
_SCALES: Final[Mapping[str, tuple[float, str]]] = {"ns": (1e-3, "µs")}
_RATES: Final[Mapping[str, str]] = {"µs": "MHz", "": ""}
_SAMPLES: Final = 400


def fit_of(jobs: Sequence[MeasuredJob], name: str, *, x: str, shown: str) -> Fit:
    """The fit of an observable along a variable, which is the only one that varies.

    Args:
        name: Of the model, or a formula.

        x: The variable; empty for the one with the most values.

        shown: Name of the observable; empty for occupation.

    Raises:
        UsageError: There is no such model, variable or observable, too little is measured, or another
            variable has several values.
    """
    known = points(jobs, first=[x] if x else [])
    along = known.along(x)
    lines = known.lines(along)
    if len(lines) > 1:
        others = ", ".join(axis.name for axis in known.axes if axis is not known.axes[along])
        hint = "choose the jobs of one line first, with `where`"
        raise UsageError(f"there are {len(lines)} lines to fit, for {others} varies, too", hint=hint)
    ((_, line),) = lines.items()
    return line_fit(name, known.axes[along], line, observable(shown or OCCUPATION, jobs))


def line_fit(name: str, axis: Axis, line: Along, shown: Observable) -> Fit:
    """The fit of an observable along one line.

    Raises:
        UsageError: There is no such model, or too little is measured.
    """
    chosen = model(name, axis.name)
    measured = [(at, *tally) for at, jobs in line.items() if (tally := shown.tally(jobs))]
    if not measured:
        raise UsageError(f"there is nothing to fit {name} to", hint="nothing is measured yet")
    x, hits, runs = np.array(measured, float).T
    tallies = Tallies(x, hits, runs, shown.measured.low, shown.measured.high)
    if not chosen.is_known:
        return fitted(chosen, tallies)
    unit = axis.quantity.unit
    scale, unit = _SCALES.get(unit, (1.0, unit))
    return fitted(chosen, tallies, _units(unit), scale)


def sampled(fit: Fit, xs: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The curve of a fit from the first x to the last, close enough to be drawn."""
    at = np.linspace(min(xs), max(xs), _SAMPLES)
    return tuple(zip(at.tolist(), fit(at).tolist(), strict=True))


def _units(x: str) -> dict[str, str]:
    """Units of the parameters of our models."""
    rate = _RATES.get(x, f"1/{x}")
    return {"frequency": rate, "phase": "rad"} | dict.fromkeys(("decay_time", "center", "width"), x)
