"""Every block of every page of docs/ is run in a scratch lab of that page, or says why it cannot be."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import commands
import pytest
from patience import PATIENCE_S

sys.path.insert(0, str(Path(__file__).parent))

from page_blocks import LANGUAGES, all_pages
from page_blocks import commands as commands_of
from page_lab import Lab, end, new_repository
from page_pictures import EVALUATED, MOST_BYTES, PICTURES, SAMPLED, difference

ROOT = Path(__file__).parents[2]
PAGES = all_pages()
HERE = [page for page in PAGES if not page.elsewhere]

# What is not run, and why: page, first line, reason. A block that joins them is seen here.
NOT_RUN = [
    ("dashboard", "runner dashboard", "it serves until it is ended"),
    ("dashboard", '[views."to look at"]', "a part of a file"),
    ("dashboard", "export RUNNER_DASHBOARD_TOKEN=…", "it serves until it is ended"),
    (
        "gitops",
        "runner sync https://git.example.org/lab/experiments.git --branch main --path specs --interval 60s",
        "it goes on for ever, and tests/integration/test_sync.py runs it so",
    ),
    ("objectives", "objective:", "a part of a file"),
    (
        "running-sync",
        "runner sync https://git.example.org/lab/experiments.git --path specs --listen 127.0.0.1:9400 --yes",
        "it goes on for ever, and tests/docs/test_running_sync.py reads its words",
    ),
    (
        "running-sync",
        "pip wheel --no-deps --wheel-dir dist .",
        "it takes a container engine and a network",
    ),
    (
        "running-sync",
        "sudo python3 -m venv /opt/runner",
        "it takes root",
    ),
    (
        "running-sync",
        (
            "kubectl create secret generic runner-sync --from-literal=username=… --from-file=password"
            " --from-literal=project-id=… --from-file=ssh-key"
        ),
        "it takes a cluster",
    ),
    (
        "side-by-side",
        "python tests/benchmarks/side_by_side.py --write docs/side-by-side.md",
        "takes minutes, and tests/integration/test_side_by_side.py runs a part of it",
    ),
    ("strategies", "strategy:", "a part of a file"),
]

# Pages whose commands take more than a few seconds.
LONG = {
    *("adopting", "ci", "emulation", "first-merge", "fits", "from-a-loop", "gitops", "no-state-file"),
    *("python-sequences", "qpu", "results-in-python", "same-experiment", "side-by-side", "strategies"),
    *(
        "worked-graph",
        "worked-loop",
        "worked-neel",
        "worked-noise",
        "worked-qaoa",
        "worked-quench",
        "worked-rabi",
        "worked-ramsey",
    ),
}

# Pictures of what an emulator evaluates exactly; all others show what was sampled, anew each time.
EXACT = {"light-cone.svg", "quench.svg"}


@contextmanager
def pasqal(folder):
    """A second local cloud, which stands for the region of a target."""
    folder.mkdir()
    process = commands.start(folder, "local", "serve", "--store", "store")
    try:
        yield re.search(r"http://\S+", process.stdout.readline()).group()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


@pytest.fixture
def lab(request, tmp_path, monkeypatch):
    """The lab of a page, with a cloud called `pasqal` if the page names that target."""
    page = request.param
    folder = tmp_path / "lab"
    folder.mkdir()
    new_repository(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PASQAL_TOKEN", "any")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    names_it = any("[targets.pasqal]" in block.text and block.file for block in page.blocks)
    with pasqal(tmp_path / "pasqal") if names_it else contextmanager(lambda: iter([""]))() as url:
        lab = Lab(folder, url)
        try:
            yield lab
        finally:
            end(lab)


def whole(page):
    """A page as the lab that runs it."""
    marks = [pytest.mark.long] if page.name in LONG else []
    return pytest.param(page, page, id=page.name, marks=marks)


@pytest.mark.parametrize(("page", "lab"), [whole(page) for page in HERE], indirect=["lab"])
def test_every_block_does_what_its_page_says(page, lab):
    """In the order of the page, in a repository and with a cloud of its own; its pictures are drawn anew."""
    if page.first:
        subprocess.run(["bash", "-e", "-c", page.first], cwd=lab.folder, check=True)
    wrong = [
        f"{page.name}.md, line {block.line}:\n{said}"
        for block in page.blocks
        if not block.reason
        for said in [lab.run(block)]
        if said
    ]

    assert [] == wrong, "\n\n".join(wrong)
    assert {} == {name: said for name in page.pictures if (said := redrawn(lab.folder / name))}


def redrawn(path):
    """What differs between a picture that a page has drawn and the one that it shows."""
    within = EVALUATED if path.name in EXACT else SAMPLED
    return difference((PICTURES / path.name).read_bytes(), path.read_bytes(), within)


def test_pictures_are_small_and_each_is_shown():
    """By one page, or by the README."""
    readme = re.findall(r"docs/pictures/([\w-]+\.svg)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    photos = re.findall(r"pictures/([\w-]+\.png)\)", (ROOT / "docs/dashboard.md").read_text(encoding="utf-8"))
    shown = [*readme, *photos, *(name for page in HERE for name in page.pictures)]

    assert sorted(path.name for path in PICTURES.iterdir()) == sorted(shown)
    assert [] == [name for name in shown if (PICTURES / name).stat().st_size > MOST_BYTES]


def test_nothing_is_left_out_in_silence():
    """What cannot be run is listed here with its reason, and what other tests run is named in them."""
    left_out = [
        (page.name, block.text.splitlines()[0], block.reason)
        for page in PAGES
        for block in page.blocks
        if block.reason
    ]
    elsewhere = {page.name: ROOT / page.elsewhere for page in PAGES if page.elsewhere}

    assert NOT_RUN == left_out
    assert [] == [
        name for name, test in elsewhere.items() if f"{name}.md" not in test.read_text(encoding="utf-8")
    ]


def test_every_block_says_what_it_is():
    """Another language would be run by nobody."""
    assert [] == [
        (page.name, block.line, block.language)
        for page in PAGES
        for block in page.blocks
        if block.language not in LANGUAGES and not block.file
    ]


def test_workflows_run_only_commands_that_their_page_runs():
    """What a CI file of a page runs stands in a block of commands as well."""
    for page in HERE:
        said = {command.words for block in page.blocks if not block.file for command in commands_of(block)}
        workflows = [block.text for block in page.blocks if block.file.startswith(".github/")]
        run = [line for text in workflows for line in re.findall(r"- run: (runner .*)", text)]

        assert [] == [line for line in run if line not in said]
