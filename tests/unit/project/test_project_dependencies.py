"""Experiments that others depend on are found in the repository by their names."""

from __future__ import annotations

import commands
import pytest

from runner.errors import ProjectError
from runner.project import Project


def an_experiment_file(folder, name, *depends_on):
    """Writes an experiment that depends on others; gives its path."""
    policy = f"  policy: {{depends_on: [{', '.join(depends_on)}]}}\n"
    path = folder / "specs" / f"file-of-{name}.yaml"
    path.write_text(commands.EXPERIMENT.replace("name: pair", f"name: {name}") + policy, encoding="utf-8")
    return path


@pytest.fixture
def lab(tmp_path):
    """A repository."""
    return commands.a_lab(tmp_path / "lab")


def waited_for(lab, path):
    """Names of the experiments that those of a file wait for."""
    project = Project.open(lab)
    return [each.name for each in project._dependencies(project.load([path]))]


def test_dependencies_are_found_by_their_names_and_not_by_their_files(lab):
    """Those of dependencies, too; what is given itself is not looked for."""
    third = an_experiment_file(lab, "third", "second", "pair")
    an_experiment_file(lab, "second", "first")
    an_experiment_file(lab, "first")

    assert ["first", "pair", "second"] == sorted(waited_for(lab, third))


def test_a_name_that_no_file_has_is_an_error(lab):
    """It says whose wish it was; a broken file is not taken for it."""
    path = an_experiment_file(lab, "third", "missing")
    (lab / "specs" / "broken.yaml").write_text("metadata: {name: missing}\n", encoding="utf-8")

    with pytest.raises(
        ProjectError, match=r"file-of-third.yaml: third depends on missing, and no valid file"
    ):
        Project.open(lab).load([path])


def test_experiments_that_wait_for_each_other_are_an_error(lab):
    """Neither would ever be bought."""
    path = an_experiment_file(lab, "one", "two")
    an_experiment_file(lab, "two", "one")

    with pytest.raises(ProjectError, match="one → two → one"):
        Project.open(lab).load([path])


def test_defaults_and_caps_of_the_repository_hold_for_every_file(lab):
    """The file's own words go before defaults, and after caps."""
    (lab / "runner.toml").write_text(
        'namespace = "lab"\n[defaults.policy]\nmax_failed = 9\nretry = {limit = 50}\n[caps]\nretries = 4\n',
        encoding="utf-8",
    )

    (pair,) = Project.open(lab).load([lab / "specs" / "pair.yaml"])

    assert (9, 4) == (pair.desired.policy.max_failed, pair.desired.policy.retry.limit)
