"""The physics that results are for: one driven atom, emulated here, against the exact formula."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from builders import a_result

from runner.local.engines.emulation import emulate

ROOT = Path(__file__).parents[3]
OMEGA_RAD_PER_US = 2 * math.pi
RUNS = 2000


def measured(t_ns):
    """What the local cloud measures of specs/sequences/rabi.json, with a fixed seed."""
    asked = {
        "sequence": (ROOT / "specs" / "sequences" / "rabi.json").read_text(encoding="utf-8"),
        "variables": {"t_ns": t_ns},
        "runs": RUNS,
        "seed": t_ns,
        "device_type": "EMU_FREE",
        "emulator": "EMU_FREE",
        "configuration": {},
        "backend_configuration": None,
    }
    return a_result(json.loads(emulate(json.dumps(asked)))["counter"], qubit_ids=("q0",))


@pytest.mark.parametrize("t_ns", [100, 250, 400, 700, 900])
def test_a_driven_atom_oscillates(t_ns):
    """On resonance it is excited with probability sin²(Ω t / 2); within five standard errors."""
    job = measured(t_ns)
    exact = math.sin(OMEGA_RAD_PER_US * t_ns * 1e-3 / 2) ** 2  # ns · rad/µs = 1e-3 rad
    error = math.sqrt(exact * (1 - exact) / RUNS)

    assert exact == pytest.approx(job.occupation["q0"].value, abs=5 * error)
    assert -math.cos(OMEGA_RAD_PER_US * t_ns * 1e-3) == pytest.approx(
        job.magnetization["q0"].value, abs=10 * error
    )
    assert error == pytest.approx(job.occupation["q0"].error, rel=0.1)
