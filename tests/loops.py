"""Files of closed loops: one atom or two under one pulse, and a strategy."""

from __future__ import annotations

import json
from textwrap import indent

_FILE = """\
apiVersion: runner/v1
kind: Experiment
metadata: {{name: loop}}
spec:
  device_type: {device_type}
  sequence:
    device: {device}
    register: {{coordinates_um: {atoms}}}
    channels: {{drive: rydberg_global}}
    variables: {variables}
    operations:
      - pulse: {{channel: drive, {pulse}}}
  strategy:
{strategy}"""


def loop_file(
    strategy,
    *,
    variables="{omega: float}",
    pulse="amplitude: omega, detuning: 0, duration_ns: 200",
    atoms="{q0: [0, 0]}",
    device_type="EMU_FREE",
    device="MockDevice",
):
    """The text of an experiment file; the strategy as it stands there, but for its indentation."""
    return _FILE.format(
        strategy=indent(strategy, 4 * " "),
        variables=variables,
        pulse=pulse,
        atoms=atoms,
        device_type=device_type,
        device=device,
    )


def recorded(lab):
    """Every job on record in a repository, by its name."""
    lines = [line for file in lab.glob("results/**/*.jsonl") for line in file.read_text().splitlines()]
    return {job["name"]: job for job in map(json.loads, lines)}
