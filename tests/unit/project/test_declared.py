"""Names of all experiments that the files of a repository describe."""

from __future__ import annotations

import commands
import pytest

from runner.project.config.settings import Settings
from runner.project.experiments import names


def declared_names(root, **settings):
    """The names in a repository, by default in all of it."""
    return names.declared_names(root, Settings(**settings))


def written(folder, **texts):
    """A folder with files of these texts."""
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "metadata",
    [
        "metadata: {name: pair}",
        "metadata: { name: 'pair', labels: {name: other}}",
        'metadata:\n  name: "pair"',
        "metadata:  # what it is\n\n  # a comment\n    name: pair",
        "metadata:\n  description: x\n  name: pair",
        '"metadata": {description: x, "name": pair}',
    ],
)
def test_a_name_is_found_however_it_is_written(tmp_path, metadata):
    """Also where another key stands before it."""
    text = commands.EXPERIMENT.replace("metadata: {name: pair}", metadata)

    assert frozenset({"pair"}) == declared_names(written(tmp_path, a=text))


def test_other_files_have_no_name(tmp_path):
    """Not every YAML file is an experiment."""
    files = {"a": commands.EXPERIMENT, "b": "kind: Other\nmetadata: [1]\n", "c": "- 1\n"}

    assert frozenset({"pair"}) == declared_names(written(tmp_path, **files))


def test_a_repository_without_files_declares_nothing(tmp_path):
    """Everything was removed."""
    assert frozenset() == declared_names(tmp_path)


@pytest.mark.parametrize(
    "broken", ["kind: Experiment\na: [1\n", "kind: Experiment\nmetadata: {}\n", "# Experiment \xff"]
)
def test_a_broken_file_may_have_any_name(tmp_path, broken):
    """Then nobody knows what was removed."""
    (tmp_path / "b.yaml").write_bytes(broken.encode("latin-1"))

    assert declared_names(written(tmp_path, a=commands.EXPERIMENT)) is None


def test_files_outside_of_the_experiments_folders_declare_nothing(tmp_path):
    """A page of the documentation may show an experiment, or a broken one."""
    (tmp_path / "specs").mkdir()
    written(tmp_path / "specs", a=commands.EXPERIMENT)
    written(tmp_path, shown=commands.EXPERIMENT.replace("pair", "other"), broken="kind: Experiment\na: [1\n")

    assert frozenset({"pair"}) == declared_names(tmp_path, experiments=["specs"])


def test_a_folder_that_is_not_there_leaves_unknown_what_is_declared(tmp_path):
    """Nothing counts as removed because of a typing mistake."""
    written(tmp_path, a=commands.EXPERIMENT)

    assert declared_names(tmp_path, experiments=[".", "spec"]) is None
