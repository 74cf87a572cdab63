"""`runner init --ci`: workflows for a repository that begins, and for one that is there."""

from __future__ import annotations

import shutil
import subprocess

import commands
import pytest
import yaml

import runner

FILES = {
    "github": [".github/workflows/experiments.yaml"],
    "gitlab": [".gitlab/experiments.gitlab-ci.yml", ".gitlab-ci.yml"],
}


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository, which is the working folder."""
    folder = tmp_path / "lab"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    monkeypatch.chdir(folder)
    return folder


def there(folder):
    """The files in a folder, from it, without git's."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.parts[0] != ".git")


@pytest.mark.parametrize("service", FILES)
def test_an_empty_repository_gets_an_experiment_and_workflows(capsys, repository, service):
    """In one go; the workflows install the version that wrote them, and name no other."""
    code, out, err = commands.said(capsys, "init", "--ci", service)
    text = (repository / FILES[service][0]).read_text(encoding="utf-8")

    assert (0, "") == (code, err)
    assert sorted(["runner.toml", "specs/first.yaml", *schemas(), *FILES[service]]) == there(repository)
    assert [f"wrote {name}" for name in FILES[service]] == [
        line for line in out.splitlines() if line.startswith("wrote .git")
    ]
    assert f"pulser-runner=={runner.__version__}" == yaml.safe_load(text)[variables(service)]["PULSER_RUNNER"]
    assert 1 == text.count("pulser-runner==")


def schemas():
    """What editors get."""
    return ["schemas/experiment.schema.json", "schemas/runner.schema.json"]


def variables(service):
    """The key at the top of a workflow that holds what depends on the repository."""
    return {"github": "env", "gitlab": "variables"}[service]


@pytest.mark.parametrize("present", ["runner.toml", "specs/pair.yaml"])
def test_a_repository_that_has_begun_gets_workflows_only(capsys, repository, present):
    """Be it by its settings or by an experiment."""
    (repository / present).parent.mkdir(exist_ok=True)
    (repository / present).write_text("# Experiment\n", encoding="utf-8")

    assert 0 == commands.said(capsys, "init", "--ci", "github")[0]
    assert sorted([present, *FILES["github"]]) == there(repository)


@pytest.mark.parametrize("service", FILES)
def test_workflows_that_are_there_stay_and_are_named(capsys, repository, service):
    """The second time nothing is written, also to files that people have changed."""
    commands.said(capsys, "init", "--ci", service)
    path = repository / FILES[service][0]
    path.write_text("mine: 1\n", encoding="utf-8")
    code, out, _ = commands.said(capsys, "init", "--ci", service)

    assert (0, [f"kept {name}: it was there already" for name in FILES[service]]) == (code, out.splitlines())
    assert "mine: 1\n" == path.read_text(encoding="utf-8")


def test_what_a_pipeline_that_stays_must_include_is_said(capsys, repository):
    """A .gitlab-ci.yml belongs to people: they add the lines themselves, and are told no more then."""
    own = repository / ".gitlab-ci.yml"
    own.write_text("stages: [test]\n", encoding="utf-8")
    _, out, _ = commands.said(capsys, "init", "--ci", "gitlab")
    lines = out.splitlines()
    at = lines.index("next: add to .gitlab-ci.yml:")
    own.write_text(own.read_text(encoding="utf-8") + "\n".join(lines[at + 1 : at + 3]), encoding="utf-8")
    again = commands.said(capsys, "init", "--ci", "gitlab")[1]

    assert ["include:", "- local: .gitlab/experiments.gitlab-ci.yml"] == [
        line.strip() for line in lines[at + 1 : at + 3]
    ]
    assert "next: add" not in again


def test_workflows_are_refused_where_no_service_looks_for_them(capsys, repository):
    """In a folder within a repository; nothing is written."""
    (repository / "inner").mkdir()
    code, out, err = commands.said(capsys, "init", "--ci", "github", "inner")

    assert (1, "", []) == (code, out, there(repository))
    assert "inner: lies within the repository" in err
    assert "run it there" in err


def test_a_folder_that_is_no_repository_yet_gets_them_too(capsys, repository):
    """`git init` may come later."""
    shutil.rmtree(repository / ".git")

    assert 0 == commands.said(capsys, "init", "--ci", "github")[0]
    assert set(FILES["github"]) <= set(there(repository))
