"""Results in other forms: pandas, xarray, Pulser, files, HTML."""

from typing import TYPE_CHECKING

from runner.lazy import lazy_modules

if TYPE_CHECKING:
    from runner.results.export import html_repr, to_pandas, to_pulser, to_xarray

__all__ = ["html_repr", "to_pandas", "to_pulser", "to_xarray"]
__getattr__ = lazy_modules(__name__, *__all__)  # import pandas, xarray, Pulser and numpy
