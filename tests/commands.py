"""The command line as a user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from runner.cli import main
from runner.local.server.launch import running

RUNNER = [sys.executable, "-m", "runner"]
TIMEOUT_S = 240
_NUMBERS = count(1)

# Two atoms, three points: small enough to be run many times.
EXPERIMENT = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: pair}
spec:
  device_type: EMU_FREE
  sequence:
    device: AnalogDevice
    register: {chain: {n_qubits: 2, spacing_um: 6.0}}
    channels: {ising: rydberg_global}
    variables: {t_ns: int}
    operations:
      - pulse: {channel: ising, amplitude: {constant: {duration_ns: t_ns, value: 6.28}}, detuning: 0.0}
  jobs:
    - runs: 50
      sweep: {t_ns: [100, 200, 300]}
"""


def a_lab(folder, *, experiment=EXPERIMENT, settings="", namespace="lab"):
    """A folder with an experiment and a runner.toml."""
    (folder / "specs").mkdir(parents=True)
    (folder / "runner.toml").write_text(f'namespace = "{namespace}"\n{settings}', encoding="utf-8")
    (folder / "specs" / "pair.yaml").write_text(experiment, encoding="utf-8")
    return folder


def a_neighbour(folder, store, *, experiment=EXPERIMENT):
    """The same on a local cloud that others use, too; nobody else there has its namespace."""
    lab = a_lab(folder, experiment=experiment, namespace=f"lab-{next(_NUMBERS)}")
    (lab / ".runner").mkdir()
    (lab / ".runner" / "local-cloud").symlink_to(store)
    return lab


def namespace_of(lab):
    """What a lab calls what is its own on a cloud."""
    return tomllib.loads((lab / "runner.toml").read_text(encoding="utf-8"))["namespace"]


def records_of(lab):
    """Every job on record, by its point."""
    files = sorted(lab.glob("results/**/*.jsonl"))
    jobs = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return sorted(jobs, key=lambda job: str(job["variables"]))


def start(folder, *words):
    """Starts `runner …` in a folder."""
    return subprocess.Popen(
        [*RUNNER, *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )


def run(folder, *words):
    """Runs `runner …` in a folder to its end: exit code, stdout, stderr."""
    process = start(folder, *words)
    stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, stdout, stderr


def said(capsys, *words):
    """Exit code, stdout and stderr of `runner …`, run in this process."""
    code = main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@contextmanager
def own_target(lab, configuration):
    """Name of a target of a lab: a local cloud of its own, with a configuration in TOML."""
    (lab / "cloud.toml").write_text(configuration, encoding="utf-8")
    process = start(lab, "local", "serve", "--store", "elsewhere", "--config", "cloud.toml")
    try:
        url = re.search(r"http://\S+", process.stdout.readline()).group()
        with (lab / "runner.toml").open("a", encoding="utf-8") as settings:
            settings.write(f'[targets.own]\nurl = "{url}"\nsettle_s = 0\npoll_s = 0.1\n')
        yield "own"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=TIMEOUT_S)


def stop_local_cloud(store: Path):
    """Ends the server of a store, if there is one, and waits until it is gone."""
    server = running(store)
    if server is None:
        return
    os.kill(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while running(store) is not None:
        if time.monotonic() > deadline:
            pytest.fail(f"the local cloud {server.pid} did not end")
        time.sleep(0.02)
