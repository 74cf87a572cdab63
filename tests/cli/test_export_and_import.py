"""`runner export` and `runner import`: sequences out of files, and files out of sequences."""

from __future__ import annotations

import json

import commands
import pulser
import pytest

from runner.cli import main
from runner.cli.exits import Exit
from runner.domain import recipe_digest


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab that is the working folder."""
    lab = commands.a_lab(tmp_path / "lab")
    monkeypatch.chdir(lab)
    return lab


def said(capsys, *words):
    """Exit code and stdout of a verb, run in this process."""
    code = main(words)
    return code, capsys.readouterr().out


def recipe(text):
    """Digest of a representation."""
    return recipe_digest(device_type="EMU_FREE", sequence=text)


def test_an_exported_sequence_is_what_pulser_reads(capsys, lab):
    """With its variables, or built for a job."""
    code, text = said(capsys, "export", "specs/pair.yaml")
    built_code, built = said(capsys, "export", "specs/pair.yaml", "--job", "t_ns=200")

    whole = pulser.Sequence.from_abstract_repr(text).build(t_ns=200)
    assert (code, built_code) == (Exit.DONE, Exit.DONE)
    assert recipe(built) == recipe(whole.to_abstract_repr())
    assert json.loads(built)["variables"] == {}


def test_an_unknown_job_is_not_exported(capsys, lab):
    """And the nearest name is told."""
    assert said(capsys, "export", "specs/pair.yaml", "--job", "t_ns=20") == (Exit.USAGE, "")


def test_what_is_exported_can_be_imported_again(capsys, lab):
    """The printed file is an experiment file of the same sequence, called as the file is."""
    _, text = said(capsys, "export", "specs/pair.yaml")
    (lab / "My pair.json").write_text(text, encoding="utf-8")

    code, written = said(capsys, "import", "My pair.json")
    (lab / "specs" / "my-pair.yaml").write_text(written.replace("t_ns: 0", "t_ns: 100"), encoding="utf-8")
    _, again = said(capsys, "export", "specs/my-pair.yaml")

    assert (code, "name: my-pair" in written) == (Exit.DONE, True)
    assert recipe(again) == recipe(text)


def test_a_file_that_is_no_sequence_is_not_imported(capsys, lab):
    """An error in words, and nothing on stdout."""
    (lab / "x.json").write_bytes(b"\xff")

    assert said(capsys, "import", "x.json", "--name", "x") == (Exit.ERROR, "")
