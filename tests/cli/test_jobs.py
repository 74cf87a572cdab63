"""`runner jobs`: what a file expands to, without Pulser."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import commands
import pytest
from patience import PATIENCE_S

from runner.cli import main
from runner.domain import job_key


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


def key(t_ns):
    """The key of a point."""
    return job_key({"t_ns": t_ns})


def test_the_table_says_every_job_and_its_line(lab, capsys):
    """Name, variables, runs, key of the point, and where it stands."""
    code, out = said(capsys, "jobs", "specs")

    assert code == 0
    assert [
        ["pair:", "3", "jobs,", "150", "runs"],
        ["job", "variables", "runs", "key", "line"],
        *[[f"t_ns={t}", f"t_ns={t}", "50", key(t), "14"] for t in (100, 200, 300)],
    ] == [line.split() for line in out.splitlines()]


def test_a_limit_shows_the_first_jobs_and_how_many_follow(lab, capsys):
    """Of each file."""
    _, out = said(capsys, "jobs", "specs", "--limit", "1")

    assert ["t_ns=100", "… and 2 more"] == [out.splitlines()[2].split()[0], out.splitlines()[3]]


def test_jobs_are_data_too(lab, capsys):
    """JSON and CSV say the same."""
    _, as_json = said(capsys, "jobs", "specs", "-o", "json", "--limit", "2")
    _, as_csv = said(capsys, "jobs", "specs", "-o", "csv", "--limit", "2")

    assert [
        {
            "experiment": "pair",
            "job": f"t_ns={t}",
            "runs": 50,
            "variables": {"t_ns": t},
            "key": key(t),
            "path": "specs/pair.yaml",
            "line": 14,
        }
        for t in (100, 200)
    ] == json.loads(as_json)
    assert [
        {"experiment": "pair", "job": f"t_ns={t}", "t_ns": str(t), "runs": "50", "key": key(t)}
        for t in (100, 200)
    ] == list(csv.DictReader(io.StringIO(as_csv)))


def test_experiments_can_be_chosen(lab, capsys):
    """As for every verb that takes files."""
    other = commands.EXPERIMENT.replace("name: pair", "name: other")
    (lab / "specs" / "other.yaml").write_text(other, encoding="utf-8")
    _, out = said(capsys, "jobs", "specs", "--only", "o*", "-o", "csv")

    assert ["other"] * 3 == [row["experiment"] for row in csv.DictReader(io.StringIO(out))]


def test_limits_of_the_repository_are_kept(lab, capsys):
    """What a file may ask for is said in runner.toml."""
    (lab / "runner.toml").write_text('namespace = "lab"\n[limits]\njobs = 2\n', encoding="utf-8")
    codes = [main(["jobs", "specs"]), main(["validate", "specs"])]

    assert [1, 1] == codes
    assert 2 == capsys.readouterr().err.count("the file asks for more than 2 jobs")


def test_jobs_are_listed_without_pulser(lab):
    """Its import takes longer than all the rest."""
    script = (
        "import sys; from runner.cli import main; code = main(['jobs', 'specs']); "
        "sys.exit(code or 'pulser' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=lab,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert (0, True) == (done.returncode, "t_ns=300" in done.stdout), done.stderr
