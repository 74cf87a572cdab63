"""A variable that holds one number in a list, used as that number."""

from __future__ import annotations

import pytest

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
    register: {chain: {n_qubits: 2, spacing_um: 6.0}}
    channels: {drive: rydberg_global}
    variables: {x: KIND, n: float}
    operations:
      - pulse: {channel: drive, amplitude: 1, detuning: 0, duration_ns: 100 * n}
      - OPERATION
      - measure: ground-rydberg
  jobs:
    - {runs: 1, variables: {x: 0.5, n: 1}}
"""
LIST = "{type: float, size: 1}"


def played(operation, kind):
    """The sequence of the job, with the variable declared one way or the other."""
    file = parse(TEXT.replace("OPERATION", operation).replace("KIND", kind), path="x.yaml")
    return draft_of(Said(file)).sequence.build(**file.jobs[0].variables).to_abstract_repr()


@pytest.mark.parametrize(
    "operation",
    [
        "pulse: {channel: drive, amplitude: x, detuning: 2 * x, duration_ns: 200 * x, phase: x}",
        "pulse: {channel: drive, amplitude: 1, detuning: {mhz: x}, duration_ns: 100, post_phase_shift: x}",
        "pulse: {channel: drive, amplitude: {ramp: {duration_ns: 100, from: x, to: 0}}, detuning: 0}",
        "pulse: {channel: drive, amplitude: {blackman_max: {max_val: x, area: x}}, detuning: 0}",
        "pulse: {channel: drive, amplitude: {interpolated: {duration_ns: 9, values: [0, x]}}, detuning: 0}",
        "delay: {channel: drive, duration_ns: 200 * x}",
        "phase_shift: {phi: x, qubits: [q0, q1], basis: ground-rydberg}",
        "truncate: {duration_ns: 100 * x}",
    ],
)
def test_a_list_of_one_is_its_number(operation):
    """Without an index, wherever one number is expected, and in a job's value."""
    assert played(operation, "float") == played(operation, LIST)
