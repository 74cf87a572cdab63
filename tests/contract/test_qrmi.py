"""QRMI, as it is installed, on the local cloud; skipped where it is not (`pip install --no-deps qrmi`)."""

from __future__ import annotations

import json
import math
import os
import sys
from importlib.util import find_spec
from subprocess import run

import pulser
import pytest

pytestmark = pytest.mark.skipif(find_spec("qrmi") is None, reason="qrmi is not installed")

PROJECT = "00000000-0000-4000-8000-000000000000"
SCRIPT = """\
import json, sys, time
from qrmi import Payload, QuantumResource, ResourceType, TaskStatus

sequence = sys.stdin.read()
resource = QuantumResource("EMU_FREE", ResourceType.PasqalCloud)
task = resource.task_start(Payload.PasqalCloud(sequence, 100))
while resource.task_status(task) not in (TaskStatus.Completed, TaskStatus.Failed, TaskStatus.Cancelled):
    time.sleep(0.05)
found = json.loads(resource.task_result(task).value)
specs = [each["device_type"] for each in json.loads(resource.target().value)]
print(json.dumps([str(resource.task_status(task)), found, specs]))
"""


def a_pi_pulse():
    """It always gives 1."""
    sequence = pulser.Sequence(pulser.Register({"q0": (0.0, 0.0)}), pulser.MockDevice)
    sequence.declare_channel("rydberg", "rydberg_global")
    sequence.add(pulser.Pulse.ConstantPulse(500, 2 * math.pi, 0.0, 0.0), "rydberg")
    sequence.measure("ground-rydberg")
    return sequence.to_abstract_repr()


def test_qrmi_runs_a_job(local_server):
    """It writes the prefix of the service itself, and asks for the results of the whole batch."""
    names = {"PROJECT_ID": PROJECT, "AUTH_TOKEN": "any", "BASE_URL": local_server.url}
    environ = {f"EMU_FREE_QRMI_PASQAL_CLOUD_{name}": value for name, value in names.items()}
    done = run(
        [sys.executable, "-c", SCRIPT],
        input=a_pi_pulse(),
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    status, result, specs = json.loads(done.stdout)

    assert ("TaskStatus.Completed", {"counter": {"1": 100}}) == (status, result)
    assert "EMU_FREE" in specs
