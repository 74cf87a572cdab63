"""Two revisions of a repository are compared behind, and nothing of them is run."""

from __future__ import annotations

import time

import commands
import pytest
from own_git import git
from patience import PATIENCE_S

from runner.dashboard.comparisons import Comparisons
from runner.dashboard.lookout import Lookout
from runner.project import Project
from runner.project.revisions.changes import ChangeKind
from runner.project.revisions.commit_experiments import read_side

PYTHON = commands.EXPERIMENT.replace("{name: pair}", "{name: strange}").partition("  sequence:")[0]


def commit(lab, tag):
    """Commits all there is."""
    git(lab, "add", "-A")
    git(lab, "commit", "-qm", tag)
    git(lab, "tag", tag)


@pytest.fixture
def lab(tmp_path):
    """A repository with two commits: the second has more runs, a broken file, and one that names Python."""
    lab = commands.a_lab(tmp_path / "lab")
    (lab / ".gitignore").write_text(".runner/\n", encoding="utf-8")
    git(lab, "init", "-q")
    commit(lab, "base")
    specs = lab / "specs"
    pair = specs / "pair.yaml"
    pair.write_text(pair.read_text("utf-8").replace("runs: 50", "runs: 80"), encoding="utf-8")
    (specs / "broken.yaml").write_text("apiVersion: runner/v1\nkind: Nothing\n", encoding="utf-8")
    strange = f"{PYTHON}  sequence: {{python: strange.py:sequence}}\n  jobs: [{{runs: 5}}]\n"
    (specs / "strange.yaml").write_text(strange, encoding="utf-8")
    ran = tmp_path / "ran"
    (specs / "strange.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    commit(lab, "next")
    return lab


def known(comparisons, lookout, *words):
    """What is found out in the end, and that it is told as news."""
    before = lookout.sight.version
    deadline_s = time.monotonic() + PATIENCE_S
    while (found := comparisons.of(*words)).is_pending:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    while lookout.sight.version == before:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    return found


def test_what_a_commit_changes_is_found_out_behind(lab, tmp_path):
    """By the plan and by lines; a broken file hides nothing, Python is not run, and it is kept."""
    lookout = Lookout(Project.at(lab), [lab / "specs"])
    comparisons = Comparisons(lookout)
    found = known(comparisons, lookout, "base", "", "")
    assert {each.name: str(each.kind) for each in found.changes.shown} == {
        "pair": "changed",
        "specs/broken.yaml": "invalid",
        "specs/strange.yaml": "not planned",
    }
    assert [each.after for each in found.files] == [
        "specs/broken.yaml",
        "specs/pair.yaml",
        "specs/strange.yaml",
    ]
    assert comparisons.of("base", "next", "") is found
    assert not (tmp_path / "ran").exists()

    one = known(comparisons, lookout, "base", "next", "specs/pair.yaml")
    (change,) = one.changes.shown
    assert change.resized == tuple(f"t_ns={t}: 50 → 80 runs" for t in (100, 200, 300))
    assert [each.after for each in one.files] == ["specs/pair.yaml"]
    assert known(comparisons, lookout, "base", "next", "specs/none.yaml").files == ()


def test_only_files_that_differ_are_built(lab, monkeypatch):
    """All of them where something else differs, which may be a part of any; not where records do."""
    read = []

    def counting(project, root, paths, only):
        read.append(only)
        return read_side(project, root, paths, only)

    monkeypatch.setattr("runner.project.revisions.compare.read_side", counting)
    pair = lab / "specs" / "pair.yaml"
    pair.write_text(pair.read_text("utf-8").replace("runs: 80", "runs: 90"), encoding="utf-8")
    (lab / "results").mkdir()
    (lab / "results" / "x.jsonl").write_text("{}", encoding="utf-8")
    commit(lab, "more")
    (lab / "part.json").write_text("{}", encoding="utf-8")
    commit(lab, "part")
    lookout = Lookout(Project.at(lab), [lab / "specs"])
    comparisons = Comparisons(lookout)
    one = known(comparisons, lookout, "next", "more", "")
    assert [(each.name, str(each.kind)) for each in one.changes.shown] == [("pair", "changed")]
    assert read == [{"specs/pair.yaml"}] * 2
    assert known(comparisons, lookout, "more", "part", "").changes.count(ChangeKind.UNCHANGED) == 1
    assert read[2:] == [None, None]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--output=x", "", ""), "'--output=x' is no name of a commit"),
        (("base", ":/next", ""), "':/next' is no name of a commit"),
        (("gone", "next", ""), "gone: git knows no such commit"),
        (("base", "next", "../../etc/x.yaml"), "'../../etc/x.yaml' is no path of an experiment file"),
        (("base", "next", "specs/strange.py"), "'specs/strange.py' is no path of an experiment file"),
    ],
)
def test_what_cannot_be_compared_is_said(lab, words, said):
    """At once, with the word that is meant."""
    found = Comparisons(Lookout(Project.at(lab), [lab / "specs"])).of(*words)
    assert found.trouble.startswith(said)
    assert not found.is_pending


def test_a_defect_is_told_on_the_page(lab, monkeypatch, caplog):
    """And the next comparison is made all the same."""

    def fail(*_):
        raise ZeroDivisionError("<b>")

    lookout = Lookout(Project.at(lab), [lab / "specs"])
    comparisons = Comparisons(lookout)
    with monkeypatch.context() as patched:
        patched.setattr("runner.dashboard.comparisons.compared", fail)
        assert known(comparisons, lookout, "base", "next", "").trouble == "a defect: ZeroDivisionError: <b>"
    assert "revisions cannot be compared" in caplog.text
    assert known(comparisons, lookout, "base", "next", "specs/pair.yaml").trouble == ""
