"""Experiment files for tests: a good one, and what to change in it."""

from __future__ import annotations

from runner.errors import SpecError
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
"""
JOBS = "    - {runs: 100, variables: {omega: 6.28, t_ns: 500}}\n"


def changed(old, new):
    """The good file with one thing in it changed."""
    assert GOOD.count(old) == 1, f"{old!r} stands {GOOD.count(old)} times"
    return GOOD.replace(old, new)


def with_jobs(*entries):
    """The good file with other jobs; each a line of YAML in flow style."""
    return changed(JOBS, "".join(f"    - {entry}\n" for entry in entries))


def problems(text):
    """What is wrong with a text: (line, column, message, hint) of each problem."""
    try:
        parse(text, path="x.yaml")
    except SpecError as error:
        return [(each.line, each.column, each.message, each.hint) for each in error.problems]
    return []


def messages(text):
    """Only the messages of what is wrong with a text."""
    return [message for _, _, message, _ in problems(text)]
