"""Counts → estimates, observables, conditions on jobs. Pure."""

from typing import TYPE_CHECKING

from runner.lazy import lazy_modules

if TYPE_CHECKING:
    from runner.results.analysis import (
        evaluated,
        evaluated_names,
        intervals,
        many_body,
        observables,
        vocabulary,
    )

__all__ = ["evaluated", "evaluated_names", "intervals", "many_body", "observables", "vocabulary"]
__getattr__ = lazy_modules(__name__, *__all__)  # import numpy, and records are read without it
