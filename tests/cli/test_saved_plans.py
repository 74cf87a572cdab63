"""A plan that is saved is performed exactly, or refused with what has moved."""

from __future__ import annotations

import json
from pathlib import Path

import commands
import jsonschema
import pytest
from commands import said

ONE_JOB_FAILS = '[[faults]]\neffect = "job_error"\ntimes = 1\n'

SCHEMA = Path(__file__).parents[2] / "schemas" / "plan.schema.json"


@pytest.fixture
def lab(tmp_path, monkeypatch, store):
    """A lab that is the working folder."""
    lab = commands.a_neighbour(tmp_path / "lab", store)
    monkeypatch.chdir(lab)
    return lab


def edit(file, old, new):
    """Changes a file."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def measured(lab):
    """Point and runs of every job on record."""
    lines = [line for file in lab.glob("results/**/*.jsonl") for line in file.read_text().splitlines()]
    return sorted((job["variables"]["t_ns"], job["runs"]) for job in map(json.loads, lines))


def test_a_saved_plan_is_performed_and_performed_again_sends_nothing(capsys, lab):
    """And what is written is valid against the published schema."""
    planned = said(capsys, "plan", "-O", "pair.plan")
    content = json.loads((lab / "pair.plan").read_text(encoding="utf-8"))
    applied = said(capsys, "apply", "pair.plan")
    again = said(capsys, "apply", "pair.plan", "-o", "json")

    jsonschema.validate(content, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert (0, 0, 0) == (planned[0], applied[0], again[0]), applied[2]
    assert "saved; `runner apply pair.plan` performs exactly this plan" in planned[2]
    assert [["Claim"], []] == [
        [each["action"] for each in content["experiments"][0]["actions"]],
        json.loads(again[1])["plans"][0]["actions"],
    ]
    assert [(100, 50), (200, 50), (300, 50)] == measured(lab)
    assert [1, 3] == [
        len(json.loads(said(capsys, "status", "-o", "json")[1])[0]["batches"]),
        content["experiments"][0]["cost"]["jobs"],
    ]


def test_a_plan_that_cannot_be_written_is_told_with_the_name_that_was_given(capsys, lab):
    """And not with that of a file beside it."""
    said(capsys, "apply", "specs")

    assert (1, "", "nowhere/pair.plan: the plan cannot be written: No such file or directory\n") == said(
        capsys, "plan", "-O", "nowhere/pair.plan"
    )


def test_a_file_that_has_changed_is_refused_with_its_field(capsys, lab):
    """Before anything is asked of a cloud."""
    said(capsys, "plan", "specs", "-O", "pair.plan")
    edit(lab / "specs" / "pair.yaml", "runs: 50", "runs: 80")
    code, out, err = said(capsys, "apply", "pair.plan")

    assert (1, "") == (code, out)
    assert "the plan no longer holds; nothing was sent:" in err
    assert "  pair: file.jobs.t_ns=200.runs: was 50, is 80\n" in err
    assert [] == json.loads(said(capsys, "status", "-o", "json")[1])[0]["batches"]


def test_what_somebody_else_has_bought_meanwhile_is_refused(capsys, lab):
    """The second of two plans, too."""
    said(capsys, "plan", "specs", "-O", "pair.plan")
    said(capsys, "apply", "specs")
    code, out, err = said(capsys, "apply", "pair.plan")

    assert (1, "") == (code, out)
    assert "pair: world.batches." in err
    assert "was not there, is there (DONE)\n" in err
    assert [(100, 50), (200, 50), (300, 50)] == measured(lab)


def test_a_plan_that_was_begun_is_continued_after_an_interruption(capsys, lab):
    """What it has moved itself does not make it stale; its jobs are bought once."""
    slow = commands.EXPERIMENT.replace("[100, 200, 300]", "{range: [100, 3000, 100]}")
    (lab / "specs" / "pair.yaml").write_text(slow, encoding="utf-8")
    said(capsys, "plan", "specs", "-O", "pair.plan")
    stopped = said(capsys, "apply", "pair.plan", "--timeout", "0")
    continued = said(capsys, "apply", "pair.plan")

    assert (5, 0) == (stopped[0], continued[0]), continued[2]
    assert [(t, 50) for t in range(100, 3001, 100)] == measured(lab)


@pytest.mark.long
def test_the_retry_of_a_failed_job_is_not_bought_and_is_said(capsys, lab):
    """3; the next apply of the file buys it."""
    edit(lab / "specs" / "pair.yaml", "  jobs:", "  policy: {retry: {backoff_s: 0}}\n  jobs:")
    with commands.own_target(lab, ONE_JOB_FAILS) as target:
        said(capsys, "plan", "specs", "-O", "pair.plan", "--target", target)
        code, _, err = said(capsys, "apply", "pair.plan", "--target", target)
        before = len(measured(lab))
        free = said(capsys, "apply", "specs", "--yes", "--target", target)

    assert (3, 0) == (code, free[0]), err
    assert "50 runs are missing and not bought: the retry of a failed job is not in the saved plan" in err
    assert [3, 4] == [before, len(measured(lab))]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"runs": 150', '"runs": 149', "pair.plan: /experiments/0 (pair) was changed after it was saved"),
        ('"namespace": "LAB"', '"namespace": "lap"', "pair.plan: /digest: what stands beside"),
        ('"namespace": "LAB"', '"namespace": 5', "pair.plan: /namespace: Input should be a valid string"),
        ('"plan": "runner/plan/v1"', '"plan": "runner/plan/v9"', "pair.plan: /plan: this is no saved plan"),
        ('"plan": "runner/plan/v1",', '"plan" "runner/plan/v1",', "pair.plan:2:10: this is no saved plan"),
    ],
    ids=["experiment", "head", "type", "version", "syntax"],
)
def test_a_broken_plan_is_an_error_at_its_place(capsys, lab, old, new, expected):
    """And nothing is sent."""
    said(capsys, "plan", "specs", "-O", "pair.plan")
    edit(lab / "pair.plan", old.replace("LAB", commands.namespace_of(lab)), new)
    code, out, err = said(capsys, "apply", "pair.plan")

    assert (1, "") == (code, out)
    assert expected in err
    assert "make a new one with `runner plan -O FILE`" in err


def test_a_plan_for_another_cloud_or_repository_is_refused(capsys, lab, tmp_path, monkeypatch):
    """Target, namespace, and the folder that the files stand in."""
    ours, settings = commands.namespace_of(lab), lab / "runner.toml"
    said(capsys, "plan", "specs", "-O", "pair.plan")
    elsewhere = said(capsys, "apply", "pair.plan", "--target", "http://127.0.0.1:9")
    edit(settings, f'namespace = "{ours}"', 'namespace = "other"')
    other = said(capsys, "apply", "pair.plan")
    edit(
        settings,
        'namespace = "other"\n',
        f'namespace = "{ours}"\n[targets.local]\nurl = "http://127.0.0.1:9"\n',
    )
    moved = said(capsys, "apply", "pair.plan")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    Path("runner.toml").write_text(f'namespace = "{ours}"\n', encoding="utf-8")
    away = said(capsys, "apply", str(lab / "pair.plan"))

    assert [1] * 4 == [elsewhere[0], other[0], moved[0], away[0]]
    assert "the plan is for the target 'local', not for 'http://127.0.0.1:9'" in elsewhere[2]
    assert f"the plan is for the namespace '{ours}', not for 'other'" in other[2]
    assert "the target 'local' at another address" in moved[2]
    assert "call runner in the repository that the plan was made in" in away[2]


def test_a_plan_is_applied_alone_and_written_over_nothing_else(capsys, lab):
    """Other files beside it, a selection, or an experiment in its place are refused."""
    said(capsys, "plan", "specs", "-O", "pair.plan")
    said_again = said(capsys, "plan", "specs", "-O", "pair.plan")
    beside = said(capsys, "apply", "pair.plan", "specs")
    chosen = said(capsys, "apply", "pair.plan", "--only", "pair")
    over = said(capsys, "plan", "-O", "specs/pair.yaml")

    assert (0, 64, 64, 1) == (said_again[0], beside[0], chosen[0], over[0])
    assert "a saved plan is performed as it is" in beside[2]
    assert "is there and is no saved plan; it was not replaced" in over[2]
    assert commands.EXPERIMENT == (lab / "specs" / "pair.yaml").read_text(encoding="utf-8")


def test_a_saved_plan_holds_no_secret(capsys, lab, monkeypatch):
    """Neither of the environment nor of a URL."""
    monkeypatch.setenv("PASQAL_TOKEN", "TOKENTOKEN")
    monkeypatch.setenv("PASQAL_PASSWORD", "PASSPASS")
    monkeypatch.setattr("runner.project.Project.look", lambda self, experiments, **_: [])
    url = "http://user:hunter2@127.0.0.1:9"
    (lab / "specs" / "pair.yaml").rename(lab / "specs" / "kept.yaml")
    monkeypatch.setattr("runner.cli.options.selected", lambda experiments, chosen: [])
    code, _, err = said(capsys, "plan", "specs", "-O", "pair.plan", "--target", url)
    text = (lab / "pair.plan").read_text(encoding="utf-8")

    assert code == 0, err
    assert [] == [word for word in ("TOKENTOKEN", "PASSPASS", "hunter2", "user") if word in text]
    assert "http://127.0.0.1:9" in text


def test_a_saved_plan_whose_experiment_waits_for_another_is_performed(capsys, lab):
    """What is only waited for is looked at, and left alone."""
    text = commands.EXPERIMENT.replace("name: pair", "name: after")
    text = text.replace("  jobs:", "  policy: {depends_on: [pair]}\n  jobs:")
    (lab / "specs" / "after.yaml").write_text(text, encoding="utf-8")
    said(capsys, "apply", "specs", "--only", "pair")
    planned = said(capsys, "plan", "--only", "after", "-O", "after.plan")
    applied = said(capsys, "apply", "after.plan")

    assert (0, 0) == (planned[0], applied[0]), applied[2]
    assert [(t, 50) for t in (100, 100, 200, 200, 300, 300)] == measured(lab)


def test_a_saved_plan_of_a_split_sweep_buys_all_its_batches(capsys, lab):
    """What it costs is what it says."""
    text = commands.EXPERIMENT.replace("  jobs:", "  policy: {max_jobs_per_batch: 2}\n  jobs:")
    (lab / "specs" / "pair.yaml").write_text(text, encoding="utf-8")
    planned = said(capsys, "plan", "specs", "-O", "pair.plan")
    applied = said(capsys, "apply", "pair.plan")

    assert (0, 0) == (planned[0], applied[0]), applied[2]
    assert "buys 3 jobs, 150 runs" in planned[1]
    assert 3 == applied[1].count("DONE")
