"""Real sequences, small enough to be emulated in milliseconds."""

from __future__ import annotations

import math
from functools import cache

from pulser import Pulse, Register, Sequence
from pulser.devices import AnalogDevice, DigitalAnalogDevice, MockDevice
from pulser.waveforms import BlackmanWaveform, ConstantWaveform


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


@cache
def a_cnot(control, target):
    """A CNOT by Rydberg blockade: the target turns over only where the excited control does not block it.

    Args:
        control: 0 or 1, what the first atom is before.

        target: 0 or 1, what the second atom is before.
    """
    sequence = Sequence(Register({"control": (-2.0, 0.0), "target": (2.0, 0.0)}), DigitalAnalogDevice)
    sequence.declare_channel("raman", "raman_local", initial_target="control")
    sequence.declare_channel("rydberg", "rydberg_local", initial_target="control")
    for atom, is_one in (("control", control), ("target", target)):
        if is_one:
            _turn(sequence, "raman", atom, math.pi)
    _turn(sequence, "raman", "target", math.pi / 2, phase=-math.pi / 2)
    sequence.align("raman", "rydberg")
    for atom, angle in (("control", math.pi), ("target", 2 * math.pi), ("control", math.pi)):
        _turn(sequence, "rydberg", atom, angle)
    sequence.align("raman", "rydberg")
    _turn(sequence, "raman", "target", math.pi / 2, phase=math.pi / 2)
    sequence.measure("digital")
    return sequence.to_abstract_repr()


def _turn(sequence, channel, atom, angle_rad, phase=0.0):
    sequence.target(atom, channel)
    sequence.add(Pulse.ConstantDetuning(BlackmanWaveform(400, angle_rad), 0.0, phase), channel)


@cache
def a_measurement(basis):
    """An atom that the Rydberg laser excites, on a device where both bases can be measured."""
    sequence = Sequence(Register({"q0": (0.0, 0.0)}), MockDevice)
    sequence.declare_channel("rydberg", "rydberg_global")
    sequence.declare_channel("raman", "raman_global")
    sequence.add(Pulse.ConstantPulse(500, 2 * math.pi, 0.0, 0.0), "rydberg")
    sequence.measure(basis)
    return sequence.to_abstract_repr()
