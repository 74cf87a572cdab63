"""`runner report`: one page of HTML for an experiment."""

from __future__ import annotations

import hashlib
import re

import commands
import pytest
from measured_labs import a_measured_lab

from runner.cli import main
from runner.cli.exit_codes import Exit


def written(lab, capsys, *words):
    """Exit code, what was said, and the page."""
    code = main(["report", str(lab / "specs" / "pair.yaml"), "-o", str(lab / "page.html"), *words])
    return code, capsys.readouterr().err, (lab / "page.html").read_text(encoding="utf-8")


def test_a_report_is_the_same_for_the_same_records(tmp_path, capsys):
    """It says which results are there, and shows register and pulses; the digest is that of the manifest."""
    lab = a_measured_lab(tmp_path / "lab")
    code, said, page = written(lab, capsys)
    _, _, again = written(lab, capsys)
    (manifest,) = (lab / "results").rglob("manifest.json")
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()

    assert (Exit.DONE, f"{lab / 'page.html'}: written; complete\n") == (code, said)
    assert page == again
    assert "Complete: all 3 jobs, 150 runs" in page
    assert [
        "Register of the job t_ns=300: where the atoms are (in µm)",
        "Pulses of the job t_ns=300 over time (in ns); played: as programmed",
    ] == re.findall("<figcaption>(.*?)</figcaption>", page)[:2]
    assert f"sha256:{digest}" in page
    assert "3 remote jobs in 1 file, all as they were recorded" in page


def test_partial_results_make_a_report_that_says_so(tmp_path, capsys):
    """On the page and in the terminal; the job whose pulses are drawn can be chosen."""
    lab = a_measured_lab(tmp_path / "lab", jobs=1, error="atoms lost")
    code, said, page = written(lab, capsys, "--job", "t_ns=300")

    assert (Exit.PATIENCE, f"{lab / 'page.html'}: written; partial results") == (code, said.splitlines()[0])
    assert "Partial results: 1 of 3 jobs complete, 1 failed, 1 not measured yet; 50 of 150 runs" in page
    assert "Pulses of the job t_ns=300" in page
    assert "atoms lost" in page


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "$\\frac$ <b>", "&amp;</title>"],
    ids=["script", "formula", "entity"],
)
def test_nothing_that_a_file_says_is_taken_for_html(tmp_path, capsys, name):
    """Nor for a formula, by what draws."""
    experiment = commands.EXPERIMENT.replace(
        "metadata: {name: pair}", f"metadata: {{name: pair, description: {name!r}}}"
    ).replace("    - runs: 50\n", f"    - runs: 50\n      name: {name!r}\n", 1)
    experiment = experiment.replace("sweep: {t_ns: [100, 200, 300]}", "variables: {t_ns: 100}")
    code, _, page = written(
        a_measured_lab(tmp_path / "lab", experiment=experiment, jobs=0, error=name), capsys
    )

    assert Exit.PATIENCE == code
    assert name not in page


def test_a_report_before_anything_was_bought_and_on_stdout(tmp_path, capsysbinary):
    """It shows what would run."""
    lab = commands.a_lab(tmp_path / "lab")
    code = main(["report", str(lab / "specs" / "pair.yaml"), "-o", "-"])
    page = capsysbinary.readouterr().out.decode()

    assert Exit.PATIENCE == code
    assert page.startswith("<!DOCTYPE html>")
    assert "No results yet: 0 of 3 jobs complete, 3 not measured yet" in page
    assert "nothing of it was bought yet" in page
