"""The main job as a user does it: files in, records out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import commands
import jsonschema
import pytest
from afm_by_hand import antiferromagnetic_order, counts_of, sequence_by_hand
from comparison import SAME, p_value

from runner.cloud import Client, Endpoints
from runner.local.server.launch import running
from runner.project import Project

ROOT = Path(__file__).parents[2]


def bought(lab):
    """Point and runs of every job on record."""
    lines = [
        line for file in sorted(lab.glob("results/**/*.jsonl")) for line in file.read_text().splitlines()
    ]
    return sorted((job["variables"]["t_ns"], job["runs"]) for job in map(json.loads, lines))


def edit(lab, old, new):
    """Changes the experiment file."""
    path = lab / "specs" / "pair.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_file_is_applied_changed_and_reverted(neighbour, monkeypatch, capsys):
    """Again sends nothing, two jobs more send two, 50 to 80 runs buy 30, a revert sends nothing."""
    monkeypatch.chdir(neighbour)
    seen = []
    for old, new in (
        ("runs: 50", "runs: 50"),
        ("runs: 50", "runs: 50"),
        ("300]", "300, 400, 500]"),
        ("runs: 50", "runs: 80"),
        ("runs: 80", "runs: 50"),
    ):
        edit(neighbour, old, new)
        code, _, stderr = commands.said(capsys, "apply", "specs/pair.yaml")
        assert code == 0, stderr
        seen.append(bought(neighbour))

    first = [(100, 50), (200, 50), (300, 50)]
    more = [*first, (400, 50), (500, 50)]
    raised = sorted([*more, *((t, 30) for t in (100, 200, 300, 400, 500))])
    assert [first, first, more, raised, raised] == seen


def test_the_whole_path_measures_what_pulser_measures(neighbour):
    """specs/afm-ramp.yaml, applied by command, against the sequence written by hand and run by Pulser alone.

    Seeds on the cloud derive from job ids, which are new in every run: with a bound of one in a million, the
    eleven comparisons fail by chance once in a hundred thousand runs.
    """
    text = (ROOT / "specs" / "afm-ramp.yaml").read_text(encoding="utf-8")
    (neighbour / "specs" / "afm-ramp.yaml").write_text(text, encoding="utf-8")

    code, stdout, stderr = commands.run(neighbour, "apply", "specs/afm-ramp.yaml", "-o", "json")
    assert code == 0, stderr
    rows = json.loads(stdout)["results"]["afm-ramp"]
    order = {row["variables"]["t_sweep_ns"]: antiferromagnetic_order(row["counts"]) for row in rows[:-1]}

    for row in rows:
        by_hand = counts_of(sequence_by_hand(**row["variables"]), runs=500, seed=1)
        assert p_value(row["counts"], by_hand) > SAME, row["name"]
    assert len(rows) == 11
    # The standard error of each is below 0.03.
    assert order[4000] > order[1600] + 0.1 > order[800] + 0.2 > order[400] + 0.3


@pytest.mark.long
def test_records_say_what_ran_and_where_it_came_from(lab):
    """The manifest: file, sequence, device, versions, commit."""
    commands.run(lab, "apply", "specs")
    (path,) = lab.glob("results/pair/*/manifest.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))

    assert ("pair", "EMU_FREE", "AnalogDevice", "local", ["q0", "q1"], None) == tuple(
        manifest[key] for key in ("experiment", "device_type", "device", "target", "qubit_ids", "commit")
    )
    assert manifest["recipe"].startswith(path.parent.name)
    assert manifest["file"]["path"] == "specs/pair.yaml"
    assert manifest["file"]["expanded"]["spec"]["device_type"] == "EMU_FREE"
    assert [{"t_ns": 100}, {"t_ns": 200}, {"t_ns": 300}] == [
        job["variables"] for job in manifest["file"]["expanded"]["spec"]["jobs"]
    ]
    assert manifest["sequence"]["measurement"] == "ground-rydberg"
    assert {"python", "runner", "pulser", "pulser-simulation", "qutip", "numpy"} == manifest[
        "versions"
    ].keys()
    schema = json.loads((ROOT / "schemas" / "manifest.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(manifest)


@pytest.mark.long
def test_submitted_work_is_found_again_by_another_command(lab):
    """`--no-wait` returns, the local cloud goes on, and the next command records."""
    code, _, stderr = commands.run(lab, "apply", "specs", "--no-wait")
    assert code == 0, stderr
    code, _, stderr = commands.run(lab, "apply", "specs")

    assert (0, [(100, 50), (200, 50), (300, 50)]) == (code, bought(lab)), stderr


@pytest.mark.long
def test_impatience_is_told_by_the_exit_code(lab):
    """5: still progressing; nothing is lost."""
    code, _, stderr = commands.run(lab, "apply", "specs", "--timeout", "0")

    assert code == 5
    assert "patience ended" in stderr


def test_two_runners_do_not_work_in_one_checkout(lab):
    """The second is told, and changes nothing."""
    with Project.open(lab).journal_locked("apply"):
        code, stdout, stderr = commands.run(lab, "apply", "specs")

    assert (1, "") == (code, stdout)
    assert "another runner works in this checkout" in stderr


@pytest.mark.parametrize("verb", ["plan", "status"])
def test_looking_changes_nothing(neighbour, store, monkeypatch, capsys, verb):
    """No batch is created."""
    monkeypatch.chdir(neighbour)
    url = running(store).url
    cloud = Client(endpoints=Endpoints(core=url, account=url), project_id="p")
    before = list(cloud.get_batches())
    code, _, _ = commands.said(capsys, verb, "specs", "--target", url)

    assert (0, before) == (code, list(cloud.get_batches()))


def repetitions(lab):
    """Key and name of every job on record, by its id."""
    lines = [line for file in lab.glob("results/**/*.jsonl") for line in file.read_text().splitlines()]
    return {job["job_id"]: (job["key"], job["name"]) for job in map(json.loads, lines)}


@pytest.mark.long
@pytest.mark.seconds(12)
def test_repetitions_are_bought_one_by_one_and_stay_what_they_are(lab):
    """Twice buys two, again none, three times one more; without records they are told apart as before."""
    edit(
        lab, "runs: 50\n      sweep: {t_ns: [100, 200, 300]}", "{runs: 50, repeat: 2, variables: {t_ns: 100}}"
    )
    seen = []
    for old, new in (("repeat: 2", "repeat: 2"), ("repeat: 2", "repeat: 2"), ("repeat: 2", "repeat: 3")):
        edit(lab, old, new)
        code, _, stderr = commands.run(lab, "apply", "specs/pair.yaml")
        assert code == 0, stderr
        seen.append(repetitions(lab))
    shutil.rmtree(lab / "results")
    code, stdout, stderr = commands.run(lab, "apply", "specs/pair.yaml")

    assert code == 0, stderr
    assert [2, 2, 3] == [len(jobs) for jobs in seen]
    assert seen[0] == seen[1] == {job_id: seen[2][job_id] for job_id in seen[0]}
    assert seen[2] == repetitions(lab)
    assert ["t_ns=100#1", "t_ns=100#2", "t_ns=100#3"] == sorted(name for _, name in seen[2].values())
    assert 3 == stdout.count("50/50")
