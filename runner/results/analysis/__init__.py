"""Counts → estimates, observables, conditions on jobs. Pure."""

from typing import TYPE_CHECKING

from runner.lazy import lazy_modules

if TYPE_CHECKING:
    from runner.results.analysis import observables

__all__ = ["observables"]
__getattr__ = lazy_modules(__name__, "observables")  # imports numpy, and records are read without it
