"""The house rules that a machine can check: arrows, lint, types, names, letters."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from patience import PATIENCE_S

import runner
from runner import errors
from runner.cli.main import VERBS, cli

ROOT = Path(__file__).parents[2]
ROOMS = ["domain", "pages", "spec", "sequences", "cloud", "gitops", "reconcile", "results", "local"]
ROOMS += ["emulation", "project", "cli", "dashboard", "strategies"]


@pytest.mark.seconds(20)
@pytest.mark.parametrize(
    "words",
    [
        ["-c", "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main())"],
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        pytest.param(["-m", "mypy"], marks=pytest.mark.long),
    ],
    ids=["imports", "ruff", "format", "mypy"],
)
def test_the_tools_have_nothing_to_say(words):
    """Import contracts, lint, format and types."""
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )

    assert done.returncode == 0, done.stdout + done.stderr


def sources():
    """Every text that we wrote."""
    kinds = {".py", ".md", ".toml", ".yaml", ".json"}
    folders = ("runner", "tests", "schemas", "specs", "docs")
    here = [p for p in ROOT.iterdir() if p.is_file()]
    below = [p for folder in folders for p in (ROOT / folder).rglob("*")]
    return [p for p in here + below if p.suffix in kinds]


def test_micro_is_written_with_one_letter():
    """U+00B5; U+03BC looks the same and is found by no search."""
    greek = "\N{GREEK SMALL LETTER MU}"

    assert [] == [str(p.relative_to(ROOT)) for p in sources() if greek in p.read_text(encoding="utf-8")]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_belongs_there_and_hands_on_what_it_names(room):
    """In the docstring of its package; `__all__` is there and sorted."""
    package = importlib.import_module(f"runner.{room}")
    names = getattr(package, "__all__", [])

    assert len(package.__doc__.splitlines()) > 1
    assert sorted(names, key=lambda name: (not name.isupper(), name.islower(), name)) == sorted(names)
    assert all(hasattr(package, name) for name in names)


def test_every_room_of_the_package_is_known():
    """A new one needs its arrows first."""
    there = {module.name for module in pkgutil.iter_modules(runner.__path__) if module.ispkg}

    assert set(ROOMS) == there


def test_every_error_can_be_caught_as_an_exception_and_as_ours():
    """`except Exception` misses none, and what a user of Batch and Job meets is a CloudError."""
    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BaseException)
    ]
    of_cloud = [kind for kind in kinds if issubclass(kind, errors.CloudError)]

    assert all(issubclass(kind, errors.RunnerError) and issubclass(kind, Exception) for kind in kinds)
    assert {"BatchCreationError", "JobRetryError", "RebatchError", "UnknownOutcomeError"} <= {
        kind.__name__ for kind in of_cloud
    }


@pytest.mark.parametrize(
    ("words", "said", "unused"),
    [
        (
            ["--help"],
            "Make the cloud match the files",
            ("pulser", "requests", "yaml", "pydantic", "runner.project"),
        ),
        (["apply", "--help"], "Make the cloud match the files", ("pulser", "requests", "uvicorn")),
    ],
    ids=["runner", "apply"],
)
def test_help_pays_for_nothing_else(words, said, unused):
    """Only what reads files, sends or builds imports what that takes."""
    script = (
        f"import sys; from runner.cli import main; main({words!r});"
        f"sys.exit(not set(sys.modules).isdisjoint({unused!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert (0, True) == (done.returncode, said in done.stdout), done.stderr


def test_the_help_page_says_how_the_help_of_each_verb_begins():
    """It has its own copy, so as not to import them all."""
    told = {verb: " ".join(cli.get_command(None, verb).help.split()) for verb in VERBS}

    assert [] == [verb for verb, summary in VERBS.items() if not told[verb].startswith(summary)]
    assert max(map(len, VERBS.values())) < 68


def test_ci_runs_exactly_the_readmes_test_command_before_anything_else():
    """The README is the truth; what comes behind it, in a richer environment, cannot make up for it."""
    commands = [
        line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if "&&" in line
    ]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    preamble = ("#", "set -euo pipefail", 'cd "$(dirname "$0")/.."')

    assert len(commands) == 2
    assert commands[1] == next(line for line in script if line and not line.startswith(preamble))


def test_ci_leaves_out_no_long_test_of_a_file_that_it_names():
    """A file whose tests are all long would otherwise hold no test to run, which is an error to pytest."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace("\\\n", "")
    words = [shlex.split(line, comments=True) for line in script.splitlines() if ".venv/bin/pytest" in line]
    named = [each for each in words if any(word.startswith("tests/") for word in each)]

    assert len(named) >= 4
    assert [] == [each for each in named if "" not in each]


MODULES = [path for path in (ROOT / "runner").rglob("*.py") if path.stem != "__init__"]
MOST_MODULES = 20
MOST_SUPPRESSIONS = 90
# What would be called so in any trade; the others are what happens in a module, and no name for it.
NOUNS = {"missing_jobs", "nesting", "spending", "splitting", "standing"}
# A name that means several things, until each has one of its own.
SEVERAL = {
    **dict.fromkeys(("Batch", "Budget", "Call", "Configuration", "Counts", "Declared"), 2),
    **dict.fromkeys(("Document", "Experiment", "Health", "JobResult", "Limits", "NewJob"), 2),
    **dict.fromkeys(("Operation", "Outcome", "Policy", "Problem", "Project"), 2),
    **dict.fromkeys(("RepresentationError", "Request", "Retry", "Selection", "Target"), 2),
    "Answer": 2,
    "Variable": 2,
    "Job": 3,
}


def test_no_folder_is_too_full_to_be_seen_at_once():
    """But for the verbs, one a module."""
    many = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES)

    assert {"runner/cli/commands"} == {folder for folder, count in many.items() if count > MOST_MODULES}


def test_a_module_is_a_noun():
    """Not what happens in it."""
    gerunds = {path.stem for path in MODULES if re.search(r"ing(_|$)", path.stem)}

    assert NOUNS == gerunds


def test_a_class_name_means_one_thing():
    """Those that mean several are listed, and none is added."""
    texts = (path.read_text(encoding="utf-8") for path in MODULES)
    names = Counter(
        name for text in texts for name in re.findall(r"^ *class (\w+)[(:\[]", text, re.MULTILINE)
    )

    assert {n: c for n, c in names.items() if c > 1 and not n.startswith("_")} == SEVERAL


def test_lint_and_types_are_seldom_suppressed():
    """Where a better type, a name or another way says as much."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "runner").rglob("*.py")]
    found = [
        line for text in texts for line in re.findall(r"^.*(?:# noqa|type: ignore).*$", text, re.MULTILINE)
    ]

    assert len(found) <= MOST_SUPPRESSIONS, "\n".join(found)
