"""`runner fmt`: files in one form, on disk."""

from __future__ import annotations

import io
import sys

import commands
import pytest

from runner.cli import main
from runner.cli.exit_codes import Exit

MESSY = commands.EXPERIMENT.replace("    - runs: 50\n", "    - runs:    50 # few\n").encode()
TIDY = commands.EXPERIMENT.replace("    - runs: 50\n", "    - runs: 50    # few\n").encode()
BROKEN = b"apiVersion: runner/v1\nkind: Experiment\nspec: [1\n"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab that is the working folder: a file in form, one that is not, and a broken one in a folder."""
    lab = commands.a_lab(tmp_path / "lab")
    (lab / "specs" / "messy.yaml").write_bytes(MESSY)
    (lab / "specs" / "worse").mkdir()
    (lab / "specs" / "worse" / "broken.yaml").write_bytes(BROKEN)
    (lab / "specs" / "ci.yaml").write_text("a:    1\n", encoding="utf-8")
    monkeypatch.chdir(lab)
    return lab


def said(capsys, *words):
    """Exit code, stdout and stderr of a verb, run in this process."""
    code = main(words)
    return code, *capsys.readouterr()


def contents(lab):
    """What every file of the lab holds."""
    return {path.name: path.read_bytes() for path in (lab / "specs").rglob("*.yaml")}


def test_files_are_put_into_form_and_told(lab, capsys):
    """Those of a folder that are experiments; once more, there is nothing to do."""
    before = contents(lab)
    first = said(capsys, "fmt", "specs/pair.yaml", "specs/messy.yaml")
    after = contents(lab)
    again = said(capsys, "fmt", "specs/messy.yaml", "--check")

    told = "1 file put into form, 1 file in form already\n"
    assert (Exit.DONE, "specs/messy.yaml: put into form\n", told) == first
    assert before | {"messy.yaml": TIDY} == after
    assert (Exit.DONE, "", "1 file in form already\n") == again


def test_a_broken_file_is_told_and_left_alone_while_others_are_put_into_form(lab, capsys):
    """Without FILE, all experiments of the repository are meant; other YAML files are not touched."""
    before = contents(lab)
    code, out, err = said(capsys, "fmt")

    is_told = err.startswith("1 file put") and "\nspecs/worse/broken.yaml:4:1: this is not YAML" in err
    assert (Exit.ERROR, "specs/messy.yaml: put into form\n", True) == (code, out, is_told)
    assert before | {"messy.yaml": TIDY} == contents(lab)


def test_a_check_names_what_would_change_and_writes_nothing(lab, capsys):
    """And fails, as CI wants it; a diff shows it."""
    before = contents(lab)
    check = said(capsys, "fmt", "specs/pair.yaml", "specs/messy.yaml", "--check")
    code, out, _ = said(capsys, "fmt", "specs/messy.yaml", "--diff")

    told = "1 file would be put into form, 1 file in form already\n"
    assert (Exit.ERROR, "specs/messy.yaml: is not in form\n", told) == check
    assert (Exit.DONE, ["-    - runs:    50 # few", "+    - runs: 50    # few"]) == (
        code,
        [line for line in out.splitlines() if line[:2] in ("- ", "+ ")],
    )
    assert before == contents(lab)


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["-"], MESSY, (Exit.DONE, TIDY)),
        (["-", "--check"], MESSY, (Exit.ERROR, b"")),
        (["-"], b"\xef\xbb\xbf" + MESSY, (Exit.DONE, b"\xef\xbb\xbf" + TIDY)),
        (["-"], BROKEN, (Exit.ERROR, b"")),
        (["-"], b"\xff", (Exit.ERROR, b"")),
        (["-", "specs"], b"", (Exit.USAGE, b"")),
    ],
)
def test_a_text_from_stdin_is_written_to_stdout(lab, monkeypatch, words, text, expected):
    """As editors want it."""
    stdin, stdout = io.TextIOWrapper(io.BytesIO(text)), io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stdout", stdout)
    code = main(["fmt", *words])
    stdout.flush()

    assert expected == (code, stdout.buffer.getvalue())


def test_a_link_out_of_the_repository_is_not_written(lab, tmp_path, capsys):
    """What stands behind it is not shown, and stays."""
    (tmp_path / "other.yaml").write_bytes(MESSY)
    (lab / "specs" / "link.yaml").symlink_to(tmp_path / "other.yaml")
    code, _, err = said(capsys, "fmt", "specs/link.yaml")

    assert (Exit.ERROR, MESSY) == (code, (tmp_path / "other.yaml").read_bytes())
    assert "a link that leads out of the repository" in err
