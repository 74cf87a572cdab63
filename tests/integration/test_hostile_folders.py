"""Odd things in the place of files of a lab: a clear word, an exit code, and nothing is bought."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from memory_project import MemoryProject
from own_git import HERMETIC, git


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A lab with three jobs on record, in git; not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in HERMETIC.items():
            patch.setenv(name, value)
        lab = MemoryProject(tmp_path_factory.mktemp("measured") / "lab")
        lab.apply()
        (lab.lab / ".gitignore").write_text(".runner/\n", encoding="utf-8")
        git(lab.lab, "add", "--all")
        git(lab.lab, "commit", "--quiet", "-m", "Measure")
        yield lab
        lab.close()


@pytest.fixture
def lab(measured, tmp_path, monkeypatch):
    """A copy of it, on the same cloud."""
    folder = tmp_path / "lab"
    shutil.copytree(measured.lab, folder)
    monkeypatch.setattr(measured, "lab", folder)
    for name, value in HERMETIC.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    return measured


def put(pattern, make):
    """A damage: something is made in the place of what a pattern finds."""

    def damage(folder):
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            make(path)

    return damage


def written(text):
    """Makes a file with a text."""
    return lambda path: path.write_bytes(text)


def linked(goal):
    """Makes a link."""
    return lambda path: path.symlink_to(goal)


RECORD, MANIFEST, SERIALISED = "results/*/*/*.jsonl", "results/*/*/manifest.json", "results/*/*/*/*.json"
RECIPE, DEEP = "results/*/*", b"[" * 200_000
# What is damaged; exit codes of results, of results --verify and of apply; what the last two say of it.
CASES = {
    "a folder as record": (put(RECORD, Path.mkdir), (1, 1, 1), "is a folder"),
    "a link to nothing as record": (put(RECORD, linked("/nowhere/x")), (1, 1, 1), "where nothing is"),
    "a link to itself as record": (put(RECORD, lambda p: p.symlink_to(p)), (1, 1, 1), "where nothing is"),
    "a pipe as record": (put(RECORD, os.mkfifo), (1, 1, 1), "is a pipe"),
    "a device as record": (put(RECORD, linked("/dev/zero")), (1, 1, 1), "a device"),
    "an empty record": (put(RECORD, written(b"")), (1, 1, 1), "is empty"),
    "a record nested too deeply": (put(RECORD, written(DEEP)), (1, 1, 1), "nested too deeply"),
    "a mark of a conflict": (put(RECORD, written(b"<<<<<<< HEAD\n")), (1, 1, 1), "Expecting value"),
    "bytes as record": (put(RECORD, written(b"\xff\xfe")), (1, 1, 1), "cannot be read"),
    "a file as results": (put("results", written(b"")), (1, 1, 1), "is a file, no folder"),
    "a link to nothing as results": (put("results", linked("/nowhere")), (1, 1, 1), "where nothing is"),
    "a link to itself as results": (put("results", linked("results")), (1, 1, 1), "where nothing is"),
    "a file as folder of an experiment": (put("results/*", written(b"")), (1, 1, 1), "is a file, no folder"),
    "a file as folder of a recipe": (put(RECIPE, written(b"")), (1, 1, 1), "is a file, no folder"),
    "a link to nothing as recipe": (put(RECIPE, linked("/nowhere")), (1, 1, 1), "where nothing is"),
    "a folder as manifest": (put(MANIFEST, Path.mkdir), (0, 1, 0), "is a folder"),
    "a pipe as manifest": (put(MANIFEST, os.mkfifo), (0, 1, 0), "is a pipe"),
    "a manifest nested too deeply": (put(MANIFEST, written(DEEP)), (0, 1, 0), "RecursionError"),
    "a pipe beside": (put(SERIALISED, os.mkfifo), (0, 1, 0), "is a pipe"),
    "results of Pulser nested too deeply": (put(SERIALISED, written(DEEP)), (0, 1, 0), "RecursionError"),
    "a folder as settings": (put("runner.toml", Path.mkdir), (1, 1, 1), "is a folder"),
    "a link to nothing as settings": (put("runner.toml", linked("/nowhere")), (1, 1, 1), "where nothing is"),
    "a file as folder of the runner": (put(".runner", written(b"")), (0, 0, 1), ""),
    "a link to nothing as that": (put(".runner", linked("/nowhere")), (0, 0, 1), ""),
    "no text as folder of what was compiled": (put(".runner/compiled", written(b"")), (0, 0, 0), ""),
}


@pytest.mark.parametrize(("damage", "codes", "said"), CASES.values(), ids=CASES)
def test_what_is_odd_is_said_and_nothing_is_bought(lab, capsys, damage, codes, said):
    """No verb hangs, calls it a bug, or takes it for nothing."""
    damage(lab.lab)
    before = lab.bought()
    got = [lab.run("results"), lab.run("results", "--verify")]
    verified = capsys.readouterr()
    got.append(lab.run("apply"))
    applied = capsys.readouterr()

    assert (list(codes), before) == (got, lab.bought())
    assert said in verified.out + verified.err
    assert codes[2] == 0 or said in applied.err


def test_names_of_files_in_git_may_be_any_bytes(lab):
    """What git says of them is read all the same."""
    Path(os.fsdecode(os.fsencode(lab.lab) + b"/specs/\xff\n.txt")).touch()
    git(lab.lab, "add", "--all")
    git(lab.lab, "commit", "--quiet", "-m", "Odd")

    assert [0, 0, 0] == [lab.run("plan"), lab.run("apply"), lab.run("status")]
