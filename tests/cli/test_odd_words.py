"""Words of the command line that are odd, and files that are none."""

from __future__ import annotations

import os
import stat
import threading

import commands
import pytest
from commands import said


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab that is the working folder; no cloud is needed."""
    monkeypatch.chdir(commands.a_lab(tmp_path / "lab"))
    return tmp_path / "lab"


@pytest.mark.parametrize(
    "words",
    [
        ["apply", "specs", "--timeout", "nan"],
        ["apply", "specs", "--timeout", "inf"],
        ["apply", "specs", "--timeout", "1e400"],
        ["watch", "specs", "--interval", "nan"],
        ["sync", "somewhere", "--wait", "--timeout", "nan"],
    ],
    ids=" ".join,
)
def test_a_time_is_a_finite_number(lab, capsys, words):
    """NaN is in every range, and would never be over."""
    code, _, error = said(capsys, *words)

    assert code == 64
    assert "is not a finite number" in error


@pytest.mark.parametrize("words", [["validate"], ["apply"], ["fmt"]], ids=" ".join)
def test_a_name_that_is_too_long_is_no_bug(lab, capsys, words):
    """The machine refuses it."""
    code, _, error = said(capsys, *words, "x" * 5000)

    assert code == 1
    assert "File name too long" in error
    assert "bug in the runner" not in error


def test_what_is_no_file_is_not_called_absent(lab, capsys):
    """A device or a pipe is there."""
    assert (64, "/dev/null: is neither a file nor a folder\n") == said(capsys, "validate", "/dev/null")[::2]


def test_what_is_written_to_a_pipe_goes_into_it(lab, capsys):
    """It is not replaced by a file; neither is /dev/null."""
    pipe = lab / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")), daemon=True)
    reader.start()
    said(capsys, "results", "specs/pair.yaml", "-o", "csv", "-O", "pipe")
    reader.join(commands.TIMEOUT_S)

    assert (True, "experiment") == (stat.S_ISFIFO(pipe.stat().st_mode), read[0][:10])


def test_what_is_written_to_a_link_goes_where_it_leads(lab, capsys):
    """The link stays."""
    (lab / "link.csv").symlink_to("table.csv")
    said(capsys, "results", "specs/pair.yaml", "-o", "csv", "-O", "link.csv")

    assert (True, False) == ((lab / "link.csv").is_symlink(), (lab / "table.csv").is_symlink())
    assert "experiment" == (lab / "table.csv").read_text(encoding="utf-8")[:10]
