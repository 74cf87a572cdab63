"""Waveforms that are written out are those of Pulser, with numbers and with variables in them."""

from __future__ import annotations

import numpy as np
import pulser
import pytest
from pulser.waveforms import (
    BlackmanWaveform,
    CompositeWaveform,
    ConstantWaveform,
    CustomWaveform,
    InterpolatedWaveform,
    KaiserWaveform,
    RampWaveform,
)
from written_texts import same, written

from runner.sequences.pulser_api.job_values import is_too_long

JOBS = [{"runs": 10, "variables": {"t_ns": 100, "x": 3.0, "v": [0, 1, 2]}}]
PARTS = "[custom: {samples: [1]}, custom: {samples: [2]}]"
VARIABLES = {"t_ns": "int", "x": "float", "v": {"type": "float", "size": 3}}


def by_hand(make):
    """A sequence with one pulse, straight from Pulser."""
    sequence = pulser.Sequence(pulser.Register({"left": (-3.5, 0), "right": (3.5, 0)}), pulser.MockDevice)
    sequence.declare_channel("drive", "rydberg_global")
    t_ns, x = sequence.declare_variable("t_ns", dtype=int), sequence.declare_variable("x")
    waveform = make(t_ns, x, sequence.declare_variable("v", size=3))
    sequence.add(pulser.Pulse.ConstantDetuning(waveform, 0.0, 0.0, 0.0), "drive")
    sequence.delay(t_ns, "drive")
    sequence.delay(x, "drive")
    sequence.add(pulser.Pulse.ConstantPulse(100, sequence.declared_variables["v"][0], 0, 0, 0), "drive")
    return sequence


@pytest.mark.parametrize(
    ("text", "make"),
    [
        ("blackman_max: {max_val: 5, area: 3}", lambda t, x, v: BlackmanWaveform.from_max_val(5.0, 3.0)),
        (
            "blackman_max: {max_val: 2 * x, area: x}",
            lambda t, x, v: BlackmanWaveform.from_max_val(2.0 * x, x),
        ),
        ("kaiser: {duration_ns: 100, area: 3}", lambda t, x, v: KaiserWaveform(100, 3.0)),
        ("kaiser: {duration_ns: t_ns, area: x, beta: 9}", lambda t, x, v: KaiserWaveform(t, x, 9.0)),
        ("kaiser_max: {max_val: 5, area: 3}", lambda t, x, v: KaiserWaveform.from_max_val(5.0, 3.0)),
        (
            "kaiser_max: {max_val: x, area: 3, beta: 2 * x}",
            lambda t, x, v: KaiserWaveform.from_max_val(x, 3.0, 2.0 * x),
        ),
        ("custom: {samples: [0, 0.5, 1, 0.5, 0]}", lambda t, x, v: CustomWaveform([0.0, 0.5, 1.0, 0.5, 0.0])),
        (
            "composite: [ramp: {duration_ns: t_ns, from: 0, to: x}, constant: {duration_ns: 100, value: x}]",
            lambda t, x, v: CompositeWaveform(RampWaveform(t, 0.0, x), ConstantWaveform(100, x)),
        ),
        (
            f"composite: [composite: {PARTS}, custom: {{samples: [3]}}]",
            lambda t, x, v: CompositeWaveform(
                CompositeWaveform(CustomWaveform([1.0]), CustomWaveform([2.0])), CustomWaveform([3.0])
            ),
        ),
        (
            "interpolated: {duration_ns: 100, values: [1, 2, 3], times: v / 2}",
            lambda t, x, v: InterpolatedWaveform(100, [1.0, 2.0, 3.0], times=v / 2.0),
        ),
        (
            "interpolated: {duration_ns: 100, values: 'v[[2, 0]] * [1, 0.5]'}",
            lambda t, x, v: InterpolatedWaveform(100, v[[2, 0]] * [1.0, 0.5], times=[0.0, 1.0]),
        ),
        (
            "interpolated: {duration_ns: 100, values: '[-1, 2] + x'}",
            lambda t, x, v: InterpolatedWaveform(100, np.array([-1.0, 2.0]) + x, times=[0.0, 1.0]),
        ),
    ],
)
def test_every_waveform_is_that_of_pulser(text, make):
    """Shapes, numbers and expressions arrive in Pulser as they stand in the file."""
    result = written(
        f"{{pulse: {{channel: drive, detuning: 0, amplitude: {{{text}}}}}}}",
        "{delay: {channel: drive, duration_ns: t_ns}}",
        "{delay: {channel: drive, duration_ns: x}}",
        "{pulse: {channel: drive, detuning: 0, amplitude: 'v[0]', duration_ns: 100}}",
        variables=VARIABLES,
        jobs=JOBS,
    )

    assert same(result, by_hand(make))


def test_a_window_under_a_low_peak_is_known_to_be_long():
    """The least that it takes is its area over its largest value; what cannot be told is left to Pulser."""

    def is_long(max_val, area):
        waveform = {"kind": "blackman_max", "max_val": max_val, "area": area}
        return is_too_long({"operations": [{"op": "pulse", "amplitude": waveform}]}, {"x": 1e-9})

    x = {"expression": "index", "lhs": {"variable": "x"}, "rhs": 0}
    assert (True, True, False, False) == (is_long(x, 1), is_long(1e-4, -1), is_long(1, 1), is_long(0, 1))


def test_a_truncation_is_no_time_that_passes():
    """A sequence is not longer for being cut at a late time."""
    assert not is_too_long({"operations": [{"op": "truncate", "duration": 2_000_000}]}, {})
