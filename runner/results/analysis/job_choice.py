"""Which jobs are meant. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.results.analysis.job_result import MeasuredJob

_CLOSE = 1e-9

J = TypeVar("J", bound="MeasuredJob")


def chosen(job: J, claim: Callable[[J], bool] | None, variables: Mapping[str, Any]) -> bool:
    """Whether a claim holds of a job, and each of its variables is as it is wanted; see `Results.where`."""
    return (claim is None or claim(job)) and all(
        name in job.variables and _fits(job.variables[name], wanted) for name, wanted in variables.items()
    )


def _fits(value: Any, wanted: Any) -> bool:
    if callable(wanted):
        return bool(wanted(value))
    if isinstance(value, list | tuple) and isinstance(wanted, list | tuple):
        return len(value) == len(wanted) and all(map(_fits, value, wanted))
    if isinstance(value, float) or isinstance(wanted, float):
        return _is_number(value) and _is_number(wanted) and math.isclose(value, wanted, rel_tol=_CLOSE)
    return bool(value == wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
