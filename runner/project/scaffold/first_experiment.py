"""A first experiment and a first runner.toml, ready to be applied."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from runner.errors import ProjectError, UsageError
from runner.project.config.published_schemas import schema_text
from runner.project.config.repository import root_commit_namespace
from runner.project.config.settings import FILE_NAME
from runner.project.experiments.loader import experiment_files

if TYPE_CHECKING:
    from pathlib import Path

EXPERIMENT: Final = "specs/first.yaml"

_SETTINGS: Final = """\
#:schema schemas/runner.schema.json
# Settings of this repository. Secrets have no place here: they come from the environment
# (PASQAL_USERNAME and PASQAL_PASSWORD, or PASQAL_TOKEN).

namespace = "{namespace}"    # separates this repository's batches from others in the same project
target = "local"            # where `runner apply` sends experiments: the emulators of this machine
results = "results"         # records of what came back

# [targets.pasqal]
# region = "fr"             # fr or sa
# project_id = ""           # from the portal of Pasqal Cloud
"""

_FIRST: Final = """\
# yaml-language-server: $schema=../schemas/experiment.schema.json
apiVersion: runner/v1
kind: Experiment
metadata:
  name: first
  description: Two atoms in blockade, driven for longer and longer; at most one of them is excited.
spec:
  device_type: EMU_FREE                 # an emulator; no QPU time is spent
  sequence:
    device: AnalogDevice
    register: {chain: {n_qubits: 2, spacing_um: 6.0}}
    channels: {ising: rydberg_global}
    variables: {t_ns: int}
    operations:
      # amplitude and detuning in rad/µs
      - pulse: {channel: ising, amplitude: {constant: {duration_ns: t_ns, value: 6.28}}, detuning: 0.0}
      - measure: ground-rydberg
  jobs:
    - runs: 200
      sweep:
        t_ns: {range: [100, 700, 100]}  # ns, both ends included
"""


def has_begun(folder: Path) -> bool:
    """Whether a folder holds a runner.toml, or experiment files, already."""
    try:
        return (folder / FILE_NAME).exists() or bool(experiment_files([folder]))
    except UsageError:  # there is no such folder, or no such file in it
        return False


def begin(folder: Path) -> list[Path]:
    """Writes a first experiment file and a runner.toml into a folder, and for editors the schemas of both.

    Returns:
        What it wrote, the experiment file last.

    Raises:
        ProjectError: One of them is already there; nothing was written.
    """
    namespace = root_commit_namespace(folder) or secrets.token_hex(4)
    texts = {
        folder / "schemas" / f"{name}.schema.json": schema_text(name) for name in ("experiment", "runner")
    } | {
        folder / FILE_NAME: _SETTINGS.format(namespace=namespace),
        folder / EXPERIMENT: _FIRST,
    }
    for path in texts:
        if path.exists():
            raise ProjectError(f"{path}: is already there; nothing was written", hint="name another folder")
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise ProjectError(f"{folder}: cannot be written: {error}") from error
    return list(texts)
