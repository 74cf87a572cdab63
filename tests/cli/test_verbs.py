"""What each verb prints, and the exit code it ends with."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess

import commands
import pytest
from commands import said

from runner.cli.bug_reports import MOST
from runner.cli.main import VERBS
from runner.errors import ProjectError
from runner.project import Project, schema_text


@pytest.fixture
def lab(tmp_path, monkeypatch, store):
    """A lab that is the working folder."""
    lab = commands.a_neighbour(tmp_path / "lab", store)
    monkeypatch.chdir(lab)
    return lab


@pytest.mark.parametrize("words", [[], *([verb] for verb in VERBS), ["local", "serve"]], ids=" ".join)
def test_every_verb_has_help(capsys, words):
    """A sentence first, then how it is called."""
    code, out, _ = said(capsys, *words, "--help")

    assert code == 0
    assert out.startswith(f"Usage: runner {' '.join(words)}".strip())
    assert len(out.splitlines()) > 6
    assert [] == [line for line in out.splitlines()[1:] if line.endswith("...")], "summed up in a line"


@pytest.mark.parametrize(
    "words",
    [
        ["fly"],
        ["apply"],
        ["apply", "specs", "--fast"],
        ["apply", "specs", "--timeout", "-1"],
        ["results", "specs", "-o", "xml"],
        ["validate", "nowhere.yaml"],
        ["rerun", "specs"],
        ["validate", "."],
    ],
    ids=" ".join,
)
def test_a_wrong_word_is_a_usage_error(capsys, lab, words):
    """64, and nothing on stdout."""
    (lab / "specs" / "pair.yaml").unlink()
    code, out, err = said(capsys, *words)

    assert (64, "") == (code, out)
    assert err


def test_init_writes_files_that_can_be_applied_and_never_overwrites(tmp_path, monkeypatch, capsys):
    """Twice is an error; the first ones stay."""
    monkeypatch.chdir(tmp_path)
    first = said(capsys, "init")
    settings = (tmp_path / "runner.toml").read_text(encoding="utf-8")
    valid = said(capsys, "validate", "specs")
    second = said(capsys, "init")

    assert (0, 0, 1) == (first[0], valid[0], second[0])
    assert "next: runner apply specs/first.yaml" in first[1]
    assert "nothing was written" in second[2]
    assert settings == (tmp_path / "runner.toml").read_text(encoding="utf-8")


def test_a_command_that_is_proposed_can_be_pasted(tmp_path, monkeypatch, capsys):
    """Also where a folder has a space in its name."""
    monkeypatch.chdir(tmp_path)
    begun = said(capsys, "init", "my lab")
    again = said(capsys, "rerun", "my lab/specs/first.yaml")

    assert [
        "next: runner apply 'my lab/specs/first.yaml'",
        "Nothing is sent before `runner apply 'my lab/specs/first.yaml'`",
    ] == [begun[1].splitlines()[-1], again[2].strip().split(". ")[-1]]


def test_what_init_writes_tells_editors_its_schemas(tmp_path, monkeypatch, capsys):
    """Which lie beside it: the experiment's for YAML language servers, runner.toml's for those of TOML."""
    monkeypatch.chdir(tmp_path)
    said(capsys, "init")
    first, settings = (tmp_path / name for name in ("specs/first.yaml", "runner.toml"))
    named = [
        (path.parent / path.read_text(encoding="utf-8").partition("\n")[0].removeprefix(mark)).resolve()
        for path, mark in ((first, "# yaml-language-server: $schema="), (settings, "#:schema "))
    ]

    assert [
        tmp_path.resolve() / "schemas" / f"{name}.schema.json" for name in ("experiment", "runner")
    ] == named
    assert [schema_text("experiment"), schema_text("runner")] == [
        path.read_text(encoding="utf-8") for path in named
    ]


def test_validate_says_that_files_are_fine(capsys, lab):
    """Or what is wrong, at its place."""
    fine = said(capsys, "validate", "specs")
    path = lab / "specs" / "pair.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("runs: 50", "runs: -5"), encoding="utf-8")
    wrong = said(capsys, "validate", "specs")
    as_data = said(capsys, "validate", "specs", "-o", "json")

    assert (0, "specs/pair.yaml: fine: pair, 3 jobs, 150 runs\n", "") == fine
    assert (1, "") == wrong[:2]
    assert "specs/pair.yaml:14:13: " in wrong[2]
    assert (1, False, [14]) == (
        as_data[0],
        json.loads(as_data[1])["valid"],
        [each["line"] for each in json.loads(as_data[1])["problems"]],
    )


def test_two_experiments_of_one_name_are_an_error_of_the_second(capsys, lab):
    """Results and batches are found by it."""
    text = (lab / "specs" / "pair.yaml").read_text(encoding="utf-8")
    (lab / "specs" / "twin.yaml").write_text(text, encoding="utf-8")
    code, _, err = said(capsys, "validate", "specs")

    assert code == 1
    assert "specs/twin.yaml:3:18: the name 'pair' is taken by specs/pair.yaml" in err


def test_the_story_of_an_experiment(capsys, lab):
    """Plan, apply, plan, status, results: each tells what is so."""
    before = said(capsys, "plan", "specs", "--detailed-exitcode")
    applied = said(capsys, "apply", "specs")
    after = said(capsys, "plan", "specs", "--detailed-exitcode")
    status = said(capsys, "status")
    rows = list(csv.DictReader(io.StringIO(said(capsys, "results", "specs", "-o", "csv")[1])))

    assert (2, 0, 0, 0) == (before[0], applied[0], after[0], status[0])
    assert "buys 3 jobs, 150 runs, no QPU time" in before[1]
    assert "claim a batch, then buy: 3 jobs with 150 runs" in before[1]
    assert applied[1].count("DONE") == 3
    assert "records are in results/" in applied[2]
    assert "pair: Synced, Healthy; 3 jobs: 3 done; buys nothing\n  nothing to do\n" == after[1]
    assert "pair: Synced, Healthy" in status[1]
    assert [("100", "50"), ("200", "50"), ("300", "50")] == [(row["t_ns"], row["measured"]) for row in rows]
    assert all(sum(json.loads(row["counts"]).values()) == 50 for row in rows)


def test_data_is_json_on_stdout_and_nothing_else(capsys, lab):
    """For every verb that prints data."""
    verbs = [["plan", "specs"], ["apply", "specs"], ["status", "specs"], ["results", "specs"]]
    answers = [json.loads(said(capsys, *words, "-o", "json")[1]) for words in verbs]
    lines = said(capsys, "results", "specs", "-o", "jsonl")[1].splitlines()

    assert ["Claim"] == [action["action"] for action in answers[0][0]["actions"]]
    assert "settled" == answers[1]["end"]
    assert [3] == [batch["jobs_count"] for batch in answers[2][0]["batches"]]
    assert ["DONE"] * 3 == [row["status"] for row in answers[3]["pair"]]
    assert ["pair"] * 3 == [json.loads(line)["experiment"] for line in lines]


def test_results_without_any_are_missing(capsys, tmp_path, monkeypatch):
    """Nothing is asked of a cloud; 5: apply may still bring them."""
    lab = commands.a_lab(tmp_path / "own")
    monkeypatch.chdir(lab)
    code, out, _ = said(capsys, "results", "specs", "-o", "json")

    assert (5, ["MISSING"] * 3) == (code, [row["status"] for row in json.loads(out)["pair"]])
    assert {".gitignore", "compiled", "durations"} == {path.name for path in (lab / ".runner").iterdir()}


def test_cancel_cancels_what_is_pending_and_apply_says_so(capsys, lab):
    """3: jobs ended for good without a result."""
    with commands.own_target(lab, '[life_cycle]\npaused_devices = ["EMU_FREE"]\n') as target:
        submitted = said(capsys, "apply", "specs", "--no-wait", "--yes", "--target", target)
        cancelled = said(capsys, "cancel", "specs", "--yes", "--target", target)
        again = said(capsys, "cancel", "specs", "--yes", "-o", "json", "--target", target)
        applied = said(capsys, "apply", "specs", "--yes", "--target", target)

    assert (0, 0, 0, 3) == (submitted[0], cancelled[0], again[0], applied[0]), applied[2]
    assert "jobs are pending" in cancelled[1]
    assert [] == json.loads(again[1])
    assert "CANCELED" in applied[1]


@pytest.mark.parametrize("words", [["apply", "specs", "--target", "http://127.0.0.1:9"], ["cancel", "specs"]])
def test_nothing_is_spent_or_cancelled_unasked_where_nobody_can_be_asked(capsys, lab, monkeypatch, words):
    """Standard input is no terminal: say --yes."""
    monkeypatch.setattr("runner.project.Project.look", lambda self, experiments, **_: [A_DEED])
    code, _, err = said(capsys, *words)

    assert code == 64
    assert "say --yes" in err


def test_an_unreachable_cloud_is_an_error_in_words(capsys, lab):
    """Without a traceback."""
    (lab / "runner.toml").write_text('[targets.away]\nregion = "mars"\n', encoding="utf-8")
    code, out, err = said(capsys, "plan", "specs", "--target", "away")

    assert (1, "") == (code, out)
    assert "unknown region 'mars'" in err or "no credentials" in err


def test_a_locked_checkout_is_an_error_in_words(capsys, lab):
    """And what to do."""
    with Project.open(lab).journal_locked("watch"):
        code, _, err = said(capsys, "apply", "specs")

    assert code == 1
    assert f"another runner works in this checkout: `watch`, process {os.getpid()} on " in err
    assert "hint: wait for it to end" in err


def test_what_went_wrong_beside_is_said_too(capsys, lab, monkeypatch):
    """One error is raised for several experiments; the others are its notes."""

    def broken(*_):
        error = ProjectError("the first one", hint="mend it")
        error.add_note("exp-b: the second one")
        raise error

    monkeypatch.setattr("runner.project.Project.load", broken)
    code, _, err = said(capsys, "plan", "specs")

    assert (1, ["the first one", "hint: mend it", "exp-b: the second one"]) == (code, err.splitlines())


def test_a_bug_is_reported_in_a_file_and_not_on_the_screen(capsys, lab, monkeypatch):
    """70; in the checkout's own folder, which is its owner's alone, and only the last reports stay."""

    def broken(*_):
        raise ZeroDivisionError("planted")

    reports = lab / ".runner" / "reports"
    reports.mkdir(parents=True)
    for number in range(MOST):
        (reports / f"bug-2020{number:02}.txt").touch()
    monkeypatch.setattr("runner.project.Project.load", broken)
    monkeypatch.chdir(lab / "specs")
    code, _, err = said(capsys, "plan", "pair.yaml")
    *_, newest = sorted(reports.glob("bug-*.txt"))

    assert (70, f"this is a bug in the runner; the report is in {newest}\n") == (code, err)
    assert "ZeroDivisionError: planted" in newest.read_text(encoding="utf-8")
    assert MOST == len(list(reports.iterdir()))
    assert 0o700 == (lab / ".runner").stat().st_mode & 0o777


def test_a_bug_outside_of_a_repository_is_reported_to_its_user(capsys, tmp_path, monkeypatch):
    """Never into a folder that others read."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("runner.project.Project.open", lambda *_, **__: 1 / 0)
    monkeypatch.chdir(tmp_path)
    code, _, err = said(capsys, "gc")
    (report,) = (tmp_path / "cache" / "pulser-runner" / "reports").iterdir()

    assert (70, f"this is a bug in the runner; the report is in {report}\n") == (code, err)
    assert 0o700 == report.parent.stat().st_mode & 0o777


def test_a_misspelt_verb_is_told_the_nearest(capsys):
    """64."""
    code, _, err = said(capsys, "aply")

    assert (64, True) == (code, err.endswith("There is no verb aply; did you mean apply?\n"))


def test_a_notebook_around_the_command_is_no_matter_to_it(lab):
    """Its way of drawing needs packages that the runner's own environment may lack."""
    done = subprocess.run(
        [*commands.RUNNER, "validate", "specs/pair.yaml"],
        cwd=lab,
        env=os.environ | {"MPLBACKEND": "module://nowhere.backend_inline"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "specs/pair.yaml: fine: pair, 3 jobs, 150 runs\n") == (done.returncode, done.stdout)


def test_an_interruption_is_told_and_loses_nothing(capsys, lab, monkeypatch):
    """130."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("runner.project.Project.load", interrupted)
    code, _, err = said(capsys, "plan", "specs")

    assert code == 130
    assert "nothing is lost" in err


class _Plan:
    actions = ("something",)


class _Deed:
    plan = _Plan()


A_DEED = _Deed()
