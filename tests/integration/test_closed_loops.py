"""Loops that depend on what came back, as a user runs them on the local cloud."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import commands
import jsonschema
import pytest
from loops import loop_file, recorded

SCHEMA = Path(__file__).parents[2] / "schemas" / "status.schema.json"
LOOP = loop_file(
    """\
kind: nelder-mead
seed: 3
over:
  omega: {uniform: [1, 10]}
  t_ns: {int: [100, 400], step: 4}
runs: 100
objective: {maximize: p, let: {p: {probability: ["1"]}}}
stop: {rounds: 4}
confirm: {best: 1, runs: 50, repeat: 2}
""",
    variables="{omega: float, t_ns: int}",
    pulse="amplitude: omega, detuning: 0, duration_ns: t_ns",
)


def surfaces_say_what_came_back(capsys, jobs, winner):
    """Rounds, the objective of each slot, the best and what confirms it, in words, data and pictures."""
    shares = {name: job["counts"].get("1", 0) / job["runs"] for name, job in jobs.items()}
    lines = commands.said(capsys, "results", "loop.yaml", "-o", "jsonl")[1].splitlines()
    assert shares == {each["name"]: each["objective"]["value"] for each in map(json.loads, lines)}
    fresh = sum(share for name, share in shares.items() if "again" in name) / 2
    stdout = commands.said(capsys, "status", "loop.yaml")[1]
    assert "nelder-mead, done: 4 rounds have ended, and 4 are wanted" in stdout
    assert f"{winner['name']}, 2 jobs" in stdout
    assert f"{len(jobs)} jobs done, in 5 batches; --all shows them" in stdout
    assert len(jobs) == commands.said(capsys, "status", "loop.yaml", "--all")[1].count("\nslot ")
    (standing,) = json.loads(commands.said(capsys, "status", "loop.yaml", "-o", "json")[1])
    jsonschema.validate([standing], json.loads(SCHEMA.read_text()))
    found = standing["strategy"]
    assert (winner["name"], True) == (f"slot {found['best']['slot']}", found["done"])
    assert [fresh] == [pytest.approx(each["value"]) for each in found["confirmed"]]
    assert {"rounds": 0, "jobs": 0, "runs": 0, "qpu_s": 0.0} == found["left"]
    assert (
        "● objective  · best score so far" in commands.said(capsys, "plot", "loop.yaml", "--width", "60")[1]
    )
    assert "strategy  nelder-mead: at most 4 rounds" in commands.said(capsys, "show", "loop.yaml")[1]
    assert "asks for its jobs by what comes back" in commands.said(capsys, "jobs", "loop.yaml")[2]
    assert commands.said(capsys, "report", "loop.yaml", "-o", "loop.html")[0] == 0


def test_a_loop_is_bought_once_wherever_it_goes_on(lab, monkeypatch, capsys):
    """It ends, does nothing again, goes on with more rounds, and from the cloud where all else is lost."""
    shutil.rmtree(lab / "specs")
    file = lab / "loop.yaml"
    file.write_text(LOOP)
    monkeypatch.chdir(lab)
    assert commands.said(capsys, "validate", "loop.yaml")[0] == 0
    code, stdout, _ = commands.said(capsys, "plan", "loop.yaml")
    assert code == 0
    assert "round 1, 3 jobs; nothing is measured yet; at most 4 rounds, 11 jobs, 1000 runs more" in stdout
    assert commands.said(capsys, "apply", "loop.yaml")[0] == 0
    first = recorded(lab)
    slots = [job for name, job in first.items() if "again" not in name]
    winner = max(slots, key=lambda job: (job["counts"].get("1", 0), -int(job["name"].split()[1])))
    confirmed = [job for name, job in first.items() if "again" in name]
    assert [job["variables"] for job in confirmed] == [winner["variables"]] * 2
    for job in first.values():
        angle = job["variables"]["omega"] * job["variables"]["t_ns"] / 2000
        share, runs = math.sin(angle) ** 2, job["runs"]
        assert abs(job["counts"].get("1", 0) / runs - share) < 6 * math.sqrt(0.25 / runs)
    assert commands.said(capsys, "apply", "loop.yaml")[0] == 0
    assert recorded(lab) == first
    surfaces_say_what_came_back(capsys, first, winner)
    shutil.rmtree(lab / "results")
    shutil.rmtree(lab / ".runner" / "targets")
    file.write_text(LOOP.replace("rounds: 4", "rounds: 6"))
    assert commands.said(capsys, "apply", "loop.yaml")[0] == 0
    more = recorded(lab)
    assert {
        name: job["variables"] for name, job in more.items() if name in first and "again" not in name
    } == {name: job["variables"] for name, job in first.items() if "again" not in name}
    assert len(more) > len(first)


@pytest.mark.seconds(20)
def test_a_changed_objective_begins_with_what_is_measured(neighbour, monkeypatch, capsys):
    """With `reuse`, and nothing is bought for it; the earlier strategy is as it was, and may go on."""
    first = (
        LOOP.replace("nelder-mead", "sobol")
        .replace("rounds: 4", "rounds: 1")
        .replace("runs: 100", "runs: 50")
    )
    second = first.replace("maximize: p", "maximize: 1 - p").replace(
        "    runs: 50\n", "    runs: 50\n    reuse: true\n", 1
    )
    monkeypatch.chdir(neighbour)
    file, said = neighbour / "loop.yaml", "8 points of an earlier strategy count as history"
    file.write_text(first)
    assert commands.said(capsys, "apply", "loop.yaml")[0] == 0
    file.write_text(second.replace("sobol", "nelder-mead"))
    assert (
        f"round 1, 2 jobs; nothing is measured yet; {said}" in commands.said(capsys, "plan", "loop.yaml")[1]
    )
    assert commands.said(capsys, "apply", "loop.yaml")[0] == 0
    file.write_text(first.replace("rounds: 1", "rounds: 2"))
    assert "buys 8 jobs" in commands.said(capsys, "plan", "loop.yaml")[1]
    assert commands.said(capsys, "apply", "loop.yaml")[0] == 0
    file.write_text(second.replace("sobol", "nelder-mead"))
    stdout = commands.said(capsys, "plan", "loop.yaml")[1]
    assert (True, True) == ("buys nothing" in stdout, said in stdout)
    assert said in commands.said(capsys, "results", "loop.yaml")[1]


def test_an_objective_without_a_value_buys_one_round(neighbour, monkeypatch, capsys):
    """Nothing more, however often it is applied; mended, it begins with what was measured."""
    text = LOOP.replace("maximize: p,", "maximize: p / (p - p),").replace("rounds: 4", "rounds: 9")
    file = neighbour / "loop.yaml"
    file.write_text(text)
    monkeypatch.chdir(neighbour)
    for _ in range(2):
        assert commands.said(capsys, "apply", "loop.yaml")[0] == 4
        assert sorted(recorded(neighbour)) == ["slot 1", "slot 2", "slot 3"]
    reason = "p / (p - p) gave no number (NaN) for any of 3 jobs measured"
    stdout = commands.said(capsys, "status", "loop.yaml")[1]
    assert ["loop: OutOfSync, Degraded"] == stdout.splitlines()[:1]
    assert f"held: no job has a score: {reason}" in stdout
    code, stdout, stderr = commands.said(capsys, "results", "loop.yaml")
    assert (4, True) == (code, f"held: no job has a score: {reason}" in stdout)
    assert "loop: the strategy is held; `runner status` says why" in stderr
    (standing,) = json.loads(commands.said(capsys, "status", "loop.yaml", "-o", "json")[1])
    jsonschema.validate([standing], json.loads(SCHEMA.read_text()))
    assert (False, True) == (standing["strategy"]["done"], reason in standing["strategy"]["halted"])
    file.write_text(
        text.replace("p / (p - p)", "p").replace("runs: 100\n", "runs: 100\n    reuse: true\n", 1)
    )
    stdout = commands.said(capsys, "plan", "loop.yaml")[1]
    assert "round 1, 2 jobs; nothing is measured yet; 3 points of an earlier strategy count" in stdout


def test_a_loop_that_dropped_a_job_is_in_order(lab, monkeypatch, capsys):
    """Its file allows it: every verb ends with 0, and says how many were dropped."""
    text = LOOP.replace("kind: nelder-mead", "kind: sobol\n    ask: 2").replace("rounds: 4", "rounds: 2")
    (lab / "loop.yaml").write_text(text + "  policy: {retry: {limit: 0}}\n")
    monkeypatch.chdir(lab)
    fault = '[[faults]]\neffect = "job_error"\nmessage = "dark"\nskip = 1\ntimes = 1\n'
    with commands.own_target(lab, fault) as target:
        words = ("loop.yaml", "--target", target)
        code, stdout, stderr = commands.said(capsys, "apply", *words, "--yes")
        assert (0, True) == (code, "loop: Synced, Healthy; 6 jobs: 5 done, 1 dropped" in stderr)
        for verb in ("plan", "status", "results"):
            code, stdout, stderr = commands.said(capsys, verb, *words)
            assert (0, True) == (code, "1 slot without a score was dropped" in stdout)
        assert "failed for good" not in stderr


def test_status_counts_no_batch_of_an_earlier_strategy(neighbour, monkeypatch, capsys):
    """They are listed behind its own, where all are asked for."""
    monkeypatch.chdir(neighbour)
    text = LOOP.replace("nelder-mead", "sobol").replace("rounds: 4", "rounds: 1")
    listed = []
    for objective in ("p", "2 * p"):
        (neighbour / "loop.yaml").write_text(text.replace("maximize: p", f"maximize: {objective}"))
        assert commands.said(capsys, "apply", "loop.yaml")[0] == 0
        stdout = commands.said(capsys, "status", "loop.yaml")[1]
        assert "10 jobs done, in 2 batches; --all shows them" in stdout
        assert "of earlier versions of the file" not in stdout
        own, _, earlier = commands.said(capsys, "status", "loop.yaml", "--all")[1].partition("of earlier ver")
        listed.append((own.count("all on record"), earlier.count("all on record")))
    assert listed == [(2, 0), (2, 2)]


@pytest.mark.long
def test_a_saved_plan_buys_its_round_alone(neighbour, monkeypatch, capsys):
    """What comes after the round was not shown when the plan was saved, and is not bought under it."""
    (neighbour / "loop.yaml").write_text(LOOP)
    monkeypatch.chdir(neighbour)
    assert commands.said(capsys, "plan", "loop.yaml", "-O", "loop.plan")[0] == 0
    for _ in range(2):
        _, stdout, stderr = commands.said(capsys, "apply", "loop.plan")
        assert "slot 4: 100 runs are missing and not bought" in stdout + stderr
        assert sorted(recorded(neighbour)) == ["slot 1", "slot 2", "slot 3"]
    (neighbour / "loop.yaml").write_text(LOOP.replace("seed: 3", "seed: 4"))
    code, _, stderr = commands.said(capsys, "apply", "loop.plan")
    assert (code, "the plan no longer holds" in stderr) == (1, True)
