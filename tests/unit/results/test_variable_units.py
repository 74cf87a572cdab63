"""Units of variables: as the sequence uses them, else as their names say, and never guessed."""

from __future__ import annotations

import math

import pulser
import pytest
from builders import a_result
from pulser.devices import MockDevice
from pulser.waveforms import BlackmanWaveform, ConstantWaveform, InterpolatedWaveform, RampWaveform

from runner.results.analysis.geometry import written
from runner.results.analysis.variable_units import units_of
from runner.results.plots.choose import Asked, picture


def a_sequence(build, **sizes):
    """The abstract representation of a sequence with these variables, as Pulser writes it."""
    sequence = pulser.Sequence(pulser.Register({"q0": (0, 0)}), MockDevice)
    sequence.declare_channel("ch", "rydberg_global")
    names = {
        name: sequence.declare_variable(name, size=size or None, dtype=float) for name, size in sizes.items()
    }
    build(sequence, **names)
    return written(sequence.to_abstract_repr())


def units(sequence, **variables):
    """Those of a job of it."""
    return units_of([a_result(variables=variables, sequence=lambda: sequence)])


def everything(seq, *, t, omega, delta, phi, area, wait):
    """Each variable alone at its place."""
    seq.add(pulser.Pulse(ConstantWaveform(t, omega), RampWaveform(t, -5, delta), phi), "ch")
    seq.add(pulser.Pulse.ConstantDetuning(BlackmanWaveform(100, area), 0, 0), "ch")
    seq.delay(wait, "ch")


def test_a_variable_that_stands_alone_has_the_unit_of_its_place():
    """Whatever it is called."""
    sequence = a_sequence(everything, t=0, omega=0, delta=0, phi=0, area=0, wait=0)

    assert {
        "t": "ns",
        "omega": "rad/µs",
        "delta": "rad/µs",
        "phi": "rad",
        "area": "rad",
        "wait": "ns",
    } == units(sequence, t=100, omega=1, delta=2, phi=3, area=1, wait=50)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (lambda x: x, "rad/µs"),
        (lambda x: -x, "rad/µs"),
        (lambda x: x + 3, "rad/µs"),
        (lambda x: 2 * math.pi * x, "MHz"),
        (lambda x: 2 * x, None),
        (lambda x: x**2, None),
    ],
    ids=["alone", "negated", "in a sum", "times 2π", "times 2", "squared"],
)
def test_what_is_calculated_with_has_a_unit_only_where_it_is_certain(term, expected):
    """Twice a number may be anything."""

    def build(seq, x):
        seq.add(pulser.Pulse.ConstantPulse(100, 1.0, term(x), 0), "ch")

    found = units(a_sequence(build, x=0), x=1.0)

    assert ({} if expected is None else {"x": expected}) == found


def test_the_sequence_knows_better_than_a_name():
    """An index is no unit; two uses that differ tell nothing; a name counts where there is no use."""

    def build(seq, delta_k, t_us, both, gap_ns):
        seq.add(pulser.Pulse.ConstantPulse(t_us, 1.0, delta_k, both), "ch")
        seq.add(pulser.Pulse.ConstantPulse(2 * gap_ns, both, 0.0, 0), "ch")

    found = units(
        a_sequence(build, delta_k=0, t_us=0, both=0, gap_ns=0), delta_k=1, t_us=100, both=1, gap_ns=8
    )

    assert {"delta_k": "rad/µs", "t_us": "ns", "gap_ns": "ns"} == found
    assert {} == units(a_sequence(lambda *_, **__: None), delta_s=1, phi_k=2, omega=3)


def test_the_elements_of_a_variable_have_units_of_their_own():
    """One that is used whole has one for all of them."""

    def build(seq, v, w):
        seq.add(pulser.Pulse.ConstantPulse(v[0], v[1], 0, 0), "ch")
        seq.add(pulser.Pulse.ConstantDetuning(InterpolatedWaveform(100, w), 0, 0), "ch")

    found = units(a_sequence(build, v=2, w=3), v=[100, 1.0], w=[0.0, 1.0, 0.0])

    assert {"v[0]": "ns", "v[1]": "rad/µs", **{f"w[{i}]": "rad/µs" for i in range(3)}} == found


def test_axes_have_these_units():
    """With the name of the quantity; where a name says another unit it stays in the name."""
    sequence = a_sequence(everything, t=0, omega=0, delta=0, phi=0, area=0, wait=0)
    jobs = [
        a_result(variables={"omega": omega, "wait": 100, "t": 8}, sequence=lambda: sequence)
        for omega in (1, 2)
    ]
    body = picture("exp", jobs, Asked()).body

    assert "Ω (rad/µs)" == body.x.label
