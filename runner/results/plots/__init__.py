"""Pictures of results: a histogram, curves, a heatmap, atoms on their register.

What is on a picture is decided once, as a `Picture`; figures of matplotlib and characters both draw that
value. Nothing is read or written here.
"""

from typing import TYPE_CHECKING

from runner.lazy import lazy_modules

if TYPE_CHECKING:
    from runner.results.plots import choose, line_fits, matplotlib_figure

__all__ = ["choose", "line_fits", "matplotlib_figure"]
__getattr__ = lazy_modules(__name__, *__all__)  # numbers and records are read without any picture
