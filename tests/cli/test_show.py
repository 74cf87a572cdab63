"""`runner show`: what a file means."""

from __future__ import annotations

import io
import sys

import commands
import pytest

from runner.cli import main
from runner.cli.exit_codes import Exit


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab that is the working folder, and a terminal of 50 columns."""
    lab = commands.a_lab(tmp_path / "lab")
    monkeypatch.chdir(lab)
    monkeypatch.setenv("COLUMNS", "50")
    return lab


def said(capsys, *words):
    """Exit code, stdout and stderr of a verb, run in this process."""
    code = main(words)
    return code, *capsys.readouterr()


def test_a_file_is_shown_whole(lab, capsys):
    """Facts, register, pulses of the first job, and all jobs, as wide as the terminal."""
    code, out, err = said(capsys, "show", "specs/pair.yaml")
    recipe = next(line.split()[1] for line in out.splitlines() if line.startswith("recipe"))

    bar = " " * 9 + "█" * 41
    assert (Exit.DONE, "", 16) == (code, err, len(recipe))
    assert [
        "pair",
        "runs on   EMU_FREE, as AnalogDevice",
        f"recipe    {recipe}",
        "cost      150 runs, no QPU time",
        "budget    no limit",
        "",
        "Register: 2 atoms",
        "",
        "●q0   ●q1",
        "",
        "├────┤ 5 µm",
        "",
        "Job t_ns=100: 100 ns",
        "",
        "ising: rydberg_global, ground-rydberg",
        "  Ω (rad/µs)",
        f"   6.28  {'█' * 41}",
        bar,
        bar,
        bar,
        f"      0  {'─' * 41}",
        f" pulses  {'━' * 41}",
        "         0       20      40      60         100 ns",
        "",
        "3 jobs, 150 runs",
        "job       runs  ns   variables",
        "t_ns=100  50    100  t_ns=100",
        "t_ns=200  50    200  t_ns=200",
        "t_ns=300  50    300  t_ns=300",
    ] == out.splitlines()


def test_another_job_and_another_width_can_be_asked_for(lab, capsys):
    """No line of a drawing is wider; the nearest name of a job is told."""
    code, out, _ = said(capsys, "show", "specs/pair.yaml", "--job", "t_ns=300", "--width", "30")
    wrong = said(capsys, "show", "specs/pair.yaml", "--job", "t_ns=30")

    assert code == Exit.DONE
    assert "Job t_ns=300: 300 ns" in out
    assert out.count("━") == 21
    assert (Exit.USAGE, "", True) == (*wrong[:2], "pair has no job t_ns=30" in wrong[2])


def test_a_terminal_without_unicode_gets_plain_characters(lab, monkeypatch):
    """Whatever the file says."""
    text = commands.EXPERIMENT.replace("{name: pair}", "{name: pair, description: 3 µs × 2}")
    (lab / "specs" / "pair.yaml").write_text(text, encoding="utf-8")
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    code = main(["show", "specs/pair.yaml"])
    stdout.flush()
    lines = stdout.buffer.getvalue().decode("ascii").splitlines()

    assert (Exit.DONE, "pair: 3 us x 2", "oq0   oq1", "|----| 5 um") == (code, lines[0], lines[8], lines[10])


def test_cost_and_budget_of_a_qpu_are_shown(lab, capsys):
    """In minutes of its time."""
    text = (
        commands.EXPERIMENT.replace("EMU_FREE", "FRESNEL") + "  policy: {budget: {runs: 1000, qpu_s: 600}}\n"
    )
    (lab / "specs" / "pair.yaml").write_text(text, encoding="utf-8")
    _, out, _ = said(capsys, "show", "specs/pair.yaml")

    assert [
        "cost      150 runs, about 3 min of QPU time",
        "budget    1,000 runs, 10 min of QPU time",
    ] == out.splitlines()[3:5]


def test_the_first_job_that_plays_a_pulse_is_shown(lab, capsys):
    """A sweep that begins with an amplitude of 0 does not begin there."""
    text = commands.EXPERIMENT.replace("{t_ns: int}", "{omega: float}").replace(
        "t_ns, value: 6.28", "100, value: omega"
    )
    swept = text.replace("sweep: {t_ns: [100, 200, 300]}", "sweep: {omega: [0, 2, 3]}")
    (lab / "specs" / "pair.yaml").write_text(swept, encoding="utf-8")
    code, out, err = said(capsys, "show", "specs/pair.yaml")

    assert (Exit.DONE, "") == (code, err)
    assert "Job omega=2: 100 ns" in out.splitlines()


@pytest.mark.parametrize(
    ("device_type", "emulation", "played"),
    [
        ("EMU_FREE", "", "played: as programmed"),
        ("EMU_FREE", "  emulation: {with_modulation: true}\n", "played: output of the modulators"),
        ("FRESNEL", "", "played: output of the modulators"),
    ],
)
def test_a_picture_says_what_is_played(lab, capsys, device_type, emulation, played):
    """By an emulator what is programmed, unless the file says otherwise; by a QPU what comes out."""
    text = commands.EXPERIMENT.replace("EMU_FREE", device_type) + emulation
    (lab / "specs" / "pair.yaml").write_text(text, encoding="utf-8")
    code, _, err = said(capsys, "show", "specs/pair.yaml", "-o", "pair.svg")

    assert (Exit.DONE, "pair.svg: written") == (code, err.splitlines()[-1])
    assert played in (lab / "pair.svg").read_text(encoding="utf-8")


def test_the_blockade_is_shown_on_request(lab, capsys):
    """In words, of the highest Rabi frequency or of the one that is given, and in a picture."""
    _, out, _ = said(capsys, "show", "specs/pair.yaml", "--blockade-radius")
    _, weak, _ = said(capsys, "show", "specs/pair.yaml", "--rabi-frequency", "2", "--interaction-graph")
    code, _, _ = said(capsys, "show", "specs/pair.yaml", "--interaction-graph", "-o", "pair.svg")
    wrong = [
        said(capsys, "show", "specs/pair.yaml", "--rabi-frequency", each) for each in ("0", "nan", "inf")
    ]

    assert "blockade radius 7.187 µm at Ω = 6.28 rad/µs; 1 of 1 pair within it" in out.splitlines()
    assert "blockade radius 8.697 µm at Ω = 2 rad/µs; 1 of 1 pair within it" in weak.splitlines()
    assert "lines join atoms within it" in (lab / "pair.svg").read_text(encoding="utf-8")
    assert Exit.DONE == code
    assert [(Exit.USAGE, "", True)] * 3 == [(*each[:2], "--rabi-frequency" in each[2]) for each in wrong]


def test_a_picture_is_written_instead(lab, capsys):
    """Its ending says what kind."""
    code, out, err = said(capsys, "show", "specs/pair.yaml", "--job", "t_ns=200", "-o", "pair.svg")
    svg = (lab / "pair.svg").read_text(encoding="utf-8")

    assert (Exit.DONE, "", "pair.svg: written\n") == (code, out, err)
    assert "pair: t_ns=200" in svg
    assert ["pair.svg"] == [path.name for path in lab.glob("*pair*")]


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("pair.gif", Exit.USAGE, "pair.gif: no picture is called so"),
        ("nowhere/pair.png", Exit.ERROR, "nowhere/pair.png: cannot be written: No such file or directory"),
    ],
)
def test_a_picture_that_cannot_be_written_is_told(lab, capsys, name, code, words):
    """Before anything is drawn, if its kind is unknown."""
    result = said(capsys, "show", "specs/pair.yaml", "-o", name)

    assert (code, "", True) == (*result[:2], words in result[2])


def test_how_it_is_emulated_is_shown(lab, capsys):
    """Noise, what else counts, and what is evaluated."""
    place = lab / "specs" / "pair.yaml"
    emulation = """\
  emulation:
    noise: {p_false_neg: 0.04, dephasing_rate_per_us: 0.1}
    with_modulation: true
    observables: [occupation, {energy: {name: late}}]
"""
    text = place.read_text(encoding="utf-8")
    place.write_text(
        text.replace("  device_type: EMU_FREE\n", f"  device_type: EMU_FREE\n{emulation}"), encoding="utf-8"
    )
    _, out, _ = said(capsys, "show", "specs/pair.yaml")

    line = "dephasing_rate 0.1, p_false_neg 0.04, with_modulation; evaluates occupation, energy_late"
    assert f"emulated  {line}" in out.splitlines()
