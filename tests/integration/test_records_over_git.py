"""Records stay as they were recorded whatever git does to them: commits, reverts, merges, older commits.

`GIT_HISTORIES=150 pytest -m long tests/integration/test_records_over_git.py` plays as many histories.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from memory_project import MemoryProject
from own_git import HERMETIC, git

from runner.project.edit.record_repairs import repaired
from runner.reconcile import End


class Lab(MemoryProject):
    """A lab with a spec of known names, committed once."""

    def __init__(self, folder):
        super().__init__(folder)
        (self.lab / ".gitignore").write_text(".runner/\n", encoding="utf-8")
        self.commit("Begin")

    @property
    def spec(self):
        """The experiment file, whatever it is called."""
        (path,) = (self.lab / "specs").glob("*.yaml")
        return path

    def edit(self, pattern, text):
        """Replaces what a pattern finds in the experiment file."""
        before = self.spec.read_text(encoding="utf-8")
        self.spec.write_text(re.sub(pattern, text, before), encoding="utf-8")

    def rename(self, name):
        """The experiment and its file get another name."""
        self.edit(r"name: \w+\}", f"name: {name}}}")
        self.spec.rename(self.spec.with_name(f"{name}.yaml"))

    def commit(self, message="More"):
        """Commits all there is."""
        git(self.lab, "add", "--all")
        git(self.lab, "commit", "--quiet", "--allow-empty", "-m", message)


@pytest.fixture(autouse=True)
def _hermetic(monkeypatch):
    for name, value in HERMETIC.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def lab(tmp_path):
    """A lab that was never applied."""
    lab = Lab(tmp_path / "lab")
    yield lab
    lab.close()


def measured(lab):
    """Applies and commits; answers what is not as it was recorded."""
    assert lab.apply() is End.SETTLED
    flaws = lab.flaws()
    lab.commit()
    return flaws


def test_a_revert_below_a_rename_and_its_own_revert_leave_no_flaw(lab):
    """The manifest comes back with what is fetched again, and a job that is there twice counts once."""
    flaws = measured(lab)
    lab.edit(r"\[100, 200, 300\]", "[100, 200, 300, 400]")
    lab.edit("runs: 50", "runs: 80")
    flaws += measured(lab)
    lab.rename("duo")
    flaws += measured(lab)
    git(lab.lab, "revert", "--no-edit", "HEAD~1")
    flaws += measured(lab)
    git(lab.lab, "revert", "--no-edit", "HEAD~1")
    flaws += measured(lab)

    assert [] == flaws
    assert [80, 80, 80, 80] == list(lab.bought().values())


@pytest.mark.parametrize("forgets", [False, True], ids=["the same machine", "a new clone"])
def test_a_manifest_that_git_took_away_comes_back(lab, forgets):
    """As it was, where this machine has its copy; else from the batch, which it says."""
    measured(lab)
    (path,) = lab.lab.glob("results/pair/*/manifest.json")
    before = path.read_text(encoding="utf-8")
    lab.edit("6.28", "7.0")
    assert [] == measured(lab)
    path.unlink()
    if forgets:
        lab.forget()
    flaws = measured(lab)
    after = path.read_text(encoding="utf-8")

    assert [] == flaws
    assert (before == after) is not forgets
    assert ('"rebuilt": "from the batch ' in after) is forgets


class GitHistories(RuleBasedStateMachine):
    """What people do with git between two applies, in any order."""

    @initialize()
    def begin(self):
        """One measurement is committed."""
        self.folder = Path(tempfile.mkdtemp(prefix="git-histories-"))
        self.lab = Lab(self.folder / "lab")
        self.asked = {}
        self.branches = 0
        self.measure()
        self.commit()

    def teardown(self):
        """Nothing is left behind."""
        if hasattr(self, "lab"):
            self.lab.close()
            shutil.rmtree(self.folder)

    def git(self, *words):
        """Whether git did it; what it cannot do, as for a conflict, it does not do at all."""
        try:
            git(self.lab.lab, *words)
        except subprocess.CalledProcessError:
            for way_out in ("revert", "merge"):
                with suppress(subprocess.CalledProcessError):
                    git(self.lab.lab, way_out, "--abort")
            return False
        return True

    def is_clean(self):
        """Whether nothing is uncommitted."""
        return not git(self.lab.lab, "status", "--porcelain")

    @rule(points=st.sampled_from(["[100]", "[100, 200]", "[200, 400]", "[100, 200, 300, 400]"]))
    def edit_points(self, points):
        """Other points."""
        self.lab.edit(r"t_ns: \[.*\]", f"t_ns: {points}")

    @rule(runs=st.sampled_from([20, 50, 80]))
    def edit_runs(self, runs):
        """More runs, or fewer."""
        self.lab.edit(r"runs: \d+", f"runs: {runs}")

    @rule(value=st.sampled_from(["6.28", "7.0"]))
    def edit_sequence(self, value):
        """Another recipe, or a former one."""
        self.lab.edit(r"value: [\d.]+", f"value: {value}")

    @rule(name=st.sampled_from(["pair", "duo", "trio"]))
    def rename(self, name):
        """Another name, or a former one."""
        self.lab.rename(name)

    @rule()
    def measure(self):
        """Verify has nothing to say, and no run is bought that was bought before."""
        assert self.lab.apply() is End.SETTLED
        assert [] == self.lab.flaws()
        project, (one,) = self.lab.opened()
        del project
        for job in one.desired.jobs:
            point = f"recipe:{one.desired.recipe[:16]}", job.variables["t_ns"]
            self.asked[point] = max(job.runs, self.asked.get(point, 0))
        assert self.asked == self.lab.bought()

    @rule()
    def commit(self):
        """All of it."""
        self.lab.commit()

    @rule()
    def commit_the_files_alone(self):
        """The results are committed by somebody else, later."""
        git(self.lab.lab, "add", "specs")
        git(self.lab.lab, "commit", "--quiet", "--allow-empty", "-m", "Files")

    @precondition(lambda self: self.is_clean())
    @rule(which=st.integers(0, 4))
    def revert(self, which):
        """One of the last commits."""
        if self.git("rev-parse", "--verify", f"HEAD~{which + 1}"):
            self.git("revert", "--no-edit", f"HEAD~{which}")

    @precondition(lambda self: self.is_clean())
    @rule(which=st.integers(1, 4))
    def branch_off(self, which):
        """Work goes on from an older commit."""
        if self.git("rev-parse", "--verify", f"HEAD~{which}"):
            self.branches += 1
            self.git("checkout", "--quiet", "-b", f"side-{self.branches}", f"HEAD~{which}")

    @precondition(lambda self: self.is_clean())
    @rule(which=st.integers(0, 5), ours=st.booleans())
    def merge(self, which, ours):
        """Another branch comes in; what both changed is as one of them has it."""
        names = git(self.lab.lab, "branch", "--format=%(refname:short)").split()
        strategy = "ours" if ours else "theirs"
        self.git("merge", "--quiet", "--no-edit", "-X", strategy, names[which % len(names)])
        specs = sorted((self.lab.lab / "specs").glob("*.yaml"))
        for other in specs[1:]:  # both renamed it: somebody decides
            other.unlink()
        if not specs:
            git(self.lab.lab, "reset", "--quiet", "--hard", "HEAD~1")
        elif len(specs) > 1:
            self.lab.commit()

    @precondition(lambda self: self.is_clean())
    @rule(which=st.integers(0, 5))
    def check_out(self, which):
        """Another branch is looked at."""
        names = git(self.lab.lab, "branch", "--format=%(refname:short)").split()
        self.git("checkout", "--quiet", names[which % len(names)])

    @rule()
    def repair(self):
        """Somebody wants it tidy: nothing of what was measured is lost."""
        project, (one,) = self.lab.opened()
        before = {job.id: job.counts for job in project.recorded.of(one)}
        repaired(project, one)
        project, (one,) = self.lab.opened()
        assert before == {job.id: job.counts for job in project.recorded.of(one)}

    @rule()
    def clone_anew(self):
        """Another machine goes on, which remembers nothing."""
        self.lab.forget()


class TestGitHistories(GitHistories.TestCase):
    """A few of them."""

    settings = settings(max_examples=4, stateful_step_count=20)


@pytest.mark.long
class TestManyGitHistories(GitHistories.TestCase):
    """As many as shall be."""

    settings = settings(max_examples=int(os.environ.get("GIT_HISTORIES", "50")), stateful_step_count=20)
