"""A picture of one job's sequence: its register and its pulses, as Pulser draws them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib import pyplot as plt
from pulser import Register

from runner.domain.numerals import counted
from runner.sequences.pulser_api.pulser_messages import recorded_warnings
from runner.sequences.samples import built_sequence, played

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from runner.sequences.pulser_api.device_limits import AnySequence
    from runner.sequences.samples import Played

FORMATS: Final = ("png", "svg", "pdf")
_REGISTER_INCHES: Final = 6.0
_MARGIN_INCHES: Final = 0.4
_DOTS_PER_INCH: Final = 100
_WIDTH: Final = 0.35  # of the figure, for the register
_MASKED, _DETUNED, _USUAL = "dimgrey", "darkorange", "darkgreen"
# The same picture, byte by byte, whenever it is drawn; and texts that can be searched for.
_STYLE: Final[Any] = {"svg.hashsalt": "runner", "svg.fonttype": "none"}
# Names of jobs and atoms are no formulas, even with a $ in them.
_PLAIN: Final[Any] = {"text.parse_math": False}
_METADATA: Final[Mapping[str, dict[str, None]]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def picture(representation: str, variables: Mapping[str, object], *, title: str, form: str) -> bytes:
    """Register and pulses of a job in one picture; the same bytes for the same job.

    Args:
        representation: The sequence, JSON text.

        variables: The job's values; they were found to fit.

        form: One of FORMATS.
    """
    plt.switch_backend("Agg")
    with recorded_warnings(), mpl.rc_context(_STYLE):
        shown, sequence = _drawn_pulses(representation, variables)
        figure = plt.gcf()
        try:
            with mpl.rc_context(_PLAIN):
                _draw_register(_room_above(figure, is_flat=_is_flat(shown)), sequence, shown)
            figure.suptitle(title, fontsize=18, parse_math=False)
            content = io.BytesIO()
            figure.savefig(content, format=form, dpi=_DOTS_PER_INCH, metadata=_METADATA[form])
        finally:
            plt.close(figure)
    return content.getvalue()


def _drawn_pulses(representation: str, variables: Mapping[str, object]) -> tuple[Played, AnySequence]:
    """What is played for a job, whose pulses are drawn in the present figure then."""
    sequence, _ = built_sequence(representation, variables)
    sequence.draw(show=False, draw_phase_area=False, draw_phase_shifts=True)
    return played(representation, variables), sequence


def register_and_pulses(representation: str, variables: Mapping[str, object]) -> tuple[bytes, bytes]:
    """Register, and pulses of a job, as two SVG documents without margins; the same bytes for the same job.

    See `picture`.
    """
    plt.switch_backend("Agg")
    with recorded_warnings(), mpl.rc_context(_STYLE):
        shown, sequence = _drawn_pulses(representation, variables)
        pulses = _cropped(plt.gcf())
        figure = plt.figure(figsize=(_REGISTER_INCHES, _REGISTER_INCHES))
        axes = figure.add_subplot(projection=None if _is_flat(shown) else "3d")
        with mpl.rc_context(_PLAIN):
            _draw_register(axes, sequence, shown)
        return _cropped(figure), pulses


def _cropped(figure: Figure) -> bytes:
    """A figure as SVG without what is empty around it; the figure is closed."""
    try:
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata=_METADATA["svg"], bbox_inches="tight", pad_inches=0.05)
    finally:
        plt.close(figure)
    return content.getvalue()


def _is_flat(shown: Played) -> bool:
    return all(len(atom.position_um) < len("xyz") for atom in shown.atoms)


def _room_above(figure: Figure, *, is_flat: bool) -> Axes:
    """Axes for the register, above all that is drawn already."""
    width, height = figure.get_size_inches()
    whole = height + _REGISTER_INCHES + _MARGIN_INCHES
    figure.set_size_inches(width, whole)
    for axes in figure.axes:
        box = axes.get_position()
        bottom = (box.y0 * height + _MARGIN_INCHES) / whole
        axes.set_position((box.x0, bottom, box.width, box.height * height / whole))
    bottom = (height + _MARGIN_INCHES) / whole
    place = ((1 - _WIDTH) / 2, bottom, _WIDTH, 1 - _MARGIN_INCHES * 2 / whole - bottom)
    return figure.add_axes(place, projection=None if is_flat else "3d")


def _draw_register(axes: Axes, sequence: AnySequence, shown: Played) -> None:
    register, colors = sequence.register, _colors(shown)
    if isinstance(register, Register):
        if shown.traps_um:
            x, y = (list(each) for each in zip(*shown.traps_um, strict=True))
            axes.scatter(x, y, s=20, facecolors="none", edgecolors="grey")
        register.draw(custom_ax=axes, qubit_colors=colors, show=False)
        axes.set_aspect("equal")
    else:
        _draw_in_space(axes, shown, colors)
    said = [
        f"{word}: {', '.join(names)}"
        for word, names in (
            ("SLM mask (grey)", [atom.name for atom in shown.atoms if atom.is_masked]),
            ("DMM (orange)", [atom.name for atom in shown.atoms if atom.is_detuned and not atom.is_masked]),
        )
        if names
    ]
    axes.set_title("; ".join([counted(len(shown.atoms), "atom"), *said]), fontsize=12)


def _draw_in_space(axes: Any, shown: Played, colors: Mapping[str, str]) -> None:
    for atom in shown.atoms:
        axes.scatter(*atom.position_um, c=colors[atom.name], s=30)
        axes.text(*atom.position_um, f" {atom.name}")
    axes.set(xlabel="x (µm)", ylabel="y (µm)", zlabel="z (µm)")


def _colors(shown: Played) -> dict[str, str]:
    return {
        atom.name: _MASKED if atom.is_masked else _DETUNED if atom.is_detuned else _USUAL
        for atom in shown.atoms
    }
