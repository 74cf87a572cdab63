"""`runner gc`."""

from __future__ import annotations

import json

import commands
import pytest
from builders import a_record

from runner.cli import main
from runner.cli.commands.gc import size_text
from runner.results import Records

OLD = "f" * 16


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab with records that no file asks for; one works in it."""
    lab = commands.a_lab(tmp_path / "lab")
    Records(lab / "results").add("pair", [a_record(recipe=OLD)])
    monkeypatch.chdir(lab)
    return lab


def test_it_lists_and_removes_nothing_by_itself(lab, capsys):
    """Path, size, how it goes, and why."""
    code = main(["gc"])
    out, err = capsys.readouterr()

    assert (0, "nothing was removed") == (code, err.splitlines()[-1])
    assert "records are the proof that jobs were bought" in err
    assert f"results/pair/{OLD}" in out
    assert "--remove no file asks for this recipe: 1 job with 100 measured runs" in " ".join(out.split())
    assert (lab / "results" / "pair" / OLD).is_dir()


def test_it_removes_what_is_named(lab, capsys):
    """And says so, also as data."""
    code = main(["gc", "--remove", f"results/pair/{OLD}", "-o", "json"])
    found = {each["path"]: each["removed"] for each in json.loads(capsys.readouterr().out)}

    assert (0, {".runner/compiled": False, f"results/pair/{OLD}": True}) == (code, found)
    assert not (lab / "results" / "pair" / OLD).exists()


@pytest.mark.parametrize("path", [f"pair/{OLD}/", f"./pair/{OLD}", f"results/pair/{OLD}", "{full}"])
def test_a_path_may_be_typed_from_here_from_the_root_or_in_full(lab, monkeypatch, path):
    """As the shell completes it, or as the list has it."""
    monkeypatch.chdir(lab / "results")

    assert 0 == main(["gc", "--remove", path.format(full=lab / "results" / "pair" / OLD)])
    assert not (lab / "results" / "pair" / OLD).exists()


def test_yes_removes_no_result(lab, capsys):
    """Only what is made again."""
    assert 0 == main(["gc", "--yes"])
    assert "removed: " in capsys.readouterr().err
    assert (False, True) == (
        (lab / ".runner" / "compiled").exists(),
        (lab / "results" / "pair" / OLD).is_dir(),
    )


def test_a_path_that_may_not_go_is_a_usage_error(lab, capsys):
    """Nothing is removed then, not even what may go."""
    assert 64 == main(["gc", "--remove", "specs", "--remove", f"results/pair/{OLD}"])
    assert "specs: is none of what may go" in capsys.readouterr().err
    assert (lab / "results" / "pair" / OLD).is_dir()


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (56_000_000, "56.0 MB"), (7.2e12, "7.2 TB")],
)
def test_sizes_are_written_for_people(size, expected):
    """In powers of a thousand."""
    assert expected == size_text(size)
