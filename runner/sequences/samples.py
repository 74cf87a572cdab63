"""One job's sequence as plain values: where its atoms are, and what each channel plays at each ns."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pulser
from pulser.channels.dmm import DMM
from pulser.sampler import sample

from runner.sequences.pulser_api.abstract_repr import with_values
from runner.sequences.pulser_api.pulser_messages import recorded_warnings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike
    from pulser.math import AbstractArray
    from pulser.sampler.samples import ChannelSamples as PulserSamples

    from runner.sequences.pulser_api.device_limits import AnySequence

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """An atom, and what is done to it alone.

    Args:
        position_um: x and y, or x, y and z (in µm).

        is_masked: Whether the SLM shields it from the first global pulse.

        detuned: The share of each DMM's detuning that it gets, by the channel of that DMM.
    """

    name: str
    position_um: tuple[float, ...]
    is_masked: bool = False
    detuned: tuple[tuple[str, float], ...] = ()

    @property
    def is_detuned(self) -> bool:
        """Whether a DMM detunes it."""
        return bool(self.detuned)


@dataclass(frozen=True, slots=True)
class Output:
    """What a channel's modulators make of what is programmed; longer, for it dies down."""

    amplitude_rad_per_us: tuple[float, ...]
    detuning_rad_per_us: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSamples:
    """What a channel plays; value number i of each curve holds from i to i + 1 ns.

    Args:
        channel_id: The device's name of it.

        targets: Atoms of a local channel, and from when on (in ns) it acts on them.

        pulses_ns: When it plays pulses, from and to (in ns), their output dying down included; delays are in
            between.

        eom_ns: When it is in EOM mode.

        output: After its modulators; None where they change nothing.

        is_dmm: Whether it is a detuning map modulator: a detuning alone, of each atom by its weight.
    """

    name: str
    channel_id: str
    basis: str
    amplitude_rad_per_us: tuple[float, ...]
    detuning_rad_per_us: tuple[float, ...]
    phase_rad: tuple[float, ...]
    targets: tuple[tuple[int, tuple[str, ...]], ...] = ()
    pulses_ns: tuple[Interval, ...] = ()
    eom_ns: tuple[Interval, ...] = ()
    output: Output | None = None
    is_dmm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A sequence whose variables have values.

    Args:
        traps_um: Traps that atoms of a mappable register could sit in (in µm); none for other registers.

        c6_rad_um6_per_us: Strength of the van der Waals interaction; None in XY.

        masked_until_ns: How long an SLM keeps light from the atoms it masks; 0 where it does so by a DMM.
    """

    device: str
    duration_ns: int
    atoms: tuple[Atom, ...]
    channels: tuple[ChannelSamples, ...]
    traps_um: tuple[tuple[float, ...], ...] = ()
    c6_rad_um6_per_us: float | None = None
    masked_until_ns: int = 0


def played(representation: str, variables: Mapping[str, object]) -> Played:
    """What is played for a job.

    Args:
        representation: The sequence, JSON text.

        variables: The job's values; they were found to fit.
    """
    with recorded_warnings():
        sequence, is_mappable = built_sequence(representation, variables)
        written = json.loads(representation)
        channels = tuple(_channels(sequence, written["channels"]))
        layout = sequence.register.layout if is_mappable else None
        return Played(
            device=sequence.device.name,
            duration_ns=int(sequence.get_duration()),
            atoms=_atoms(sequence, _masked(written)),
            channels=channels,
            traps_um=() if layout is None else tuple(map(_position, layout.traps_dict.values())),
            c6_rad_um6_per_us=_c6(sequence),
            masked_until_ns=_masked_until(sequence),
        )


def _c6(sequence: AnySequence) -> float | None:
    """None where no channel drives to the Rydberg state."""
    bases = {channel.basis for channel in sequence.declared_channels.values()}
    return float(sequence.device.interaction_coeff) if "ground-rydberg" in bases else None


def _masked_until(sequence: AnySequence) -> int:
    """In XY alone: elsewhere a DMM does it."""
    mask = sample(sequence)._slm_mask  # noqa: SLF001  (nothing else tells)
    return int(mask.end) if any(each.basis == "XY" for each in sequence.declared_channels.values()) else 0


def built_sequence(representation: str, variables: Mapping[str, object]) -> tuple[AnySequence, bool]:
    """The sequence with numbers for its variables, and whether the job places its atoms."""
    sequence: AnySequence = pulser.Sequence.from_abstract_repr(representation)
    return with_values(sequence, variables), sequence.is_register_mappable()


def _masked(written: Mapping[str, Any]) -> frozenset[str]:
    """Atoms that the SLM shields, with a DMM or without."""
    with_dmm = (each["qubits"] for each in written["operations"] if each["op"] == "config_slm_mask")
    return frozenset(str(name) for some in (written.get("slm_mask_targets", ()), *with_dmm) for name in some)


def _atoms(sequence: AnySequence, masked: frozenset[str]) -> tuple[Atom, ...]:
    qubits = sequence.register.qubits
    maps = {
        channel: getattr(each, "detuning_map", None)
        for channel, each in sample(sequence).channel_samples.items()
    }
    weights = {name: each.get_qubit_weight_map(qubits) for name, each in maps.items() if each is not None}
    return tuple(
        Atom(
            name=str(name),
            position_um=_position(place.as_array(detach=True)),
            is_masked=str(name) in masked,
            detuned=tuple(
                (channel, float(each[name])) for channel, each in weights.items() if each.get(name, 0) > 0
            ),
        )
        for name, place in qubits.items()
    )


def _position(place: ArrayLike) -> tuple[float, ...]:
    return tuple(float(each) for each in np.asarray(place))


def _channels(sequence: AnySequence, ids: Mapping[str, str]) -> list[ChannelSamples]:
    total = int(sequence.get_duration())
    outputs = _outputs(sequence)
    return [
        replace(
            _channel(sequence, name, ids.get(name, name.partition("-")[0]), each.extend_duration(total)),
            output=outputs.get(name),
        )
        for name, each in sample(sequence).channel_samples.items()
    ]


def _outputs(sequence: AnySequence) -> dict[str, Output]:
    """What comes out of the channels that have a bandwidth, as Pulser's emulators modulate it."""
    total = int(sequence.get_duration(include_fall_time=True))
    modulated = sample(sequence, modulation=True, extended_duration=total).channel_samples
    slow = [name for name, each in sequence.declared_channels.items() if each.mod_bandwidth]
    return {name: Output(_curve(modulated[name].amp), _curve(modulated[name].det)) for name in slow}


def _channel(sequence: AnySequence, name: str, channel_id: str, samples: PulserSamples) -> ChannelSamples:
    channel = sequence.declared_channels[name]
    is_local = channel.addressing == "Local"
    end = int(samples.duration)
    eom = tuple((int(each.ti), end if each.tf is None else int(each.tf)) for each in samples.eom_blocks)
    return ChannelSamples(
        name=name,
        channel_id=channel_id,
        basis=channel.basis,
        amplitude_rad_per_us=_curve(samples.amp),
        detuning_rad_per_us=_curve(samples.det),
        phase_rad=_curve(samples.phase),
        targets=_targets(samples.target_time_slots) if is_local else (),
        pulses_ns=_pulses(samples, eom, end),
        eom_ns=eom,
        is_dmm=isinstance(channel, DMM),
    )


def _pulses(samples: PulserSamples, eom: tuple[Interval, ...], end: int) -> tuple[Interval, ...]:
    """When there are pulses; a delay in EOM mode is one of no amplitude."""
    amplitude = _curve(samples.amp)
    slots = [(int(slot.ti), min(int(slot.tf), end)) for slot in samples.slots]
    return tuple(
        (start, stop)
        for start, stop in slots
        if any(amplitude[start:stop]) or not any(first <= start < last for first, last in eom)
    )


def _curve(values: AbstractArray) -> tuple[float, ...]:
    return tuple(np.asarray(values.as_array(detach=True), dtype=float).tolist())


def _targets(slots: list[Any]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Only where they change."""
    found: list[tuple[int, tuple[str, ...]]] = []
    for slot in slots:
        names = tuple(sorted(map(str, slot.targets)))
        if not found or found[-1][1] != names:
            found.append((int(slot.tf), names))
    return tuple(found)
