"""Pictures drawn by matplotlib; nothing is decided here. Imported when a figure is asked for."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matplotlib import style
from matplotlib.figure import Figure

from runner.results.plots.matplotlib_axes import draw, register_of, size_inches
from runner.results.plots.picture import Curves, Heatmap, Places
from runner.results.plots.register_axes import notes
from runner.results.plots.style import GREY, METADATA, SETTINGS

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from runner.results.plots.picture import Picture

_LETTERS_PER_INCH: Final = 13
_SMALL: Final = 7.5


class PictureFigure(Figure):
    """A figure of ours: a notebook shows it, and what is saved is the same byte by byte each time.

    Args:
        said: The picture in words, for search and for screen readers.

    It belongs to no window and no pyplot; drop it and it is gone.
    """

    said = ""

    def savefig(self, fname: Any, **words: Any) -> None:
        """As matplotlib does, in our style; without dates in the file, unless `metadata` is given."""
        form = words.get("format") or (
            Path(fname).suffix[1:].lower() if isinstance(fname, str | Path) else "png"
        )
        if form in METADATA:
            words.setdefault("metadata", METADATA[form] | ({"Title": self.said} if form == "svg" else {}))
        with our_style():
            super().savefig(fname, **words)

    def _repr_png_(self) -> bytes:
        return content(self, "png")


def our_style() -> AbstractContextManager[None]:
    """The defaults of matplotlib and our settings, while it lasts."""
    return style.context(["default", SETTINGS])


def figure(picture: Picture) -> PictureFigure:
    """The picture as a figure, which may be changed and saved."""
    with our_style():
        width, height = size_inches(picture.body)
        said = textwrap.wrap("; ".join(_notes(picture)), round(width * _LETTERS_PER_INCH))
        drawn = PictureFigure(figsize=(width, height + 0.14 * len(said)), layout="constrained")
        axes = drawn.add_subplot(projection="3d" if _is_in_space(picture) else None)
        draw(axes, picture.body)
        drawn.said = words_of(picture)
        letters = round(width * _LETTERS_PER_INCH * 0.75)
        title = "\n".join(textwrap.wrap(picture.title, letters))
        drawn.suptitle(title, x=0.01, ha="left", fontweight="bold", parse_math=False)
        axes.set_title(picture.subtitle, fontsize=_SMALL, color=GREY, loc="left", parse_math=False)
        if said:
            drawn.supxlabel("\n".join(said), x=0.01, ha="left", fontsize=_SMALL, color=GREY, parse_math=False)
    return drawn


def _notes(picture: Picture) -> tuple[str, ...]:
    """Those of the picture, and what its register has to say as it is drawn."""
    if not isinstance(picture.body, Places):
        return picture.notes
    return (*notes(register_of(picture.body)), *picture.notes)


def _is_in_space(picture: Picture) -> bool:
    return isinstance(picture.body, Places) and not register_of(picture.body).is_flat


def words_of(picture: Picture) -> str:
    """What a picture shows, in a line."""
    match picture.body:
        case Curves(x=x, y=y):
            shown = f"{y.quantity.label} against {x.label}"
        case Heatmap(x=x, y=y, shown=measured):
            shown = f"{measured.quantity.label} over {x.label} and {y.label}"
        case Places(shown=measured):
            shown = f"{measured.quantity.label} of each atom, x (µm) and y (µm)"
        case _:
            shown = "probability of bitstrings"
    return f"{picture.title}: {shown}"


def content(drawn: Figure, form: str) -> bytes:
    """The bytes of a file that holds a figure.

    Args:
        form: png, svg or pdf.
    """
    file = io.BytesIO()
    drawn.savefig(file, format=form)
    return file.getvalue()
