"""Files whose jobs have sequences of their own: what the verbs that send nothing say of them."""

from __future__ import annotations

import json

import commands
import pytest
from commands import said

from runner.cli.exit_codes import Exit
from runner.domain import own_sequence_key
from runner.project import Project, schema_text
from runner.project.cache.source_file import Source
from runner.project.config.repository import Revision
from runner.project.experiments.manifest import manifest
from runner.results import Records
from runner.results.records.verify import verified
from runner.spec import parse
from runner.spec.models.python_sequence import Made

JOB = """\
    - runs: 50
      name: {name}
      sequence:
        device: AnalogDevice
        register: {{chain: {{n_qubits: {n_qubits}, spacing_um: 6.0}}}}
        channels: {{ising: rydberg_global}}
        operations:
          - pulse: {{channel: ising, amplitude: 6.28, detuning: 0, duration_ns: 100}}
"""
HEAD = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: pair}
spec:
  device_type: EMU_FREE
  jobs:
"""
FILE = HEAD + JOB.format(name="two", n_qubits=2) + JOB.format(name="three", n_qubits=3)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab that is the working folder."""
    lab = commands.a_lab(tmp_path / "lab", experiment=FILE)
    monkeypatch.chdir(lab)
    return lab


def test_a_jobs_own_sequence_is_exported_by_its_name(lab, capsys):
    """Without a name there is none to export, and the hint has a name."""
    code, out, _ = said(capsys, "export", "specs/pair.yaml", "--job", "three")
    without, nothing, why = said(capsys, "export", "specs/pair.yaml")

    assert (Exit.DONE, ["q0", "q1", "q2"]) == (code, [atom["name"] for atom in json.loads(out)["register"]])
    assert (Exit.USAGE, "") == (without, nothing)
    assert why.endswith("pair has no sequence but those of its jobs\nhint: say which, as in --job two\n")


def test_jobs_with_their_own_sequence_are_listed(lab, capsys):
    """Their keys are no variables' digest, and not known before they are built."""
    _, out, _ = said(capsys, "jobs", "specs/pair.yaml")
    _, as_json, _ = said(capsys, "jobs", "specs/pair.yaml", "-o", "json")

    assert [
        ["two", "its", "own", "sequence", "50", "–", "7"],
        ["three", "its", "own", "sequence", "50", "–", "15"],
    ] == [line.split() for line in out.splitlines()[2:]]
    assert [None, None] == [job["key"] for job in json.loads(as_json)]


def test_a_job_is_shown_with_its_own_register(lab, capsys):
    """And not with another one's."""
    _, first, _ = said(capsys, "show", "specs/pair.yaml")
    _, second, _ = said(capsys, "show", "specs/pair.yaml", "--job", "three")

    assert "Register: 2 atoms" in first
    assert "Register: 3 atoms" in second


def remembered(lab):
    """The experiment of the lab, and its manifest."""
    (experiment,) = Project.open(lab).load([lab / "specs"])
    return experiment, manifest(
        experiment, revision=Revision(None, None), root=lab, target={"target": "local"}
    )


def test_the_manifest_has_each_sequence_by_the_key_of_its_point(lab):
    """They are what the jobs' keys say; records that hold another one are found."""
    experiment, told = remembered(lab)
    two, three = experiment.desired.jobs
    recipe = experiment.desired.recipe[:16]

    assert (None, "AnalogDevice", []) == (told["sequence"], told["device"], told["qubit_ids"])
    assert {two.key: json.loads(two.sequence), three.key: json.loads(three.sequence)} == told["sequences"]
    mixed_up = {two.key: told["sequences"][three.key]}
    for name, sequences in (("fine", told["sequences"]), ("odd", mixed_up)):
        Records(lab / name).write_manifest("pair", recipe, told | {"sequences": sequences})
    schema = json.loads(schema_text("record"))
    verdicts = [verified([lab / name / "pair"], schema) for name in ("fine", "odd")]
    flaws = [flaw.message for verdict in verdicts for flaw in verdict.flaws]
    assert [f"the sequence of the point {two.key} is another one: its key would be {three.key}"] == flaws


def test_sequences_of_former_jobs_stay_in_the_manifest(lab):
    """Each is kept once, whatever jobs are added or gone."""
    experiment, told = remembered(lab)
    two, three = experiment.desired.jobs
    records, recipe = Records(lab / "kept"), experiment.desired.recipe[:16]
    first = told | {"sequences": {two.key: told["sequences"][two.key]}}
    second = told | {"sequences": {three.key: told["sequences"][three.key]}}
    for each in (first, second, first):
        records.write_manifest("pair", recipe, each)
    kept = records.manifest("pair", recipe)

    assert told["sequences"] == kept["sequences"]
    assert "earlier" not in kept


def test_a_compiled_file_is_kept_with_the_sequences_of_its_jobs(lab):
    """What is read again is what was compiled."""
    project = Project.open(lab)
    (built,), (kept,) = project.load([lab / "specs"]), project.load([lab / "specs"])

    assert built.desired == kept.desired
    jobs = kept.desired.jobs
    assert [own_sequence_key(job.sequence) for job in jobs] == [job.key for job in jobs]


def test_functions_of_jobs_are_remembered_by_the_jobs_names():
    """As that of the whole file is."""
    by_code = "    - {runs: 1, name: made, sequence: {python: 'a.py:f'}}\n"
    text = HEAD + by_code + JOB.format(name="two", n_qubits=2)
    whole = json.dumps({"device": {}, "register": [], "operations": []})
    made = Made(text=whole, record={"function": "f"})
    source = Source.of(parse(text, path="x.yaml", companion=lambda _: "", make=lambda _: made))

    assert (None, {"made": {"function": "f"}}) == (source.factory, source.factories)
