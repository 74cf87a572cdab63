"""The clone on disk, with real repositories and no cloud."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from own_git import HERMETIC, git

from runner.errors import GitError, RemoteError
from runner.gitops import Clone, Git, Relation

ENVIRON = {"PATH": os.environ["PATH"]} | HERMETIC


def commit(folder, **files):
    """Commits files, by paths with __ for each slash and _ for each dot; answers the commit."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".").replace("/runner", ".runner")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "Change")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A repository with three commits; its folder, and they."""
    folder = tmp_path_factory.mktemp("source")
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder, [
        commit(folder, a_txt="1", old_txt="1"),
        commit(
            folder, a_txt="2", results__x_jsonl="theirs", results__y_jsonl="new", __runner__sync_json="evil"
        ),
        commit(folder, a_txt="3"),
    ]


@pytest.fixture
def clone(tmp_path, source):
    """A clone that is empty so far."""
    return a_clone(tmp_path / "clone", f"file://{source[0]}")


def a_clone(folder, url, **words):
    """A clone that was put right."""
    (folder / ".runner").mkdir(parents=True)
    found = Clone(Git(folder=folder, url=url, environ=ENVIRON, **words))
    found.reset()
    return found


def files(folder):
    """Texts by paths, less those of git."""
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in sorted(found)}


def test_history_is_fetched_when_the_relation_takes_it(clone, source):
    """The first time without; then what is new; all of it, once the commits do not seem to be related."""
    _, (first, second, third) = source
    head = clone.fetch("main", is_first=True)
    shallow = git(clone.folder, "rev-list", "--count", head)
    relations = [clone.relation(*pair, "main") for pair in (("", third), (third, third), (third, first))]
    whole = git(clone.folder, "rev-list", "--count", head)

    assert (third, "1", "3") == (head, shallow, whole)
    assert [Relation.FIRST, Relation.SAME, Relation.BEHIND] == relations
    assert Relation.AHEAD == clone.relation(second, third, "main")


def test_files_follow_a_commit_and_own_records_and_memory_stay(clone, source):
    """Records that git does not know so are kept; what else is there goes, also what was half checked out."""
    _, (first, second, _) = source
    clone.fetch("main", is_first=True)
    clone.deepen("main")
    clone.check_out(first, "results")
    (clone.folder / "results").mkdir()
    (clone.folder / "results" / "x.jsonl").write_text("ours", encoding="utf-8")
    (clone.state / "sync.json").write_text("good", encoding="utf-8")
    (clone.folder / "half.yaml").write_text("?", encoding="utf-8")
    (clone.folder / "a.txt").write_text("?", encoding="utf-8")
    clone.check_out(second, "results")
    after = files(clone.folder)
    clone.check_out(first, "results")

    kept = {".runner/sync.json": "good", "results/x.jsonl": "ours"}
    assert kept | {"a.txt": "2", "old.txt": "1", "results/y.jsonl": "new"} == after
    assert kept | {"a.txt": "1", "old.txt": "1"} == files(clone.folder)


def test_a_commit_is_staged_beside_what_is_in_force(clone, source):
    """And taken away again."""
    _, (first, _, third) = source
    clone.fetch("main", is_first=True)
    clone.deepen("main")
    clone.check_out(first, "results")
    staged = clone.staged(third)
    found = (files(staged)["a.txt"], (clone.folder / "a.txt").read_text(encoding="utf-8"))
    clone.forget_staged()

    assert (("3", "1"), []) == (found, list(clone.state.iterdir()))


def test_leftovers_of_a_killed_git_are_put_right(clone, source):
    """Locks, a half-made clone and a half-staged commit."""
    third = clone.fetch("main", is_first=True)
    for name in ("index.lock", "shallow.lock", "refs/remotes/origin/main.lock"):
        (clone.folder / ".git" / name).touch()
    for name in ("fresh", "staged"):
        (clone.state / name / "x").mkdir(parents=True)
    clone.reset()

    assert [] == list(clone.state.iterdir())
    assert third == clone.fetch("main", is_first=False)
    clone.check_out(third, "results")


def test_a_password_is_written_nowhere(tmp_path):
    """Neither to the clone nor into what is told."""
    clone = a_clone(tmp_path / "clone", "http://ada:secret@127.0.0.1:9/lab.git")
    with pytest.raises(RemoteError) as caught:
        clone.remote_head("main")
    texts = [path.read_text(errors="replace") for path in clone.folder.rglob("*") if path.is_file()]

    assert "http://127.0.0.1:9/lab.git" in str(caught.value)
    assert "secret" not in str(caught.value) + repr(caught.value) + "".join(texts)


def test_branches_are_found_by_their_whole_names(clone, source):
    """The repository's own, and none that only ends so."""
    _, (_, _, third) = source

    assert ("main", third) == (clone.own_branch(), clone.remote_head("main"))
    assert [None, None] == [clone.remote_head("mai"), clone.remote_head("*")]


def is_running(pid):
    """Whether a process is there, and not merely waited for by nobody."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_repository_that_does_not_answer_is_left_once_somebody_asks_to_end(tmp_path):
    """Git and what it has started end with it."""

    class EndAskedError(Exception):
        """Somebody asks to end."""

    pid = tmp_path / "pid"
    stuck = tmp_path / "stuck"
    stuck.write_text(
        f"#!{sys.executable}\nimport os, signal\n"
        f"open({str(pid)!r}, 'w').write(str(os.getpid()))\nsignal.pause()\n"
    )
    stuck.chmod(0o700)

    def check():
        if pid.exists() and pid.read_text():
            raise EndAskedError

    environ = ENVIRON | {"GIT_SSH": str(stuck)}
    folder = tmp_path / "clone"
    folder.mkdir()
    with pytest.raises(EndAskedError):
        Git(folder=folder, url="", environ=environ, check=check).ask("ls-remote", "ssh://lab.test/x.git")
    deadline = time.monotonic() + 30
    while is_running(int(pid.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_git_refuses_is_an_error_that_says_so(clone):
    """In one line."""
    with pytest.raises(GitError, match=r"^git rev-parse in .*clone: Needed a single revision$"):
        clone._git.tell("rev-parse", "--verify", "nothing")
