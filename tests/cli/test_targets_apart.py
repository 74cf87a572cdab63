"""What was emulated and what was measured are kept apart by every verb, and each says which it shows."""

from __future__ import annotations

import json
from itertools import count

import pytest
from commands import said
from measured_labs import a_measured_lab

from runner.local.server.launch import ensure_running
from runner.results import Records

NUMBERS = count()


@pytest.fixture
def lab(tmp_path, store, monkeypatch):
    """A lab that has emulated two of three jobs, and a target that has done nothing for it yet."""
    lab = a_measured_lab(tmp_path / "lab", jobs=2)
    url = ensure_running(store, idle_exit_s=3600).url
    settings = (
        f'namespace = "apart-{next(NUMBERS)}"\n[targets.qpu]\nurl = "{url}"\nsettle_s = 0\npoll_s = 0.1\n'
    )
    (lab / "runner.toml").write_text(settings, encoding="utf-8")
    monkeypatch.chdir(lab)
    return lab


def measured(capsys, *words):
    """Runs of each job that `runner results` shows, and where they were measured."""
    out = said(capsys, "results", "specs", "-o", "json", *words)[1]
    return [(job["measured"], job["target"]) for job in json.loads(out)["pair"]]


def test_results_are_of_one_target(capsys, lab):
    """Of the one that is named, and it is told that there are others."""
    code, _, err = said(capsys, "results", "specs", "--target", "qpu")

    assert [(50, "emulated:local"), (50, "emulated:local"), (0, "")] == measured(capsys)
    assert [(0, "")] * 3 == measured(capsys, "--target", "qpu")
    assert code == 5
    assert "pair: 2 more jobs measured at emulated:local; --target shows" in err


@pytest.mark.parametrize(
    ("verb", "shown"),
    [
        (["results", "specs"], "pair at {}: 3 jobs"),
        (["plot", "specs/pair.yaml"], "target: {}"),
        (["report", "specs/pair.yaml", "-o", "-"], "<dt>target</dt><dd>{}</dd>"),
    ],
)
def test_each_verb_says_which_target_it_shows(capsys, lab, verb, shown):
    """By its kind and name."""
    for words, target in (([], "emulated:local"), (["--target", "qpu"], "cloud:qpu")):
        _, out, err = said(capsys, *verb, *words)

        assert shown.format(target) in out + err


def test_what_was_emulated_is_measured_all_the_same(capsys, lab):
    """All three jobs are bought, and their results stand beside those of the emulation."""
    _, plan, _ = said(capsys, "plan", "specs", "--target", "qpu")
    code, _, err = said(capsys, "apply", "specs", "--target", "qpu", "--yes")

    assert "buys 3 jobs, 150 runs" in plan
    assert 0 == code, err
    assert [(50, "cloud:qpu")] * 3 == measured(capsys, "--target", "qpu")
    assert [50, 50, 0] == [runs for runs, _ in measured(capsys)]
    assert 5 == len(Records(lab / "results").of_experiment("pair"))


def as_nobody_can_place(lab):
    """Records of an older version, and a manifest that names a target which is no more."""
    (file,) = lab.glob("results/pair/*/b1.jsonl")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    since = {"target", "constants", "digest"}
    older = [{name: each for name, each in line.items() if name not in since} for line in lines]
    file.write_text("".join(json.dumps(line) + "\n" for line in older), encoding="utf-8")
    manifest = json.loads((file.parent / "manifest.json").read_text(encoding="utf-8"))
    del manifest["service"]
    (file.parent / "manifest.json").write_text(json.dumps(manifest | {"target": "sold"}), encoding="utf-8")
    return file


def test_records_that_nobody_can_place_are_not_shown(capsys, lab):
    """It is told that they are there."""
    as_nobody_can_place(lab)
    _, _, err = said(capsys, "results", "specs")

    assert [(0, "")] * 3 == measured(capsys)
    assert "2 more jobs on record without a word of where they were measured" in err


@pytest.mark.parametrize(("decision", "counted"), [("measured-here", 50), ("measured-elsewhere", 0)])
def test_a_person_decides_what_nothing_proves(capsys, lab, decision, counted):
    """What is held is counted, or bought; the record says it from then on."""
    as_nobody_can_place(lab)
    held = said(capsys, "plan", "specs", "--target", "qpu")[1]
    code, out, _ = said(capsys, "resolve", "specs/pair.yaml", decision, "--target", "qpu")
    after = said(capsys, "plan", "specs", "--target", "qpu")[1]

    assert "hold: 2 jobs on record do not say where they were measured" in held
    assert code == 0
    assert f"2 jobs on record: {decision}" in out
    assert "hold" not in after
    assert f"buys {(1 if counted else 3)} job" in after
    assert [counted, counted, 0] == [runs for runs, _ in measured(capsys, "--target", "qpu")]
    assert 64 == said(capsys, "resolve", "specs/pair.yaml", decision, "--target", "qpu")[0]


@pytest.mark.parametrize(("decision", "counted"), [("measured-here", 50), ("measured-elsewhere", 0)])
def test_each_target_decides_for_itself(capsys, lab, decision, counted):
    """Where it is known only that another one did not measure it; that one asks no more."""
    as_nobody_can_place(lab)
    said(capsys, "resolve", "specs/pair.yaml", "measured-elsewhere", "--target", "qpu")
    held = said(capsys, "plan", "specs")[1]
    said(capsys, "resolve", "specs/pair.yaml", decision)
    here, there = said(capsys, "plan", "specs")[1], said(capsys, "plan", "specs", "--target", "qpu")[1]

    assert "hold: 2 jobs on record do not say where they were measured" in held
    assert "hold" not in here + there
    assert "buys 3 jobs" in there
    assert f"buys {1 if counted else 3} job" in here
    assert [counted, counted, 0] == [runs for runs, _ in measured(capsys)]


@pytest.mark.parametrize(("decision", "counted"), [("same-constants", 50), ("other-constants", 0)])
def test_a_person_decides_which_constants_the_device_had(capsys, lab, decision, counted):
    """Where neither a manifest nor a batch proves it."""
    (as_nobody_can_place(lab).parent / "manifest.json").unlink()
    said(capsys, "resolve", "specs/pair.yaml", "measured-here", "--target", "qpu")
    held = said(capsys, "plan", "specs", "--target", "qpu")[1]
    code, _, _ = said(capsys, "resolve", "specs/pair.yaml", decision, "--target", "qpu")
    after = said(capsys, "plan", "specs", "--target", "qpu")[1]

    assert "hold: nothing proves which constants its device had in the batch b1" in held
    assert 0 == code
    assert "hold" not in after
    assert f"buys {(1 if counted else 3)} job" in after
    assert [counted, counted, 0] == [runs for runs, _ in measured(capsys, "--target", "qpu")]
    assert 64 == said(capsys, "resolve", "specs/pair.yaml", decision, "--target", "qpu")[0]
