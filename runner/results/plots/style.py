"""How all our pictures look: colours, markers, type. Nothing of it changes what others draw."""

from __future__ import annotations

from typing import Final

# Okabe and Ito's palette, told apart by colour-blind readers too; without yellow, weak on white, and black,
# which is for text. Lines differ by marker, too.
BLUE: Final = "#0072B2"
LINES: Final = (BLUE, "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444")
GREY: Final = "#8C8C8C"
TEXT: Final = "#222222"
PALE: Final = "#D9D9D9"
# Ninths of the colour map cividis, which rises evenly in lightness, for colour-blind readers too.
CIVIDIS: Final = (
    "#00224e",
    "#1a386f",
    "#434e6c",
    "#61656f",
    "#7d7c78",
    "#9b9476",
    "#bcae6c",
    "#dec958",
    "#fee838",
)
# Ninths of a map that is pale in the middle, for what can be negative: the same distance from 0, as dark.
DIVERGING: Final = (
    "#2166ac",
    "#4393c3",
    "#92c5de",
    "#d1e5f0",
    "#f7f7f7",
    "#fddbc7",
    "#f4a582",
    "#d6604d",
    "#b2182b",
)
MARKERS: Final = "os^Dv<P"
# For matplotlib, while we draw.
SETTINGS: Final[dict[str, object]] = {
    "axes.axisbelow": True,
    "axes.edgecolor": TEXT,
    "axes.grid": False,
    "axes.labelcolor": TEXT,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.titlecolor": GREY,
    "figure.dpi": 100,
    "figure.titlesize": 11,
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "hatch.color": "#B0B0B0",
    "hatch.linewidth": 0.8,
    "image.cmap": "cividis",
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 4.5,
    "mathtext.default": "it",
    "savefig.dpi": 200,
    "text.color": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    # The same picture, byte by byte, whenever it is drawn; and texts that can be searched for.
    "svg.fonttype": "none",
    "svg.hashsalt": "runner",
    "pdf.fonttype": 42,
}
# What would tell when and with what a file was made.
METADATA: Final[dict[str, dict[str, None]]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
