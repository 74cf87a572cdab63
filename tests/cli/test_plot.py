"""`runner plot`: pictures of what came back, in the terminal or in a file."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from commands import said
from measured_labs import a_measured_lab

from runner.cli.exit_codes import Exit
from runner.results.analysis.geometry import convention


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab with all results, that is the working folder."""
    monkeypatch.setenv("COLUMNS", "60")
    lab = a_measured_lab(tmp_path / "lab")
    monkeypatch.chdir(lab)
    return lab


def test_a_picture_is_drawn_where_one_stands(capsys, lab):
    """Over the one variable, with its unit, no wider than the terminal."""
    code, out, err = said(capsys, "plot", "specs/pair.yaml")
    lines = out.splitlines()

    assert (0, "", "pair") == (code, err, lines[0])
    assert "mean occupation ⟨n⟩" in lines
    assert "t (ns)" in out
    assert 3 == out.count("●")
    assert max(map(len, lines)) <= 60


def test_a_file_is_the_same_each_time_and_says_what_is_on_it(capsys, lab):
    """The axes have their units in words that can be searched."""
    words = ("plot", "specs/pair.yaml", "--observable", "probability[00]", "-o")
    codes = [said(capsys, *words, name)[0] for name in ("one.svg", "other.svg")]
    texts = {"".join(each.itertext()) for each in ET.parse("one.svg").iter() if each.tag.endswith("text")}

    assert [0, 0] == codes
    assert (lab / "one.svg").read_bytes() == (lab / "other.svg").read_bytes()
    assert {"t (ns)", "probability of 00"} <= texts


def test_the_blockade_is_drawn_on_the_register(capsys, lab):
    """Of the job that is shown, in words and in a file; no other picture has one."""
    _, out, _ = said(capsys, "plot", "specs/pair.yaml", "--blockade-radius", "--job", "t_ns=100")
    code, _, _ = said(capsys, "plot", "specs/pair.yaml", "--interaction-graph", "-o", "pair.svg")
    usage, _, why = said(capsys, "plot", "specs/pair.yaml", "--interaction-graph", "--kind", "curve")

    assert "blockade radius 7.187 µm at Ω = 6.28 rad/µs" in out
    assert (0, Exit.USAGE) == (code, usage)
    assert "lines join atoms within it" in (lab / "pair.svg").read_text(encoding="utf-8")
    assert why.startswith("a blockade is drawn on a register alone")


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_other_kinds_of_files_are_written(capsys, lab, form):
    """By the ending of the name."""
    code, _, err = said(capsys, "plot", "specs/pair.yaml", "--job", "t_ns=100", "-o", f"p.{form}")
    begins = {"png": b"\x89PNG", "pdf": b"%PDF"}[form]

    said_beside = f"p.{form}: written; {convention('ground-rydberg')}; target: emulated:local"
    assert (0, f"{said_beside}\n") == (code, err)
    assert (lab / f"p.{form}").read_bytes().startswith(begins)


def test_a_condition_chooses_what_is_drawn(capsys, lab):
    """As `runner results` has it."""
    code, out, _ = said(capsys, "plot", "specs/pair.yaml", "--where", "t_ns > 100")

    assert (0, 2) == (code, out.count("●"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--where", "t_ns > 900"), "--where 't_ns > 900' holds of none of 3 jobs\n"),
        (("-o", "p.gif"), "p.gif: no picture is called so\nhint: end it in .png, .svg, .pdf\n"),
        (("--kind", "heatmap", "--job", "t_ns=100"), "a heatmap takes no choice of a job"),
        (("--observable", "probability[0]"), "0 is no bitstring of 2 qubits\nhint: say probability[01]\n"),
        (("--observable", "ocupation"), "did you mean occupation?"),
    ],
    ids=["none", "ending", "choice", "bitstring", "name"],
)
def test_what_cannot_be_drawn_is_told(capsys, lab, words, told):
    """Nothing is written."""
    code, out, err = said(capsys, "plot", "specs/pair.yaml", *words)

    assert (64, "") == (code, out)
    assert told in err
    assert [] == list(lab.glob("p.*"))


def test_partial_results_are_drawn_and_the_exit_code_tells(tmp_path, capsys, monkeypatch):
    """As that of `runner results`: 5 while apply may still bring more."""
    monkeypatch.chdir(a_measured_lab(tmp_path / "lab", jobs=2))
    code, out, err = said(capsys, "plot", "specs/pair.yaml")

    assert (5, 2) == (code, out.count("●"))
    assert "1 job is not complete" in err
