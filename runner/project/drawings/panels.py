"""What is drawn of a sequence: curves over time, a panel each, and what of them is played. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.sequences.samples import ChannelSamples, Interval, Played

    Point = tuple[float, float]

_TINY: Final = 1e-9
_BINS: Final = 400


class Plays(StrEnum):
    """What reaches the atoms."""

    PROGRAMMED = "as programmed"
    """Emulators do so, unless their modulation is asked for."""
    OUTPUT = "output of the modulators"
    """A machine does so, and an emulator with modulation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One quantity of a channel over time.

    Args:
        label: What stands along its axis, with the unit.

        title: What stands above it; empty but for the first one of a channel.

        played: The curve that reaches the atoms, corner by corner (ns and value).

        other: The curve that does not; empty where it is the same.

        is_phase: Whether it is an angle.

        targets: Atoms of a local channel, and from when on (in ns) it acts on them.
    """

    label: str
    title: str
    played: tuple[Point, ...]
    other: tuple[Point, ...] = ()
    is_phase: bool = False
    eom_ns: tuple[Interval, ...] = ()
    masked_ns: tuple[Interval, ...] = ()
    targets: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @property
    def is_zero(self) -> bool:
        """Whether it is 0 throughout."""
        return not any(value for _, value in (*self.played, *self.other))

    @property
    def end_ns(self) -> float:
        """When its curves end."""
        return max((time for time, _ in (*self.played, *self.other)), default=0.0)


def panels(shown: Played, plays: Plays) -> list[Panel]:
    """Amplitude, detuning and phase of each channel; the phase only where it is not 0 throughout."""
    return [panel for channel in shown.channels for panel in _of_channel(shown, channel, plays)]


def _of_channel(shown: Played, channel: ChannelSamples, plays: Plays) -> Iterator[Panel]:
    masked = ((0, shown.masked_until_ns),) if shown.masked_until_ns and not channel.targets else ()
    title, output = channel_title(shown, channel), channel.output
    curves = [
        ("Ω (rad/µs)", channel.amplitude_rad_per_us, output and output.amplitude_rad_per_us),
        ("δ (rad/µs)", channel.detuning_rad_per_us, output and output.detuning_rad_per_us),
    ][1 if channel.is_dmm else 0 :]
    for number, (label, programmed, modulated) in enumerate(curves):
        played, other = outline(programmed), outline(modulated or ())
        if plays is Plays.OUTPUT and other:
            played, other = other, played
        yield Panel(
            label=label,
            title="" if number else title,
            played=played,
            other=other,
            eom_ns=channel.eom_ns,
            masked_ns=masked,
            targets=channel.targets,
        )
    if any(channel.phase_rad):
        phase = outline(channel.phase_rad)
        yield Panel(label="φ (rad)", title="", played=phase, is_phase=True, eom_ns=channel.eom_ns)


def channel_title(shown: Played, channel: ChannelSamples) -> str:
    """Name, what it is on the device, and on which atoms it acts."""
    if channel.is_dmm:
        weights = {atom.name: dict(atom.detuned).get(channel.name) for atom in shown.atoms}
        said = ", ".join(f"{name} × {weight:.3g}" for name, weight in weights.items() if weight)
        return f"{channel.name}: DMM, detunes {said}" if said else f"{channel.name}: DMM"
    reach = "local" if channel.targets else "global"
    return f"{channel.name}: {channel.channel_id}, {reach}, {channel.basis} basis"


def outline(values: Sequence[float]) -> tuple[Point, ...]:
    """Corners of a curve of which value number i holds from i to i + 1 ns; few where they tell as much."""
    corners: list[Point] = []
    start = 0
    for value, group in groupby(values):
        length = sum(1 for _ in group)
        corners.append((start, value))
        start += length
        if length > 1 or start == len(values):
            corners.append((start, value))
    straight = _without_middles(corners)
    return tuple(straight if len(straight) <= 4 * _BINS else _binned(straight))


def _without_middles(corners: Sequence[Point]) -> list[Point]:
    """Without those on the straight line between their neighbours."""
    size = max((abs(value) for _, value in corners), default=0.0)
    kept = list(corners[:2])
    for time, value in corners[2:]:
        (t0, v0), (t1, v1) = kept[-2:]
        if t1 > t0 and time > t1 and abs((v1 - v0) * (time - t1) - (value - v1) * (t1 - t0)) <= _TINY * size:
            kept[-1] = (time, value)
        else:
            kept.append((time, value))
    return kept


def _binned(corners: Sequence[Point]) -> list[Point]:
    """Of as many stretches of time as can be told apart, first, least, greatest and last value."""
    width = corners[-1][0] / _BINS
    found: list[Point] = []
    for _, group in groupby(corners, key=lambda corner: int(corner[0] / width)):
        some = list(group)
        chosen = {0, len(some) - 1, *(some.index(pick(some, key=lambda one: one[1])) for pick in (min, max))}
        found += [some[place] for place in sorted(chosen)]
    return found
