"""The workflows that we hand out, and the action: held against their services' schemas and best practice."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from patience import PATIENCE_S

from runner.cli.exit_codes import Exit

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / "runner" / "project" / "scaffold" / "workflows"
ACTION = ROOT / "action.yml"

SCHEMAS = {
    WORKFLOWS / "github.yaml": "vendor.github-workflows",
    WORKFLOWS / "gitlab.yaml": "vendor.gitlab-ci",
    WORKFLOWS / "gitlab-ci.yaml": "vendor.gitlab-ci",
    ACTION: "vendor.github-actions",
}


def checked(path, schema):
    """Whether a file is as a schema says, which is in the package: no network is asked."""
    words = ["-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    return done.returncode, done.stdout


def audited(path):
    """Whether zizmor finds a weakness, and what it says; at its second of three levels of strictness."""
    zizmor = Path(sys.executable).with_name("zizmor")
    words = ["--offline", "--persona=pedantic", "--no-progress", "--no-config", str(path)]
    done = subprocess.run([zizmor, *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    return done.returncode, done.stdout


def as_workflow(folder, text):
    """A text where zizmor takes it for a workflow."""
    path = folder / ".github" / "workflows" / "experiments.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_every_text_that_is_handed_out_is_checked():
    """A new one needs its schema here."""
    assert sorted(WORKFLOWS.iterdir()) == sorted(path for path in SCHEMAS if path != ACTION)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_they_are_what_their_service_expects(path, tmp_path):
    """And a word that it does not know is seen."""
    broken = tmp_path / "broken.yaml"
    broken.write_text(path.read_text(encoding="utf-8") + "\n7: [7]\n", encoding="utf-8")

    assert (0, "ok -- validation done\n") == checked(path, SCHEMAS[path])
    assert 1 == checked(broken, SCHEMAS[path])[0]


def test_no_weakness_is_known_of_them(tmp_path):
    """Permissions, pinned actions, credentials on disk, text of others in scripts; and each would be seen."""
    text = (WORKFLOWS / "github.yaml").read_text(encoding="utf-8")
    weakened = {
        "dangerous-triggers": text.replace("  pull_request:\n", "  pull_request_target:\n"),
        "excessive-permissions": text.replace("permissions: {}", "permissions: write-all"),
        "artipacked": text.replace("persist-credentials: false", "clean: true"),
        "template-injection": text.replace('pip install "$', 'pip install "${{ github.head_ref }}$'),
        "unpinned-uses": text.replace("@de0fac2e4500dabe0009e67214ff5f5447ce83dd", "@v6"),
    }

    assert [(0, True)] * 2 == [
        (code, "No findings" in out) for code, out in (audited(as_workflow(tmp_path, text)), audited(ACTION))
    ]
    assert [] == [
        name
        for name, other in weakened.items()
        if name not in audited(as_workflow(tmp_path / name, other))[1]
    ]


@pytest.mark.parametrize("path", [WORKFLOWS / "github.yaml", ACTION], ids=lambda path: path.name)
def test_scripts_hold_no_text_of_others(path):
    """Whatever comes from outside is given to them as a variable."""
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    parts = [value["runs"]] if "runs" in value else value["jobs"].values()
    scripts = [step["run"] for part in parts for step in part["steps"] if "run" in step]

    assert scripts
    assert [] == [script for script in scripts if "${{" in script]


def test_secrets_are_seen_by_the_steps_that_need_them_only():
    """One that plans and one that applies; what is checked first, and its job, sees none."""
    jobs = yaml.safe_load((WORKFLOWS / "github.yaml").read_text(encoding="utf-8"))["jobs"]
    given = [
        (name, step["name"])
        for name, job in jobs.items()
        for step in job["steps"]
        if "secrets." in str(step) or "github.token" in str(step)
    ]

    assert [
        ("plan", "Plan"),
        ("plan", "Comment, or update the comment"),
        ("apply", "Apply and record"),
    ] == given
    assert {
        "check": {"contents": "read"},
        "plan": {"contents": "read", "pull-requests": "write"},
        "apply": {"contents": "write"},
    } == {name: job["permissions"] for name, job in jobs.items()}


def test_what_the_page_shows_is_sound_too(tmp_path):
    """Its workflow is one, it gives the action inputs that exist, and its hooks are ours."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r'```yaml title="(\.[^"]+)"\n(.*?)^```', page, re.DOTALL | re.MULTILINE))
    workflow = as_workflow(tmp_path, shown.pop(".github/workflows/weekly.yaml"))
    steps = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]["measure"]["steps"]
    hooks = yaml.safe_load(shown.pop(".pre-commit-config.yaml"))["repos"][0]["hooks"]
    ours = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    assert {} == shown
    assert 0 == checked(workflow, "vendor.github-workflows")[0]
    assert set() == set(steps[1]["with"]) - set(yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"])
    assert {each["id"] for each in hooks} == {each["id"] for each in ours}


def test_the_page_tells_each_exit_code():
    """As the commands end with them."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")

    assert sorted(Exit) == [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
