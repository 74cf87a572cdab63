"""Which files of a folder are experiments."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.project.experiments.loader import experiment_files


def touched(folder, *names):
    """Empty files in a folder."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_stands_for_the_files_in_it_and_below_in_order(tmp_path):
    """Each once; what is hidden, or of another kind, is none of them."""
    touched(tmp_path, "b.yaml", "a/z.yml", "a/notes.txt", ".venv/x.yaml", "a/.git/y.yaml", ".c.yaml")
    expected = [tmp_path / "a" / "z.yml", tmp_path / "b.yaml"]

    assert expected == experiment_files([tmp_path, tmp_path / "a", tmp_path / "b.yaml"])


def test_yaml_of_another_kind_is_passed_by_in_folders_only(tmp_path):
    """A half-written experiment is not; and who names a file means it."""
    texts = {"env.yaml": "name: x\n", "one.yaml": "kind: Experiment\n", "two.yaml": "apiVersion: runner/v1\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    assert ["one.yaml", "two.yaml"] == [file.name for file in experiment_files([tmp_path])]
    assert [tmp_path / "env.yaml"] == experiment_files([tmp_path / "env.yaml"])


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be"])
def test_an_experiment_in_another_encoding_is_not_passed_by(tmp_path, code):
    """An editor that saves it so would remove the experiment in silence; the reader says what is wrong."""
    (tmp_path / "one.yaml").write_text("kind: Experiment\n", encoding=code)

    assert [tmp_path / "one.yaml"] == experiment_files([tmp_path])


def test_a_folder_that_vanishes_meanwhile_is_passed_by(tmp_path, monkeypatch):
    """Somebody may check out another branch while files are looked for."""
    touched(tmp_path, "a.yaml", "gone/b.yaml")
    scandir = os.scandir

    def vanishing(folder):
        if Path(folder).name == "gone":
            raise FileNotFoundError(folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", vanishing)

    assert [tmp_path / "a.yaml"] == experiment_files([tmp_path])


def test_a_folder_without_experiment_files_is_said(tmp_path):
    """Rather than nothing done in silence."""
    touched(tmp_path, ".hidden/a.yaml")

    with pytest.raises(UsageError, match="no experiment file"):
        experiment_files([tmp_path])
