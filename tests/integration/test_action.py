"""The action: its steps are run by bash, with inputs as GitHub gives them; it is not installed anew."""

from __future__ import annotations

import shlex
import sys

import commands
import pytest
import yaml
from github_steps import filled, run_script
from service_lab import HERMETIC, ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
TELLS_ITS_WORDS = 'printf "%s\\n" "$@"; exit "${FAKE_CODE:-0}"'
REAL = f'exec {shlex.quote(sys.executable)} -m runner "$@"'


class Machine:
    """A machine that runs the action in a lab."""

    def __init__(self, folder):
        self.folder, self.temp = folder, folder / "temp"
        self.work = commands.a_lab(folder / "work")
        self.tool = self.temp / "pulser-runner" / "bin" / "runner"
        self.tool.parent.mkdir(parents=True)

    def install(self, version):
        """Exit code, and what pip is told; neither Python nor pip is the real one."""
        pip = self.tool.with_name("pip")
        for tool, text in ((self.folder / "python", "exit 0"), (pip, 'printf "%s\\n" "$@"')):
            tool.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="utf-8")
            tool.chmod(0o755)
        step = next(each for each in ACTION["runs"]["steps"] if "VERSION" in each.get("env", {}))
        given = {"steps.python.outputs.python-path": str(self.folder / "python"), "inputs.version": version}
        env = {name: filled(value, given) for name, value in step["env"].items()}
        machine = {"PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(self.temp), "GITHUB_ACTION_PATH": str(ROOT)}
        code, printed = run_script(step["run"], self.work, machine | env)
        return code, printed.splitlines()

    def run(self, tool, environ=None, **inputs):
        """Exit code, what was printed, and the outputs."""
        self.tool.write_text(f"#!/usr/bin/env bash\n{tool}\n", encoding="utf-8")
        self.tool.chmod(0o755)
        given = {f"inputs.{name}": each.get("default", "") for name, each in ACTION["inputs"].items()}
        given |= {"inputs.token": "token"} | {f"inputs.{name}": text for name, text in inputs.items()}
        step = next(each for each in ACTION["runs"]["steps"] if each.get("id") == "run")
        env = {name: filled(value, given) for name, value in step["env"].items()}
        output = self.folder / "output"
        output.unlink(missing_ok=True)
        machine = HERMETIC | {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_SERVER_URL": "https://git.example.org",
            "GITHUB_REPOSITORY": "lab/experiments",
        }
        code, printed = run_script(step["run"], self.work, machine | env | (environ or {}))
        return code, printed, output.read_text(encoding="utf-8").splitlines() if output.exists() else []


@pytest.fixture
def machine(tmp_path):
    """One with nothing on it but the runner."""
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("version", "words"),
    [("", ["-c", f"{ROOT}/constraints.txt", str(ROOT)]), ("0.1.0", ["pulser-runner==0.1.0"])],
    ids=["its own", "another"],
)
def test_its_own_version_is_installed_with_the_constraints_beside_it(machine, version, words):
    """Those of another version stand elsewhere, and these may contradict it."""
    assert (0, ["install", "--quiet", *words]) == machine.install(version)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"command": "validate"}, ["validate", "--no-python", "-o", "github", "--", "specs"]),
        (
            {"command": "validate", "paths": "a.yaml\nmy lab\n", "target": "pasqal"},
            ["validate", "--no-python", "-o", "github", "--target", "pasqal", "--", "a.yaml", "my lab"],
        ),
        ({"command": "apply", "timeout": "9"}, ["apply", "--yes", "--timeout", "9", "--", "specs"]),
        (
            {"command": "validate", "paths": "$(touch pwned)\n;touch pwned", "target": "`touch pwned`"},
            [
                "validate",
                "--no-python",
                "-o",
                "github",
                "--target",
                "`touch pwned`",
                "--",
                "$(touch pwned)",
                ";touch pwned",
            ],
        ),
    ],
)
def test_inputs_are_words_of_the_command_and_nothing_else(machine, inputs, words):
    """Whatever letters they are made of."""
    assert (0, words, ["exit-code=0"]) == as_words(machine.run(TELLS_ITS_WORDS, **inputs))
    assert [] == list(machine.folder.rglob("pwned"))


def as_words(ended):
    """What a run printed, line by line."""
    code, printed, outputs = ended
    return code, printed.splitlines(), outputs


def test_sync_follows_the_repository_itself(machine):
    """With records where a branch is named."""
    _, words, _ = as_words(machine.run(TELLS_ITS_WORDS, command="sync", records="results"))

    assert [
        *("sync", "--once", "--wait", "--timeout", "600", "--yes"),
        *("--clone", f"{machine.temp}/experiments", "--path", "specs", "--records", "results"),
        *("--", "https://git.example.org/lab/experiments.git"),
    ] == words


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ({}, ["--rev", "A...B", "--offline"]),
        ({"PASQAL_TOKEN": "t"}, ["--rev", "A...B"]),
        ({"PASQAL_USERNAME": "u", "PASQAL_PASSWORD": "p"}, ["--rev", "A...B"]),
    ],
)
def test_a_plan_is_a_file_and_in_the_summary_and_asks_no_cloud_without_secrets(machine, secrets, words):
    """Its path is an output."""
    ended = machine.run(TELLS_ITS_WORDS, secrets, command="plan", rev="A...B")
    plan, expected = machine.temp / "plan.md", ["plan", "-o", "markdown", *words, "--", "specs"]

    assert (0, "", ["exit-code=0", f"markdown={plan}"]) == ended
    assert expected == plan.read_text(encoding="utf-8").splitlines()
    assert expected == (machine.folder / "summary.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("code", "exits"), [(0, 0), (1, 1), (3, 3), (4, 4), (5, 0)])
def test_the_exit_code_is_an_output_and_jobs_under_way_are_fine(machine, code, exits):
    """The caller decides on what is red."""
    ended = machine.run(TELLS_ITS_WORDS, {"FAKE_CODE": str(code)}, command="apply")

    assert (exits, [f"exit-code={code}"]) == (ended[0], ended[2])


@pytest.mark.parametrize(("command", "token"), [("sync", "token"), ("validate", "")])
def test_only_sync_is_given_the_token(machine, command, token):
    """Others read what strangers wrote, and need none."""
    assert (0, f"{token}\n") == machine.run('echo "$GH_TOKEN"', command=command)[:2]


def test_another_command_is_refused(machine):
    """Nothing is run."""
    ended = machine.run(TELLS_ITS_WORDS, command="rerun")

    assert (64, "::error::command is validate, plan, apply or sync\n", []) == ended


def test_a_broken_file_is_annotated(machine):
    """By the runner itself."""
    broken = commands.EXPERIMENT.replace("t_ns: [", "t_s: [")
    (machine.work / "specs" / "pair.yaml").write_text(broken, encoding="utf-8")
    code, printed, outputs = machine.run(REAL, command="validate")

    assert (1, ["exit-code=1"]) == (code, outputs)
    assert printed.startswith("::error file=specs/pair.yaml,line=15,col=15::")
