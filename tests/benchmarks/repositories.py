"""A repository of experiments whose every job is on record: `python repositories.py FOLDER N_EXPERIMENTS`.

Writes the ids and tags of the batches that a cloud has of them, as JSON.
"""

# ruff: noqa: PLC0415  (who only writes a file need not import the runner)

from __future__ import annotations

import json
import sys
from pathlib import Path

N_JOBS = 50
_TAGS = "runner:bench", "submission:0123456789abcdef", "claim:0123456789abcdef"
_SPEC = """\
apiVersion: runner/v1
kind: Experiment
metadata: {{name: {name}}}
spec:
  device_type: EMU_FREE
  sequence:
    device: AnalogDevice
    register: {{square: {{side: 3, spacing_um: {spacing_um:.3f}}}}}
    channels: {{ising: rydberg_global}}
    variables: {{omega: float, t_ns: int}}
    operations:
      - pulse: {{channel: ising, amplitude: {{constant: {{duration_ns: t_ns, value: omega}}}}, detuning: 0.0}}
      - measure: ground-rydberg
  jobs:
    - runs: 100
      sweep: {{omega: {{linspace: [1.0, 6.0, {n_omegas}]}}, t_ns: {{range: [100, {last_ns}, 20]}}}}
"""


def write_spec(folder, name, *, number, n_jobs, n_times=5):
    """Writes an experiment of so many jobs into a folder of experiments."""
    text = _SPEC.format(
        name=name,
        spacing_um=6 + number / 1000,
        n_omegas=n_jobs // n_times,
        last_ns=100 + 20 * (n_times - 1),
    )
    (folder / "specs").mkdir(exist_ok=True)
    (folder / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")


def a_repository(folder, n_experiments):
    """Experiments whose every job is on record; answers the batches that a cloud has of them."""
    from runner.project import Project
    from runner.results import Records

    (folder / "runner.toml").write_text('namespace = "bench"\n', encoding="utf-8")
    for number in range(n_experiments):
        write_spec(folder, f"exp-{number:04}", number=number, n_jobs=N_JOBS)
    records, batches = Records(folder / "results"), []
    for each in Project.open(folder).load([folder / "specs"]):
        batch_id = f"jobs-{N_JOBS}-{each.name}"
        recipe = each.desired.recipe[:16]
        records.add(each.name, [_record(each.desired, batch_id, job) for job in each.desired.jobs])
        batches.append((batch_id, [*_TAGS, f"exp:{each.name}", f"recipe:{recipe}"]))
    return batches


def _record(desired, batch_id, job):
    from runner.domain import JobStatus, RecordedJob

    counts = {f"{number * 37 % 512:09b}": 2 for number in range(N_JOBS)}
    return RecordedJob(
        id=f"{batch_id}-{job.key}",
        batch_id=batch_id,
        recipe=desired.recipe[:16],
        key=job.key,
        status=JobStatus.DONE,
        runs=job.runs,
        name=job.name,
        variables=job.variables,
        counts=counts,
        qubit_ids=desired.qubit_ids,
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(a_repository(Path(sys.argv[1]), int(sys.argv[2]))))
