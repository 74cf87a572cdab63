"""`runner.load`: one experiment file in Python. What needs a cloud is in tests/integration."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
from pathlib import Path

import commands
import pytest
from builders import a_record
from patience import PATIENCE_S

import runner
from runner.domain import job_key
from runner.errors import ProjectError, SpecError, UsageError
from runner.project.cache.source_file import Source
from runner.results import Records, Sweep
from runner.spec import parse

SWEEPS = """\
    - runs: 5
      variables: {a: 1, b: 1.0, c: 1.0}
    - runs: 5
      sweep: {a: [2, 1], b: {range: [0, 1, 0.5]}, c: 0.5}
    - runs: 5
      sweep: [{a: [4, 3], b: [1.0, 2.0]}, {c: [0.1]}]
      include: [{a: 9, b: 9.0, c: 9.0}]
"""
# What the lab's target is.
NOWHERE = "cloud:nowhere"
FILE = f"""\
apiVersion: runner/v1
kind: Experiment
metadata: {{name: sweeps}}
spec:
  device_type: EMU_FREE
  sequence:
    device: AnalogDevice
    register: {{chain: {{n_qubits: 2, spacing_um: 6.0}}}}
    channels: {{ising: rydberg_global}}
    variables: {{a: int, b: float, c: float}}
    operations:
      - pulse: {{channel: ising, amplitude: {{constant: {{duration_ns: 100 * a, value: b}}}}, detuning: c}}
  jobs:
{SWEEPS}"""


@pytest.fixture
def lab(tmp_path):
    """A lab of which nothing is measured yet, on a target that nobody can reach."""
    settings = 'target = "nowhere"\n[targets.nowhere]\nurl = "http://127.0.0.1:9"\n'
    return commands.a_lab(tmp_path / "lab", settings=settings)


def put_on_record(lab, experiment, job_id, t_ns, **fields):
    """A job of which something came back."""
    variables = {"t_ns": t_ns}
    job = a_record(
        job_id,
        runs=50,
        counts={"00": 20, "11": 30},
        variables=variables,
        key=job_key(variables),
        **{"recipe": experiment.desired.recipe[:16], "qubit_ids": ("q0", "q1"), "target": NOWHERE, **fields},
    )
    records = Records(lab / "results")
    records.add("pair", [job])
    return job


def test_results_are_read_where_no_cloud_is(lab):
    """Every job of the file in its order, its sweep known, and nothing is connected."""
    e = runner.load(lab / "specs" / "pair.yaml")
    put_on_record(lab, e.experiment, "j1", 200)
    results = e.results()

    assert [("t_ns=100", "MISSING"), ("t_ns=200", "DONE"), ("t_ns=300", "MISSING")] == [
        (job.name, job.status) for job in results
    ]
    assert {Sweep(0, (("t_ns",),))} == {job.sweep for job in results}
    assert [False, True, False] == (results.to_xarray()["occupation"].sel(qubit="q0") == 0.6).values.tolist()


def test_what_a_sweep_leaves_out_is_known(tmp_path):
    """As the file says it."""
    text = commands.EXPERIMENT + "      exclude: [{t_ns: 200}]\n"
    lab = commands.a_lab(tmp_path, experiment=text)
    results = runner.load(lab / "specs" / "pair.yaml").results()

    assert {Sweep(0, (("t_ns",),), ((("t_ns", 200),),))} == {job.sweep for job in results}


def test_what_is_beyond_the_file_is_there_when_asked_for(lab):
    """With what the emulator gave, wherever it lies."""
    e = runner.load(str(lab / "specs" / "pair.yaml"))
    job = put_on_record(lab, e.experiment, "j9", 900, batch_id="b9")
    Records(lab / "results").add_serialised("pair", job, "{}")
    (other,) = e.results(beyond_file=True)[3:]

    assert 3 == len(e.results())
    assert ("j9", "{}") == (other.remote_jobs[0].id, other.serialised(other.remote_jobs[0]))


def test_results_go_to_other_processes(lab):
    """As multiprocessing and Dask send them: whole, with what the emulator gave."""
    e = runner.load(lab / "specs" / "pair.yaml")
    job = put_on_record(lab, e.experiment, "j1", 100)
    Records(lab / "results").add_serialised("pair", job, "{}")
    there = pickle.loads(pickle.dumps(e.results()))

    assert e.results() == there
    assert "{}" == there[0].serialised(there[0].remote_jobs[0])


def test_it_says_what_it_is(lab):
    """Name, jobs, device type, file and target."""
    path = lab / "specs" / "pair.yaml"
    e = runner.load(path)

    assert f"<experiment 'pair': 3 jobs on EMU_FREE; {path}, target nowhere>" == repr(e)
    assert ("pair", ("q0", "q1"), ()) == (e.name, e.qubit_ids, e.warnings)
    assert "local" == runner.load(path, target="local").project.target_name


def test_the_root_may_be_another_one(lab, tmp_path):
    """Then its settings and records count."""
    other = commands.a_lab(tmp_path / "other")

    assert other == runner.load(lab / "specs" / "pair.yaml", root=other).project.root


@pytest.mark.parametrize(
    ("file", "target", "error"),
    [
        ("specs/none.yaml", None, UsageError),
        ("specs", None, UsageError),
        ("specs/pair.yaml", "moon", ProjectError),
        ("runner.toml", None, SpecError),
    ],
)
def test_what_cannot_be_loaded_is_said(lab, file, target, error):
    """In words, as an error of ours."""
    with pytest.raises(error):
        runner.load(lab / file, target=target)


def test_a_source_knows_the_axes_of_every_job():
    """None for points that are written out, nothing for plain numbers; included points are of their sweep."""
    source = Source.of(parse(FILE, path="sweeps.yaml"))

    assert (None, (("a",), ("b",)), (("a", "b"), ("c",))) == source.axes
    assert (0, *[1] * 6, *[2] * 3) == source.entries


def test_importing_the_runner_is_light():
    """Nothing of what it offers is imported before it is used, and nothing unknown is offered."""
    script = (
        "import sys, runner; before = set(sys.modules); assert 'load' in dir(runner);"
        "heavy = {'numpy', 'pulser', 'pydantic', 'requests', 'pandas', 'runner.project'};"
        "assert not heavy & before, heavy & before;"
        "runner.load, runner.Results, runner.Counts;"
        "assert not {'numpy', 'pulser', 'pandas', 'xarray', 'matplotlib'} & set(sys.modules);"
        "assert not hasattr(runner, 'nothing')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert all(hasattr(runner, name) for name in runner.__all__)


def test_the_stub_names_what_the_package_hands_on():
    """Type checkers read it instead of the module."""
    stub = Path(runner.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    tree = ast.parse(stub)
    imported = {name.asname for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}

    assert {*runner.__all__} == {*imported, "__version__"}
    assert runner.__all__ == next(ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign))
