"""`runner sync` with real repositories and the local cloud: a bare one, a clone that pushes, and ours."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import commands
import pytest
from followed import OTHER, WAIT_S, Process, Script
from forking_runner import Forks
from own_git import HERMETIC, git
from patience import PATIENCE_S
from promises import rows_of

from runner.errors import ProjectError
from runner.reconcile.execute.change_events import News


@pytest.fixture
def lab(followed_lab):
    """The repository that is followed."""
    return followed_lab


def test_a_merge_is_bought_and_its_revert_buys_nothing(lab):
    """Records and journal stay over commits; the exit code says whether something is under way."""
    first = lab.once("--wait")
    git(lab.work, "checkout", "--quiet", "-b", "topic")
    (lab.work / "specs" / "two.yaml").write_text(OTHER, encoding="utf-8")
    git(lab.work, "add", "--all")
    git(lab.work, "commit", "--quiet", "-m", "Add two")
    git(lab.work, "checkout", "--quiet", "-b", "merged", "HEAD~1")
    git(lab.work, "merge", "--quiet", "--no-ff", "-m", "Merge topic", "topic")
    merged = lab.push_only()
    code, told = lab.once("--wait")
    bought = lab.bought
    git(lab.work, "revert", "--no-edit", "-m", "1", "HEAD")
    lab.push_only()
    reverted = lab.once("--wait")
    git(lab.work, "revert", "--no-edit", "HEAD")
    last = lab.push_only()
    again = lab.once("--wait")

    assert (0, "commit") == (first[0], first[1][0][0])
    assert (0, [("commit", f"commit {merged[:12]} is in force: Merge topic; 2 experiments (+two)")]) == (
        code,
        told,
    )
    assert [0, 0, 200, 200, last] == [reverted[0], again[0], bought, lab.bought, lab.applied]
    assert "1 experiment (-two)" in reverted[1][0][1]


@pytest.mark.long
def test_patience_ends_the_wait_and_not_the_jobs(lab):
    """The next look goes on where this one ended."""
    ended = lab.once("--wait", "--timeout", "0")[0]
    done = lab.once("--wait")[0]

    assert [5, 0, 150] == [ended, done, lab.bought]


@pytest.mark.long
def test_another_namespace_is_refused_and_a_new_clone_takes_it(lab):
    """What is pending under the one before would be bought again; a restart does not forget it."""
    assert lab.once("--wait")[0] == 0
    (lab.work / "runner.toml").write_text('namespace = "other"\n', encoding="utf-8")
    lab.push()
    told = [lab.once(), lab.once()]
    (lab.work / "runner.toml").write_text('namespace = "lab"\n', encoding="utf-8")
    lab.push()

    assert [(1, ["refused"])] * 2 == [(code, [kind for kind, _ in each]) for code, each in told]
    assert "it changes `namespace` in runner.toml from lab to other" in told[0][1][0][1]
    assert (0, 150) == (lab.once("--wait")[0], lab.bought)


def test_invalid_files_change_nothing_until_they_are_mended(lab):
    """The last good commit stays in force, in the clone's files, too."""
    good = lab.push()
    assert lab.once("--wait")[0] == 0
    bad = lab.push(two=OTHER, pair=commands.EXPERIMENT[:200])
    code, told = lab.once()
    kept = (lab.applied, sorted(path.name for path in (lab.clone / "specs").iterdir()))
    mended = lab.push(pair=commands.EXPERIMENT)

    assert (1, "invalid") == (code, told[0][0])
    assert told[0][1].startswith(f"commit {bad[:12]}: specs/pair.yaml:")
    assert told[0][1].endswith(f"commit {good[:12]} stays in force")
    assert (good, ["pair.yaml"]) == kept
    assert (0, mended) == (lab.once("--wait")[0], lab.applied)


@pytest.mark.long
def test_rewritten_history_is_refused_unless_allowed(lab):
    """Older, diverged and unrelated commits; also after a restart with a clone without history."""
    root = git(lab.work, "rev-parse", "HEAD")
    second = lab.push()
    codes = [lab.once("--wait")[0]]
    said = []
    git(lab.work, "reset", "--quiet", "--hard", root)
    lab.push_only("--force")
    said.append(lab.once())
    diverged = lab.push("--force", two=OTHER)
    said.append(lab.once())
    git(lab.work, "checkout", "--quiet", "--orphan", "other")
    unrelated = lab.push("--force")
    said.append(lab.once())
    kept = lab.applied
    codes.append(lab.once("--allow-force-push", "--wait")[0])

    assert [1, 1, 1] == [code for code, _ in said]
    assert ["older than", "does not descend from", "no history in common"] == [
        next(w for w in ("older than", "does not descend from", "no history in common") if w in told[0][1])
        for _, told in said
    ]
    assert [0, 0] == codes
    assert second == kept
    assert unrelated == lab.applied
    assert diverged != unrelated
    assert 200 == lab.bought


@pytest.mark.long
def test_a_deleted_branch_and_a_lost_repository_leave_the_last_good_commit(lab):
    """It is reconciled on; when they are back, so is order."""
    assert lab.once()[0] in {0, 5}
    applied = lab.applied
    git(lab.url, "branch", "--move", "main", "elsewhere")
    gone = lab.once("--wait")
    lab.url.rename(lab.folder / "away")
    lost = lab.once()
    (lab.folder / "away").rename(lab.url)
    git(lab.url, "branch", "--move", "elsewhere", "main")

    assert (
        1,
        [("unreachable", f"{lab.url}: there is no branch main; commit {applied[:12]} stays in force")],
    ) == gone
    assert (1, "unreachable") == (lost[0], lost[1][0][0])
    assert (0, []) == lab.once()
    assert 150 == lab.bought


@pytest.mark.long
def test_a_commit_that_removes_everything_is_refused_unless_allowed(lab):
    """And what was bought is left as it is, as `removed` says."""
    before = git(lab.work, "rev-parse", "HEAD")
    assert lab.once("--wait")[0] == 0
    lab.push(pair=None)
    code, told = lab.once()
    kept = lab.applied

    assert (1, "refused", before) == (code, told[0][0], kept)
    assert 0 == lab.once("--allow-removal-of-all")[0]
    assert [] == list(lab.clone.glob("specs/*"))
    assert 150 == lab.bought


@pytest.mark.long
def test_unsigned_commits_are_refused_where_signatures_are_asked_for(lab, monkeypatch):
    """Signed by a key that git's configuration trusts, they come into force."""
    version = tuple(int(n) for n in git(lab.work, "version").split()[2].split(".")[:2])
    if version < (2, 34) or not shutil.which("ssh-keygen"):
        pytest.skip("signatures by ssh keys take git 2.34 and ssh-keygen")
    key, trusted = lab.folder / "key", lab.folder / "trusted"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=PATIENCE_S
    )
    trusted.write_text(f"ada@lab.test {(lab.folder / 'key.pub').read_text()}")
    settings = lab.folder / "gitconfig"
    signers = f'[gpg "ssh"]\n\tallowedSignersFile = {trusted}\n'
    settings.write_text(f"[gpg]\n\tformat = ssh\n{signers}[user]\n\tsigningKey = {key}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setitem(HERMETIC, "GIT_CONFIG_GLOBAL", str(settings))
    code, told = lab.once("--verify-signatures")
    git(lab.work, "commit", "--quiet", "--allow-empty", "-S", "-m", "Signed")
    signed = lab.push_only()

    assert (1, "refused") == (code, told[0][0])
    assert "no commit is in force yet" in told[0][1]
    assert (0, signed) == (lab.once("--verify-signatures", "--wait")[0], lab.applied)


@pytest.mark.long
def test_records_that_are_committed_do_not_replace_those_that_came_back(lab):
    """Files of people in the folder of the records come, ours stay; what else is in the clone goes."""
    assert lab.once("--wait")[0] == 0
    (record,) = lab.clone.glob("results/**/*.jsonl")
    ours = record.read_text(encoding="utf-8")
    theirs = lab.work / record.relative_to(lab.clone)
    theirs.parent.mkdir(parents=True)
    theirs.write_text("", encoding="utf-8")
    (lab.work / "results" / "notes.md").write_text("good data", encoding="utf-8")
    (lab.clone / "specs" / "left.yaml").write_text(OTHER, encoding="utf-8")
    lab.push()

    assert lab.once()[0] == 0
    assert (ours, "good data") == (
        record.read_text(encoding="utf-8"),
        (lab.clone / "results" / "notes.md").read_text(encoding="utf-8"),
    )
    assert ["pair.yaml"] == [path.name for path in (lab.clone / "specs").iterdir()]
    assert 150 == lab.bought


@pytest.mark.long
def test_a_commit_that_leaves_records_no_place_is_invalid(lab):
    """A file in the place of their folder does not replace what came back."""
    assert lab.once("--wait")[0] == 0
    good = lab.applied
    (lab.work / "results").write_text("a file", encoding="utf-8")
    lab.push(two=OTHER)
    code, told = lab.once()

    assert (1, "invalid", good, 150) == (code, told[0][0], lab.applied, lab.bought)
    assert "results: is no folder, so that records have no place" in told[0][1]
    assert ["pair.yaml"] == [path.name for path in (lab.clone / "specs").iterdir()]
    assert len(list(lab.clone.glob("results/**/*.jsonl"))) == 1


@pytest.mark.long
def test_a_clone_belongs_to_one_branch_and_is_never_made_over_other_files(lab):
    """Neither is changed."""
    lab.clone.mkdir()
    (lab.clone / "thesis.tex").write_text("mine")
    foreign = commands.said(lab.capsys, *lab.words("--once"))
    (lab.clone / "thesis.tex").unlink()
    lab.once()
    other = commands.said(lab.capsys, *lab.words("--once", "--branch", "next"))

    assert foreign[0] == 1
    assert "it holds thesis.tex" in foreign[2]
    assert other[0] == 1
    assert "branch main" in other[2]


@pytest.mark.long
def test_what_is_wrong_is_told_once_and_what_is_in_force_is_reconciled_on(lab):
    """Over many turns; a repository that was away is asked again, more and more seldom."""
    away = lab.folder / "away"

    def nothing():
        """A turn like the last."""

    def lose():
        lab.url.rename(away)

    def find():
        away.rename(lab.url)

    script = Script(
        lambda: lab.push(pair="apiVersion: runner/v1\nkind: Experiment\n"),
        *[nothing] * 3,
        lose,
        *[nothing] * 3,
        find,
        *[nothing] * 12,
        lambda: lab.push(pair=commands.EXPERIMENT, two=OTHER),
        nothing,
    )

    assert [News.COMMIT, News.INVALID, News.UNREACHABLE, News.RECOVERED, News.COMMIT] == script.run(lab)
    assert 200 == lab.bought


class Diary:
    """Writes down how things stand; cannot for its first turns."""

    name = "diary"

    def __init__(self, fails):
        self.fails, self.pages = fails, []

    def __call__(self, standing):
        """A page a turn."""
        self.pages.append(standing)
        if self.fails:
            self.fails -= 1
            raise ProjectError("there is no ink")


@pytest.mark.long
def test_reporters_are_told_how_things_stand_after_each_turn(lab):
    """One that fails is asked again after the next turn; what it lacks is told once."""
    broken = "apiVersion: runner/v1\nkind: Experiment\n"
    turns = (lambda: lab.push(pair=broken), lambda: None, lambda: lab.push(pair=commands.EXPERIMENT))
    script, diary = Script(*turns), Diary(fails=2)
    told = script.run(lab, diary)
    pages = [(bool(each.refused), bool(each.refusal), each.error) for each in diary.pages]

    assert [News.COMMIT, News.ERROR, News.INVALID, News.RECOVERED, News.COMMIT] == told
    assert [(False, False, ""), (True, True, ""), (True, True, ""), (False, False, "")] == pages
    assert [({"pair"}, {"pair"})] * 4 == [(set(each.experiments), set(each.plans)) for each in diary.pages]
    assert [(False, "lab"), (True, "lab"), (True, "lab"), (False, "lab")] == [
        (each.is_invalid, each.project.namespace) for each in diary.pages
    ]


def remembered(lab):
    """The commit in force, or nothing yet."""
    try:
        return lab.applied
    except (OSError, ValueError):
        return ""


@pytest.mark.long
def test_commits_come_into_force_while_it_goes_on_until_sigterm(lab):
    """Each refusal is told once, not in each turn; it ends with 0 and the lock released."""
    process = Process(lab)
    try:
        process.until(lambda: "commit" in process.kinds)
        lab.push(two="apiVersion: runner/v1\nkind: Experiment\n")
        process.until(lambda: "invalid" in process.kinds)
        mended = lab.push(two=OTHER)
        process.until(lambda: remembered(lab) == mended)
    finally:
        ended = process.end()

    assert (0, "ended; nothing is lost: start it again to go on\n") == ended
    assert (2, 1) == (process.kinds.count("commit"), process.kinds.count("invalid"))
    assert (0, []) == lab.once("--wait")
    assert 200 == lab.bought


@pytest.mark.long
def test_killed_at_any_moment_the_next_start_puts_it_right(lab):
    """In the middle of cloning, fetching, checking out or buying; nothing is bought twice."""
    dice = random.Random(8)
    for number in range(5):
        lab.push(two=OTHER.replace("[700]", f"[{700 + 4 * number}]"))
        process = Process(lab)
        time.sleep(dice.uniform(0.4, 1.6))  # a moment like any other; nothing is expected of it
        process.end(signal.SIGKILL)
        if (lab.clone / ".git").is_dir():
            (lab.clone / ".git" / "index.lock").touch()
    head = git(lab.work, "rev-parse", "HEAD")
    code, _ = lab.once("--wait")
    bought = lab.bought
    again = lab.once("--wait")

    assert (0, head, (0, [])) == (code, lab.applied, again)
    assert bought in range(200, 401, 50)
    assert bought == lab.bought


@contextmanager
def pausing_target(lab, removed):
    """A cloud that starts nothing is the lab's target; answers its database."""
    (lab.folder / "cloud.toml").write_text('[life_cycle]\npaused_devices = ["EMU_FREE"]\n', encoding="utf-8")
    process = commands.start(lab.folder, "local", "serve", "--store", "cloud", "--config", "cloud.toml")
    try:
        url = process.stdout.readline().split()[-1]
        (lab.work / "runner.toml").write_text(
            f'namespace = "lab"\ntarget = "paused"\nremoved = "{removed}"\n'
            f'[targets.paused]\nurl = "{url}"\nsettle_s = 0\n',
            encoding="utf-8",
        )
        yield lab.folder / "cloud" / "cloud.db"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WAIT_S)


def statuses(database):
    """Those of the jobs of each experiment, whatever batches they are in."""
    jobs, batches, _ = rows_of(database)
    names = {
        each["id"]: next(t for t in json.loads(each["tags"]) if t.startswith("exp:")) for each in batches
    }
    found = {}
    for job in jobs.values():
        found.setdefault(names[job["batch_id"]].removeprefix("exp:"), []).append(job["status"])
    return found


# Another sequence: work of the same recipe would count for the other experiment, as that of a renamed one.
SLOW = OTHER.replace("6.28", "3.14")
PENDING = {"pair": ["PENDING"] * 3, "two": ["PENDING"]}


@pytest.mark.long
@pytest.mark.parametrize(("removed", "left"), [("keep", "PENDING"), ("cancel", "CANCELED")])
def test_pending_work_of_a_removed_file_goes_where_the_settings_say_so(lab, removed, left):
    """Once the commit without it is in force; what other files ask for stays."""
    with pausing_target(lab, removed) as database:
        lab.push(two=SLOW)
        before = (lab.once("--yes")[0], statuses(database))
        lab.push(two=None)
        after = (lab.once("--yes")[0], statuses(database))

    assert (5, PENDING) == before
    assert (5, PENDING | {"two": [left]}) == after


@pytest.mark.long
def test_moved_files_and_refused_commits_cancel_nothing(lab):
    """Although `removed` is cancel: another folder, another file name, an invalid commit, one without any."""
    with pausing_target(lab, "cancel") as database:
        lab.push(two=SLOW)
        seen = [(lab.once("--yes")[0], statuses(database))]
        (lab.work / "specs" / "deep").mkdir()
        (lab.work / "specs" / "two.yaml").rename(lab.work / "specs" / "deep" / "second.yaml")
        lab.push()
        seen.append((lab.once("--yes")[0], statuses(database)))
        lab.push(pair=None, **{"deep/second": SLOW[:200]})
        seen.append((lab.once("--yes")[0], statuses(database)))
        lab.push(**{"deep/second": None})
        seen.append((lab.once("--yes")[0], statuses(database)))

    assert [(5, PENDING), (5, PENDING), (1, PENDING), (1, PENDING)] == seen


class Keyring:
    """Keys of OpenPGP in a folder of their own, whose agent is ended with it."""

    def __init__(self, folder):
        self.folder = folder

    def gpg(self, *words):
        """Runs gpg; answers what it says."""
        done = subprocess.run(
            ["gpg", "--homedir", self.folder, "--batch", "--yes", *words],
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        return done.stdout

    def key(self, name, *words, expires="never"):
        """Makes a key that signs, without a passphrase; answers its fingerprint."""
        self.gpg(*words, "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", expires)
        listed = self.gpg("--with-colons", "--list-keys", name).splitlines()
        return next(line.split(":")[9] for line in listed if line.startswith("fpr:"))

    def revoke(self, fingerprint):
        """By the certificate that gpg has made with the key."""
        made = Path(self.folder) / "openpgp-revocs.d" / f"{fingerprint}.rev"
        made.write_text(made.read_text().replace(":-----BEGIN", "-----BEGIN"))
        self.gpg("--import", str(made))


@pytest.fixture
def keyring():
    """Keys that git's gpg knows; the path is short, as sockets of agents want it."""
    if not shutil.which("gpg"):
        pytest.skip("signatures by OpenPGP keys take gpg")
    with tempfile.TemporaryDirectory(prefix="gpg") as folder:
        yield Keyring(folder)
        subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=True, timeout=PATIENCE_S)


@pytest.mark.long
def test_openpgp_signatures_count_while_their_key_is_known_and_valid(lab, keyring, monkeypatch, tmp_path):
    """Unsigned, by an unknown key, by an expired one, by a good one, and by that when it is revoked."""
    monkeypatch.setenv("GNUPGHOME", keyring.folder)
    past = tmp_path / "gpg-in-the-past"
    past.write_text('#!/bin/sh\nexec gpg --faked-system-time 20200201T000000 "$@"\n')
    past.chmod(0o700)
    old_times = ("--faked-system-time", "20200101T000000")
    good, unknown = keyring.key("Ada <ada@lab.test>"), keyring.key("Eve <eve@lab.test>")
    expired = keyring.key("Old <old@lab.test>", *old_times, expires="2020-03-01")

    def signed(key, program="gpg"):
        git(lab.work, "-c", f"gpg.program={program}", "commit", "-q", "--allow-empty", f"-S{key}", "-m", "S")
        return lab.push_only()

    said = [lab.once("--verify-signatures")]
    signed(unknown)
    keyring.gpg("--delete-secret-and-public-key", unknown)
    said.append(lab.once("--verify-signatures"))
    signed(expired, past)
    said.append(lab.once("--verify-signatures"))
    last = signed(good)
    accepted = (lab.once("--verify-signatures", "--wait")[0], lab.applied)
    keyring.revoke(good)
    commands.stop_local_cloud(lab.clone / ".runner" / "local-cloud")
    lab.clone.rename(lab.folder / "former")
    said.append(lab.once("--verify-signatures"))

    assert [(1, "refused")] * 4 == [(code, told[0][0]) for code, told in said]
    assert all("git cannot verify its signature" in told[0][1] for _, told in said)
    assert (0, last) == accepted


# In place of git: the n-th call kills who has called it; every other time git goes on without them.
KILLING_GIT = """\
#!/bin/sh
left=$(($(cat {countdown}) - 1))
echo $left > {countdown}
if [ $left -eq 0 ]; then
    kill -9 $PPID
    [ -e {goes_on} ] || exit 1
fi
exec {git} "$@"
"""


@pytest.mark.long
def test_killed_at_one_command_of_git_after_the_other_the_next_start_goes_on(lab, monkeypatch, tmp_path):
    """Each start is killed two commands later than the last, with a new commit to be taken."""
    countdown, goes_on, program = tmp_path / "countdown", tmp_path / "goes-on", tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        KILLING_GIT.format(countdown=countdown, goes_on=goes_on, git=shutil.which("git")), encoding="utf-8"
    )
    program.chmod(0o700)
    ended = []
    with monkeypatch.context() as patched, (tmp_path / "forks.log").open("w") as log:
        countdown.write_text("-1")
        patched.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        with Forks(log) as forks:
            while not ended or (ended[-1] == -signal.SIGKILL and len(ended) < 60):
                (lab.work / "notes.md").write_text(f"{len(ended)}\n", encoding="utf-8")
                (lab.work / f"{len(ended)}.md").write_text("new\n", encoding="utf-8")
                (lab.work / f"{len(ended) - 2}.md").unlink(missing_ok=True)
                countdown.write_text("-1")
                head = lab.push()
                countdown.write_text(f"{2 * len(ended) + 1}")
                goes_on.unlink() if goes_on.exists() else goes_on.touch()
                pid = forks.start(lab.folder, *lab.words("--once", "--wait"))
                ended.append(forks.end(pid, WAIT_S))
    files = git(lab.clone, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    found = [path for path in files if (lab.clone / path).is_file()]

    assert [*[-signal.SIGKILL] * (len(ended) - 1), 0] == ended
    assert len(ended) > 5
    assert (head, head, files) == (lab.applied, git(lab.clone, "rev-parse", "HEAD"), found)
    assert ("", 150) == (git(lab.clone, "status", "--porcelain"), lab.bought)


@pytest.mark.long
def test_records_go_along_when_a_commit_names_another_folder_for_them(lab):
    """As they were written, so that nothing is measured again even if the cloud has forgotten it."""
    assert lab.once("--wait")[0] == 0
    before = {path.relative_to(lab.clone / "results"): path.read_bytes() for path in records(lab, "results")}
    commands.stop_local_cloud(lab.clone / ".runner" / "local-cloud")
    shutil.rmtree(lab.clone / ".runner" / "local-cloud")
    (lab.work / "runner.toml").write_text('namespace = "lab"\nresults = "out"\n', encoding="utf-8")
    lab.push()
    moved = lab.once("--wait")[0]
    after = {path.relative_to(lab.clone / "out"): path.read_bytes() for path in records(lab, "out")}

    assert (0, before, 150) == (moved, after, lab.bought)


def records(lab, folder):
    """Files in which the clone keeps records."""
    return sorted(lab.clone.glob(f"{folder}/**/*.jsonl"))
