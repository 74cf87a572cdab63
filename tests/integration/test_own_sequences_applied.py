"""Jobs with registers of their own, from the file to the results, on the local cloud."""

from __future__ import annotations

import shutil

import runner
from runner.reconcile import End

JOB = """\
    - runs: {runs}
      name: {name}
      sequence:
        device: AnalogDevice
        register: {{coordinates_um: {places}}}
        channels: {{ising: rydberg_global}}
        operations:
          - pulse: {{channel: ising, amplitude: 6.28, detuning: 0, duration_ns: 100}}
"""
FILE = (
    "apiVersion: runner/v1\nkind: Experiment\nmetadata: {name: pair}\n"
    "spec:\n  device_type: EMU_FREE\n  jobs:\n"
    + JOB.format(runs=50, name="two", places="{a: [0, 0], b: [6, 0]}")
    + JOB.format(runs=60, name="three", places="{x: [0, 0], y: [6, 0], z: [12, 0]}")
)


def applied(lab):
    """Results of the file, once nothing is left to do; from how many batches they came."""
    e = runner.load(lab / "specs" / "pair.yaml")
    end = e.apply(timeout_s=120)
    assert (End.SETTLED, True, ()) == (end.end, end.is_complete, e.plan().actions)
    return e.results()


def test_two_registers_are_measured_once(neighbour):
    """Neither again nor from a clone without journal and records; each with its own qubits."""
    lab = neighbour
    (lab / "specs" / "pair.yaml").write_text(FILE, encoding="utf-8")
    first, again = applied(lab), applied(lab)
    shutil.rmtree(lab / "results")
    shutil.rmtree(lab / ".runner" / "targets")
    cloned = applied(lab)

    assert first == again
    assert [("two", ("a", "b"), 50), ("three", ("x", "y", "z"), 60)] == [
        (job.name, job.qubit_ids, job.counts.total) for job in first
    ]
    assert [[remote.id for remote in job.remote_jobs] for job in first] == [
        [remote.id for remote in job.remote_jobs] for job in cloned
    ]
    assert [job.counts for job in first] == [job.counts for job in cloned]
