"""Pictures of results: a histogram, curves, a heatmap, atoms on their register.

What is on a picture is decided once, as a `Picture`; figures (of matplotlib, imported when somebody wants
one) and characters both draw that value. Nothing is read or written here.
"""

from runner.results.plots.choose import Asked, picture
from runner.results.plots.picture import Kind, Picture

__all__ = ["Asked", "Kind", "Picture", "picture"]
