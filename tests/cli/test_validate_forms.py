"""`runner validate` for machines: JSON, annotations of GitHub's workflows, and the pre-commit hook."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import commands
import pytest
import yaml

from runner.cli import main
from runner.cli.render.github_annotations import annotation
from runner.errors import Problem

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
ODD = commands.EXPERIMENT.replace("runs: 50", "runs: none").replace("t_ns: [100", "t_s: [100")


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


def test_a_file_in_order_has_no_annotations(lab, capsys):
    """Nothing is written where there is nothing to say."""
    assert (0, "") == said(capsys, "validate", "specs", "-o", "github")


def test_problems_are_annotations_at_their_line(lab, capsys):
    """One line each, which GitHub shows beside the line of the file."""
    (lab / "specs" / "pair.yaml").write_text(ODD, encoding="utf-8")

    code, out = said(capsys, "validate", "specs", "-o", "github")
    place = "file=specs/pair.yaml"

    assert (
        1,
        [
            f'::error {place},line=14,col=13::expected a whole number, not "none"',
            f"::error {place},line=15,col=15::the sequence has no variable t_s%0Adid you mean t_ns?",
        ],
    ) == (code, out.splitlines())


def test_warnings_are_annotations_too(lab, capsys):
    """They are no reason to fail."""
    odd = commands.EXPERIMENT.replace("[100, 200, 300]", "[101]")
    (lab / "specs" / "pair.yaml").write_text(odd, encoding="utf-8")
    code, out = said(capsys, "validate", "specs", "-o", "github")
    in_json = json.loads(said(capsys, "validate", "specs", "-o", "json")[1])

    assert (0, ["::warning file=specs/pair.yaml"]) == (
        code,
        [line.split(",")[0] for line in out.splitlines()],
    )
    assert (True, [], 1) == (in_json["valid"], in_json["problems"], len(in_json["warnings"]))


def test_json_says_all_of_a_problem(lab, capsys):
    """What an editor or a script needs to show it."""
    (lab / "specs" / "pair.yaml").write_text(ODD, encoding="utf-8")
    code, out = said(capsys, "validate", "specs", "-o", "json")
    content = json.loads(out)

    assert (1, False, []) == (code, content["valid"], content["warnings"])
    assert {
        "path": "specs/pair.yaml",
        "line": 15,
        "column": 15,
        "pointer": "/spec/jobs/0/sweep/t_s",
        "message": "the sequence has no variable t_s",
        "hint": "did you mean t_ns?",
        "excerpt": "      sweep: {t_s: [100, 200, 300]}",
    } == content["problems"][1]


def test_no_text_of_a_file_is_a_command_of_its_own():
    """Ends of lines, percents, commas and colons stay what they are."""
    odd = Problem("a:b,c%\n.yaml", 1, 2, "", "100 %\r\n::error::x", "y: z")

    assert "::error file=a%3Ab%2Cc%25%0A.yaml,line=1,col=2::100 %25%0D%0A::error::x%0Ay: z" == (
        annotation("error", odd)
    )


def hook(name="runner-validate"):
    """A hook, by its id."""
    hooks = {each["id"]: each for each in yaml.safe_load(HOOKS.read_text(encoding="utf-8"))}
    return hooks[name]


def test_the_hook_is_what_pre_commit_expects():
    """Its id, its entry, and the files that it is for."""
    assert {
        "id": "runner-validate",
        "entry": "runner validate",
        "language": "python",
        "files": r"^specs/.*\.ya?ml$",
        "require_serial": True,
    } == {name: value for name, value in hook().items() if name not in ("name", "description")}
    assert {
        "id": "runner-fmt",
        "entry": "runner fmt",
        "language": "python",
        "files": r"^specs/.*\.ya?ml$",
    } == {name: value for name, value in hook("runner-fmt").items() if name not in ("name", "description")}


def test_the_hook_lets_only_files_in_order_pass(lab, capsys):
    """Run as pre-commit runs it: the entry, then the files."""
    (lab / "specs" / "odd.yaml").write_text(ODD.replace("name: pair", "name: odd"), encoding="utf-8")
    command, *words = shlex.split(hook()["entry"])
    good, bad = (commands.said(capsys, *words, f"specs/{name}.yaml") for name in ("pair", "odd"))

    assert ("runner", 0, 1) == (command, good[0], bad[0])
    assert "specs/odd.yaml:15:15: the sequence has no variable t_s" in bad[2]


def test_the_hook_for_form_puts_files_in_order_and_lets_no_broken_one_pass(lab):
    """Pre-commit sees that a file has changed; one that cannot be read is left alone and named."""
    odd, broken = lab / "specs" / "odd.yaml", lab / "specs" / "broken.yaml"
    odd.write_text((lab / "specs" / "pair.yaml").read_text(encoding="utf-8").replace(": {name", ":   {name"))
    broken.write_text("kind: [", encoding="utf-8")
    files = [f"specs/{path.name}" for path in (odd, broken)]
    _, *words = shlex.split(hook("runner-fmt")["entry"])
    done = commands.run(lab, *words, *files)

    assert [True] * 2 == [re.search(hook("runner-fmt")["files"], name) is not None for name in files]
    assert (1, "kind: [") == (done[0], broken.read_text(encoding="utf-8"))
    assert done[1] == "specs/odd.yaml: put into form\n"
    assert "specs/broken.yaml:1:" in done[2]
