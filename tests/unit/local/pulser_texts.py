"""Real sequences, small enough to be emulated in milliseconds."""

from __future__ import annotations

from functools import cache

from pulser import Pulse, Register, Sequence
from pulser.devices import AnalogDevice, MockDevice
from pulser.waveforms import ConstantWaveform


@cache
def a_text(n_qubits=2, *, on_mock=False, is_parametrised=True):
    """A constant pulse of amplitude `a` (in rad/µs) and duration `d` (in ns) on a chain, as it is sent."""
    device = MockDevice if on_mock else AnalogDevice
    register = Register.rectangle(1, n_qubits, spacing=6.0, prefix="q")
    sequence = Sequence(register, device)
    sequence.declare_channel("global", "rydberg_global")
    amplitude = sequence.declare_variable("a") if is_parametrised else 6.0
    duration = sequence.declare_variable("d", dtype=int) if is_parametrised else 400
    pulse = Pulse.ConstantDetuning(ConstantWaveform(duration, amplitude), 0.0, 0.0)
    sequence.add(pulse, "global")
    return sequence.to_abstract_repr()


@cache
def a_pi_pulse_on_the_first():
    """Two atoms far from each other, of which the first alone is excited: it always gives 10."""
    sequence = Sequence(Register({"left": (0.0, 0.0), "right": (50.0, 0.0)}), MockDevice)
    sequence.declare_channel("local", "rydberg_local", initial_target="left")
    # Half a turn: 2π rad/µs for 500 ns is π.
    sequence.add(Pulse.ConstantPulse(500, 2 * 3.141592653589793, 0.0, 0.0), "local")
    return sequence.to_abstract_repr()
