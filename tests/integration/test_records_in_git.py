"""`runner sync --records` with a bare repository, the local cloud, and one small experiment."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess

import commands
import pytest
from own_git import HERMETIC, git
from patience import PATIENCE_S

from runner.errors import RemoteError
from runner.gitops import Destination, FollowedSource
from runner.project.sync.loop import LoopContext, StopRequest
from runner.project.sync.publish_records import RecordsPublished
from runner.project.sync.sync import Following, Syncing, our_clone
from runner.reconcile import Patience
from runner.reconcile.execute.change_events import Pace

ONE_JOB = commands.EXPERIMENT.replace("[100, 200, 300]", "[100]")


def kinds(once):
    """The exit code of a look, and which events there were."""
    code, events = once
    return code, [kind for kind, _ in events]


class Lab:
    """A repository, somebody who pushes to it, and clones that are kept current."""

    def __init__(self, folder, capsys):
        self.folder, self.capsys = folder, capsys
        self.url, self.work = folder / "lab.git", folder / "work"
        self.clones = set()

    def push(self, **files):
        """Commits experiments on top of the branch and pushes."""
        git(self.work, "pull", "--quiet", "--rebase", "origin", "main")
        for name, text in files.items():
            (self.work / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", "Change")
        git(self.work, "push", "--quiet", "origin", "HEAD:main")

    def once(self, *words, clone="clone"):
        """Exit code of `--once --wait`, and the events that are about no experiment: kind and text."""
        self.clones.add(clone)
        where = ("sync", str(self.url), "--branch", "main", "--clone", str(self.folder / clone))
        code, out, err = commands.said(self.capsys, *where, "-o", "json", "--once", "--wait", *words)
        assert code != 70, err
        self.err = err
        events = [json.loads(line) for line in out.splitlines()]
        return code, [(each["event"], each["text"]) for each in events if each["experiment"] is None]

    def head(self, branch):
        """The newest commit of a branch, as it is told."""
        return git(self.url, "rev-parse", branch)[:12]

    def bought(self, clone="clone"):
        """Runs that were bought from a clone, ever."""
        code, out, err = commands.said(
            self.capsys, "history", str(self.folder / clone / "specs"), "-o", "json"
        )
        assert code == 0, err
        return sum(each["runs"] for each in json.loads(out))


@pytest.fixture
def lab(tmp_path, capsys, monkeypatch):
    """A repository with one experiment, pushed; the local clouds of its clones end with the test."""
    for name, value in HERMETIC.items():
        monkeypatch.setenv(name, value)
    work = commands.a_lab(tmp_path / "work", experiment=ONE_JOB)
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "lab.git")
    git(work, "init", "--quiet", "--initial-branch=main")
    git(work, "remote", "add", "origin", "../lab.git")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "-m", "Measure")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    lab = Lab(tmp_path, capsys)
    yield lab
    for clone in lab.clones:
        commands.stop_local_cloud(tmp_path / clone / ".runner" / "local-cloud")


def test_records_are_pushed_and_a_new_machine_buys_nothing_though_its_cloud_knows_nothing(lab):
    """One commit; the same again makes none, and the branch is not even asked."""
    first = lab.once("--records", "results")
    head = lab.head("results")
    again = lab.once("--records", "results")
    elsewhere = lab.once("--records", "results", clone="other")

    assert (0, ("records", f"pushed 1 record to results (commit {head})")) == (first[0], first[1][-1])
    assert (0, []) == again
    assert (0, [("commit", "records"), "took 3 files of records from results"]) == (
        elsewhere[0],
        [tuple(kind for kind, _ in elsewhere[1]), elsewhere[1][-1][1]],
    )
    assert ([50, 0], head) == ([lab.bought(), lab.bought("other")], lab.head("results"))


@pytest.mark.long
def test_records_on_the_followed_branch_are_no_commit_of_somebody(lab):
    """It follows its own commits untold, and what people push on top of them is told as ever."""
    first = lab.once("--records", "main")
    head = lab.head("main")
    quiet = [lab.once("--records", "main"), lab.once("--records", "main")]
    memory = json.loads((lab.folder / "clone" / ".runner" / "sync.json").read_text(encoding="utf-8"))
    theirs, known = (
        git(lab.work, "rev-parse", "HEAD"),
        [memory["change"], git(lab.url, "rev-parse", "main~1")],
    )
    kept = (head, git(lab.folder / "clone", "rev-parse", "HEAD")[:12], lab.head("main"))
    lab.push(two=ONE_JOB.replace("pair", "two").replace("[100]", "[700]"))
    more = kinds(lab.once("--records", "main"))

    assert [(0, "records"), (0, []), (0, [])] == [(first[0], first[1][-1][0]), *quiet]
    assert (head, head, head) == kept
    assert ((0, ["commit", "records"]), 100) == (more, lab.bought())
    assert [theirs] * 2 == known
    assert "Record results of two\n\ntwo: 1 job recorded\n\n[skip ci]" == git(
        lab.url, "log", "-1", "--format=%B", "main"
    )
    assert 4 == int(git(lab.url, "rev-list", "--count", "main"))


@pytest.mark.long
def test_an_invalid_commit_below_our_records_is_told_once(lab):
    """What was measured is pushed all the same, and the repository's newest commit is still refused."""
    assert 0 == lab.once()[0]
    lab.push(pair="apiVersion: runner/v1\n")
    told = [kinds(lab.once("--records", "main")), kinds(lab.once("--records", "main"))]
    lab.push(pair=ONE_JOB)
    told.append(kinds(lab.once("--records", "main")))

    assert [(1, ["invalid", "records"]), (1, ["invalid"]), (0, ["commit"])] == told


@pytest.mark.long
def test_a_refusal_is_not_told_again_for_our_records_on_top_of_it(lab):
    """In one process, over three looks."""
    assert 0 == lab.once()[0]
    lab.push(pair="apiVersion: runner/v1\n")
    told, pauses = [], []

    def wait(seconds):
        if seconds > 50:  # between two turns
            pauses.append(seconds)
        if len(pauses) == 3:
            raise StopRequest

    context = LoopContext(
        tell=told.append,
        check=lambda: None,
        wait=wait,
        jitter=lambda: 1.0,
        pace=Pace(interval_s=60),
        patience=Patience(until_done=True),
        sees_removed=True,
    )
    following = Following(source=FollowedSource(url=str(lab.url), branch="main"), records=Destination("main"))
    with our_clone(lab.folder / "clone", following.source, context) as clone:
        published = RecordsPublished(clone, following, context)
        syncing = Syncing(
            clone,
            following,
            context,
            reporters=[published],
            prepare=published.prepare,
        )
        syncing.begin()
        with pytest.raises(StopRequest):
            syncing.go_on()

    assert ["invalid", "records"] == [each.event for each in told if not each.experiment]


@pytest.mark.long
def test_a_push_that_is_refused_holds_up_nothing_and_is_tried_again(lab):
    """The exit code says that it is not in order."""
    hook = lab.url / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'protected' >&2\nexit 1\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    code, told = lab.once("--records", "results")
    hook.unlink()
    after = lab.once("--records", "results")

    refusal = (
        f"records: {lab.url}: the push to results was refused: remote: protected;"
        " ! [remote rejected] records -> results (pre-receive hook declined)"
    )
    assert (1, "error", refusal) == (code, *told[-1])
    assert (0, "records", 50) == (after[0], after[1][-1][0], lab.bought())


def test_nothing_is_bought_while_nobody_knows_what_is_on_record(lab):
    """The branch of the records cannot be asked: the turn ends there, and the next one goes on."""
    lab.clones.add("clone")
    away, stop = RemoteError("away"), StopRequest()
    context = LoopContext(
        tell=lambda _: None,
        check=lambda: None,
        wait=lambda _: None,
        jitter=lambda: 1.0,
        pace=Pace(interval_s=60),
        patience=Patience(until_done=True),
        sees_removed=True,
    )
    following = Following(source=FollowedSource(url=str(lab.url), branch="main"))
    answers = [away, stop]

    def prepare(_):
        raise answers.pop(0)

    with our_clone(lab.folder / "clone", following.source, context) as clone:
        syncing = Syncing(clone, following, context, prepare=prepare)
        syncing.begin()
        with pytest.raises(StopRequest):
            syncing.go_on()

    assert ([], 0) == (answers, lab.bought())


@pytest.mark.long
def test_signatures_are_asked_of_our_own_commits_too(lab, monkeypatch):
    """Without a key it is a usage error before anything is looked at; with one, they come into force."""
    version = tuple(int(n) for n in git(lab.work, "version").split()[2].split(".")[:2])
    if version < (2, 34) or not shutil.which("ssh-keygen"):
        pytest.skip("signatures by ssh keys take git 2.34 and ssh-keygen")
    usage = [lab.once("--verify-signatures", "--records", "main"), lab.err]
    key, trusted, settings = lab.folder / "key", lab.folder / "trusted", lab.folder / "gitconfig"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=PATIENCE_S
    )
    trusted.write_text(f"ada@lab.test {(lab.folder / 'key.pub').read_text()}")
    signers = f'[gpg "ssh"]\n\tallowedSignersFile = {trusted}\n'
    settings.write_text(
        f"[gpg]\n\tformat = ssh\n{signers}[user]\n\tsigningKey = {key}\n[commit]\n\tgpgSign = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setitem(HERMETIC, "GIT_CONFIG_GLOBAL", str(settings))
    lab.push()
    signed = [kinds(lab.once("--verify-signatures", "--records", "main")) for _ in range(2)]

    assert (64, []) == usage[0]
    assert "they are not signed" in usage[1]
    assert [(0, ["commit", "records"]), (0, [])] == signed
    assert "G" == git(lab.url, "log", "-1", "--format=%G?", "main")
