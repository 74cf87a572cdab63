"""Pulses and waveforms: the file's shapes → Pulser's, with variables or with numbers in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pulser
from pulser.parametrized import Parametrized
from pulser.waveforms import BlackmanWaveform, ConstantWaveform, InterpolatedWaveform, RampWaveform

from runner.sequences.durations import MAX_DURATION_NS
from runner.spec import waveforms
from runner.spec.expressions import FUNCTIONS, Expression, Values, evaluated
from runner.spec.waveforms import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.spec.sequence import Pulse

# NumPy's functions take numbers and Pulser's variables alike.
_FUNCTIONS = {name: getattr(np, name) for name in FUNCTIONS}


class OperationError(ValueError):
    """An operation that we refuse, whether or not Pulser would.

    Args:
        message: What is wrong with it.

        fixed: Whether that holds whatever the variables are.
    """

    def __init__(self, message: str, *, fixed: bool = False) -> None:
        super().__init__(message)
        self.fixed = fixed


def with_variables(variables: Mapping[str, Any]) -> Values:
    """Expressions become expressions of Pulser, over its variables."""
    return Values(variables=variables, functions=_FUNCTIONS)


def with_numbers(variables: Mapping[str, Any]) -> Values:
    """Expressions become numbers."""
    numbers = {
        name: np.array(value, dtype=float) if isinstance(value, list) else np.float64(value)
        for name, value in variables.items()
    }
    return Values(variables=numbers, functions=_FUNCTIONS, constant=np.float64)


def quantity(value: float | Expression, values: Values) -> Any:
    """A number of the file, or what its expression comes to."""
    if not isinstance(value, Expression):
        return value
    result = _evaluated(value, values)
    # Plain numbers are sent as such, and not as NumPy's.
    return float(result) if isinstance(result, np.floating) else result


def _evaluated(expression: Expression, values: Values) -> Any:
    try:
        with np.errstate(all="raise", under="ignore"):
            return evaluated(expression.tree, values)
    except ArithmeticError as error:
        reason = str(error).partition(" encountered")[0]
        raise OperationError(f"{expression} has no value: {reason}") from error


def duration(value: int | Expression, values: Values) -> Any:
    """A duration of the file (in ns): a whole number, or an expression of Pulser that will be one."""
    result = quantity(value, values)
    if isinstance(result, Parametrized):
        return result
    if result != int(result):
        raise OperationError(f"the duration {value} comes to {result:.6g} ns, which is not a whole number")
    if result < 1:
        raise OperationError(f"the duration {value} comes to {result:.6g} ns; expected at least 1 ns")
    if result > MAX_DURATION_NS:
        raise OperationError(f"the duration {value} is longer than {MAX_DURATION_NS:,} ns")
    return int(result)


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


def _level(value: float | Expression | Shape, values: Values) -> Any:
    return waveform(value, values) if isinstance(value, Shape) else quantity(value, values)


def waveform(shape: Shape, values: Values) -> Any:
    """A waveform of the file as Pulser's, parametrised if an expression in it is."""
    length = duration(shape.value.duration_ns, values)
    match shape.value:
        case waveforms.Constant(value=value):
            return ConstantWaveform(length, quantity(value, values))
        case waveforms.Ramp(start=start, stop=stop):
            return RampWaveform(length, quantity(start, values), quantity(stop, values))
        case waveforms.Blackman(area=area):
            return BlackmanWaveform(length, quantity(area, values))
        case waveforms.Interpolated() as points:
            return _interpolated(length, points, values)


def _interpolated(length: Any, points: waveforms.Interpolated, values: Values) -> Any:
    heights: Any = points.values
    if isinstance(heights, Expression):
        count = _size(heights, values)
        heights = _evaluated(heights, values)
    else:
        count, heights = len(heights), list(heights)
    times = _even(count) if points.times is None else points.times
    if len(times) != count:
        raise OperationError(f"{count} values at {len(times)} times")
    return InterpolatedWaveform(length, heights, times=list(times))


def _size(expression: Expression, values: Values) -> int:
    """How many numbers an expression comes to: as many as the variables in it hold."""
    whole = [values.variables[each.name] for each in expression.variables() if each.index is None]
    return max(
        (np.size(each) if isinstance(each, np.ndarray) else getattr(each, "size", 1)) for each in whole
    )


def _even(count: int) -> Sequence[float]:
    return [i / (count - 1) for i in range(count)]
