"""Compiling: what is sent is what the file says, and what a person would have written with Pulser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import pulser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulser.waveforms import BlackmanWaveform, ConstantWaveform, InterpolatedWaveform, RampWaveform

from runner.domain import (
    DesiredExperiment,
    DesiredJob,
    Policy,
    RunsMode,
    job_key,
    recipe_digest,
    repetition_key,
)
from runner.errors import SpecError
from runner.sequences import Compiled, compiled
from runner.sequences.pulser_api.device_limits import most_qubits
from runner.sequences.pulser_api.job_values import is_too_long
from runner.spec import load, parse

FILE = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: two-atoms}
spec:
  device_type: EMU_FREE
  sequence:
    device: AnalogDevice
    register: {coordinates_um: {left: [-3.5, 0], right: [3.5, 0]}}
    channels: {drive: rydberg_global}
    variables: {omega: float, t_ns: int}
    operations:
      - pulse: {channel: drive, amplitude: omega, detuning: 0, duration_ns: t_ns}
  jobs:
    - {runs: 100, variables: {omega: 6, t_ns: 500}}
"""
CLOCK = "is not a multiple of the channel's clock period (4 ns). It was rounded up to"
LIMIT = "channel drive takes 12.5664 at most"
PULSE = "      - pulse: {channel: drive, amplitude: omega, detuning: 0, duration_ns: t_ns}\n"


def result_of(text=FILE, **changes):
    """What a file compiles to; each change is old=new, looked up by a name."""
    for old, new in changes.values():
        assert text.count(old) == 1
        text = text.replace(old, new)
    return compiled(parse(text, path="x.yaml"))


def operations_of(*operations, variables="{omega: float, t_ns: int}", values="{omega: 6, t_ns: 500}"):
    """A file with other operations, compiled."""
    return result_of(
        operations=(PULSE, "".join(f"      - {operation}\n" for operation in operations)),
        variables=("{omega: float, t_ns: int}", variables),
        values=("{omega: 6, t_ns: 500}", values),
    )


def by_hand():
    """The same register, device and channel, straight from Pulser."""
    register = pulser.Register({"left": (-3.5, 0.0), "right": (3.5, 0.0)})
    sequence = pulser.Sequence(register, pulser.AnalogDevice)
    sequence.declare_channel("drive", "rydberg_global")
    return sequence


def same(result, sequence):
    """Whether a file compiled to a sequence that was written by hand."""
    if not sequence.is_measured():
        sequence.measure("ground-rydberg")
    text = sequence.to_abstract_repr()
    return result.experiment.recipe == recipe_digest(device_type="EMU_FREE", sequence=text)


def complaints(result, *args, **kwargs):
    """(line, message) of what is wrong."""
    with pytest.raises(SpecError) as caught:
        result(*args, **kwargs)
    return [(each.line, each.message) for each in caught.value.problems]


def test_a_file_becomes_a_desired_experiment():
    """Every field that the reconciler needs is there, and the sequence is measured."""
    sequence = by_hand()
    omega, t_ns = sequence.declare_variable("omega"), sequence.declare_variable("t_ns", dtype=int)
    sequence.add(pulser.Pulse.ConstantPulse(t_ns, omega, 0.0, 0.0, 0.0), "drive")
    sequence.measure("ground-rydberg")
    text = sequence.to_abstract_repr(seq_name="two-atoms")
    variables = {"omega": 6.0, "t_ns": 500}

    assert result_of(jobs=("  jobs:\n", "  tags: [mine]\n  rerun: 2\n  jobs:\n")) == Compiled(
        experiment=DesiredExperiment(
            name="two-atoms",
            device_type="EMU_FREE",
            sequence=text,
            recipe=recipe_digest(device_type="EMU_FREE", sequence=text),
            jobs=(
                DesiredJob(
                    key=job_key(variables),
                    name="omega=6,t_ns=500",
                    runs=100,
                    variables=variables,
                    duration_ns=500,
                    rerun=2,
                ),
            ),
            policy=Policy(),
            max_runs=2000,
            qubit_ids=("left", "right"),
            tags=("mine",),
        ),
        consulted={"EMU_FREE": ""},
    )


def test_compiling_twice_gives_the_same_text():
    """The representation does not depend on when, or how often, a file is compiled."""
    assert result_of().experiment.sequence == result_of().experiment.sequence


def test_what_is_sent_can_be_built_from_what_is_sent():
    """The text and the variables of a job are all that the cloud needs."""
    experiment = result_of().experiment

    sequence = pulser.Sequence.from_abstract_repr(experiment.sequence)

    assert sequence.build(**experiment.jobs[0].variables).get_duration() == 500


def test_every_waveform_is_that_of_pulser():
    """Shapes, numbers and expressions arrive in Pulser as they stand in the file."""
    sequence = by_hand()
    omega, t_ns = sequence.declare_variable("omega"), sequence.declare_variable("t_ns", dtype=int)
    ramp = RampWaveform(t_ns, 0.0, omega)
    sequence.add(pulser.Pulse.ConstantDetuning(ramp, -6.0, 0.0, 0.0), "drive")
    sequence.add(pulser.Pulse.ConstantAmplitude(1.5, RampWaveform(400, -6.0, 6.0), 0.5, 0.25), "drive")
    sequence.delay(100, "drive")
    blackman, constant = BlackmanWaveform(800, 3.0), ConstantWaveform(800, omega * 2.0 - 0.5)
    sequence.add(pulser.Pulse(blackman, constant, omega / 2.0, 0.0), "drive", protocol="no-delay")
    points = InterpolatedWaveform(t_ns, [0.0, 5.0, 0.0], times=[0.0, 0.25, 1.0])
    sequence.add(pulser.Pulse.ConstantDetuning(points, 0.0, 0.0, 0.0), "drive")

    result = operations_of(
        "pulse: {channel: drive, amplitude: {ramp: {duration_ns: t_ns, from: 0, to: omega}}, detuning: -6}",
        "pulse: {channel: drive, amplitude: 1.5, detuning: {ramp: {duration_ns: 400, from: -6, to: 6}}, "
        "phase: 0.5, post_phase_shift: 0.25}",
        "delay: {channel: drive, duration_ns: 100}",
        "pulse: {channel: drive, amplitude: {blackman: {duration_ns: 800, area: 3}}, "
        "detuning: {constant: {duration_ns: 800, value: omega * 2 - 0.5}}, phase: omega / 2, "
        "protocol: no-delay}",
        "pulse: {channel: drive, amplitude: {interpolated: {duration_ns: t_ns, values: [0, 5, 0], "
        "times: [0, 0.25, 1]}}, detuning: 0}",
        "measure: ground-rydberg",
    )

    assert same(result, sequence)


def test_a_variable_that_holds_several_numbers_gives_a_waveform_its_values():
    """Vectors arrive whole, and one by one; times are spread evenly if they are left out."""
    sequence = by_hand()
    v = sequence.declare_variable("v", size=3)
    points = InterpolatedWaveform(400, v * 2.0, times=[0.0, 0.5, 1.0])
    sequence.add(pulser.Pulse.ConstantAmplitude(v[1], points, 0.0, 0.0), "drive")

    result = operations_of(
        "pulse: {channel: drive, amplitude: 'v[1]', "
        "detuning: {interpolated: {duration_ns: 400, values: v * 2}}}",
        variables="{v: {type: float, size: 3}}",
        values="{v: [0, 1, 2]}",
    )

    assert same(result, sequence)
    assert result.experiment.jobs[0].variables == {"v": [0.0, 1.0, 2.0]}


def test_every_function_of_an_expression_can_be_sent():
    """What the expressions of a file may say, the abstract representation can say too."""
    terms = "abs(x) + ceil(x) + cos(x) + exp(x) + floor(x) + log(x) + log2(x) + sin(x) + sqrt(x) + tan(x)"
    result = operations_of(
        f"pulse: {{channel: drive, amplitude: 1, detuning: {terms} + tanh(x) - x // 2 + x % 2 + 2 ** x / pi, "
        "duration_ns: 100}",
        variables="{x: float}",
        values="{x: 1.5}",
    )

    sequence = pulser.Sequence.from_abstract_repr(result.experiment.sequence).build(x=1.5)
    detuning = pulser.sampler.sample(sequence).channel_samples["drive"].det[0]

    assert detuning == pytest.approx(
        1.5 + 2 + 0.0707372 + 4.4816891 + 1 + 0.4054651 + 0.5849625 + 0.9974950 + 1.2247449 + 14.1014200
        + 0.9051483 - 0 + 1.5 + 0.9003163
    )  # fmt: skip


def test_a_sequence_without_variables_is_one_job():
    """Nothing needs to vary."""
    result = operations_of(
        "pulse: {channel: drive, amplitude: pi, detuning: 0, duration_ns: 2 * 250}",
        variables="{}",
        values="{}",
    )

    assert [(job.name, job.key, job.duration_ns) for job in result.experiment.jobs] == [
        ("job-0", job_key({}), 500)
    ]


@pytest.mark.parametrize(
    ("shape", "register"),
    [
        ("{square: {side: 2, spacing_um: 6}}", pulser.Register.square(2, 6.0, prefix="q")),
        (
            "{rectangle: {rows: 2, columns: 3, spacing_um: 5.5}}",
            pulser.Register.rectangle(2, 3, 5.5, prefix="q"),
        ),
        (
            "{triangular: {rows: 2, atoms_per_row: 3, spacing_um: 6}}",
            pulser.Register.triangular_lattice(2, 3, 6.0, prefix="q"),
        ),
        ("{hexagon: {layers: 1, spacing_um: 6}}", pulser.Register.hexagon(1, 6.0, prefix="q")),
        ("{chain: {n_qubits: 4, spacing_um: 6}}", pulser.Register.rectangle(1, 4, 6.0, prefix="q")),
        (
            "{ring: {n_qubits: 4, spacing_um: 6}}",
            pulser.Register({"q0": (4.243, 0), "q1": (0, 4.243), "q2": (-4.243, 0), "q3": (0, -4.243)}),
        ),
        ("{coordinates_um: {b: [1, 7], a: [0, 0.5]}}", pulser.Register({"b": (1, 7), "a": (0, 0.5)})),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_registers_are_those_of_pulser(shape, register):
    """Each shape has the atoms, the names and the order of Pulser's own."""
    experiment = result_of(
        register=("{coordinates_um: {left: [-3.5, 0], right: [3.5, 0]}}", shape)
    ).experiment

    built = pulser.Sequence.from_abstract_repr(experiment.sequence).register

    assert built == register
    assert experiment.qubit_ids == register.qubit_ids


def test_local_channels_have_targets():
    """Atoms are targeted by name, channels wait for each other, and the basis is that of the measurement."""
    result = result_of(
        device=("AnalogDevice", "DigitalAnalogDevice"),
        channels=("{drive: rydberg_global}", "{drive: rydberg_global, gates: raman_local}"),
        operations=(
            PULSE,
            PULSE + "      - target: {channel: gates, qubits: [right]}\n"
            "      - align: [drive, gates]\n"
            "      - pulse: {channel: gates, amplitude: 1, detuning: 0, duration_ns: 200}\n"
            "      - measure: digital\n",
        ),
    )
    operations = json.loads(result.experiment.sequence)["operations"]

    assert [operation["op"] for operation in operations] == ["pulse", "target", "align", "pulse"]
    assert operations[1]["target"] == 1
    assert json.loads(result.experiment.sequence)["measurement"] == "digital"


def test_durations_off_the_clock_are_warned_of():
    """Both durations are named, at the operation if it is always so, else at the jobs."""
    result = operations_of(
        "pulse: {channel: drive, amplitude: omega, detuning: 0, duration_ns: t_ns}",
        "delay: {channel: drive, duration_ns: 102}",
        values="{omega: 6, t_ns: 501}",
    )

    assert [(each.line, each.message) for each in result.warnings] == [
        (13, f"A duration of 102 ns {CLOCK} 104 ns."),
        (15, f"omega=6,t_ns=501: A duration of 501 ns {CLOCK} 504 ns. (line 12)"),
    ]
    assert result.experiment.jobs[0].duration_ns == 608


def test_warnings_of_pulser_are_never_printed(capfd, recwarn):
    """What Pulser warns of is given back, and reaches no terminal."""
    operations_of("delay: {channel: drive, duration_ns: 102}", PULSE.strip(" -\n"))

    assert capfd.readouterr() == ("", "")
    assert list(recwarn) == []


def test_all_jobs_are_judged_and_each_fault_is_said_once():
    """Jobs of one entry that fail alike are one problem; others stay apart."""
    text = FILE.replace(
        "{runs: 100, variables: {omega: 6, t_ns: 500}}",
        "{runs: 1, sweep: {omega: [6, 13, 14], t_ns: [500, 8000]}}",
    )

    assert complaints(compiled, parse(text, path="x.yaml")) == [
        (
            14,
            f"omega=13,t_ns=500 and 3 more: the amplitude reaches 13 rad/µs; {LIMIT} (line 12)",
        ),
        (
            14,
            "omega=6,t_ns=8000: the sequence takes longer than 6000 ns, the most that AnalogDevice allows",
        ),
    ]


def test_a_flood_of_problems_is_counted():
    """Fifty problems are shown, and the number of the others."""
    entries = "".join(f"    - {{runs: 1, variables: {{omega: {i}, t_ns: 500}}}}\n" for i in range(13, 73))

    found = complaints(
        compiled,
        parse(FILE.replace("    - {runs: 100, variables: {omega: 6, t_ns: 500}}\n", entries), path="x"),
    )

    assert len(found) == 51
    assert (14, "10 more problems are not shown") in found


@pytest.mark.parametrize(
    ("values", "detuning", "message"),
    [
        ("{x: 0.0}", "1 / x", "x=0: 1 / x has no value: divide by zero (line 12)"),
        ("{x: -1}", "sqrt(x)", "x=-1: sqrt(x) has no value: invalid value (line 12)"),
        ("{x: -1}", "x ** 0.5", "x=-1: x ** 0.5 has no value: invalid value (line 12)"),
        ("{x: 1e200}", "x * x", "x=1e+200: x * x has no value: overflow (line 12)"),
        ("{x: 1000}", "exp(x)", "x=1000: exp(x) has no value: overflow (line 12)"),
    ],
)
def test_values_that_are_not_numbers_are_never_sent(values, detuning, message):
    """An expression without a finite value is refused, also on a device without limits."""
    text = FILE.replace("AnalogDevice", "MockDevice").replace("{omega: float, t_ns: int}", "{x: float}")
    text = text.replace(
        "amplitude: omega, detuning: 0, duration_ns: t_ns",
        f"amplitude: 1, detuning: {detuning}, duration_ns: 100",
    )
    text = text.replace("{omega: 6, t_ns: 500}", values)

    assert complaints(compiled, parse(text, path="x.yaml")) == [(14, message)]


WRAPS = "leaves whole numbers of 64 bits, and would wrap around; write 1.0 * before its variables"


@pytest.mark.parametrize(
    ("kind", "detuning", "messages"),
    [
        ("int", "n * n * n * n / 1e24", [(14, f"n=1000000: (((n * n) * n) * n) / 1e+24 {WRAPS}")]),
        ("int", "n ** n / 1e18", [(14, "n=1000000: n ** n / 1e18 has no value: overflow (line 12)")]),
        (
            "int",
            "-n * n * n * n * 1e-24 + n",
            [(14, f"n=1000000: (((((-n) * n) * n) * n) * 1e-24) + n {WRAPS}")],
        ),
        ("int", "n * n * n / 1e18", []),
        ("int", "1.0 * n * n * n * n / 1e24", []),
        ("int", "n ** 4 / 1e24", []),
        ("float", "n * n * n * n / 1e24", []),
    ],
)
def test_whole_numbers_that_pulser_would_wrap_around_are_refused(kind, detuning, messages):
    """Its integers have 64 bits: a job would get another pulse than the file says, without a word."""
    text = FILE.replace("{omega: float, t_ns: int}", f"{{n: {kind}}}").replace("AnalogDevice", "MockDevice")
    text = text.replace(
        "amplitude: omega, detuning: 0, duration_ns: t_ns",
        f"amplitude: 1, detuning: {detuning}, duration_ns: 100",
    )
    text = text.replace("{omega: 6, t_ns: 500}", "{n: 1000000}")
    file = parse(text, path="x.yaml")

    assert messages == (complaints(compiled, file) if messages else list(compiled(file).warnings))


@pytest.mark.parametrize(
    ("device_type", "side", "message"),
    [
        ("EMU_FREE", 4, "EMU_FREE takes at most 12 qubits, not 16"),
        ("EMU_SV", 6, "EMU_SV takes at most 25 qubits, not 36"),
        ("EMU_MPS", 9, "EMU_MPS takes at most 80 qubits, not 81"),
    ],
)
def test_device_types_have_their_limits(device_type, side, message):
    """A register that is too large for the target is refused before anything is sent."""
    register = f"{{square: {{side: {side}, spacing_um: 4}}}}"
    text = FILE.replace("EMU_FREE", device_type).replace("AnalogDevice", "MockDevice")
    text = text.replace("{coordinates_um: {left: [-3.5, 0], right: [3.5, 0]}}", register)

    assert complaints(compiled, parse(text, path="x.yaml")) == [(8, message)]


def test_limits_of_device_types_are_those_of_the_cloud():
    """A QPU takes a hundred qubits; an emulator that we do not know decides for itself."""
    limits = {name: most_qubits(name) for name in ("EMU_FREE", "EMU_SV", "EMU_MPS", "FRESNEL", "EMU_NEW")}

    assert limits == {"EMU_FREE": 12, "EMU_SV": 25, "EMU_MPS": 80, "FRESNEL": 100, "EMU_NEW": None}


def test_a_machine_gets_a_register_from_a_layout():
    """A QPU takes atoms in traps only; the traps are found, and always the same ones."""
    qpu = result_of(device_type=("EMU_FREE", "FRESNEL")).experiment
    again = result_of(device_type=("EMU_FREE", "FRESNEL")).experiment

    register = pulser.Sequence.from_abstract_repr(qpu.sequence).register

    assert register.layout is not None
    assert register.qubit_ids == ("left", "right")
    assert qpu == again


def test_runs_over_the_limit_are_spread_unless_they_are_exact():
    """More runs than a job takes are the reconciler's matter, but for a file that wants one job."""
    many = ("runs: 100", "runs: 5000")

    assert result_of(runs=many).experiment.jobs[0].runs == 5000
    assert complaints(result_of, runs=many, policy=("  jobs:\n", "  policy: {runs: exact}\n  jobs:\n")) == [
        (15, "AnalogDevice takes at most 2000 runs a job, not 5000")
    ]
    exact = result_of(policy=("  jobs:\n", "  policy: {runs: exact}\n  jobs:\n"))
    assert exact.experiment.policy.runs is RunsMode.EXACT


def sequence_file(folder, sequence, *, device_type="EMU_FREE", variables="{t_ns: 500}"):
    """An experiment file, loaded, whose sequence is in a file of its own."""
    (folder / "sequence.json").write_text(sequence.to_abstract_repr(), encoding="utf-8")
    path = folder / "x.yaml"
    path.write_text(
        "apiVersion: runner/v1\nkind: Experiment\nmetadata: {name: x}\nspec:\n"
        f"  device_type: {device_type}\n  sequence: {{file: sequence.json}}\n"
        f"  jobs:\n    - {{runs: 10, variables: {variables}}}\n",
        encoding="utf-8",
    )
    return load(path, root=folder, shown_as="x.yaml")


def parametrised(*, measured=True):
    """A sequence with one variable, by hand."""
    sequence = by_hand()
    t_ns = sequence.declare_variable("t_ns", dtype=int)
    sequence.add(pulser.Pulse.ConstantPulse(t_ns, 6.0, 0.0, 0.0, 0.0), "drive")
    if measured:
        sequence.measure("ground-rydberg")
    return sequence


@pytest.mark.parametrize("measured", [True, False])
def test_a_sequence_file_is_sent_as_it_is(tmp_path, measured):
    """The measurement is appended where there is none; nothing else changes."""
    result = compiled(sequence_file(tmp_path, parametrised(measured=measured)))

    assert same(result, parametrised())
    assert [(job.variables, job.duration_ns) for job in result.experiment.jobs] == [({"t_ns": 500}, 500)]


def test_jobs_of_a_sequence_file_are_judged_too(tmp_path):
    """Faults are said of the job, and warnings as well."""
    too_long = sequence_file(tmp_path, parametrised(), variables="{t_ns: 6004}")
    assert complaints(compiled, too_long) == [
        (8, "t_ns=6004: the sequence takes longer than 6000 ns, the most that AnalogDevice allows")
    ]

    off_the_clock = sequence_file(tmp_path, parametrised(), variables="{t_ns: 501}")
    assert [(each.line, each.message) for each in compiled(off_the_clock).warnings] == [
        (
            8,
            f"t_ns=501: A duration of 501 ns {CLOCK} 504 ns.",
        )
    ]


def test_a_sequence_file_needs_a_layout_on_a_machine(tmp_path):
    """A register without traps is refused where the file is named."""
    file = sequence_file(tmp_path, parametrised(), device_type="FRESNEL")

    assert complaints(compiled, file) == [(6, "AnalogDevice needs atoms that sit in the traps of a layout")]


def test_jobs_place_the_atoms_of_a_mappable_register(tmp_path):
    """A sequence file may leave the places to the jobs; they are sent as its variable `qubits`."""
    layout = pulser.register.special_layouts.SquareLatticeLayout(4, 4, 6)
    sequence = pulser.Sequence(layout.make_mappable_register(2), pulser.MockDevice)
    sequence.declare_channel("drive", "rydberg_global")
    sequence.add(pulser.Pulse.ConstantPulse(100, 1.0, 0.0, 0.0), "drive")
    places = {"q0": 1, "q1": 4}
    file = sequence_file(tmp_path, sequence, variables="{}, qubits: {q0: 1, q1: 4}")

    job = compiled(file).experiment.jobs[0]

    assert (job.variables, job.key, job.duration_ns) == ({"qubits": places}, job_key({"qubits": places}), 100)
    assert complaints(sequence_file, tmp_path, sequence, variables="{}") == [
        (8, "the job puts no atoms into traps")
    ]


def test_importing_the_room_does_not_import_pulser():
    """Whoever only names a compiled experiment does not pay for Pulser."""
    program = (
        "import sys, runner.sequences, runner.spec; print('pulser' in sys.modules, 'numpy' in sys.modules)"
    )

    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert printed.split() == ["False", "False"]


@pytest.mark.parametrize("device", ["AnalogDevice", "MockDevice"])
@pytest.mark.parametrize(
    ("duration", "line", "message"),
    [
        ("2000000000000", 12, "the duration 2000000000000 is longer than 1,000,000 ns"),
        ("t_ns * 4e9", 14, "omega=6,t_ns=500: the duration t_ns * 4e9 is longer than 1,000,000 ns (line 12)"),
    ],
)
def test_a_duration_in_the_wrong_unit_does_not_fill_memory(device, duration, line, message):
    """Samples are never made of a duration that nothing could play."""
    text = FILE.replace("AnalogDevice", device).replace("duration_ns: t_ns", f"duration_ns: {duration}")
    text = text.replace("{omega: float, t_ns: int}", "{omega: float, t_ns: int}").replace(
        "detuning: 0", "detuning: 0 * t_ns"
    )

    assert complaints(compiled, parse(text, path="x.yaml")) == [(line, message)]


def test_a_job_of_a_sequence_file_does_not_fill_memory(tmp_path):
    """Durations of a sequence file are looked at before it is built, too."""
    file = sequence_file(tmp_path, parametrised(), variables="{t_ns: 2000000000000}")

    assert complaints(compiled, file) == [
        (8, "t_ns=2000000000000: the sequence takes longer than 1,000,000 ns")
    ]


def test_durations_are_told_from_the_representation():
    """Every operator of a representation counts, and what has no value is left to Pulser."""

    def variable(name, index=0):
        return {"expression": "index", "lhs": {"variable": name}, "rhs": index}

    def is_long(duration, **variables):
        operation = {"op": "delay", "time": duration, "channel": "x"}
        return is_too_long({"operations": [{"op": "align"}, operation]}, variables)

    t = variable("t")
    assert not is_long(1_000_000)
    assert is_long(1_000_001)
    assert is_long(t, t=1_000_001)
    assert is_long({"variable": "t"}, t=1_000_001)
    assert is_long(variable("v", 1), v=[1, 2_000_000])
    assert is_long({"expression": "pow", "lhs": 10, "rhs": t}, t=7)
    assert is_long({"expression": "abs", "lhs": {"expression": "neg", "lhs": t}}, t=2_000_000)
    assert not is_long({"expression": "div", "lhs": t, "rhs": 1000}, t=2_000_000)
    assert not is_long({"expression": "div", "lhs": 1, "rhs": t}, t=0)
    assert not is_long({"expression": "neg", "lhs": t}, t=2_000_000)
    assert not is_long({"expression": "new", "lhs": t}, t=2_000_000)
    assert not is_long(variable("other"), t=2_000_000)


_WORDS = re.compile(r"[A-Za-z_0-9.\-]+")
_NUMBERS = ["0", "-1", "3", "1e9", "0.5", "omega", "t_ns", "1 / omega", "sqrt(-omega)", "'t_ns ** 9'"]
_NAMES = ["MockDevice", "DigitalAnalogDevice", "raman_local", "mw_global", "FRESNEL", "XY", "drive", "left"]
_SHAPES = [
    "{ramp: {duration_ns: 100, from: 0, to: 1}}",
    "{chain: {n_qubits: 3, spacing_um: 5}}",
    "[1, 2]",
    "{}",
]
_REPLACEMENTS = st.sampled_from([*_NUMBERS, *_NAMES, *_SHAPES, "true", "delay"])


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 60), _REPLACEMENTS), min_size=1, max_size=3))
def test_whatever_a_file_says_there_is_no_other_error(changes):
    """A file with some of its words replaced compiles or is refused, and never fails otherwise."""
    text = FILE
    for position, replacement in changes:
        words = list(_WORDS.finditer(text))
        word = words[position % len(words)]
        text = text[: word.start()] + replacement + text[word.end() :]
    try:
        outcome = compiled(parse(text, path="x.yaml")).experiment.jobs
    except SpecError as error:
        outcome = error.problems

    assert outcome


def test_every_repetition_is_a_job_of_its_point():
    """With a key of its own, but for the first; what is wrong with the point is said once."""
    once, thrice = (result_of(jobs=("runs: 100,", f"runs: 100, repeat: {repeat},")) for repeat in (1, 3))
    point = job_key({"omega": 6, "t_ns": 500})

    assert result_of() == once
    assert [
        ("omega=6,t_ns=500#1", point, 1, point, 500),
        ("omega=6,t_ns=500#2", repetition_key(point, 2), 2, point, 500),
        ("omega=6,t_ns=500#3", repetition_key(point, 3), 3, point, 500),
    ] == [(job.name, job.key, job.repetition, job.point, job.duration_ns) for job in thrice.experiment.jobs]
    with pytest.raises(SpecError) as caught:
        result_of(jobs=("{runs: 100, variables: {omega: 6,", "{runs: 100, repeat: 3, variables: {omega: 60,"))
    assert 1 == len(caught.value.problems)


def test_named_sublattices_change_nothing_that_is_bought():
    """They are for what is shown of the results."""
    named = result_of(jobs=("  jobs:\n", "  sublattices: [[left], [right]]\n  jobs:\n")).experiment

    assert replace(result_of().experiment, sublattices=(("left",), ("right",))) == named


def test_a_kind_of_warning_is_said_once():
    """At its first place, with the lines of the others: of operations, or of entries."""
    jobs = "".join(f"    - {{runs: 9, variables: {{omega: 6, t_ns: {t_ns}}}}}\n" for t_ns in (501, 502))
    delays = "      - delay: {channel: drive, duration_ns: 41}\n" * 2
    result = result_of(
        operations=(PULSE, PULSE + delays),
        jobs=("    - {runs: 100, variables: {omega: 6, t_ns: 500}}\n", jobs),
    )

    assert [
        (13, f"A duration of 41 ns {CLOCK} 44 ns. (also line 14)"),
        (16, f"omega=6,t_ns=501: A duration of 501 ns {CLOCK} 504 ns. (line 12) (also line 17)"),
    ] == [(warning.line, warning.message) for warning in result.warnings]
