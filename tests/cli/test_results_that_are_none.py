"""Results that cannot be had, or cannot be right: told by every verb, and never a reason to buy."""

from __future__ import annotations

import json
import os
from html import unescape

import commands
import pytest
from commands import said
from measured_labs import a_measured_lab
from other_results import OtherResults

import runner
from runner.local.server.launch import ensure_running

EXPERIMENT = commands.EXPERIMENT.replace("[100, 200, 300]", "[100, 200]")
REPORT = "report specs/pair.yaml"
READING = (
    ["results", "specs"],
    ["results", "specs", "-o", "json"],
    ["results", "specs", "-o", "csv", "--columns", "job,errors,occupation,probability[00]"],
    ["results", "specs", "--long"],
    ["plot", "specs/pair.yaml"],
    ["plot", "specs/pair.yaml", "--job", "t_ns=100"],
    ["report", "specs/pair.yaml", "-o", "-"],
)
ASKING = (["status", "specs"], ["plan", "specs"], ["status", "specs", "-o", "json"])


@pytest.fixture
def front(store):
    """A server in front of the local cloud of the module."""
    server = OtherResults(ensure_running(store, idle_exit_s=3600).url)
    yield server
    server.close()


@pytest.fixture
def lab(tmp_path, store, front, monkeypatch):
    """A working folder with two points, and a target whose results are what the test says."""
    lab = commands.a_neighbour(tmp_path / "lab", store, experiment=EXPERIMENT)
    with (lab / "runner.toml").open("a", encoding="utf-8") as settings:
        settings.write(
            f'target = "front"\n[targets.front]\nurl = "{front.url}"\nsettle_s = 0\npoll_s = 0.1\n'
        )
    monkeypatch.chdir(lab)
    return lab


def applied(capsys):
    """Exit code and all that is said of an apply."""
    code, out, err = said(capsys, "apply", "specs", "--yes")
    return code, out + err


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ((200, b'{"counter": {"00": "50"}}'), 'cannot be right: "00" is counted "50" times'),
        pytest.param(
            (200, b'{"counter": {"00": 25.5, "11": 24.5}}'),
            'cannot be right: "00" is counted 25.5 times',
            marks=pytest.mark.long,
        ),
        ((200, b'{"counter": {"00": 40, "111": 10}}'), 'cannot be right: "111" does not fit 2 qubits'),
        pytest.param(
            (200, b'{"counter": {"00": 55, "11": -5}}'),
            'cannot be right: "11" is counted -5 times',
            marks=pytest.mark.long,
        ),
        ((200, b'{"counter": {"00": 300}}'), "cannot be right: 300 runs are counted, and 50 were asked for"),
        ((200, b'{"counter": null}'), "cannot be right: the counts are null, not an object"),
        pytest.param(
            (200, b"<html></html>"), "cannot be had: the answer is not JSON", marks=pytest.mark.long
        ),
        ((410, b""), "cannot be had: the cloud answered HTTP 410"),
    ],
)
def test_a_result_that_is_none_is_told_and_fetched_again(capsys, lab, front, result, why):
    """The exit code is 3; once the cloud says better, the next apply has all of it, for the same money."""
    front.said = result
    code, text = applied(capsys)
    told = {" ".join(words): said(capsys, *words) for words in (*READING, *ASKING)}
    front.said = None

    assert code == 3
    assert "pair: Synced, Degraded; 2 jobs: 2 no_result" in text
    assert text.count(f"the result {why}") == 4  # in the table, and in a note, of each job
    assert {3} == {told[" ".join(words)][0] for words in READING}
    assert {0} == {told[" ".join(words)][0] for words in ASKING}
    for verb in ("results specs", "results specs -o json", "report specs/pair.yaml -o -", "status specs"):
        assert why in unescape(told[verb][1]).replace('\\"', '"')
    assert "2 jobs are without a result that can be right; `runner apply` asks" in told["results specs"][2]
    assert 2 == told["results specs"][1].count("0/50  NO_RESULT")
    assert "without a result that can be right: all 2 jobs" in told["plot specs/pair.yaml"][1]
    assert "0 of 2 jobs complete, 2 without a result that can be right" in told[f"{REPORT} -o -"][1]
    assert "buys nothing" in told["plan specs"][1]
    assert "2 results are asked for again" in told["plan specs"][1]
    assert (0, 1) == (applied(capsys)[0], front.bought)


def test_missing_shots_are_told_and_stay(capsys, lab, front):
    """What is there counts with its number; nothing is bought or asked for again."""
    front.counting({"00": 1, "11": 2})
    (first, text), (second, _) = applied(capsys), applied(capsys)
    told = {" ".join(words): said(capsys, *words) for words in (*READING, *ASKING)}
    missing = "3 of 50 runs are counted: 47 shots are missing"

    assert (3, 3, 1) == (first, second, front.bought)
    assert "pair: Synced, Degraded; 2 jobs: 2 partial" in text
    assert 2 == text.count(missing)
    assert {3} == {told[" ".join(words)][0] for words in READING}
    assert "`policy.shortfall: buy` buys them" in told["results specs"][2]
    for verb in ("results specs -o json", "report specs/pair.yaml -o -", "status specs", "plan specs"):
        assert missing in told[verb][1]
    assert "3/50  PARTIAL" in told["results specs"][1]
    assert "nothing to do" in told["plan specs"][1]
    assert 0 == said(capsys, "results", "specs", "--verify")[0]


def test_missing_shots_are_bought_where_the_policy_says_so(capsys, lab, front):
    """The file says it, then; what was there before is not lost."""
    front.counting({"00": 20})
    applied(capsys)
    spec = lab / "specs" / "pair.yaml"
    spec.write_text(
        EXPERIMENT.replace("  jobs:\n", "  policy: {shortfall: buy}\n  jobs:\n"), encoding="utf-8"
    )
    planned = said(capsys, "plan", "specs")[1]
    front.said = None
    code, text = applied(capsys)

    assert "buys 2 jobs, 60 runs" in planned
    assert (0, 2, 2) == (code, front.bought, text.count("50/50"))


OLDER = [
    ({"00": "20"}, 'the result on record cannot be right: "00" is counted "20" times'),
    pytest.param(
        {"00": 10.5},
        'the result on record cannot be right: "00" is counted 10.5 times',
        marks=pytest.mark.long,
    ),
    ({"0": 10, "111": 10}, 'the result on record cannot be right: "0" does not fit 2 qubits'),
    pytest.param(
        {"00": -5}, 'the result on record cannot be right: "00" is counted -5 times', marks=pytest.mark.long
    ),
    ({"00": 300}, "the result on record cannot be right: 300 runs are counted, and 50 were asked for"),
    (None, "the result on record cannot be right: the counts are null, not an object"),
]


@pytest.fixture
def measured(tmp_path, store, monkeypatch):
    """A working folder with both points on record, on a cloud that knows nothing of them."""
    lab = a_measured_lab(tmp_path / "lab", jobs=2, experiment=EXPERIMENT)
    (lab / ".runner").mkdir(exist_ok=True)
    (lab / ".runner" / "local-cloud").symlink_to(store)
    monkeypatch.chdir(lab)
    return lab


@pytest.mark.parametrize(("counts", "why"), OLDER)
def test_records_that_older_versions_wrote_stop_no_verb(capsys, measured, counts, why):
    """The others are read; this one is told, by `--verify` with its place, and stays bought."""
    file = next((measured / "results").rglob("*.jsonl"))
    first, second = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    first["counts"] = counts
    file.write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n", encoding="utf-8")
    told = {" ".join(words): said(capsys, *words) for words in (*READING, *ASKING)}
    verified = said(capsys, "results", "specs", "--verify")
    applied = said(capsys, "apply", "specs")
    results = runner.load("specs/pair.yaml").results()

    assert {3} == {told[" ".join(words)][0] for words in READING}
    assert {0} == {told[" ".join(words)][0] for words in ASKING}
    assert why in told["results specs"][1]
    assert "pair: Synced, Degraded" in told["status specs"][1]
    assert why in told["status specs"][1]
    assert "buys nothing" in told["plan specs"][1]
    assert 3 == applied[0]
    assert why in applied[1]
    assert ["NO_RESULT", "DONE"] == list(results.to_pandas()["status"])
    assert verified[0] == 1
    assert f"jsonl:1: {why.replace(' on record', '')}" in verified[1]


def test_a_record_that_nobody_can_reckon_with_is_named(capsys, measured):
    """With its place and what to do, by every verb; none of them is a bug."""
    file = next((measured / "results").rglob("*.jsonl"))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"runs": 50', '"runs": -50', 1), encoding="utf-8")
    place = f"{os.path.relpath(file, measured)}:1: no record of a job: `runs` is -50"
    told = [said(capsys, *words) for words in (*READING, *ASKING, ["apply", "specs"])]

    assert {1} == {code for code, _, _ in told}
    assert all(place in err and "--repair` puts back what git has" in err for _, _, err in told)
