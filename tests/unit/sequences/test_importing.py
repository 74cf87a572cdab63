"""Importing: a representation becomes a file, and the file the same representation again."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pulser
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pulser.register.mappable_reg import MappableRegister
from pulser.register.special_layouts import SquareLatticeLayout
from pulser.sampler import sample
from pulser.waveforms import (
    BlackmanWaveform,
    CompositeWaveform,
    ConstantWaveform,
    CustomWaveform,
    InterpolatedWaveform,
    KaiserWaveform,
    RampWaveform,
)

from runner.domain import recipe_digest
from runner.errors import SequenceError
from runner.sequences.construction.draft import Said, draft_of
from runner.sequences.import_abstract import imported
from runner.sequences.pulser_api.abstract_repr import written_down
from runner.sequences.pulser_api.pulser_messages import recorded_warnings
from runner.spec import parse
from runner.spec.format.formatter import formatted

LAYOUT = SquareLatticeLayout(4, 4, 6.0)
REGISTERS = [
    pulser.Register({"left": (-3.5, 0.1), "on": (3.5, 0), "1e3": (0, 1 / 3 + 9)}),
    pulser.Register3D({"a": (0, 0, 7.0), "b": (0, 8.5, 0), "c": (9, 0, 0)}),
    LAYOUT.define_register(5, 1, 8, qubit_ids=["q0", "q1", "q2"]),
    MappableRegister(LAYOUT, "q0", "q1", "q2"),
]
FUNCTIONS = [np.sin, np.cos, np.tan, np.tanh, np.exp, np.log, np.log2, np.sqrt, np.floor, np.ceil, abs]
numbers = st.floats(-5, 5, allow_nan=False).map(lambda value: round(value, 6))
durations = st.integers(4, 50).map(lambda value: 4 * value)  # on every clock


def recipe(text):
    """Digest of a representation."""
    return recipe_digest(device_type="EMU_FREE", sequence=text)


def again(found):
    """The representation that a file is sent as."""
    said = Said(parse(found.text, path="x.yaml"))
    with recorded_warnings():
        text = written_down(draft_of(said).sequence, name="other")
    said.refuse_if_faulty()
    return text


@st.composite
def expressions(draw, leaves, depth=2):
    """A value over some variables: a number, a variable, or something calculated."""
    if not leaves or depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(leaves)) if leaves and draw(st.booleans()) else draw(numbers)
    left = draw(st.sampled_from(leaves))
    right = draw(expressions(leaves, depth - 1))
    choice = draw(st.integers(0, 7))
    calculated = [
        lambda: left + right,
        lambda: right - left,
        lambda: left * right,
        lambda: right / left,
        lambda: left**2.0,
        lambda: -(left - right),
        lambda: left % 3.0,
        lambda: draw(st.sampled_from(FUNCTIONS))(left * right),
    ]
    return calculated[choice]()


@st.composite
def waveforms(draw, leaves, t_ns, depth=2):
    """Any waveform of Pulser, with numbers and with expressions in it."""
    value = expressions(leaves)
    length = draw(st.sampled_from([t_ns, draw(durations)]) if t_ns is not None else durations)
    area = draw(st.floats(0.1, 3).map(lambda each: round(each, 4)))
    makers = [
        lambda: ConstantWaveform(length, draw(value)),
        lambda: RampWaveform(length, draw(value), draw(value)),
        lambda: BlackmanWaveform(length, draw(value)),
        lambda: BlackmanWaveform.from_max_val(5.0, area),
        lambda: KaiserWaveform(length, draw(value), 9.0),
        lambda: KaiserWaveform.from_max_val(6.0, area),
        lambda: InterpolatedWaveform(length, draw(st.lists(numbers, min_size=2, max_size=4))),
        lambda: CustomWaveform(draw(st.lists(numbers, min_size=16, max_size=16))),
    ]
    if leaves:
        makers += [
            lambda: BlackmanWaveform.from_max_val(leaves[0], area),
            lambda: KaiserWaveform.from_max_val(leaves[0], area, leaves[1]),
        ]
    if depth:
        part = waveforms(leaves, t_ns, depth - 1)
        makers.append(lambda: CompositeWaveform(draw(part), draw(part)))
    return draw(st.sampled_from(makers))()


def add_pulse(draw, sequence, leaves, t_ns):
    """A pulse of any kind, on the global channel."""
    value, length = expressions(leaves), draw(durations)
    level, phase = abs(draw(numbers)), draw(value)
    wave = draw(waveforms(leaves, t_ns))
    kind = draw(st.integers(0, 3))
    if kind == 0:
        pulse = pulser.Pulse.ConstantPulse(length, level, draw(value), phase, 0.5)
    elif kind == 1:
        pulse = pulser.Pulse.ConstantAmplitude(level, wave, phase, draw(value))
    elif kind == 2:
        pulse = pulser.Pulse(ConstantWaveform(length, level), RampWaveform(length, 0.0, 1.0), phase, 0.0)
    else:
        square, ramp = ConstantWaveform(length, level), RampWaveform(length, 0.0, draw(value))
        pulse = pulser.Pulse.ArbitraryPhase(square, ramp, draw(value))
    sequence.add(pulse, "drive", draw(st.sampled_from(["min-delay", "no-delay", "wait-for-all"])))


def add_eom(draw, sequence, leaves, t_ns):
    """A while in EOM mode."""
    value, is_right = expressions(leaves), st.booleans()
    sequence.enable_eom_mode("drive", 3.0, draw(value), -5.0, correct_phase_drift=draw(is_right))
    sequence.add_eom_pulse("drive", draw(durations), draw(value), draw(value), "no-delay", draw(is_right))
    sequence.modify_eom_setpoint("drive", 4.0, draw(value), 0.0, correct_phase_drift=draw(is_right))
    sequence.add_eom_pulse("drive", draw(durations) if t_ns is None else t_ns, 0.0)
    sequence.disable_eom_mode("drive", draw(is_right))


def add_wait(draw, sequence, leaves, t_ns):
    """Delays and alignments."""
    sequence.delay(draw(durations) if t_ns is None else t_ns, "drive", at_rest=draw(st.booleans()))
    if "gates" in sequence.declared_channels:
        sequence.align("drive", "gates", at_rest=draw(st.booleans()))


def add_local(draw, sequence, leaves, t_ns):
    """Targets and phase shifts, by name and as a job decides."""
    sequence.target(draw(st.sampled_from(sequence.get_register(include_mappable=True).qubit_ids)), "gates")
    phi = draw(expressions(leaves))
    if leaves:
        sequence.target_index(leaves[2], "gates")
        sequence.phase_shift_index(phi, 0, leaves[2], basis="digital")
    sequence.phase_shift(phi, basis="ground-rydberg")


ADDERS = {
    pulser.MockDevice: [add_pulse, add_wait, add_local],
    pulser.AnalogDevice: [add_pulse, add_wait, add_eom],
}


@st.composite
def sequences(draw):
    """A sequence with or without variables: on a device that can do all but EOM mode, or on one with it."""
    device = draw(st.sampled_from(list(ADDERS)))
    is_mock = device is pulser.MockDevice
    register = draw(st.sampled_from(REGISTERS if is_mock else REGISTERS[2:]))
    sequence = pulser.Sequence(register, device)
    sequence.declare_channel("drive", "rydberg_global")
    if is_mock:
        sequence.declare_channel("gates", "raman_local")
    is_mappable = isinstance(register, MappableRegister)
    if is_mock and draw(st.booleans()) and not isinstance(register, pulser.Register3D):
        weights = {0: 0.25, 1: 1.0} if is_mappable else dict.fromkeys(register.qubit_ids, 0.5)
        slug = draw(st.sampled_from([None, "x"]))
        sequence.config_detuning_map(register.define_detuning_map(weights, slug), "dmm_0")
        sequence.add_dmm_detuning(RampWaveform(100, 0.0, -3.0), "dmm_0")
    leaves, t_ns = [], None
    if is_mappable or draw(st.booleans()):
        x, v = sequence.declare_variable("x"), sequence.declare_variable("v", size=3)
        i, t_ns = sequence.declare_variable("i", dtype=int), sequence.declare_variable("t_ns", dtype=int)
        leaves = [x, v[1], i, v[2]]
        wave = InterpolatedWaveform(100, v[[2, 0]] * [1.0, 2.0], times=[0.0, 1.0])
        sequence.add(pulser.Pulse.ConstantAmplitude(x, wave, i, 0.0), "drive")
        sequence.delay(t_ns * 2, "drive")
    if is_mock:
        sequence.target(register.qubit_ids[0], "gates")
    for adder in draw(st.lists(st.sampled_from(ADDERS[device]), min_size=1, max_size=5)):
        adder(draw, sequence, leaves, t_ns)
    sequence.measure(draw(st.sampled_from(["ground-rydberg", "digital"] if is_mock else ["ground-rydberg"])))
    return sequence


@pytest.mark.long
@pytest.mark.seconds(10)
@settings(max_examples=60)
@given(st.data())
def test_whatever_pulser_writes_comes_back_the_same(data):
    """Representation, file, representation: the recipe is the same, of every operation and waveform."""
    with recorded_warnings():
        try:
            sequence = data.draw(sequences())
        except (ValueError, RuntimeError, TypeError):  # not every draw is a sequence: phases that differ, say
            reject()
        text = sequence.to_abstract_repr()

    found = imported(text, name="x", device_type="EMU_FREE")

    assert recipe(again(found)) == recipe(text)


def covering():
    """Sequences of what the drawn ones leave out, each with its name."""
    xy = pulser.Sequence(REGISTERS[0], pulser.MockDevice)
    xy.declare_channel("mw", "mw_global")
    xy.set_magnetic_field(1.0, 0.0, 20.0)
    xy.config_slm_mask(["on"])
    xy.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 0.0), "mw")
    xy.measure("XY")
    yield pytest.param(xy, id="xy")

    masked = pulser.Sequence(REGISTERS[0], pulser.DigitalAnalogDevice)
    masked.declare_channel("drive", "rydberg_global")
    masked.config_slm_mask(["1e3", "left"])
    masked.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 7.0), "drive")
    masked.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 0.0), "drive")
    masked.truncate(150)
    masked.measure()
    yield pytest.param(masked, id="mask")

    waiting = pulser.Sequence(REGISTERS[0], pulser.MockDevice)
    waiting.declare_channel("drive", "rydberg_global")
    waiting.declare_channel("gates", "raman_local")
    waiting.align("drive", "gates")
    waiting.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 0.0), "drive")
    waiting.measure("digital")
    yield pytest.param(waiting, id="align at the start")

    only_dmm = pulser.Sequence(REGISTERS[0], pulser.MockDevice)
    for _ in range(2):
        only_dmm.config_detuning_map(REGISTERS[0].define_detuning_map({"on": 0.1, "left": 1.0}), "dmm_0")
    only_dmm.add_dmm_detuning(RampWaveform(100, 0.0, -3.0), "dmm_0_1", "min-delay")
    only_dmm.measure()
    yield pytest.param(only_dmm, id="dmm")

    whole = pulser.Sequence(REGISTERS[2], pulser.AnalogDevice)
    whole.declare_channel("drive", "rydberg_global")
    one, two = whole.declare_variable("one", size=1), whole.declare_variable("two", size=2)
    whole.enable_eom_mode("drive", one * 3.0, two[0], -5.0)
    whole.add_eom_pulse("drive", 100, one[0] / 1e-7, correct_phase_drift=True)
    whole.disable_eom_mode("drive")
    wave = InterpolatedWaveform(100, two, times=two)
    phase = RampWaveform(100, 0.0, two[1] - (two[0] - -3.0))
    whole.add(pulser.Pulse.ConstantAmplitude(1.0, wave, 0.0, 0.0), "drive")
    whole.add(pulser.Pulse.ArbitraryPhase(BlackmanWaveform(100, 1.0), phase, 0.0), "drive")
    whole.measure()
    yield pytest.param(whole, id="vectors")


@pytest.mark.parametrize("sequence", list(covering()))
def test_the_rarer_kinds_come_back_the_same_too(sequence):
    """XY mode, masks, truncation, two maps of one DMM, vectors of one number and as a whole."""
    text = sequence.to_abstract_repr()

    assert recipe(again(imported(text, name="x", device_type="EMU_FREE"))) == recipe(text)


def with_one(of):
    """Representation of a sequence that plays something, over lists of one or the numbers in them."""
    sequence = pulser.Sequence(REGISTERS[0], pulser.MockDevice)
    sequence.declare_channel("drive", "rydberg_global")
    sequence.declare_channel("gates", "raman_local", initial_target="on")
    v, i = sequence.declare_variable("v", size=1), sequence.declare_variable("i", size=1, dtype=int)
    x, j = (v[0], i[0]) if of == "number" else (v, i)
    wave = InterpolatedWaveform(64, np.array([1.0, 2.0]) * x, times=[0.0, 1.0])
    sequence.add(pulser.Pulse(RampWaveform(64, np.tan(x), x + 1), wave, -x, x * 2.0), "drive")
    sequence.delay(j * 16, "drive")
    sequence.phase_shift(x - 1, "1e3", basis="digital")
    sequence.target_index(i + 0, "gates")  # Pulser refuses the number
    sequence.add(pulser.Pulse.ConstantPulse(16, 1.0, 0.0, 0.0), "gates")
    sequence.measure("digital")
    return sequence.to_abstract_repr()


def played(text, **values):
    """Amplitudes, detunings, phases and targets of every channel."""
    samples = sample(pulser.Sequence.from_abstract_repr(text).build(**values)).samples_list
    return [
        (each.slots, *(part.as_array().tolist() for part in (each.amp, each.det, each.phase)))
        for each in samples
    ]


def test_a_list_of_one_is_imported_as_its_number():
    """It plays what its number does, in sums and functions; an atom is chosen by the list, as before."""
    texts = [again(imported(with_one("list"), name="x")), with_one("number")]

    assert played(texts[0], v=0.7, i=2) == played(texts[1], v=0.7, i=2)


def small(device=pulser.MockDevice):
    """A sequence with one variable, not measured."""
    sequence = pulser.Sequence(MappableRegister(LAYOUT, "a", "b"), device)
    sequence.declare_channel("drive", "rydberg_global")
    t_ns = sequence.declare_variable("t_ns", dtype=int)
    sequence.add(pulser.Pulse.ConstantPulse(t_ns, 1.0, 0.0, 0.0, 0.0), "drive")
    return sequence


def test_proposed_values_and_traps_become_a_job():
    """The file is ready to be run; the measurement is written out."""
    text = small().to_abstract_repr(t_ns=500, qubits={"a": 3, "b": 7})

    file = parse(imported(text, name="mine", device_type="EMU_SV").text, path="x.yaml")

    assert (file.experiment.metadata.name, file.experiment.spec.device_type) == ("mine", "EMU_SV")
    assert [(job.runs, job.variables) for job in file.jobs] == [
        (100, {"t_ns": 500, "qubits": {"a": 3, "b": 7}})
    ]
    assert file.experiment.spec.sequence.operations[-1].measure == "ground-rydberg"


def test_what_a_file_can_not_say_is_refused():
    """Devices of one's own, names that mean something else, no channel, other JSON."""
    other = small(dataclasses.replace(pulser.MockDevice, name="Mine", max_runs=7)).to_abstract_repr()
    taken, bare = small(), pulser.Sequence(REGISTERS[0], pulser.MockDevice)
    taken.delay(taken.declare_variable("pi", dtype=int), "drive")
    texts = [other, taken.to_abstract_repr(), bare.to_abstract_repr(), "{}", "[", json.dumps({"a": 1})]

    def complaint(text):
        with pytest.raises(SequenceError) as caught:
            imported(text, name="x", device_type="EMU_FREE")
        return str(caught.value)

    assert [complaint(text).partition(":")[0] for text in texts] == [
        "the device Mine is not Pulser's MockDevice, and a file has no words for its max_runs",
        "the sequence can't be written out",
        "the sequence declares no channel",
        *["Pulser can't read the sequence"] * 3,
    ]


BOTH = "they address digital and ground-rydberg"


def both_lasers(device=pulser.MockDevice):
    """A sequence that drives atoms with both lasers, not measured."""
    sequence = pulser.Sequence(REGISTERS[0], device)
    sequence.declare_channel("drive", "rydberg_global")
    sequence.declare_channel("gates", "raman_local", initial_target="left")
    for channel in ("gates", "drive"):
        sequence.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 0.0), channel)
    return sequence


def test_the_basis_that_is_measured_is_asked_for_and_said():
    """Where there are two of them; the one that is said is measured, and no other than the sequence says."""
    open_, measured = both_lasers(), both_lasers()
    measured.measure("digital")

    def complaint(sequence, measure):
        with pytest.raises(SequenceError) as caught:
            imported(sequence.to_abstract_repr(), name="x", measure=measure)
        return caught.value.message, caught.value.hint

    found = imported(open_.to_abstract_repr(), name="x", measure="digital")

    assert recipe(again(found)) == recipe(measured.to_abstract_repr())
    assert found.problems == ()
    assert [complaint(open_, None), complaint(open_, "XY"), complaint(measured, "ground-rydberg")] == [
        (
            "the sequence does not say what to measure, and uses digital, ground-rydberg",
            "say which, as in --measure digital",
        ),
        (
            f"no channel addresses the XY basis, so that every atom would be 0; {BOTH}",
            "",
        ),
        ("the sequence measures the digital basis, and not ground-rydberg", ""),
    ]


def a_schedule():
    """A sequence whose variables can't all be zero: durations, moments, an atom, a depth of a DMM."""
    register = pulser.Register({"left": (-3.5, 0), "right": (3.5, 0)})
    sequence = pulser.Sequence(register, pulser.MockDevice)
    sequence.declare_channel("drive", "rydberg_global")
    sequence.declare_channel("gates", "raman_local")
    sequence.config_detuning_map(register.define_detuning_map({"left": 1.0}), "dmm_0")
    t_ns = sequence.declare_variable("t_ns", size=2, dtype=int)
    times, atom = sequence.declare_variable("times", size=3), sequence.declare_variable("atom", dtype=int)
    area, depth = sequence.declare_variable("area"), sequence.declare_variable("depth")
    sequence.target_index(atom, "gates")
    sequence.add(pulser.Pulse.ConstantDetuning(BlackmanWaveform.from_max_val(area, area), 0.0, 0.0), "gates")
    wave = InterpolatedWaveform(t_ns[1] - t_ns[0], [0.0, 3.0, 0.0], times=times)
    sequence.add(pulser.Pulse.ConstantDetuning(wave, 0.0, 0.0), "drive")
    sequence.add_dmm_detuning(RampWaveform(t_ns[0], 0.0, depth), "dmm_0")
    sequence.measure("ground-rydberg")
    return sequence


def test_zeros_that_no_job_can_have_are_not_proposed():
    """Pulser writes zeros for variables without values; the job of the file has values that can be built."""
    sequence = a_schedule()

    found = imported(sequence.to_abstract_repr(), name="x")

    assert found.chosen == {
        "t_ns": [1000, 2000],
        "times": [0.0, 0.5, 1.0],
        "area": 1.0,
        "depth": -1.0,
    }
    assert found.problems == ()
    assert recipe(again(found)) == recipe(sequence.to_abstract_repr())
    (job,) = parse(found.text, path="x.yaml").jobs
    assert sequence.build(**job.variables).get_duration("dmm_0") == 1000


def test_values_that_the_sequence_proposes_are_kept():
    """Beside those that are chosen; and zeros are kept where they can be built."""
    sequence = small()
    sequence.add(pulser.Pulse.ConstantPulse(100, 1.0, sequence.declare_variable("delta"), 0.0, 0.0), "drive")
    proposed = sequence.to_abstract_repr(t_ns=40, delta=0.0, qubits={"a": 3, "b": 7})

    found = [imported(text, name="x") for text in (sequence.to_abstract_repr(), proposed)]

    assert [each.chosen for each in found] == [{"t_ns": 1000, "delta": 1.0}, {}]
    assert ["delta: 0.0" in each.text for each in found] == [False, True]


def test_a_variable_without_use_is_left_out():
    """And it is told; what is played is the same."""
    sequence = small()
    sequence.declare_variable("free", size=2)

    found = imported(sequence.to_abstract_repr(), name="x")

    assert found.unused == ("free",)
    assert "free" not in found.text
    assert recipe(again(found)) == recipe(small_measured())


def small_measured():
    """The text of the small sequence with its measurement."""
    sequence = small()
    sequence.measure("ground-rydberg")
    return sequence.to_abstract_repr()


def test_the_first_emulator_is_named_that_can_run_it():
    """By the number of atoms and by basis; what none of them can run says why."""
    counts = {"EMU_FREE": 12, "EMU_SV": 13, "EMU_MPS": 26}
    texts = {}
    for kind, n_qubits in counts.items():
        sequence = pulser.Sequence(pulser.Register.rectangle(1, n_qubits, 6.0, prefix="q"), pulser.MockDevice)
        sequence.declare_channel("drive", "rydberg_global")
        sequence.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 0.0), "drive")
        texts[kind] = sequence.to_abstract_repr()
    empty = pulser.Sequence(REGISTERS[0], pulser.MockDevice)
    empty.declare_channel("drive", "rydberg_global")

    found = {kind: imported(text, name="x") for kind, text in texts.items()}

    assert {
        kind: (parse(each.text, path="x").experiment.spec.device_type, each.problems)
        for kind, each in found.items()
    } == {kind: (kind, ()) for kind in counts}
    assert [each.message for each in imported(empty.to_abstract_repr(), name="x").problems] == [
        "job-0: the sequence is empty",
        "job-0: the sequence takes 0 ns; EMU_FREE takes 4 ns at least",
    ]


def test_a_leading_part_of_the_atoms_may_be_proposed():
    """As Pulser writes it where a part is built; proposals that are no part are not taken."""
    texts = [small().to_abstract_repr(t_ns=40, qubits={"a": 5}), small().to_abstract_repr()]

    jobs = [parse(imported(text, name="x").text, path="x.yaml").jobs[0] for text in texts]

    assert [job.variables["qubits"] for job in jobs] == [{"a": 5}, {"a": 0, "b": 1}]


def test_what_is_printed_is_in_form():
    """`runner fmt` has nothing to change in it."""
    texts = [both_lasers().to_abstract_repr(), a_schedule().to_abstract_repr(), small_measured()]

    found = [
        imported(text, name="x", measure=m).text
        for text, m in zip(texts, ["digital", None, None], strict=True)
    ]

    assert [formatted(each, path="x.yaml") for each in found] == found
