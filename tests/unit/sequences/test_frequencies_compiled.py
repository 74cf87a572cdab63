"""Frequencies in MHz, and values that mix numbers and expressions, against Pulser's own by hand."""

from __future__ import annotations

import json

import numpy as np
import pulser
from pulser.waveforms import InterpolatedWaveform, RampWaveform

from runner.sequences.construction.draft import Said, draft_of
from runner.spec import parse

TEXT = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: x}
spec:
  device_type: EMU_FREE
  sequence:
    device: MockDevice
    register: {coordinates_um: {a: [0, 0], b: [5 * sqrt(2), 0]}}
    channels: {drive: rydberg_global}
    variables: {omega: float, f: float, n: int}
    operations:
      - pulse: {channel: drive, amplitude: {mhz: 1.5}, detuning: {mhz: f}, duration_ns: 100}
      - pulse:
          channel: drive
          amplitude: {ramp: {duration_ns: 200, from: {mhz: 2 * f}, to: omega}}
          detuning: {mhz: -0.35}
      - pulse:
          channel: drive
          amplitude: {interpolated: {duration_ns: 300, values: [0, omega, {mhz: f}, n / 4, 1.25, 0]}}
          detuning: 0
      - measure: ground-rydberg
  jobs:
    - {runs: 1, variables: {omega: {mhz: 1/2}, f: 0.75, n: 3}}
"""
VALUES = {"omega": 2 * np.pi * 0.5, "f": 0.75, "n": 3}


def by_hand():
    """The same sequence, written in Python with numbers."""
    omega, f, n = VALUES.values()
    register = pulser.Register({"a": (0, 0), "b": (5 * np.sqrt(2), 0)})
    sequence = pulser.Sequence(register, pulser.MockDevice)
    sequence.declare_channel("drive", "rydberg_global")
    sequence.add(pulser.Pulse.ConstantPulse(100, 2 * np.pi * 1.5, 2 * np.pi * f, 0), "drive")
    ramp = RampWaveform(200, 2 * np.pi * (2 * f), omega)
    sequence.add(pulser.Pulse.ConstantDetuning(ramp, 2 * np.pi * -0.35, 0), "drive")
    values, times = [0, omega, 2 * np.pi * f, n / 4, 1.25, 0], [0, 0.2, 0.4, 0.6, 0.8, 1]
    curve = InterpolatedWaveform(300, values, times=times)
    sequence.add(pulser.Pulse.ConstantDetuning(curve, 0, 0), "drive")
    sequence.measure("ground-rydberg")
    return json.loads(sequence.to_abstract_repr())


def test_what_is_played_is_what_python_writes():
    """To the last digit."""
    file = parse(TEXT, path="x.yaml")
    built = draft_of(Said(file)).sequence.build(**file.jobs[0].variables)
    found, expected = json.loads(built.to_abstract_repr()), by_hand()

    assert expected["register"] == found["register"]
    assert expected["operations"] == found["operations"]
    assert VALUES == dict(file.jobs[0].variables)
