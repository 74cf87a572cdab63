"""`--allow-python`: code of files is run where it is said, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from commands import EXPERIMENT, run, said

import runner
from runner.cli.main import VERBS, cli
from runner.domain import job_key
from runner.errors import SpecError

DOCUMENT = Path(__file__).parents[2] / "docs" / "python-sequences.md"
FILES = dict(
    re.findall(
        r'^```\w+ title="(specs/[^"]+)"\n(.*?)^```',
        DOCUMENT.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
)
REFUSAL = """\
specs/chain.yaml:7:13: factories/chain.py is Python code, and running it is not allowed
        python: factories/chain.py:adiabatic   # from where this file stands, and inside the repository
                ^
    if you trust this code, allow it: --allow-python, runner.load(…, allow_python=True),\
 or allow_python = true in runner.toml
"""


def a_lab_with_code(folder, settings=""):
    """The repository of the documentation."""
    (folder / "runner.toml").write_text(f'namespace = "lab"\n{settings}', encoding="utf-8")
    for name, text in FILES.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


def test_a_file_with_code_is_refused_until_it_is_allowed(tmp_path, monkeypatch, capsys):
    """By the option, for one command; what it gave is used afterwards, and no code is run for that."""
    monkeypatch.chdir(a_lab_with_code(tmp_path))
    refused = said(capsys, "jobs", "specs")
    allowed = said(capsys, "validate", "specs", "--allow-python")
    kept = said(capsys, "validate", "specs")

    assert (1, "", REFUSAL) == refused
    assert (0, "specs/chain.yaml: fine: chain, 5 jobs, 2500 runs\n", "") == allowed == kept


@pytest.mark.long
def test_where_no_python_is_wanted_settings_allow_none(tmp_path):
    """As for a stranger's pull request: files with code are named, and the others checked."""
    lab = a_lab_with_code(tmp_path, settings="allow_python = true\n")
    (lab / "specs" / "pair.yaml").write_text(EXPERIMENT, encoding="utf-8")
    (lab / "specs" / "factories" / "chain.py").write_text("raise SystemExit(99)\n", encoding="utf-8")
    code, out, err = run(lab, "validate", "--no-python", "specs")
    github = run(lab, "validate", "--no-python", "-o", "github", "specs")
    (lab / "specs" / "pair.yaml").write_text(EXPERIMENT.replace("runs: 50", "runs: -1"), encoding="utf-8")
    broken = run(lab, "validate", "--no-python", "specs")

    unchecked = "not checked: its sequence comes from Python, which is not run here"
    assert (0, "specs/pair.yaml: fine: pair, 3 jobs, 150 runs\n") == (code, out)
    assert f"warning: specs/chain.yaml:7:13: {unchecked}" in err
    assert (0, f"::warning file=specs/chain.yaml,line=7,col=13::{unchecked}\n") == github[:2]
    assert broken[0] == 1
    assert "specs/pair.yaml:14:13" in broken[2]
    assert "chain.yaml" not in broken[2]
    assert 64 == run(lab, "validate", "--no-python", "--allow-python", "specs")[0]


def test_a_file_with_code_can_be_allowed_when_it_is_loaded_in_python(tmp_path):
    """By a word of the call; without it the refusal names that word."""
    path = a_lab_with_code(tmp_path) / "specs" / "chain.yaml"
    with pytest.raises(SpecError, match=re.escape("runner.load(…, allow_python=True)")):
        runner.load(path)

    assert "chain" == runner.load(path, allow_python=True).name


def test_the_settings_may_allow_it(tmp_path):
    """For the whole repository, and with another time limit."""
    lab = a_lab_with_code(tmp_path, "allow_python = true\npython_timeout_s = 120\n")

    listed = f"experiment,job,t_ns,runs,key\nchain,t_ns=400,400,500,{job_key({'t_ns': 400})}\n"

    assert (0, listed, "") == run(lab, "jobs", "-o", "csv", "--limit", "1", "specs")


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_that_reads_experiment_files_takes_the_option(verb):
    """Verbs without it read none."""
    command = cli.get_command(click.Context(cli), verb)
    names = {name for option in command.params for name in option.opts}

    without = {"init", "schema", "import", "local", "fmt", "devices", "gc"}
    assert (verb not in without) is ("--allow-python" in names)
