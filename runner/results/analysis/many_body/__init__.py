"""Quantities of many bodies: correlations, sublattices, structure factors, costs and tails. Pure."""

from typing import TYPE_CHECKING

from runner.lazy import lazy_modules

if TYPE_CHECKING:
    from runner.results.analysis.many_body import correlations, costs, lattices

__all__ = ["correlations", "costs", "lattices"]
__getattr__ = lazy_modules(__name__, *__all__)  # correlations import numpy, and records are read without it
