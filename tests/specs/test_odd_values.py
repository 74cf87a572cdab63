"""Odd values in a good file: jobs or problems, and never a traceback, Pulser's included."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import SpecError
from runner.sequences import compiled
from runner.spec import parse

GOOD = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: rabi}
spec:
  device_type: EMU_FREE
  sequence:
    device: MockDevice
    register: {chain: {n_qubits: 2, spacing_um: 6.0}}
    channels: {drive: rydberg_global}
    variables: {omega: float, t_ns: int}
    operations:
      - pulse: {channel: drive, amplitude: omega, detuning: 0, duration_ns: t_ns}
      - measure: ground-rydberg
  jobs:
    - {runs: 100, variables: {omega: 6.28, t_ns: 500}}
    - runs: 10
      sweep: {omega: {geomspace: [1, 4, 3]}, t_ns: {random: {integers: [16, 99], count: 2, seed: 7}}}
"""
_VALUE = r"(?<=[ \[])[0-9][0-9.]*|(?<=amplitude: )omega|(?<=duration_ns: )t_ns|(?<=: )[A-Za-z_-]+(?=[}\n])"
SPOTS = [found.span() for found in re.finditer(_VALUE, GOOD)]
NUMBERS = ["0", "-1", "1.5", "1e9", "1e-300", "1e300", "9007199254740991", "9007199254740992", "true", "[1]"]
EXPRESSIONS = ['"omega/0"', '"1/t_ns"', '"sin(omega)"', '"t_ns**99"', '"t_ns*1e300"', '"omega[0]"']
NAMES = ["AnalogDevice", "raman_local", "digital", "XY", "FRESNEL", "mw_global", "dmm_0", "float", "int"]
WAVEFORMS = [
    "{kaiser: {duration_ns: 100, area: 1e300, beta: 1e300}}",
    "{ramp: {duration_ns: 1, from: 0, to: 1}}",
]
changes = st.lists(
    st.tuples(st.sampled_from(SPOTS), st.sampled_from([*NUMBERS, *EXPRESSIONS, *NAMES, *WAVEFORMS])),
    min_size=1,
    max_size=2,
    unique_by=lambda change: change[0],
)


@settings(max_examples=100)
@given(changes)
def test_no_odd_value_ends_in_a_traceback(changes):
    """It is an experiment with jobs, or there are problems that can be printed."""
    text = GOOD
    for (start, end), value in sorted(changes, reverse=True):
        text = text[:start] + value + text[end:]
    try:
        told = [job.name for job in compiled(parse(text, path="x.yaml")).experiment.jobs]
    except SpecError as error:
        told = [str(problem) for problem in error.problems]

    assert len(told) > 0
    assert "" not in told
