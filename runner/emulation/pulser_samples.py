"""What Pulser's samples say of a drive.

Pulser samples a sequence once a nanosecond. Between the samples of a pulse the drive is linear, and from a
pulse to the next it may jump: the last sample of a pulse lasts its nanosecond. All channels of an atom are
added as vectors.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pulser.math import AbstractArray
from pulser.sampler.samples import DMMSamples

from runner.emulation.drive import Drive, Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from pulser.sampler.samples import ChannelSamples, SequenceSamples

# A jump is this many times what is beside it, and a kink as many times what is around it.
_JUMP = 2.0
_KINK = 10.0
_KINK_WINDOW = 9
# What is smaller is none, in rad/µs.
_SMALL: Final = 1e-3

# A channel, the samples from and to which it acts, and the part of its detuning that an atom has.
_Part: TypeAlias = tuple[str, int, int, float]


def drive(
    samples: SequenceSamples,
    *,
    atoms: Sequence[Any],
    interactions: NDArray[np.float64] | None,
    pulses: SequenceSamples,
) -> Drive:
    """What acts on the atoms.

    Args:
        samples: With a sample after the end, as Pulser's emulators have it.

        atoms: The ids of all of them, in order.

        interactions: Of each pair, in rad/µs: of shape (atoms, atoms).

        pulses: Where pulses begin and end; those of the samples, if no noise was added to them.
    """
    acting = _acting(samples, atoms)
    alike = {parts: row for row, parts in enumerate(dict.fromkeys(acting))}
    couplings, detunings = _summed(samples, list(alike))
    rows, kinds_of_rows = _kinds(couplings, detunings)
    couplings, detunings = couplings[rows], detunings[rows]
    kinds = tuple(kinds_of_rows[alike[parts]] for parts in acting)
    end = couplings.shape[1] - 1
    jumps = _jumps((couplings[:, :end], detunings[:, :end]), _ends(pulses, end))
    segments = [
        part
        for start, stop in pairwise([0, *jumps, end])
        for part in _without_kinks(_held(couplings, detunings, start, stop))
    ]
    return Drive(
        segments=tuple(segments),
        kinds=kinds,
        interactions=interactions,
        last=(couplings[:, end], detunings[:, end]),
    )


def _acting(samples: SequenceSamples, atoms: Sequence[Any]) -> list[tuple[_Part, ...]]:
    """What acts on each atom; a global channel without weights does on all of them, always."""
    found: dict[Any, list[_Part]] = {atom: [] for atom in atoms}
    for name, of_channel in samples.channel_samples.items():
        weights = _weights(of_channel)
        addressing = samples._ch_objs[name].addressing  # noqa: SLF001  (Pulser gives it to its emulators so)
        windows: Iterable[tuple[Iterable[Any], int, int]]
        if addressing == "Global" and weights is None:
            windows = [(atoms, 0, samples.max_duration)]
        else:
            windows = ((slot.targets, slot.ti, slot.tf) for slot in of_channel.slots)
        for targets, start, stop in windows:
            for atom in targets:
                found[atom].append((name, start, stop, 1.0 if weights is None else weights[atom]))
    return [tuple(parts) for parts in found.values()]


def _summed(
    samples: SequenceSamples, acting: Sequence[tuple[_Part, ...]]
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Coupling and detuning at each sample, summed over what acts on some atoms."""
    shape = (len(acting), samples.max_duration)
    couplings, detunings = np.zeros(shape, dtype=np.complex128), np.zeros(shape)
    for name, of_channel in samples.channel_samples.items():
        is_short = of_channel.duration < samples.max_duration
        extended = of_channel.extend_duration(samples.max_duration) if is_short else of_channel
        amplitude, detuning, phase = (
            AbstractArray(each).as_array(detach=True)  # noise leaves NumPy's
            for each in (extended.amp, extended.det, extended.phase)
        )
        coupling = amplitude / 2 * (np.exp(-1j * phase) if phase.any() else 1.0)
        for row, parts in enumerate(acting):
            for of, start, stop, weight in parts:
                if of == name:
                    couplings[row, start:stop] += coupling[start:stop]
                    detunings[row, start:stop] += weight * detuning[start:stop]
    return couplings, detunings


def _weights(of_channel: ChannelSamples) -> defaultdict[Any, float] | None:
    """How much of a detuning map each atom has; None if the channel has no map."""
    if not isinstance(of_channel, DMMSamples) or of_channel.detuning_map is None:
        return None
    weights = of_channel.detuning_map.get_qubit_weight_map(of_channel.qubits, of_channel.spot_waist)
    return defaultdict(float, weights)


def _kinds(
    couplings: NDArray[np.complex128], detunings: NDArray[np.float64]
) -> tuple[list[int], tuple[int, ...]]:
    """A row of each kind, and the kind of each row."""
    found: dict[bytes, int] = {}
    rows: list[int] = []
    kinds = []
    for row, (coupling, detuning) in enumerate(zip(couplings, detunings, strict=True)):
        kind = found.setdefault(coupling.tobytes() + detuning.tobytes(), len(rows))
        if kind == len(rows):
            rows.append(row)
        kinds.append(kind)
    return rows, tuple(kinds)


def _ends(pulses: SequenceSamples, end: int) -> list[int]:
    """Where pulses begin or end, between the beginning and the end of all."""
    times = {
        time
        for of_channel in pulses.channel_samples.values()
        for slot in of_channel.slots
        for time in (slot.ti, slot.tf)
    }
    return sorted(time for time in times if 0 < time < end)


def _jumps(quantities: tuple[NDArray[Any], ...], ends: Sequence[int]) -> list[int]:
    """Those of the ends of pulses at which something changes by more than beside them."""
    if not ends:
        return []
    at = np.array(ends)
    jumps = np.zeros(len(at), dtype=bool)
    for quantity in quantities:
        changes = np.abs(np.diff(quantity, axis=1, prepend=quantity[:, :1], append=quantity[:, -1:]))
        beside = np.maximum(changes[:, at - 1], changes[:, at + 1])
        jumps |= (changes[:, at] > _JUMP * beside + _SMALL).any(axis=0)
    return [int(time) for time in at[jumps]]


def _held(
    couplings: NDArray[np.complex128], detunings: NDArray[np.float64], start: int, stop: int
) -> Segment:
    """The segment between two jumps: its last sample lasts until its end."""
    inside = np.minimum(np.arange(start, stop + 1), stop - 1)
    return Segment(start, couplings[:, inside], detunings[:, inside])


def _without_kinks(segment: Segment) -> list[Segment]:
    """A segment, cut where its slope changes."""
    if segment.bend <= _SMALL:
        return [segment]
    bend = segment.bends
    bent = np.flatnonzero(bend > _SMALL)
    around = np.zeros(len(bent))
    if len(bend) >= _KINK_WINDOW:
        padded = np.pad(bend, _KINK_WINDOW // 2)  # nothing is around the ends
        around = np.median(sliding_window_view(padded, _KINK_WINDOW)[bent], axis=1)
    cuts = bent[bend[bent] > _KINK * around + _SMALL] + 1
    return [
        Segment(
            segment.start_ns + start,
            segment.couplings[:, start : stop + 1],
            segment.detunings[:, start : stop + 1],
        )
        for start, stop in pairwise([0, *(int(cut) for cut in cuts), segment.length_ns])
    ]
