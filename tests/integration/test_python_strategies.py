"""A loop whose points and scores are functions of the repository, as a user runs it on the local cloud."""

from __future__ import annotations

import json
import shutil

import commands
import pytest
from loops import loop_file, recorded

PROPOSE = """\
import random

def propose(history, space, ask, seed):
    if len({each["round"] for each in history if each["slot"]}) == 3:
        return "three rounds are enough"
    rng = random.Random(seed)
    return [{each["name"]: rng.uniform(each["low"], each["high"]) for each in space} for _ in range(ask)]
"""
SCORE = """\
def score(counts, variables):
    return counts.get("1", 0) / sum(counts.values()) - variables["omega"]
"""
LOOP = loop_file(
    """\
kind: python
python: propose.py:propose
over: {omega: {uniform: [1, 10]}}
ask: 2
runs: 100
objective: {minimize: s / 2, let: {s: {python: "score.py:score"}, p: {probability: ["1"]}}}
stop: {rounds: 9}
""",
)


@pytest.fixture
def loop(lab, monkeypatch):
    """A repository with a loop in Python."""
    shutil.rmtree(lab / "specs")
    for name, text in {"loop.yaml": LOOP, "propose.py": PROPOSE, "score.py": SCORE}.items():
        (lab / name).write_text(text)
    monkeypatch.chdir(lab)
    return lab


def batches(capsys):
    """Ids of the loop's batches on the cloud."""
    (said,) = json.loads(commands.said(capsys, "status", "loop.yaml", "-o", "json")[1])
    return {each["id"] for each in said["batches"]}


@pytest.mark.seconds(30)
def test_a_loop_in_python_goes_on_elsewhere_and_is_shown_without_running_it(loop, capsys):
    """After a round all but the cloud is lost; faults buy nothing; what is bought is in no doubt."""
    (loop / "loop.yaml").write_text(LOOP.replace("rounds: 9", "rounds: 1"))
    code, stdout, _ = commands.said(capsys, "plan", "loop.yaml")
    assert (0, True) == (code, "score.py is Python code, and running it is not allowed" in stdout)
    assert (4, "") == commands.said(capsys, "apply", "loop.yaml")[:2]
    commands.said(capsys, "apply", "loop.yaml", "--allow-python", "--no-wait")
    first = batches(capsys)
    assert 1 == len(first)
    (loop / "loop.yaml").write_text(LOOP)
    shutil.rmtree(loop / "results", ignore_errors=True)
    shutil.rmtree(loop / ".runner" / "targets")
    assert 0 == commands.said(capsys, "apply", "loop.yaml", "--allow-python")[0]
    jobs = recorded(loop)
    assert {f"slot {number}" for number in range(1, 7)} == jobs.keys()
    assert (True, 3) == (first < batches(capsys), len(batches(capsys)))
    stdout = commands.said(capsys, "status", "loop.yaml")[1]
    assert "python, done: three rounds are enough" in stdout
    lines = commands.said(capsys, "results", "loop.yaml", "-o", "jsonl")[1].splitlines()
    scores = {each["name"]: each["objective"]["value"] for each in map(json.loads, lines)}
    expected = {
        name: (job["counts"].get("1", 0) / 100 - job["variables"]["omega"]) / 2 for name, job in jobs.items()
    }
    assert pytest.approx(expected) == scores
    assert "three rounds are enough" in commands.said(capsys, "plot", "loop.yaml", "--width", "90")[1]
    shutil.rmtree(loop / ".runner" / "answers")
    code, stdout, stderr = commands.said(capsys, "results", "loop.yaml")
    assert (4, True) == (code, "not scored: score.py is Python code" in stdout)
    assert "the strategy is held; `runner status` says why" in stderr
