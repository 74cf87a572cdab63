"""Repeated operations, against a loop in Python."""

from __future__ import annotations

import json

import numpy as np
import pulser
import pytest

from runner.errors import SpecError
from runner.sequences import compiled
from runner.sequences.construction.draft import Said, draft_of
from runner.spec import parse

TEXT = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: layers}
spec:
  device_type: EMU_FREE
  sequence:
    device: MockDevice
    register: {chain: {n_qubits: 3, spacing_um: 6.0}}
    channels: {drive: rydberg_global, local: rydberg_local}
    variables: {angles: {type: float, size: 4}, t_ns: int}
    operations:
      - repeat:
          times: 3
          index: k
          operations:
            - pulse: {channel: drive, amplitude: "angles[k] + 0.5 * k", detuning: {mhz: k}, duration_ns: t_ns}
            - repeat:
                times: 2
                index: j
                operations:
                  - target: {channel: local, indices: [j + 1]}
                  - pulse:
                      channel: local
                      amplitude: "angles[k + j]"
                      detuning: -1
                      duration_ns: 100 * (j + 1)
                      phase: pi * k / 2
            - align: [drive, local]
      - measure: ground-rydberg
  jobs:
    - {runs: 1, name: job, variables: {angles: [1, 2, 3, pi], t_ns: 200}}
"""


def by_hand():
    """The same sequence as a loop with numbers."""
    angles = [1.0, 2.0, 3.0, np.pi]
    register = pulser.Register({"q0": (-6.0, 0), "q1": (0, 0), "q2": (6.0, 0)})
    sequence = pulser.Sequence(register, pulser.MockDevice)
    sequence.declare_channel("drive", "rydberg_global")
    sequence.declare_channel("local", "rydberg_local")
    for k in range(3):
        pulse = pulser.Pulse.ConstantPulse(200, angles[k] + 0.5 * k, 2 * np.pi * k, 0)
        sequence.add(pulse, "drive")
        for j in range(2):
            sequence.target_index([j + 1], "local")
            pulse = pulser.Pulse.ConstantPulse(100 * (j + 1), angles[k + j], -1, np.pi * k / 2)
            sequence.add(pulse, "local")
        sequence.align("drive", "local")
    sequence.measure("ground-rydberg")
    return json.loads(sequence.to_abstract_repr())["operations"]


def test_a_repeat_is_a_loop():
    """What is sent has no trace of it, and is what Python writes."""
    file = parse(TEXT, path="x.yaml")
    built = draft_of(Said(file)).sequence.build(**file.jobs[0].variables)

    assert by_hand() == json.loads(built.to_abstract_repr())["operations"]


def test_it_is_the_recipe_of_what_is_written_out():
    """A file that writes every time down asks for the same jobs."""
    short = TEXT[TEXT.index("      - repeat") : TEXT.index("      - measure")]
    delay = "delay: {channel: drive, duration_ns: 100}"
    texts = [f"      - repeat: {{times: 3, operations: [{{{delay}}}]}}\n", f"      - {delay}\n" * 3]
    pulse = '      - pulse: {channel: drive, amplitude: "angles[0]", detuning: 0, duration_ns: t_ns}\n'
    recipes = [
        compiled(parse(TEXT.replace(short, pulse + each), path="x.yaml")).experiment.recipe for each in texts
    ]

    assert recipes[0] == recipes[1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "100 * (j + 1)",
            "100 * (1 - j)",
            "x.yaml:22:21: the duration 100 * (1 - j) comes to 0 ns; expected at least 1 ns (k = 0, j = 1)",
        ),
        (
            "j + 1]",
            "j + 2]",
            "x.yaml:21:21: there is no atom number 3: they are counted from 0 to 2 (k = 0, j = 1)",
        ),
        (
            "t_ns: 200",
            "t_ns: 0",
            "x.yaml:31:7: job: the duration t_ns comes to 0 ns; expected at least 1 ns (k = 0) (line 16)",
        ),
    ],
)
def test_faults_are_told_at_their_line_with_the_index(old, new, expected):
    """Once, for the first time that it is so."""
    with pytest.raises(SpecError) as caught:
        compiled(parse(TEXT.replace(old, new), path="x.yaml"))

    assert [expected] == [str(each).splitlines()[0] for each in caught.value.problems]
