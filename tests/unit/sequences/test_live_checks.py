"""Devices as a target serves them: in the place of Pulser's, and as what every job is checked against."""

from __future__ import annotations

import json

import pulser
import pytest

from runner.domain import DeviceSource, recipe_digest
from runner.errors import SpecError
from runner.sequences import compiled
from runner.sequences.construction.devices import device_source
from runner.sequences.pulser_api.device_specs import NoSpecificationError, Specification, is_current
from runner.spec import load, parse
from runner.spec.models.sequence import PythonSequence

FILE = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: x}
spec:
  device_type: FRESNEL
  sequence:
    device: DEVICE
    register: {chain: {n_qubits: 2, spacing_um: 6.0}}
    channels: {ising: rydberg_global}
    variables: {omega: float, t_ns: int}
    operations:
      - pulse: {channel: ising, amplitude: omega, detuning: 0, duration_ns: t_ns}
      - pulse: {channel: ising, amplitude: 9.0, detuning: 0, duration_ns: 100}
  jobs:
    - {runs: 100, variables: {omega: 6, t_ns: 500}}
    - {runs: 50, variables: {omega: 12, t_ns: 4000}}
"""
THE = "on FRESNEL as the target has it: "


class Serving:
    """A target in memory that serves FRESNEL, and perhaps emulators."""

    def __init__(self, **changes):
        self.texts = {"FRESNEL": a_device(**changes)}

    def known(self, device_type):
        """That of a device type, or None."""
        text = self.texts.get(device_type)
        return text and Specification(device_type, text)

    def required(self, device_type):
        """That of a device type."""
        if device_type not in self.texts:
            raise NoSpecificationError(f"no {device_type} here", hint="ask for FRESNEL")
        return self.known(device_type)


def a_device(*, channel=None, without=(), **changes):
    """AnalogDevice under another name, with some fields of it, or of its channel, changed."""
    content = json.loads(pulser.AnalogDevice.to_abstract_repr()) | {"name": "FRESNEL"} | changes
    content["channels"] = [each | (channel or {}) for each in content["channels"]]
    return json.dumps({key: value for key, value in content.items() if key not in without})


def result(serving, device="{target: FRESNEL}", **changes):
    """What the file compiles to; each change is old=new, looked up by a name."""
    text = FILE.replace("DEVICE", device)
    for old, new in changes.values():
        assert text.count(old) == 1
        text = text.replace(old, new)
    return compiled(parse(text, path="x.yaml"), serving)


def complaints(*args, **kwargs):
    """(line, message) of everything that is wrong."""
    with pytest.raises(SpecError) as caught:
        result(*args, **kwargs)
    return [(each.line, each.message) for each in caught.value.problems]


def test_a_live_device_is_what_is_sent():
    """With all that the target says of it; the recipe has its name."""
    serving = Serving(max_runs=300)
    done = result(serving)
    sent = json.loads(done.experiment.sequence)

    assert json.loads(serving.texts["FRESNEL"]) == sent["device"]
    assert (300, "", ()) == (done.experiment.max_runs, done.experiment.live_device, done.warnings)
    assert {"FRESNEL": serving.known("FRESNEL").digest} == done.consulted
    assert done.experiment.recipe == recipe_digest(
        device_type="FRESNEL", sequence=json.dumps(sent | {"device": {"name": "FRESNEL"}})
    )


def test_another_specification_is_no_new_recipe():
    """Not even where other traps are found for the same atoms."""
    before, after = result(Serving()), result(Serving(min_atom_distance=4.5, max_runs=40))
    layouts = [json.loads(each.experiment.sequence)["layout"] for each in (before, after)]

    assert layouts[0] != layouts[1]
    assert before.experiment.recipe == after.experiment.recipe


def test_an_emulator_can_stand_in_for_a_live_device():
    """Within the device's limits."""
    of_emulator = ("device_type: FRESNEL", "device_type: EMU_FREE")
    too_long = "omega=12,t_ns=4000: the sequence takes longer than 2000 ns, the most that FRESNEL allows"

    assert {"FRESNEL", "EMU_FREE"} == set(result(Serving(), type=of_emulator).consulted)
    assert [(16, too_long)] == complaints(Serving(max_sequence_duration=2000), type=of_emulator)


def test_a_former_specification_can_be_kept_in_a_file():
    """As it is in what was sent: recipe and constants are those from before, whatever the target serves."""
    free = ("device_type: FRESNEL", "device_type: EMU_FREE")
    before, after = result(Serving(), type=free), result(Serving(rydberg_level=70), type=free)
    files = {"former.json": json.dumps(json.loads(before.experiment.sequence)["device"])}
    text = FILE.replace("DEVICE", "{file: former.json}").replace(*free)
    kept = compiled(parse(text, path="x.yaml", companion=files.__getitem__), Serving(rydberg_level=70))

    assert before.experiment.recipe == after.experiment.recipe == kept.experiment.recipe
    assert before.experiment.constants == kept.experiment.constants != after.experiment.constants


@pytest.mark.parametrize(
    ("device", "source"), [("{target: FRESNEL}", DeviceSource.TARGET), ("AnalogDevice", DeviceSource.PULSER)]
)
def test_it_is_known_where_constants_come_from(device, source):
    """From the target as it is now, or from Pulser; of a function in Python, from its code."""
    python = PythonSequence(python="chain.py:chain")

    assert (source, DeviceSource.PYTHON) == (
        result(Serving(), device).experiment.device_source,
        device_source(python),
    )


@pytest.mark.parametrize(
    ("serving", "device", "expected"),
    [
        (Serving(), "{target: FRESNELL}", (7, "no FRESNELL here")),
        (
            Serving(without=["name"]),
            "{target: FRESNEL}",
            (7, "Pulser can't read how the target specifies FRESNEL: $: 'name' is a required property"),
        ),
    ],
    ids=["not served", "not read"],
)
def test_a_device_that_cannot_be_had_is_a_problem_at_its_line(serving, device, expected):
    """The target's reason, or Pulser's."""
    assert [expected] == complaints(serving, device)


REGISTER, SECOND, JOB = 8, 13, 16
LONG = "omega=12,t_ns=4000: "
MANY = (
    "The number of atoms (2) must be less than or equal to the maximum number of atoms supported by this"
    " device (1)."
)
NO_NEW = (
    "'FRESNEL' does not accept new register layouts so the register's layout must be one of the layouts"
    " available in 'FRESNEL.calibrated_register_layouts'."
)
OTHER_NAME = (
    "FRESNEL of the target is the device FRESNEL, and this sequence is for AnalogDevice: it may be refused;"
    " device: {target: FRESNEL} takes the device as it is there"
)
LIMITS = {
    "amplitude": (
        {"channel": {"max_amp": 10.0}},
        [(JOB, LONG, "the amplitude reaches 12 rad/µs; channel ising takes 10 at most (line 12)")],
    ),
    "amplitude of all jobs": (
        {"channel": {"max_amp": 8.0}},
        [
            (SECOND, "", "the amplitude reaches 9 rad/µs; channel ising takes 8 at most"),
            (JOB, LONG, "the amplitude reaches 12 rad/µs; channel ising takes 8 at most (line 12)"),
        ],
    ),
    "length": (
        {"max_sequence_duration": 2000},
        [(JOB, LONG, "the sequence takes longer than 2000 ns, the most that FRESNEL allows")],
    ),
    "shortest pulse": (
        {"channel": {"min_duration": 200}},
        [(SECOND, "", "duration has to be at least 200 ns.")],
    ),
    "atoms": ({"max_atom_num": 1}, [(REGISTER, "", MANY)]),
    "new layouts": ({"accepts_new_layouts": False}, [(REGISTER, "", NO_NEW)]),
    "channels": ({"channels": []}, [(SECOND - 1, "", "it has none of the channels")]),
}


@pytest.mark.parametrize(("changes", "expected"), LIMITS.values(), ids=LIMITS)
def test_jobs_are_checked_whatever_device_the_file_says(changes, expected):
    """At the line of the pulse if it holds for all jobs, else at that of the job."""
    found = complaints(Serving(**changes), "AnalogDevice")

    assert [(line, who + THE + message) for line, who, message in expected] == found


def test_a_sequence_in_a_file_of_its_own_is_checked_too(tmp_path):
    """At the line of its jobs."""
    text = FILE.replace("DEVICE", "AnalogDevice")
    (tmp_path / "s.json").write_text(compiled(parse(text, path="x")).experiment.sequence, encoding="utf-8")
    start, end = text.index("    device:"), text.index("  jobs:")
    (tmp_path / "x.yaml").write_text(f"{text[:start]}    file: s.json\n{text[end:]}", encoding="utf-8")

    with pytest.raises(SpecError) as caught:
        compiled(load(tmp_path / "x.yaml", root=tmp_path), Serving(channel={"max_amp": 10.0}))

    (warning,) = compiled(load(tmp_path / "x.yaml", root=tmp_path), Serving()).warnings
    (problem,) = caught.value.problems
    assert warning.message.endswith("this sequence is for AnalogDevice: it may be refused")
    assert 10 == problem.line
    assert problem.message.startswith(f"omega=12,t_ns=4000: {THE}")


def test_a_device_of_another_name_may_be_refused():
    """A warning: nobody knows what the cloud makes of it; what it can do is remembered beside the jobs."""
    serving = Serving(max_runs=30)
    done = result(serving, "AnalogDevice")

    assert [(7, OTHER_NAME)] == [(each.line, each.message) for each in done.warnings]
    assert (30, serving.texts["FRESNEL"]) == (done.experiment.max_runs, done.experiment.live_device)


def test_a_device_of_the_same_name_must_not_change_the_sequence():
    """As Pulser has it: an old specification in the file is refused where samples would differ."""
    found = complaints(Serving(name="AnalogDevice", channel={"clock_period": 8}), "AnalogDevice")

    assert [(12, f"{THE}No match for channel 'ising' with the same 'clock_period'.")] == found


def test_runs_are_those_that_the_live_device_takes():
    """With `exact`, more are an error at the job; otherwise they are spread."""
    exact = ("  jobs:\n", "  policy: {runs: exact}\n  jobs:\n")

    assert [(16, "FRESNEL takes at most 60 runs a job, not 100")] == complaints(
        Serving(max_runs=60), "AnalogDevice", exact=exact
    )


def test_a_specification_that_pulser_cannot_read_checks_nothing():
    """And it is said."""
    done = result(Serving(without=["name"]), "AnalogDevice")

    assert ["Pulser can't read how the target specifies FRESNEL: $: 'name' is a required property;"] == [
        each.message.partition(" jobs are")[0] for each in done.warnings
    ]


def test_of_emulators_only_qubits_and_runs_are_checked():
    """They play sequences of any device."""
    of_emulator, serving = ("device_type: FRESNEL", "device_type: EMU_FREE"), Serving()
    serving.texts["EMU_FREE"] = a_device(channel={"max_amp": 1.0}, max_atom_num=25, max_runs=70)
    done = result(serving, "AnalogDevice", type=of_emulator)
    serving.texts["EMU_FREE"] = a_device(max_atom_num=1)

    assert ((), 70, "") == (done.warnings, done.experiment.max_runs, done.experiment.live_device)
    assert [(8, "EMU_FREE takes at most 1 qubits, not 2")] == complaints(
        serving, "AnalogDevice", type=of_emulator
    )


def test_what_was_consulted_is_current_until_it_changes():
    """Also when a device becomes known, or is no longer."""
    serving = Serving()
    before = result(serving, "AnalogDevice").consulted
    unknown = {"EMU_FREE": ""}
    now = [is_current(before, serving), is_current(unknown, serving)]
    serving.texts = {"FRESNEL": a_device(max_runs=1), "EMU_FREE": a_device()}

    assert [True, True, False, False] == [*now, is_current(before, serving), is_current(unknown, serving)]


def test_own_sequences_of_jobs_are_checked_each_at_its_place():
    """Against the device as the target has it, also where the jobs name another one."""
    own = (
        "{device: AnalogDevice, register: {chain: {n_qubits: 2, spacing_um: 6.0}}, "
        "channels: {ising: rydberg_global}, "
        "operations: [pulse: {channel: ising, amplitude: AMP, detuning: 0, duration_ns: 500}]}"
    )
    head = FILE.partition("  sequence:")[0] + "  jobs:\n"
    jobs = [f"    - {{runs: 10, sequence: {own.replace('AMP', amp)}}}\n" for amp in ("6", "9")]
    serving = Serving(name="AnalogDevice", channel={"max_amp": 8.0}, max_runs=300)
    fine = compiled(parse(head + jobs[0], path="x.yaml"), serving)
    with pytest.raises(SpecError) as caught:
        compiled(parse(head + jobs[0] + jobs[1], path="x.yaml"), serving)

    assert (300, serving.texts["FRESNEL"]) == (fine.experiment.max_runs, fine.experiment.live_device)
    (problem,) = caught.value.problems
    message = THE + "the amplitude reaches 9 rad/µs; channel ising takes 8 at most"
    assert (8, "/spec/jobs/1/sequence/operations/0", message) == (
        problem.line,
        problem.pointer,
        problem.message,
    )
