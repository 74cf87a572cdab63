"""Runs a workflow of GitHub as GitHub does: jobs whose condition holds, their steps in order, each by bash.

Not run: `actions/setup-python` and the step that installs the runner. `actions/checkout` is done by git.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
TIMEOUT_S = 240
_TOKEN = re.compile(r"'[^']*'|[A-Za-z_][\w.-]*(?:\(\))?|==|!=|&&|\|\||[!()]")
_WORDS = {"&&": "and", "||": "or", "!": "not"}
_GIVEN = re.compile(r"\$\{\{(.*?)\}\}")


def expression(text, known):
    """The value of an expression; a name that is not known is an error."""

    def translated(token):
        if token[0] == "'" or token in {"==", "!=", "(", ")"}:
            return token
        return _WORDS.get(token) or repr(known[token])

    tokens = _TOKEN.findall(text)
    assert "".join(tokens) == re.sub(r"\s+(?=[^']*(?:'[^']*'[^']*)*$)", "", text), text
    return eval(" ".join(map(translated, tokens)))  # of our own workflows


def filled(value, known):
    """A value of a workflow with its expressions replaced."""
    return _GIVEN.sub(lambda found: str(expression(found[1], known)), str(value))


@dataclass
class Event:
    """What happened, as a workflow sees it.

    Args:
        known: Names of expressions, as `github.event_name`, and their values.

        environ: Variables of the machine.
    """

    known: dict[str, Any]
    environ: dict[str, str]
    remote: Path
    commit: str = ""


@dataclass
class Job:
    """How a job ended: failed steps, what all of them printed, and its summary."""

    failed: list[str] = field(default_factory=list)
    printed: str = ""
    summary: str = ""
    outputs: str = ""


def run_workflow(path, event, machines, *, only=None):
    """Runs the jobs of a workflow whose conditions hold, each on a machine of its own; answers them by id.

    Where `only` names jobs, others are passed by.
    """
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"shell": "bash"} == workflow["defaults"]["run"]
    jobs = {}
    for name, job in workflow["jobs"].items():
        if expression(job["if"], event.known) and (only is None or name in only):
            folder = machines / name
            folder.mkdir(parents=True)
            jobs[name] = _job(job, workflow["env"], event, folder)
    return jobs


def _job(job, env, event, folder):
    done = Job()
    for name in ("work", "temp"):
        (folder / name).mkdir()
    files = {name: folder / name.lower() for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV")}
    environ = event.environ | {name: str(value) for name, value in (env | job.get("env", {})).items()}
    environ |= {"RUNNER_TEMP": str(folder / "temp")} | {name: str(path) for name, path in files.items()}
    for step in job["steps"]:
        known = event.known | {"cancelled()": False}
        condition = _GIVEN.sub(r"\1", str(step.get("if", "")))
        is_due = not done.failed or "cancelled()" in condition
        if is_due and (not condition or expression(condition, known)):
            _do(step, event, done, folder / "work", environ=environ, known=known)
    done.summary = _text(files["GITHUB_STEP_SUMMARY"])
    done.outputs = _text(files["GITHUB_OUTPUT"])
    return done


def _text(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _do(step, event, done, work, *, environ, known):
    if "run" not in step:
        action = step["uses"].partition("@")[0]
        assert action in {"actions/checkout", "actions/setup-python"}
        if action == "actions/checkout":
            check_out(event, work, step["with"])
        return
    if step["name"] == "Install the runner":
        return
    env = {name: filled(value, known) for name, value in step.get("env", {}).items()}
    assert "${{" not in step["run"], "text of others must not become text of a script"
    code, printed = run_script(step["run"], work, environ | env)
    done.printed += printed
    if code:
        done.failed.append(f"{step['name']}: {code}")


def run_script(text, folder, environ):
    """Runs a script as GitHub does: a file, given to bash."""
    script = Path(environ["RUNNER_TEMP"]) / "script.sh"
    script.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [*BASH, str(script)],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout


def check_out(event, work, words):
    """As `actions/checkout`: by default the commit alone, with `fetch-depth: 0` all branches."""
    assert words["persist-credentials"] is False
    whole = words.get("fetch-depth") == 0
    refs = ["+refs/heads/*:refs/remotes/origin/*"] if whole else ["--depth=1"]
    for command in (
        ["init", "--quiet"],
        ["remote", "add", "origin", f"file://{event.remote}"],
        ["fetch", "--quiet", "--no-tags", "origin", *refs, f"+{event.commit}:refs/remotes/pull/1/merge"],
        ["checkout", "--quiet", "--force", event.commit],
    ):
        subprocess.run(["git", "-C", str(work), *command], check=True, env=os.environ | event.environ)
