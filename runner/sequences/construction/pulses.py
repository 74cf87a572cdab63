"""Pulses: the file's → Pulser's, with variables or with numbers in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulser

from runner.sequences.construction.expressions import duration, quantity
from runner.sequences.construction.waveforms import waveform
from runner.spec.models.waveforms import Shape

if TYPE_CHECKING:
    from runner.domain.expressions.tree import Expression
    from runner.domain.expressions.values import Values
    from runner.spec.models.pulses import ArbitraryPhasePulse, Pulse


def built_pulse(pulse: Pulse, values: Values) -> Any:
    """A pulse of the file as Pulser's, parametrised if an expression in it is."""
    phase = quantity(pulse.phase, values)
    shift = quantity(pulse.post_phase_shift, values)
    amplitude = _level(pulse.amplitude, values)
    detuning = _level(pulse.detuning, values)
    # Every argument is given: Pulser can't write a parametrised pulse down otherwise.
    if pulse.duration_ns is not None:
        length = duration(pulse.duration_ns, values)
        return pulser.Pulse.ConstantPulse(length, amplitude, detuning, phase, shift)
    if not isinstance(pulse.detuning, Shape):
        return pulser.Pulse.ConstantDetuning(amplitude, detuning, phase, shift)
    if not isinstance(pulse.amplitude, Shape):
        return pulser.Pulse.ConstantAmplitude(amplitude, detuning, phase, shift)
    return pulser.Pulse(amplitude, detuning, phase, shift)


def arbitrary_phase_pulse(pulse: ArbitraryPhasePulse, values: Values) -> Any:
    """A pulse whose phase is a waveform, as Pulser's; parametrised if an expression in it is."""
    amplitude, phase = waveform(pulse.amplitude, values), waveform(pulse.phase, values)
    return pulser.Pulse.ArbitraryPhase(amplitude, phase, quantity(pulse.post_phase_shift, values))


def _level(value: float | Expression | Shape, values: Values) -> Any:
    return waveform(value, values) if isinstance(value, Shape) else quantity(value, values)
