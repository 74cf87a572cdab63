"""Verbs that read or edit the file of a strategy, before anything is bought."""

from __future__ import annotations

import json

import pytest
from commands import said
from loops import loop_file

LOOP = loop_file(
    """\
kind: sobol
over:
  omega: {uniform: [1, 10]}
runs: 100
objective: {maximize: p, let: {p: {probability: ["1"]}}}
stop: {rounds: 200}
confirm: {best: 2, runs: 50, repeat: 3}
""",
    device_type="FRESNEL",
    device="AnalogDevice",
)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The file of a strategy, in a repository that allows no rerun."""
    (tmp_path / "runner.toml").write_text('namespace = "lab"\n[caps]\nrerun = 0\n')
    (tmp_path / "loop.yaml").write_text(LOOP)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "loop.yaml"


def test_a_strategy_keeps_the_cap_of_reruns(capsys, file):
    """Its counter is that of all its jobs, also while it has asked for none."""
    code, _, err = said(capsys, "rerun", "loop.yaml")
    assert (code, "rerun would be 1, above the cap of 0" in err) == (1, True)
    file.write_text(LOOP.replace("spec:\n", "spec:\n  rerun: 1\n"))
    code, _, err = said(capsys, "validate", "loop.yaml")
    assert (code, "loop.yaml:5:10: 1 is above the cap of 0" in err) == (1, True)


def test_no_job_of_a_strategy_is_measured_again_alone(capsys, file):
    """Those after it come from it; all of it may begin again."""
    code, _, err = said(capsys, "rerun", "loop.yaml", "--job", "slot 1")
    assert (code, "a strategy goes on from its jobs" in err) == (64, True)
    (file.parent / "runner.toml").write_text('namespace = "lab"\n')
    code, stdout, err = said(capsys, "rerun", "loop.yaml")
    assert (code, "+  rerun: 1" in stdout, "the strategy begins again" in err) == (0, True, True)


def test_what_a_strategy_takes_at_most_is_told(capsys, file):
    """More than a day of a machine is odd: 8 jobs a round, and the winners."""
    err = "".join(said(capsys, "validate", "loop.yaml")[1:])
    runs = 200 * 8 * 100 + 2 * 3 * 50
    assert f"the strategy takes up to about {1.2 * runs / 86400:.1f} days of QPU time" in err
    stdout = said(capsys, "show", "loop.yaml")[1]
    minutes = 1.2 * runs / 60
    assert f"sobol: at most 200 rounds, 1606 jobs, {runs} runs, {minutes:.1f} min of QPU time" in stdout
    assert "A job in the middle of what is varied: 200 ns" in stdout


def test_what_no_job_has_is_told_at_its_line(capsys, file):
    """Also of a name that the formula does not take: tables have it."""
    names = (
        'p: {probability: ["01"]}',
        "q: {occupation: q7}",
        "c: {correlation: {distance: 1}}",
        "cost: {qubo: {file: q.csv}}",
        "low: {cvar: {of: cost, fraction: 0.2}}",
        "pair: {correlation: {qubits: [q0, q1]}}",
    )
    (file.parent / "q.csv").write_text("1,2\n3,4\n")
    let = "{\n      " + ",\n      ".join(names) + "}"
    file.write_text(LOOP.replace('{p: {probability: ["1"]}}', let))
    code, _, err = said(capsys, "validate", "loop.yaml")
    assert 1 == code
    expected = [
        "loop.yaml:19:25: 01 is no bitstring of 1 qubit",
        "loop.yaml:20:23: there is no qubit q7",
        "loop.yaml:21:24: the atoms have no distance number 1",
        "loop.yaml:22:27: the matrix has 2 rows, and slot 1 has 1 qubit",
        "loop.yaml:24:41: there is no qubit q1",
    ]
    assert expected == [line for line in err.splitlines() if line.startswith("loop.yaml:")]
    assert all(hint in err for hint in ("one character for each qubit", "there is a single atom"))


def test_verbs_that_read_do_so(capsys, file):
    """Jobs that are not known are told of, the sequence is there, and nothing is measured yet."""
    assert "a strategy (sobol) asks for its jobs by what comes back" in said(capsys, "jobs", "loop.yaml")[2]
    assert json.loads(said(capsys, "export", "loop.yaml")[1])["variables"].keys() == {"omega"}
    assert said(capsys, "fmt", "--check", "loop.yaml")[0] in {0, 1}
    code, stdout, err = said(capsys, "results", "loop.yaml")
    assert (code, "round 1; nothing is measured yet" in stdout) == (5, True)
    assert "the strategy is not done" in err
    code, _, err = said(capsys, "plot", "loop.yaml")
    assert (code, "there are no jobs to draw" in err) == (64, True)


def test_functions_in_python_are_looked_at_and_not_run(capsys, file):
    """Without permission a file is checked; a function that is not there is told at its line."""
    score = file.parent / "score.py"
    score.write_text("def score(counts): return 1.0\n")
    file.write_text(LOOP.replace('{probability: ["1"]}', '{python: "score.py:score"}'))
    assert said(capsys, "validate", "loop.yaml")[0] == 0
    score.write_text("def scor(counts): return 1.0\n")
    code, _, err = said(capsys, "validate", "loop.yaml", "--allow-python")
    assert (code, "loop.yaml:18:48: score.py has no function score" in err) == (1, True)
    score.write_text("def scor(**given): return 1.0\n")
    file.write_text(LOOP.replace("kind: sobol", "kind: python\n    python: score.py:scor"))
    assert "sobol" not in said(capsys, "validate", "loop.yaml")[1]
    assert "strategy  python, score.py:scor: at most" in said(capsys, "show", "loop.yaml")[1]
    file.write_text(LOOP.replace("kind: sobol", "kind: python"))
    code, _, err = said(capsys, "validate", "loop.yaml")
    assert (code, "kind: python needs its function: python: propose.py:propose" in err) == (1, True)
