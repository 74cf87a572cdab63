"""`experiments` in runner.toml: which folders hold the experiments, for every verb without FILE."""

from __future__ import annotations

import json

import commands
import pytest
from commands import said

SETTINGS = 'experiments = ["specs", "empty"]\n'


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab that is the working folder, with a broken example in its documentation, and an empty folder."""
    lab = commands.a_lab(tmp_path / "lab", settings=SETTINGS)
    for folder in ("docs", "empty"):
        (lab / folder).mkdir()
    (lab / "docs" / "broken.yaml").write_text("kind: Experiment\na: [1\n", encoding="utf-8")
    monkeypatch.chdir(lab)
    yield lab
    commands.stop_local_cloud(lab / ".runner" / "local-cloud")


def test_verbs_without_file_read_the_experiments_folders_alone(capsys, lab):
    """What is shown elsewhere is no experiment of the repository."""
    planned = json.loads(said(capsys, "plan", "-o", "json")[1])
    formed = said(capsys, "fmt", "--check")

    assert ["pair"] == [each["experiment"] for each in planned]
    assert (0, "", "1 file in form already\n") == formed


def test_a_file_elsewhere_is_read_where_it_is_named(capsys, lab):
    """As any other."""
    text = commands.EXPERIMENT.replace("name: pair", "name: shown")
    (lab / "docs" / "shown.yaml").write_text(text, encoding="utf-8")

    code, out, _ = said(capsys, "validate", "docs/shown.yaml")

    assert (0, "docs/shown.yaml: fine: shown, 3 jobs, 150 runs\n") == (code, out)


def test_a_folder_that_is_not_there_is_told_where_it_matters(capsys, lab):
    """Who names a file does not need it."""
    (lab / "empty").rmdir()

    named = said(capsys, "jobs", "specs/pair.yaml")
    code, _, err = said(capsys, "fmt", "--check")

    assert 0 == named[0]
    assert (1, "runner.toml: `experiments` names empty, and there is no such folder") == (
        code,
        err.splitlines()[0],
    )


@pytest.mark.parametrize("folder", ["/tmp", "../other", "a/../../b", "", "a\\b"])
def test_a_folder_outside_of_the_repository_is_refused(capsys, lab, folder):
    """It is written from the root."""
    (lab / "runner.toml").write_text(f"experiments = ['{folder}']\n", encoding="utf-8")

    code, _, err = said(capsys, "fmt", "--check")

    assert 1 == code
    assert f"experiments.0: {folder!r} is no folder in the repository" in err
