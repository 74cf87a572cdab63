"""`runner plan --rev`: what a branch would buy, without obeying it."""

from __future__ import annotations

import json
import os
import subprocess

import commands
import pytest
from builders import a_record
from commands import EXPERIMENT, said
from loops import loop_file

import runner
from runner.errors import ProjectError
from runner.project.revisions.commit_experiments import settings_notes
from runner.project.revisions.untrusted_files import blobs_in, write_tree
from runner.results import Records

PYTHON = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: strange}
spec:
  device_type: EMU_FREE
  sequence: {python: strange.py:sequence}
  jobs: [{runs: 5}]
"""


def git(folder, *words):
    """What git answers in a folder."""
    identity = ["-c", "user.name=n", "-c", "user.email=e@e", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(folder, **texts):
    """Writes experiment files by their names."""
    for name, text in texts.items():
        (folder / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")


def commit(lab, tag):
    """Commits all there is."""
    git(lab, "add", "-A")
    git(lab, "commit", "-qm", tag)
    git(lab, "tag", tag)


def of(name, spacing, text=EXPERIMENT):
    """An experiment of its own recipe."""
    return text.replace("name: pair", f"name: {name}").replace("6.0", spacing)


def a_branch(folder):
    """A repository with a commit `base`, and after it `pr`: an experiment for each kind of change."""
    lab = commands.a_lab(folder, settings="[caps]\nruns = 1000\n")
    (lab / ".gitignore").write_text(".runner/\n", encoding="utf-8")
    write(lab, old=of("old", "7.0"), gone=of("gone", "8.0"), bad=of("bad", "9.0"), still=of("still", "10.0"))
    git(lab, "init", "-q")
    commit(lab, "base")
    write(lab, pair=EXPERIMENT.replace("runs: 50", "runs: 80").replace("100, 200", "200, 400"))
    write(lab, bad=of("bad", "9.0", EXPERIMENT.replace("runs: 50", "runs: -1")), fresh=of("fresh", "11.0"))
    git(lab, "mv", "specs/old.yaml", "specs/new.yaml")
    git(lab, "rm", "-q", "specs/gone.yaml")
    write(lab, new=of("new", "7.0"), strange=PYTHON)
    ran = lab.parent / "ran"
    (lab / "specs" / "strange.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    commit(lab, "pr")
    return lab


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """The repository, as the working folder."""
    lab = a_branch(tmp_path / "lab")
    monkeypatch.chdir(lab)
    return lab


def planned(capsys, *words):
    """Exit code, and the experiments by name."""
    code, out, _ = said(capsys, "plan", "--offline", "-o", "json", *words)
    return code, {each["name"]: each for each in json.loads(out)["experiments"]}


@pytest.mark.usefixtures("lab")
def test_each_change_is_told_by_its_kind(capsys):
    """What is as it was is left out; raised runs are told; an invalid file makes the exit code 1."""
    code, found = planned(capsys, "--rev", "base..pr")

    assert 1 == code
    assert {
        "fresh": ("added", "", 3, 0, 150),
        "gone": ("removed", "", 0, 3, 0),
        "new": ("renamed", "old", 0, 0, 150),
        "pair": ("changed", "", 1, 1, 240),
        "specs/bad.yaml": ("invalid", "", 0, 0, 0),
        "specs/strange.yaml": ("not planned", "", 0, 0, 0),
    } == {
        name: (e["kind"], e["former"], len(e["added"]), len(e["removed"]), e["cost"]["runs"])
        for name, e in found.items()
    }
    assert ["t_ns=200: 50 → 80 runs", "t_ns=300: 50 → 80 runs"] == found["pair"]["resized"]
    assert (["t_ns=400"], ["t_ns=100"]) == (found["pair"]["added"], found["pair"]["removed"])
    assert {"runs": 760} == found["pair"]["left"]


def test_records_that_say_not_where_they_come_from_ask_no_cloud(capsys, lab):
    """As older versions left them: a batch that no cloud can be asked for proves nothing."""
    desired = runner.load(lab / "specs" / "pair.yaml").experiment.desired
    wanted = desired.jobs[0]
    counts = {"00": wanted.runs}
    job = a_record(
        recipe=desired.recipe[:16],
        key=wanted.key,
        variables=wanted.variables,
        runs=wanted.runs,
        qubit_ids=desired.qubit_ids,
        counts=counts,
    )
    Records(lab / "results").add("pair", [job])
    commit(lab, "older")
    write(lab, pair=EXPERIMENT.replace("runs: 50", "runs: 90"))
    commit(lab, "newer")

    _, found = planned(capsys, "--rev", "older..newer")
    assert "changed" == found["pair"]["kind"]
    assert any("constants" in said for said in found["pair"]["warnings"])


def test_python_of_a_stranger_never_runs(capsys, lab):
    """Whatever the settings of either side and the options say."""
    (lab / "runner.toml").write_text("allow_python = true\n", encoding="utf-8")
    commit(lab, "allowing")
    git(lab, "commit", "-q", "--allow-empty", "-m", "more")

    for rev in ("base..pr", "base..allowing", "allowing..HEAD"):
        code, out, err = said(capsys, "plan", "--rev", rev, "--offline", "--allow-python")
        assert "specs/strange.yaml: not planned" in out
        assert "note: --allow-python has no effect with --rev: the code may be a stranger's\n" == err
        assert 1 == code
    assert not (lab.parent / "ran").exists()


def test_settings_are_those_of_the_base(capsys, lab):
    """A target, a cap and defaults of the branch have no effect; which keys differ is told."""
    text = 'namespace = "other"\ntarget = "x"\n[targets.x]\nurl = "http://127.0.0.1:9"\n[caps]\nruns = 9\n'
    (lab / "runner.toml").write_text(text, encoding="utf-8")
    commit(lab, "hostile")
    _, out, _ = said(capsys, "plan", "--rev", "base..hostile", "--offline", "-o", "json")

    note = "runner.toml differs in caps.runs, namespace, target, targets; this plan is by the settings"
    assert [f"{note} before the change"] == json.loads(out)["notes"]
    assert {"runs": 760} == planned(capsys, "--rev", "base..hostile")[1]["pair"]["left"]


@pytest.mark.parametrize(
    ("text", "said_of_it"),
    [
        (f"x = {'[' * 5000}", "cannot be read after the change"),
        (f"{'a.' * 101}a = 1", "cannot be read after the change"),
        (f"# {' ' * 1_000_000}", "cannot be read after the change"),
        ("\n".join(f"k{n} = 1" for n in range(9)), "differs in k0, k1, k2, k3, k4, k5 and 3 more"),
        (f"{'k' * 99} = 1", f"differs in {'k' * 32}…"),
    ],
    ids=["deep", "dotted", "large", "many keys", "long key"],
)
def test_settings_of_a_stranger_are_told_in_few_words(tmp_path, text, said_of_it):
    """Deep, large or many: nothing fails, nothing takes long, and the note fits where it stands."""
    sides = [tmp_path / "a", tmp_path / "b"]
    for side in sides:
        side.mkdir()
    (sides[1] / "runner.toml").write_text(text, encoding="utf-8")

    (note,) = settings_notes(*sides)
    assert note.startswith(f"runner.toml {said_of_it}; this plan is by the settings before")


def test_links_and_filters_of_a_branch_have_no_effect(capsys, lab, tmp_path):
    """A link is not followed, a filter that is configured does not run, a companion stays in the tree."""
    secret = tmp_path / "secret.yaml"
    secret.write_text("apiVersion: swordfish\n", encoding="utf-8")
    (lab / "specs" / "link.yaml").symlink_to(secret)
    (lab / ".gitattributes").write_text("*.yaml filter=evil\n", encoding="utf-8")
    outside = PYTHON.replace("{python: strange.py:sequence}", "{file: ../../secret.yaml}")
    write(lab, outside=outside.replace("strange", "outside"))
    commit(lab, "linked")
    git(lab, "config", "filter.evil.smudge", f"touch {tmp_path / 'smudged'}")
    code, out, err = said(capsys, "plan", "--rev", "base..linked", "--offline", "-o", "markdown")

    assert 1 == code
    assert "../../secret.yaml is outside of the repository" in out
    assert "swordfish" not in out + err
    assert "link.yaml" not in out + err
    assert not (tmp_path / "smudged").exists()


def test_the_same_change_gives_the_same_text(capsys, lab, tmp_path, monkeypatch):
    """In another folder, and again; nothing is left in the work tree that git sees."""
    words = ("plan", "--rev", "base...pr", "--offline", "-o", "markdown")
    first = said(capsys, *words)
    other = a_branch(tmp_path / "elsewhere" / "lab")
    monkeypatch.chdir(other)

    assert first == said(capsys, *words)
    assert str(tmp_path) not in first[1]
    assert "" == git(lab, "status", "--porcelain")


def test_three_dots_begin_where_the_branch_left(capsys, lab):
    """What the base has bought since is no change of the branch."""
    git(lab, "checkout", "-q", "-b", "main-line", "base")
    write(lab, later=of("later", "12.0"))
    commit(lab, "moved")

    assert "later" not in planned(capsys, "--rev", "moved...pr")[1]
    assert "removed" == planned(capsys, "--rev", "moved..pr")[1]["later"]["kind"]


def test_an_experiment_that_waits_for_one_that_is_not_planned_is_held(capsys, lab):
    """Whether it is from Python, or not among the files that are named."""
    waiting = EXPERIMENT.replace("  jobs:", "  policy: {depends_on: [strange]}\n  jobs:")
    write(lab, waiting=of("waiting", "13.0", waiting))
    commit(lab, "waiting")
    code, found = planned(capsys, "--rev", "base..waiting", "specs/waiting.yaml")

    assert 0 == code
    assert 0 == found["waiting"]["cost"]["jobs"]
    assert ["held: it depends on strange"] == [each[:27] for each in found["waiting"]["warnings"]]


@pytest.mark.parametrize(
    ("repeated", "change"),
    [(50, (6, 0)), (40, (9, 3))],
    ids=["of the same runs", "of other runs"],
)
def test_the_first_repetition_is_the_job_that_was_not_repeated(capsys, lab, repeated, change):
    """What was bought of it counts, so it is neither added nor removed, if it has its runs."""
    write(lab, again=of("again", "17.0", EXPERIMENT))
    commit(lab, "once")
    write(
        lab, again=of("again", "17.0", EXPERIMENT.replace("runs: 50", f"runs: {repeated}\n      repeat: 3"))
    )
    commit(lab, "repeated")
    found = planned(capsys, "--rev", "once..repeated")[1]["again"]
    back = planned(capsys, "--rev", "repeated..once")[1]["again"]

    assert change == (len(found["added"]), len(found["removed"]))
    assert (0, 6, 0 if repeated == 50 else 3) == tuple(
        len(back[each]) for each in ("added", "removed", "resized")
    )


def test_experiments_that_wait_for_each_other_are_invalid(capsys, lab):
    """Apply would refuse them; those that wait for one of them are held."""
    for name, other, spacing in (("one", "two", "14.0"), ("two", "one", "15.0"), ("last", "one", "16.0")):
        text = EXPERIMENT.replace("  jobs:", f"  policy: {{depends_on: [{other}]}}\n  jobs:")
        write(lab, **{name: of(name, spacing, text)})
    commit(lab, "circle")
    code, found = planned(
        capsys, "--rev", "pr..circle", "specs/one.yaml", "specs/two.yaml", "specs/last.yaml"
    )

    assert 1 == code
    assert {"last": ("added", 0), "specs/one.yaml": ("invalid", 1), "specs/two.yaml": ("invalid", 1)} == {
        name: (each["kind"], len(each["problems"])) for name, each in found.items()
    }
    assert 0 == found["last"]["cost"]["jobs"]


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--rev", "base..pr", "-O", "p.json"), "-O saves a plan of the files that are here"),
        (("--offline",), "--offline goes by the records of a commit"),
        (("--rev", "base"), "a plan is of what changes between two commits"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(capsys, words, error):
    """Each says why."""
    code, out, err = said(capsys, "plan", *words)

    assert (64, "") == (code, out)
    assert error in err


def test_a_file_name_of_a_stranger_is_one_line_of_text(capsys, lab):
    """It ends no line, turns no text around and is no word for CI; one that is not UTF-8 is a problem."""
    for name in (b"a\n::error::b|.yaml", "\u202egnp.yaml".encode(), b"\xff.yaml"):
        (lab / "specs" / os.fsdecode(name)).write_text(EXPERIMENT.replace("50", "-1"), encoding="utf-8")
    commit(lab, "named")
    code, out, err = said(capsys, "plan", "--rev", "pr..named", "--offline")

    assert (1, "") == (code, err)
    assert [
        "specs/\\u202egnp.yaml: invalid",
        "specs/\\xff.yaml: invalid",
        "specs/a\\u000a::error::b|.yaml: invalid",
    ] == sorted(row.partition(";")[0] for row in out.splitlines() if "invalid;" in row and "bad" not in row)[
        -3:
    ]
    assert "  specs/\\xff.yaml:1:1: the name of the file is not UTF-8" in out.splitlines()


def test_a_days_budget_holds_without_a_cloud_too(capsys, lab):
    """As it does when the cloud is asked."""
    (lab / "runner.toml").write_text('namespace = "lab"\n[budget_per_day]\nruns = 100\n', encoding="utf-8")
    commit(lab, "limited")
    write(lab, more=of("more", "12.0"))
    commit(lab, "more")
    more = planned(capsys, "--rev", "limited..more")[1]["more"]

    assert 0 == more["cost"]["jobs"]
    assert ["held: 150 more runs today would make 150, above the day's budget of 100"] == [
        each.partition(" (")[0] for each in more["warnings"]
    ]


def test_a_file_that_git_has_not_got_is_told():
    """Git lists it without a size."""
    with pytest.raises(ProjectError, match="git has not got all of its files"):
        blobs_in(b"100644 blob " + b"0" * 40 + b"     BAD\tm\0", "c")


def test_what_cannot_be_written_is_told_without_a_place_on_this_machine(lab, tmp_path):
    """And in few words, however long its name is."""
    about = f"100644 blob {git(lab, 'rev-parse', 'base:runner.toml')}\t{'q' * 3000}\n"
    tree = subprocess.run(["git", "mktree"], cwd=lab, input=about, capture_output=True, text=True, check=True)
    made = git(lab, "commit-tree", tree.stdout.strip(), "-m", "long")
    with pytest.raises(ProjectError) as raised:
        write_tree(lab, made, tmp_path / "tree")

    assert f"{made}: '{'q' * 200}…' of this commit cannot be written: File name too long" == str(raised.value)


@pytest.mark.parametrize("name", [b"../x", b"a/../x", b".git/config", b".GIT/x", b"a\\b", b".runner/journal"])
def test_a_path_that_leads_out_is_refused(name):
    """Git would refuse to check it out, and so do we; a journal of others is not believed."""
    with pytest.raises(ProjectError):
        blobs_in(b"100644 blob " + b"0" * 40 + b"       5\t" + name + b"\0", "c")


def test_a_review_is_told_what_a_strategy_asks_for_at_most(tmp_path, monkeypatch, capsys):
    """Without results nobody knows the next round, and more rounds buy something all the same."""
    lab = commands.a_lab(tmp_path / "lab")
    strategy = (
        "kind: sobol\nover: {omega: {uniform: [1, 9]}}\nruns: 20\nask: 4\n"
        'objective: {maximize: p, let: {p: {probability: ["1"]}}}\nstop: {rounds: 2}\n'
    )
    git(lab, "init", "-q")
    (lab / "specs" / "loop.yaml").write_text(loop_file(strategy))
    commit(lab, "base")
    (lab / "specs" / "loop.yaml").write_text(loop_file(strategy.replace("rounds: 2", "rounds: 3")))
    commit(lab, "pr")
    monkeypatch.chdir(lab)
    asked = ("plan", "--rev", "base..pr", "--offline")
    code, stdout, _ = said(capsys, *asked, "--detailed-exitcode")
    at_most = "at most 12 jobs, 240 runs, no QPU time in all, as results come back"
    assert (2, f"Buys nothing now; {at_most}; experiments: 1 changed, 1 unchanged.") == (
        code,
        stdout.splitlines()[0],
    )
    assert "| at most 12 jobs, 240 runs |" in said(capsys, *asked, "-o", "markdown")[1]
    found = json.loads(said(capsys, *asked, "-o", "json")[1])
    bound = {"jobs": 12, "runs": 240, "qpu_s": 0.0}
    assert [bound, bound] == [found["at_most"], found["experiments"][0]["at_most"]]
    planned = said(capsys, "plan", "specs/loop.yaml", "-o", "markdown")[1]
    assert f"**Buys 4 jobs, 80 runs, no QPU time now; {at_most}.**" in planned
    assert "| 4 jobs, 80 runs; at most 12 jobs, 240 runs |" in planned
