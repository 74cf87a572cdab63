"""Operations that are written out are those of Pulser, with numbers and with variables in them."""

from __future__ import annotations

import pulser
import pytest
from pulser.register.weight_maps import DetuningMap
from pulser.waveforms import ConstantWaveform, RampWaveform
from written_texts import same, written

from runner.errors import SpecError
from runner.sequences.pulser_api.pulser_messages import recorded_warnings

PLACES = {"left": (-3.5, 0), "right": (3.5, 0)}
JOBS = [{"runs": 10, "variables": {"i": 1, "both": [0, 1], "x": 0.5, "t_ns": 200}}]
VARIABLES = {"i": "int", "both": {"type": "int", "size": 2}, "x": "float", "t_ns": "int"}
PULSE = "{pulse: {channel: drive, amplitude: 1, detuning: 0, duration_ns: 100}}"
ALL_VARIABLES = "{pulse: {channel: drive, amplitude: i + x, detuning: 'both[1]', duration_ns: t_ns}}"


def by_hand(device=pulser.MockDevice, **channels):
    """A sequence with its channels, straight from Pulser."""
    sequence = pulser.Sequence(pulser.Register(PLACES), device)
    for name, channel_id in (channels or {"drive": "rydberg_global"}).items():
        sequence.declare_channel(name, channel_id)
    return sequence


def with_variables(sequence):
    """The variables of a sequence, declared."""
    i = sequence.declare_variable("i", dtype=int)
    both = sequence.declare_variable("both", size=2, dtype=int)
    return i, both, sequence.declare_variable("x"), sequence.declare_variable("t_ns", dtype=int)


def add_pulse(sequence, channel="drive"):
    """The pulse that every test of a sequence without variables begins with."""
    sequence.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 0.0, 0.0), channel)


def test_delays_and_alignments_may_wait_for_the_output_to_die_down():
    """`at_rest` arrives, also that of an alignment that does not wait, and of a delay of 0 ns."""
    channels = {"drive": "rydberg_global", "gates": "raman_global"}
    sequence = by_hand(**channels)
    add_pulse(sequence)
    sequence.delay(0, "drive", at_rest=True)
    sequence.delay(100, "drive", at_rest=True)
    sequence.align("drive", "gates")
    sequence.align("gates", "drive", at_rest=False)
    sequence.measure("digital")

    result = written(
        PULSE,
        "{delay: {channel: drive, duration_ns: 0, at_rest: true}}",
        "{delay: {channel: drive, duration_ns: 100, at_rest: true}}",
        "{align: [drive, gates]}",
        "{align: {channels: [gates, drive], at_rest: false}}",
        "{measure: digital}",
        channels=channels,
    )

    assert same(result, sequence)


def test_atoms_are_targeted_by_name_by_number_or_as_a_job_says():
    """The number of an atom is that in the register; a variable decides when the job is built."""
    sequence = by_hand(drive="rydberg_global", gates="raman_local")
    i, both, x, t_ns = with_variables(sequence)
    sequence.target(["right"], "gates")
    sequence.target_index([0, 1], "gates")
    sequence.target_index(i, "gates")
    sequence.target_index(1 - i, "gates")
    sequence.target_index(both, "gates")
    sequence.add(pulser.Pulse.ConstantPulse(t_ns, i + x, both[1], 0.0, 0.0), "drive")
    sequence.measure("digital")

    result = written(
        "{target: {channel: gates, qubits: [right]}}",
        "{target: {channel: gates, indices: [0, 1]}}",
        "{target: {channel: gates, indices: i}}",
        "{target: {channel: gates, indices: 1 - i}}",
        "{target: {channel: gates, indices: both}}",
        ALL_VARIABLES,
        "{measure: digital}",
        channels={"drive": "rydberg_global", "gates": "raman_local"},
        variables=VARIABLES,
        jobs=JOBS,
    )

    assert same(result, sequence)


def test_phases_are_shifted_of_some_atoms_or_of_all():
    """By name, by number, by variable; Pulser's warning of what shifting all once meant is not passed on."""
    sequence = by_hand()
    i, both, x, t_ns = with_variables(sequence)
    sequence.add(pulser.Pulse.ConstantPulse(t_ns, i + x, both[1], 0.0, 0.0), "drive")
    sequence.phase_shift(1.5, "right", basis="ground-rydberg")
    sequence.phase_shift_index(x, 0, i, basis="ground-rydberg")
    with recorded_warnings():
        sequence.phase_shift(x * 2.0, basis="ground-rydberg")

    result = written(
        ALL_VARIABLES,
        "{phase_shift: {phi: 1.5, qubits: [right], basis: ground-rydberg}}",
        "{phase_shift: {phi: x, indices: [0, i], basis: ground-rydberg}}",
        "{phase_shift: {phi: x * 2, basis: ground-rydberg}}",
        variables=VARIABLES,
        jobs=JOBS,
    )

    assert same(result, sequence)
    assert result.warnings == ()


def test_the_phase_of_a_pulse_may_be_a_waveform():
    """With numbers it is a detuning of its own; with variables it is sent as it is."""
    sequence = by_hand()
    i, both, x, t_ns = with_variables(sequence)
    constant, ramp = ConstantWaveform(100, 1.0), RampWaveform(100, 0.0, 3.0)
    sequence.add(pulser.Pulse.ArbitraryPhase(constant, ramp, 0.5), "drive", "no-delay")
    sequence.add(pulser.Pulse.ArbitraryPhase(constant, RampWaveform(100, x, 3.0), x), "drive")
    sequence.add(pulser.Pulse.ConstantPulse(t_ns, i + x, both[1], 0.0, 0.0), "drive")
    constant_text = "amplitude: {constant: {duration_ns: 100, value: 1}}"

    result = written(
        f"{{pulse_arbitrary_phase: {{channel: drive, {constant_text}, protocol: no-delay, "
        "phase: {ramp: {duration_ns: 100, from: 0, to: 3}}, post_phase_shift: 0.5}}",
        f"{{pulse_arbitrary_phase: {{channel: drive, {constant_text}, "
        "phase: {ramp: {duration_ns: 100, from: x, to: 3}}, post_phase_shift: x}}",
        ALL_VARIABLES,
        variables=VARIABLES,
        jobs=JOBS,
    )

    assert same(result, sequence)


def test_a_channel_in_eom_mode_plays_square_pulses_at_a_setpoint():
    """Setpoint, another one, pulses and the end arrive with all that can be said of them."""
    sequence = by_hand(pulser.AnalogDevice)
    i, both, x, t_ns = with_variables(sequence)
    sequence.enable_eom_mode("drive", 6.0, 0.0, -10.0, correct_phase_drift=True)
    sequence.add_eom_pulse("drive", 100, 0.0)
    sequence.add_eom_pulse("drive", t_ns, x, x * 2.0, "no-delay", correct_phase_drift=True)
    sequence.modify_eom_setpoint("drive", x * 4.0, i, correct_phase_drift=True)
    sequence.disable_eom_mode("drive", correct_phase_drift=True)
    sequence.add(pulser.Pulse.ConstantPulse(t_ns, i + x, both[1], 0.0, 0.0), "drive")

    result = written(
        "{enable_eom_mode: {channel: drive, amp_on: 6, detuning_on: 0, optimal_detuning_off: -10, "
        "correct_phase_drift: true}}",
        "{add_eom_pulse: {channel: drive, duration_ns: 100}}",
        "{add_eom_pulse: {channel: drive, duration_ns: t_ns, phase: x, post_phase_shift: x * 2, "
        "protocol: no-delay, correct_phase_drift: true}}",
        "{modify_eom_setpoint: {channel: drive, amp_on: x * 4, detuning_on: i, correct_phase_drift: true}}",
        "{disable_eom_mode: {channel: drive, correct_phase_drift: true}}",
        ALL_VARIABLES,
        device="AnalogDevice",
        variables=VARIABLES,
        jobs=JOBS,
    )

    assert same(result, sequence)


def test_a_dmm_gives_each_atom_its_part_of_a_detuning():
    """Maps by atom and by place, one DMM used twice under names of Pulser's, and no channel beside it."""
    sequence = pulser.Sequence(pulser.Register(PLACES), pulser.MockDevice)
    sequence.config_detuning_map(
        sequence.register.define_detuning_map({"left": 0.25, "right": 1.0}, "odd"), "dmm_0"
    )
    sequence.config_detuning_map(DetuningMap([(0, 1.5), (-3.5, 0)], [0.5, 1]), "dmm_0")
    sequence.add_dmm_detuning(ConstantWaveform(100, -5.0), "dmm_0")
    sequence.add_dmm_detuning(RampWaveform(100, 0.0, -5.0), "dmm_0_1", "min-delay")
    sequence.delay(100, "dmm_0")
    sequence.align("dmm_0", "dmm_0_1")

    result = written(
        "{config_detuning_map: {weights: {left: 0.25, right: 1}, slug: odd}}",
        "{config_detuning_map: {traps: [{x_um: 0, y_um: 1.5, weight: 0.5}, "
        "{x_um: -3.5, y_um: 0, weight: 1}], dmm_id: dmm_0}}",
        "{add_dmm_detuning: {waveform: {constant: {duration_ns: 100, value: -5}}}}",
        "{add_dmm_detuning: {dmm_name: dmm_0_1, waveform: {ramp: {duration_ns: 100, from: 0, to: -5}}, "
        "protocol: min-delay}}",
        "{delay: {channel: dmm_0, duration_ns: 100}}",
        "{align: [dmm_0, dmm_0_1]}",
        channels={},
    )

    assert same(result, sequence)


def test_a_mask_shields_atoms_and_a_sequence_may_be_cut():
    """The mask stands where the file says; what comes after the cut's time is gone."""
    sequence = by_hand()
    sequence.config_slm_mask(["right"], "dmm_0")
    add_pulse(sequence)
    add_pulse(sequence)
    sequence.truncate(150)

    result = written(
        "{config_slm_mask: {qubits: [right]}}",
        PULSE,
        PULSE,
        "{truncate: {duration_ns: 150}}",
    )

    assert same(result, sequence)
    assert [job.duration_ns for job in result.experiment.jobs] == [150]


def test_an_xy_sequence_has_a_magnetic_field():
    """The field, the mask and the basis of a microwave channel arrive."""
    sequence = by_hand(drive="mw_global")
    sequence.set_magnetic_field(1.0, 0.0, 20.0)
    sequence.config_slm_mask(["left"])
    add_pulse(sequence)

    result = written(
        "{config_slm_mask: {qubits: [left]}}",
        PULSE,
        channels={"drive": "mw_global"},
        magnetic_field_gauss=[1, 0, 20],
    )

    assert same(result, sequence)


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("{phase_shift: {phi: 1, indices: [2], basis: ground-rydberg}}", "there is no atom number 2"),
        ("{phase_shift: {phi: 1, indices: [1 / 2], basis: ground-rydberg}}", "there is no atom number 0.5"),
        ("{phase_shift: {phi: 1, qubits: [rigth], basis: ground-rydberg}}", "did you mean right?"),
        ("{phase_shift: {phi: 1}}", "No declared channel targets the given 'basis' ('digital')"),
        ("{config_slm_mask: {qubits: [up]}}", "the register has no atom up"),
        ("{config_detuning_map: {weights: {lft: 1}}}", "did you mean left?"),
        ("{target: {channel: drive, indices: [0]}}", "Can only choose target of 'Local' channels"),
        ("{target: {channel: drive, indices: '[0, 7]'}}", "there is no atom number 7"),
        ("{add_eom_pulse: {channel: drive, duration_ns: 100}}", "must be in EOM mode"),
    ],
)
def test_what_can_not_be_done_is_said_at_the_operation(operation, message):
    """Every kind of operation is judged when it is added, with the names that there are."""
    with pytest.raises(SpecError, match=r"x\.yaml:1:") as caught:
        written(PULSE, operation)

    assert message in str(caught.value)
