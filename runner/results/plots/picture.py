"""`Picture`: all that a picture of results shows, as a value, without how it looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.results.plots.labels import short

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.results.plots.labels import AxisQuantity


class PictureKind(StrEnum):
    """What a picture shows."""

    HISTOGRAM = "histogram"
    """The most frequent bitstrings of one job."""
    CURVE = "curve"
    """An observable along one variable."""
    HEATMAP = "heatmap"
    """An observable over two variables."""
    EVOLUTION = "evolution"
    """An observable over time, as the emulator evaluated it."""
    REGISTER = "register"
    """An observable of each atom of one job, where the atom is."""
    CORRELATIONS = "correlations"
    """Connected correlations of one job by the distance of the atoms."""
    TRACE = "trace"
    """The objective of each slot of a strategy, and the best so far."""


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A value with its standard error (1σ); an error of None is not known.

    Args:
        ends: Of the interval that is drawn; None for one standard error to either side.

        said: In words, with so many digits behind the point as it is called with.
    """

    value: float
    error: float | None = None
    ends: tuple[float, float] | None = None
    said: Callable[[int], str] | None = field(default=None, repr=False, compare=False)

    @property
    def low(self) -> float:
        """Lower end of the error bar."""
        return self.ends[0] if self.ends else self.value - (self.error or 0.0)

    @property
    def high(self) -> float:
        """Upper end of the error bar."""
        return self.ends[1] if self.ends else self.value + (self.error or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is read off, and between which bounds it can lie.

    Args:
        low: Least possible value.

        high: Greatest possible value.
    """

    quantity: AxisQuantity
    low: float
    high: float

    @property
    def is_signed(self) -> bool:
        """Whether it can lie on both sides of 0: then 0 has a colour of its own."""
        return self.low < 0 < self.high


@dataclass(frozen=True, slots=True)
class Bar:
    """Share of one bitstring, or of all that have no bar of their own."""

    label: str
    count: int
    share: MeasuredValue
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bitstrings, most frequent first; no bars when nothing was measured."""

    bars: tuple[Bar, ...]


class LineLook(StrEnum):
    """How the points of a line are drawn."""

    JOINED = "joined"
    DOTS = "dots"
    """Points with nothing between them."""
    STEPS = "steps"
    """What holds until the next one, without points."""


@dataclass(frozen=True, slots=True)
class CurveLine:
    """Readings along x, by rising x; None where one is missing: a line has a gap there.

    Args:
        at: What else is fixed along it, with its values; nothing when there is but one line.

        fit: A curve that was fitted to it, as points that are close to each other; else empty.

        name: What it is called where nothing is fixed along it, as an atom.

        look: How its points are drawn.
    """

    at: tuple[tuple[AxisQuantity, float], ...]
    points: tuple[tuple[float, MeasuredValue | None], ...]
    fit: tuple[tuple[float, float], ...] = ()
    name: str = ""
    look: LineLook = LineLook.JOINED

    @property
    def label(self) -> str:
        """What is fixed, in words, or its name."""
        return self.name or ", ".join(quantity.valued(value) for quantity, value in self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """An observable along one variable, a line for each value of the others."""

    x: AxisQuantity
    y: Measured
    lines: tuple[CurveLine, ...]


class Hole(StrEnum):
    """Why a place of a heatmap has no value."""

    MISSING = "missing"
    """The file asks for it, and nothing is measured yet."""
    ABSENT = "absent"
    """The file does not ask for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """An observable over two variables.

    Args:
        xs: Values of x, rising.

        ys: Values of y, rising.

        rows: For each y, for each x, what was measured there.
    """

    x: AxisQuantity
    y: AxisQuantity
    shown: Measured
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    rows: tuple[tuple[MeasuredValue | Hole, ...], ...]


@dataclass(frozen=True, slots=True)
class DrawnAtom:
    """An atom at x and y, or x, y and z (in µm), and what was measured of it; None for nothing."""

    name: str
    position_um: tuple[float, ...]
    reading: MeasuredValue | None


@dataclass(frozen=True, slots=True)
class Blockade:
    """How far apart two atoms may be and still are hardly excited both.

    Args:
        radius_um: The distance at which their interaction is as strong as the drive.

        shows_radius: Whether discs of half that radius are drawn, which overlap where atoms block each other.

        shows_graph: Whether such atoms are joined by lines.

        rabi_rad_per_us: Rabi frequency of the drive; None where it is not known.
    """

    radius_um: float
    shows_radius: bool = True
    shows_graph: bool = False
    rabi_rad_per_us: float | None = None

    @property
    def radius_said(self) -> str:
        """The radius, and of which drive it is."""
        drive = "" if self.rabi_rad_per_us is None else f" at Ω = {short(self.rabi_rad_per_us)} rad/µs"
        return f"blockade radius {short(self.radius_um)} µm{drive}"

    def said(self, *, is_flat: bool) -> tuple[str, ...]:
        """What is to be said below a picture with it."""
        discs = "the dashed discs have half of it" if self.shows_radius and is_flat else ""
        lines = "lines join atoms within it" if self.shows_graph else ""
        return ("; ".join(filter(None, (self.radius_said, discs, lines))),)


@dataclass(frozen=True, slots=True)
class Places:
    """An observable of each atom, where the atom is."""

    shown: Measured
    atoms: tuple[DrawnAtom, ...]
    blockade: Blockade | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture of results.

    Args:
        title: What stands above.

        subtitle: A line below the title; may be empty.

        notes: What has to be said below the picture: what is missing, what was left out.
    """

    title: str
    subtitle: str = ""
    body: Histogram | Curves | Heatmap | Places
    notes: tuple[str, ...] = ()
