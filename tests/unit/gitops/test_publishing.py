"""Records pushed to a branch of a real repository, and brought back; no cloud."""

from __future__ import annotations

import json
import os
import stat

import pytest
from own_git import HERMETIC, git

from runner.errors import GitError, RemoteError
from runner.gitops import Clone, Git, Publication, Publisher, RecordsPlace

NAMED = {name: value for name, value in HERMETIC.items() if not name.startswith("GIT_CONFIG")}
NAMELESS = {"PATH": os.environ["PATH"]} | {name: HERMETIC[name] for name in HERMETIC.keys() - NAMED.keys()}
RECORDS = RecordsPlace(branch="records", folder="results", results="results")


def line(job, counted=1):
    """A line of a record."""
    return json.dumps({"job_id": job, "counted": counted}) + "\n"


class Runner:
    """A clone that publishes, and what happens in its pauses."""

    def __init__(self, folder, url, environ=NAMELESS):
        folder.mkdir()
        (folder / ".runner").mkdir()
        self.folder, self.url, self.pauses = folder, url, []
        self.clone = Clone(Git(folder=folder, url=str(url), environ=environ))
        self.clone.reset()
        self.in_pause = lambda: None
        self.publisher = self._publisher()

    def _publisher(self):
        return Publisher(self.clone, self._pause)

    def _pause(self, attempt):
        self.pauses.append(attempt)
        self.in_pause()

    def restart(self):
        """What a new process knows."""
        self.publisher = self._publisher()

    def record(self, path, text):
        """Puts a record into the clone."""
        file = self.folder / "results" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def publish(self, place=RECORDS):
        """How many jobs were pushed by experiment (None for no commit), and what was left."""
        found = self.publisher.publish(place)
        return (dict(found.jobs) if found.commit else None), found.left


@pytest.fixture
def url(tmp_path):
    """A bare repository with a branch `main`, somebody's."""
    url, work = tmp_path / "lab.git", tmp_path / "work"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(url))
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(work))
    people(work, url, "main", {"runner.toml": "", "results/README.md": "ours\n"})
    return url


def people(work, url, branch, files):
    """Somebody commits files (None removes one) on a branch and pushes."""
    if git(work, "ls-remote", str(url), branch):
        git(work, "fetch", "--quiet", str(url), branch)
        git(work, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
    for name, text in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--allow-empty", "-m", "By hand")
    git(work, "push", "--quiet", str(url), f"HEAD:refs/heads/{branch}")


def shown(url, path, branch="records"):
    """A file of a branch."""
    return git(url, "show", f"{branch}:{path}") + "\n"


def commits(url, branch="records"):
    """How many a branch has."""
    return int(git(url, "rev-list", "--count", branch))


def test_records_are_pushed_once_to_a_branch_of_their_own(url, tmp_path):
    """Nothing but them is on it; the same again asks nobody, also after a restart."""
    ours = Runner(tmp_path / "a", url)
    ours.record("pair/12/b.jsonl", line("x") + line("y"))
    ours.record("pair/12/manifest.json", "{}\n")
    ours.record("pair/12/.b.jsonl.k7", "half")
    ours.record("notes.md", "mine")
    first = ours.publish()
    url.rename(tmp_path / "away")
    again = ours.publish()
    ours.restart()
    restarted = ours.publish()
    (tmp_path / "away").rename(url)

    assert [({"pair": 2}, ()), (None, ()), (None, ())] == [first, again, restarted]
    assert "results/pair/12/b.jsonl\nresults/pair/12/manifest.json" == git(
        url, "ls-tree", "-r", "--name-only", "records"
    )
    assert "runner <runner@localhost>|runner <runner@localhost>|Record results of pair" == git(
        url, "log", "--format=%an <%ae>|%cn <%ce>|%s", "records"
    )


def test_a_manifest_waits_for_the_first_results(url, tmp_path):
    """Of what is bought and not measured yet, there is nothing to record."""
    ours = Runner(tmp_path / "a", url)
    ours.record("pair/12/manifest.json", "{}\n")
    waiting = [ours.publish(), ours.publish()]
    ours.record("pair/12/b.jsonl", line("x"))
    measured = ours.publish()

    assert [(None, ()), (None, ()), ({"pair": 1}, ())] == [*waiting, measured]
    assert ("{}\n", 1) == (shown(url, "results/pair/12/manifest.json"), commits(url))


def test_the_clones_files_index_and_commit_in_force_are_not_touched(url, tmp_path):
    """Whatever is pushed; who git's configuration names is the author."""
    ours = Runner(tmp_path / "a", url, NAMELESS | NAMED)
    head = ours.clone.fetch("main", is_first=True)
    ours.clone.check_out(head, "results")
    before = git(ours.folder, "status", "--porcelain", "--ignored")
    ours.record("pair/12/b.jsonl", line("x"))
    (ours.folder / "results" / "pair").rename(tmp_path / "pair")
    (tmp_path / "pair").rename(ours.folder / "results" / "pair")
    index = (ours.folder / ".git" / "index").read_bytes()
    ours.publish()

    assert head == git(ours.folder, "rev-parse", "HEAD")
    assert (index, "") == ((ours.folder / ".git" / "index").read_bytes(), before.replace("!! .runner/", ""))
    assert "Ada" == git(url, "log", "--format=%an", "records")


def test_what_people_wrote_on_the_branch_stays(url, tmp_path):
    """Texts, manifests, edited lines, links; told once, and what can be pushed is pushed."""
    ours, work = Runner(tmp_path / "a", url), tmp_path / "work"
    theirs = {
        "results/README.md": "ours\n",
        "results/pair/12/b.jsonl": line("x", 7),
        "results/pair/12/manifest.json": '{"by": "hand"}\n',
        "results/file": "in the way\n",
    }
    people(work, url, "records", theirs)
    ours.record("pair/12/b.jsonl", line("x") + line("y"))
    ours.record("pair/12/manifest.json", "{}\n")
    ours.record("file/12/b.jsonl", line("z"))
    first, again = ours.publish(), ours.publish()
    ours.record("pair/12/c.jsonl", line("c"))
    more = ours.publish()

    assert (
        {"pair": 1},
        (
            "file/12/b.jsonl cannot be there: results/file is no folder",
            "pair/12/b.jsonl has 1 job recorded otherwise",
            "pair/12/manifest.json was written elsewhere",
        ),
    ) == first
    assert [(None, ()), ({"pair": 1}, ())] == [again, more]
    assert theirs | {"results/pair/12/b.jsonl": line("x", 7) + line("y")} == {
        path: shown(url, path) for path in theirs
    }


def test_what_people_took_away_stays_away_and_nothing_else_goes(url, tmp_path):
    """Until there is more to be said; a branch that begins anew gets everything."""
    ours, work = Runner(tmp_path / "a", url), tmp_path / "work"
    people(work, url, "records", {"README.md": "Records\n"})
    ours.record("pair/12/b.jsonl", line("x"))
    ours.record("pair/12/c.jsonl", line("y"))
    ours.publish()
    people(work, url, "records", {"results/pair/12/b.jsonl": None})
    ours.record("pair/12/d.jsonl", line("z"))
    left = ours.publish()
    names = git(url, "ls-tree", "-r", "--name-only", "records", "results/pair").split()
    git(url, "update-ref", "-d", "refs/heads/records")
    ours.record("pair/12/e.jsonl", line("e"))

    assert ({"pair": 1}, ("pair/12/b.jsonl was taken away",)) == left
    assert ["results/pair/12/c.jsonl", "results/pair/12/d.jsonl"] == names
    assert ({"pair": 4}, ()) == ours.publish()

    git(url, "update-ref", "refs/heads/records", "main")  # rewritten: nothing was taken from it
    ours.record("pair/12/f.jsonl", line("f"))

    assert ({"pair": 5}, ()) == ours.publish()


def test_two_runners_of_one_batch_leave_the_union(url, tmp_path):
    """Each adds what it knows; the first one's manifest stays."""
    one, two = Runner(tmp_path / "a", url), Runner(tmp_path / "b", url)
    for runner, jobs in ((one, "xy"), (two, "yz")):
        runner.record("pair/12/b.jsonl", "".join(map(line, jobs)))
        runner.record("pair/12/manifest.json", f'{{"by": "{jobs}"}}\n')
    pushed = [one.publish(), two.publish(), one.publish()]
    one.record("pair/12/b.jsonl", line("x", 2) + line("y"))
    pushed.append(one.publish())

    assert [
        ({"pair": 2}, ()),
        ({"pair": 1}, ("pair/12/manifest.json was written elsewhere",)),
        (None, ()),
        ({"pair": 1}, ()),
    ] == pushed
    assert line("x", 2) + line("y") + line("z") == shown(url, "results/pair/12/b.jsonl")
    assert '{"by": "xy"}\n' == shown(url, "results/pair/12/manifest.json")


def push_in_between(url, times):
    """Lets the repository take somebody else's commit just before the next pushes to `records`, so often."""
    hook = url / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    (url / "left").write_text(str(times))
    hook.write_text(
        "#!/bin/sh\nset -e\n"
        'left=$(cat left); [ "$left" -gt 0 ] || exit 0\n'
        "echo $((left - 1)) > left\n"
        "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n"
        "old=$(git rev-parse -q --verify refs/heads/records || true)\n"
        'blob=$(echo "other $left" | git hash-object -w --stdin)\n'
        "GIT_INDEX_FILE=other.index; export GIT_INDEX_FILE\n"
        "git read-tree ${old:---empty}\n"
        'git update-index --add --cacheinfo "100644,$blob,other-$left.txt"\n'
        "commit=$(git commit-tree ${old:+-p $old} -m Other $(git write-tree))\n"
        'git update-ref refs/heads/records "$commit"\n'
    )
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    for name, value in NAMED.items():
        role, part = name.removeprefix("GIT_").lower().split("_")
        git(url, "config", f"{role}.{part}", value)


@pytest.mark.parametrize("begun", [False, True], ids=["new branch", "branch"])
def test_a_push_that_comes_too_late_is_built_anew(url, tmp_path, begun):
    """On what others pushed; theirs and ours are there in the end, and each commit has the one before it."""
    ours = Runner(tmp_path / "a", url)
    if begun:
        people(tmp_path / "work", url, "records", {"README.md": "Records\n"})
    count = commits(url) if begun else 0
    push_in_between(url, times=2)
    ours.record("pair/12/b.jsonl", line("x"))

    assert ({"pair": 1}, ()) == ours.publish()
    assert [1, 2] == ours.pauses
    assert {"other-2.txt", "other-1.txt", "results/pair/12/b.jsonl"} <= set(
        git(url, "ls-tree", "-r", "--name-only", "records").split()
    )
    assert count + 3 == commits(url)


def test_others_who_push_all_the_time_are_told_and_it_is_tried_again(url, tmp_path):
    """The attempts end, and the next turn goes on."""
    ours = Runner(tmp_path / "a", url)
    push_in_between(url, times=6)
    ours.record("pair/12/b.jsonl", line("x"))
    with pytest.raises(RemoteError, match="others pushed to records 6 times in a row"):
        ours.publish()

    assert [1, 2, 3, 4, 5] == ours.pauses
    assert ({"pair": 1}, ()) == ours.publish()


def test_a_repository_that_refuses_or_is_away_is_asked_again(url, tmp_path):
    """A refusal for another reason than a conflict is not repeated at once."""
    ours = Runner(tmp_path / "a", url)
    ours.record("pair/12/b.jsonl", line("x"))
    hook = url / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no room' >&2\nexit 1\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(RemoteError, match=r"the push to records was refused: remote: no room"):
        ours.publish()
    hook.unlink()
    url.rename(tmp_path / "away")
    with pytest.raises(RemoteError, match="does not appear to be a git repository"):
        ours.publish()
    (tmp_path / "away").rename(url)

    assert [] == ours.pauses
    assert ({"pair": 1}, ()) == ours.publish()


def test_a_branch_that_somebody_is_writing_at_this_moment_is_waited_for(url, tmp_path):
    """Its lock is no refusal."""
    ours = Runner(tmp_path / "a", url)
    ours.record("pair/12/b.jsonl", line("x"))
    lock = url / "refs" / "heads" / "records.lock"
    lock.touch()
    ours.in_pause = lock.unlink

    assert (({"pair": 1}, ()), [1]) == (ours.publish(), ours.pauses)


class Killed(BaseException):
    """The process ends here."""


class DyingGit:
    """Git that is killed before or after it pushes, once."""

    def __init__(self, git_, *, after):
        self._git, self._after, self._is_over = git_, after, False

    def __getattr__(self, name):
        return getattr(self._git, name)

    def ask(self, *words, **given):
        """As git does, unless it is a push."""
        dies = words[0] == "push" and not self._is_over
        self._is_over |= dies
        if dies and not self._after:
            raise Killed
        answer = self._git.ask(*words, **given)
        if dies:
            raise Killed
        return answer


@pytest.mark.parametrize("after", [False, True], ids=["before the push", "after the push"])
def test_killed_around_the_push_the_next_start_pushes_once(url, tmp_path, after):
    """The commit is there once, whether the push got through or not."""
    ours = Runner(tmp_path / "a", url, NAMELESS | NAMED)
    whole = ours.clone
    ours.clone = Clone(DyingGit(whole.git, after=after))
    ours.restart()
    ours.record("pair/12/b.jsonl", line("x"))
    with pytest.raises(Killed):
        ours.publish()
    (ours.folder / ".runner" / "records.index.lock").touch()
    ours.clone = whole
    ours.restart()

    assert (None if after else {"pair": 1}, ()) == ours.publish()
    assert (1, None) == (commits(url), ours.publish()[0])


def test_an_answer_that_is_lost_is_no_failure(url, tmp_path):
    """The branch is asked what it has; a reference of ours says what it had."""
    ours = Runner(tmp_path / "a", url)
    hook = url / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    ours.record("pair/12/b.jsonl", line("x"))

    assert ({"pair": 1}, ()) == ours.publish()
    assert 1 == commits(url)


def test_a_new_clone_gets_what_is_missing_and_nothing_more(url, tmp_path):
    """Records only, never over those that are here, and once."""
    one, two = Runner(tmp_path / "a", url), Runner(tmp_path / "b", url)
    one.record("pair/12/b.jsonl", line("x"))
    one.record("pair/12/b/x.pulser.json", "{}\n")
    one.record("pair/12/manifest.json", "{}\n")
    one.publish()
    people(tmp_path / "work", url, "records", {"results/notes.md": "x", "results/pair/12/evil.sh": "x"})
    two.record("pair/12/manifest.json", '{"mine": 1}\n')
    counts = [two.publisher.bring_back(RECORDS), two.publisher.bring_back(RECORDS)]
    files = {
        path.relative_to(two.folder / "results").as_posix(): path.read_text()
        for path in (two.folder / "results").rglob("*")
        if path.is_file()
    }

    assert [2, 0] == counts
    assert {
        "pair/12/b.jsonl": line("x"),
        "pair/12/b/x.pulser.json": "{}\n",
        "pair/12/manifest.json": '{"mine": 1}\n',
    } == files
    assert (None, ("pair/12/manifest.json was written elsewhere",)) == two.publish()


def test_nothing_is_brought_back_or_pushed_through_a_link(url, tmp_path):
    """A commit may hold one that leads out of the clone."""
    one, two = Runner(tmp_path / "a", url), Runner(tmp_path / "b", url)
    one.record("pair/12/b.jsonl", line("x"))
    one.publish()
    (tmp_path / "outside" / "34").mkdir(parents=True)
    (tmp_path / "outside" / "34" / "c.jsonl").write_text(line("c"))
    (two.folder / "results").mkdir()
    (two.folder / "results" / "pair").symlink_to(tmp_path / "outside")

    assert (0, (None, ())) == (two.publisher.bring_back(RECORDS), two.publish())
    assert ["34"] == [each.name for each in (tmp_path / "outside").iterdir()]


def test_records_that_cannot_be_written_are_told(url, tmp_path):
    """Nothing is remembered then, so that it is tried again."""
    one, two = Runner(tmp_path / "a", url), Runner(tmp_path / "b", url)
    one.record("pair/12/b.jsonl", line("x"))
    one.publish()
    (two.folder / "results").write_text("in the way")
    with pytest.raises(GitError, match="the records cannot be read or written"):
        two.publisher.bring_back(RECORDS)
    (two.folder / "results").unlink()

    assert 1 == two.publisher.bring_back(RECORDS)


def test_a_branch_that_is_not_there_yet_gives_nothing_back(url, tmp_path):
    """One that cannot be asked is an error: nobody knows what was bought."""
    ours = Runner(tmp_path / "a", url)

    assert 0 == ours.publisher.bring_back(RECORDS)
    with pytest.raises(RemoteError):
        Runner(tmp_path / "b", tmp_path / "nowhere").publisher.bring_back(RECORDS)


def test_the_root_of_a_branch_can_be_the_folder(url, tmp_path):
    """There and back."""
    root = RecordsPlace(branch="records", folder=".", results="results")
    one, two = Runner(tmp_path / "a", url), Runner(tmp_path / "b", url)
    one.record("pair/12/b.jsonl", line("x"))
    one.publish(root)

    assert "pair/12/b.jsonl" == git(url, "ls-tree", "-r", "--name-only", "records")
    assert 1 == two.publisher.bring_back(root)
    assert line("x") == (two.folder / "results" / "pair" / "12" / "b.jsonl").read_text()


def test_a_clone_with_all_history_does_not_lose_it(url, tmp_path):
    """Its first commit may be what names the batches."""
    people(tmp_path / "work", url, "main", {})
    ours = Runner(tmp_path / "a", url)
    ours.clone.fetch("main", is_first=True)
    ours.clone.deepen("main")
    git(url, "branch", "records", "main")
    ours.record("pair/12/b.jsonl", line("x"))
    ours.publisher.bring_back(RECORDS)
    ours.publish()

    assert "false" == git(ours.folder, "rev-parse", "--is-shallow-repository")
    assert Publication() == ours.publisher.publish(RECORDS)
