"""`runner results --verify`."""

from __future__ import annotations

import json

import commands
import pytest
from builders import a_record

import runner
from runner.cli import main
from runner.domain import job_key
from runner.results import Records


@pytest.fixture
def lab(tmp_path):
    """A lab with one job on record, and no manifest."""
    lab = commands.a_lab(tmp_path / "lab")
    recipe = runner.load(lab / "specs" / "pair.yaml").experiment.desired.recipe[:16]
    variables = {"t_ns": 100}
    job = a_record("j1", recipe=recipe, variables=variables, key=job_key(variables), qubit_ids=("q0", "q1"))
    Records(lab / "results").add("pair", [job])
    return lab


def test_what_is_wrong_is_told_with_its_place(lab, capsys):
    """The exit code is 1; on stderr, what to do."""
    code = main(["results", str(lab / "specs"), "--verify"])
    out, err = capsys.readouterr()
    first, second, last = out.splitlines()

    assert (1, "pair: 1 job in 1 file; 2 flaws") == (code, last)
    assert first.endswith('/b1.jsonl:1: the result cannot be right: "0" does not fit 2 qubits')
    assert second.endswith("/manifest.json: is missing: nobody can tell what was run")
    assert "restore what git has" in err


def test_places_are_told_from_the_working_folder(lab, capsys, monkeypatch):
    """As those of experiment files are."""
    monkeypatch.chdir(lab)
    main(["results", "specs", "--verify"])

    assert capsys.readouterr().out.startswith("results/pair/")


def test_flaws_are_data_too(lab, capsys):
    """With path, line and message of each."""
    code = main(["results", str(lab / "specs"), "--verify", "-o", "json"])
    found = json.loads(capsys.readouterr().out)["pair"]

    assert (1, 1, 1, [1, 0]) == (
        code, found["lines"], found["files"], [flaw["line"] for flaw in found["flaws"]],
    )  # fmt: skip


def test_where_all_is_well_it_says_so(lab, capsys):
    """The exit code is 0."""
    for file in list((lab / "results").rglob("*.jsonl")):
        file.unlink()
        file.parent.rmdir()

    assert 0 == main(["results", str(lab / "specs"), "--verify"])
    assert "pair: 0 jobs in 0 files; all as it was recorded\n" == capsys.readouterr().out
