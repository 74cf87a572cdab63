"""Waveforms and pulses: the file's → Pulser's, parametrised where an expression in them is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulser import Pulse
from pulser.parametrized import Parametrized
from pulser.waveforms import (
    BlackmanWaveform,
    CompositeWaveform,
    ConstantWaveform,
    CustomWaveform,
    InterpolatedWaveform,
    KaiserWaveform,
    RampWaveform,
    Waveform,
)

from runner.sequences.construction.expressions import (
    OperationError,
    as_written,
    count,
    duration,
    quantity,
    several,
)
from runner.sequences.pulser_api.job_values import MAX_DURATION_NS, shortest
from runner.spec.models.waveforms import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.domain.expressions.tree import Expression
    from runner.domain.expressions.values import Values
    from runner.sequences.construction.expressions import Real
    from runner.spec.models import pulses, waveforms


def waveform(shape: Shape, values: Values) -> Waveform:
    """A waveform of the file as Pulser's, parametrised if an expression in it is.

    Raises:
        OperationError: When it can't be one.
    """
    return _BUILDERS[shape.chosen](shape.value, values)


def _constant(it: waveforms.Constant, values: Values) -> Waveform:
    return ConstantWaveform(duration(it.duration_ns, values), quantity(it.value, values))


def _ramp(it: waveforms.Ramp, values: Values) -> Waveform:
    return RampWaveform(
        duration(it.duration_ns, values), quantity(it.start, values), quantity(it.stop, values)
    )


def _blackman(it: waveforms.Blackman, values: Values) -> Waveform:
    return BlackmanWaveform(duration(it.duration_ns, values), quantity(it.area, values))


def _blackman_max(it: waveforms.BlackmanMax, values: Values) -> Waveform:
    return BlackmanWaveform.from_max_val(*_peaked(it.max_val, it.area, values))


def _kaiser(it: waveforms.Kaiser, values: Values) -> Waveform:
    length = duration(it.duration_ns, values)
    return KaiserWaveform(length, quantity(it.area, values), quantity(it.beta, values))


def _kaiser_max(it: waveforms.KaiserMax, values: Values) -> Waveform:
    peak, area = _peaked(it.max_val, it.area, values)
    return KaiserWaveform.from_max_val(peak, area, quantity(it.beta, values))


def _peaked(max_val: float | Expression, area: float | Expression, values: Values) -> tuple[Real, Real]:
    """Largest value and area of a window, unless it would fill memory with its samples."""
    peak, covered = quantity(max_val, values), quantity(area, values)
    if isinstance(peak, Parametrized) or isinstance(covered, Parametrized):
        return peak, covered
    if shortest(peak, covered) > MAX_DURATION_NS:
        raise OperationError(
            f"an area of {area} under {max_val} rad/µs takes longer than {MAX_DURATION_NS:,} ns"
        )
    return peak, covered


def _interpolated(it: waveforms.Interpolated, values: Values) -> Waveform:
    length, points = duration(it.duration_ns, values), count(it.values, values)
    times = _even(points) if it.times is None else several(it.times, values)
    if it.times is not None and count(it.times, values) != points:
        raise OperationError(f"{points} values at {count(it.times, values)} times")
    return InterpolatedWaveform(length, several(it.values, values), times=times)


def _even(points: int) -> Sequence[float]:
    return [i / (points - 1) for i in range(points)]


def _composite(parts: tuple[Shape, ...], values: Values) -> Waveform:
    return CompositeWaveform(*(waveform(part, values) for part in parts))


_BUILDERS: Mapping[str, Callable[[Any, Values], Waveform]] = {
    "constant": _constant,
    "ramp": _ramp,
    "blackman": _blackman,
    "blackman_max": _blackman_max,
    "kaiser": _kaiser,
    "kaiser_max": _kaiser_max,
    "interpolated": _interpolated,
    "composite": _composite,
    "custom": lambda it, _: CustomWaveform(it.samples),
}


def built_pulse(pulse: pulses.Pulse, values: Values) -> Pulse:
    """A pulse of the file as Pulser's, parametrised if an expression in it is."""
    phase = as_written(pulse.phase, values)
    shift = quantity(pulse.post_phase_shift, values)
    # Every argument is given: Pulser can't write a parametrised pulse down otherwise.
    if isinstance(pulse.amplitude, Shape):
        shape = waveform(pulse.amplitude, values)
        if isinstance(pulse.detuning, Shape):
            return Pulse(shape, waveform(pulse.detuning, values), phase, shift)
        return Pulse.ConstantDetuning(shape, quantity(pulse.detuning, values), phase, shift)
    level = quantity(pulse.amplitude, values)
    if isinstance(pulse.detuning, Shape):
        return Pulse.ConstantAmplitude(level, waveform(pulse.detuning, values), phase, shift)
    detuning = quantity(pulse.detuning, values)
    return Pulse.ConstantPulse(duration(pulse.duration_ns or 0, values), level, detuning, phase, shift)


def arbitrary_phase_pulse(pulse: pulses.ArbitraryPhasePulse, values: Values) -> Pulse:
    """A pulse whose phase is a waveform, as Pulser's; parametrised if an expression in it is."""
    amplitude, phase = waveform(pulse.amplitude, values), waveform(pulse.phase, values)
    return Pulse.ArbitraryPhase(amplitude, phase, quantity(pulse.post_phase_shift, values))
