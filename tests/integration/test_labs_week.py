"""A lab's week: 30 experiments, 40 commits, two runners that are killed, and a cloud that misbehaves."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from collections import Counter

import commands
import pytest
from forking_runner import Forks
from own_git import HERMETIC, git
from patience import PATIENCE_S
from promises import rows_of
from week_script import N_EXPERIMENTS, Kind, asked_for, week

SEED = os.environ.get("RUNNER_WEEK_SEED", "1")
# Turns that one of them may take until all is settled; a fault may spoil any of them.
TURNS = 12
SETTINGS = """\
namespace = "lab"
target = "test"
[targets.test]
url = "{url}"
settle_s = 0.15
claim_ttl_s = 0.6
poll_s = 0.1
"""
# Answers lost before and after the cloud has acted, errors, requests that come late, and lists that lag.
FAULTS = """\
faults = [
    {{effect = "drop", when = "after", method = "POST", probability = 0.06, seed = {0}1}},
    {{effect = "drop", when = "before", method = "POST", probability = 0.04, seed = {0}2}},
    {{effect = "error", when = "after", method = "POST", probability = 0.06, seed = {0}3}},
    {{effect = "error", when = "after", method = "PATCH", probability = 0.06, seed = {0}4}},
    {{effect = "error", status = 502, html = true, method = "GET", probability = 0.01, seed = {0}5}},
    {{effect = "delay", when = "before", delay_s = 0.3, method = "POST", probability = 0.06, seed = {0}6}},
    {{effect = "lag", lag_s = 0.1, path = "/api/v1/batches"}},
]
"""


@pytest.fixture
def cloud(tmp_path):
    """Address and database of a cloud that misbehaves all the time; ended with the test."""
    (tmp_path / "cloud.toml").write_text(FAULTS.format(int(SEED)), encoding="utf-8")
    process = commands.start(tmp_path, "local", "serve", "--store", "cloud", "--config", "cloud.toml")
    try:
        url = re.search(r"http://\S+", process.stdout.readline()).group()
        yield url, tmp_path / "cloud" / "cloud.db"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


class Author:
    """Somebody who pushes what the script says."""

    def __init__(self, folder, url):
        self._work = folder / "work"
        self._pushed = []
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "lab.git")
        git(folder, "init", "--quiet", "--initial-branch=main", "work")
        git(self._work, "remote", "add", "origin", "../lab.git")
        (self._work / "runner.toml").write_text(SETTINGS.format(url=url), encoding="utf-8")

    def git(self, *words):
        """What git answers in the working folder."""
        return git(self._work, *words)

    def push(self, step):
        """Pushes a step; answers the newest commit."""
        match step.kind:
            # What came after a broken commit has mended it: that is not reverted with the rest.
            case Kind.REVERT if all(each.comes_into_force for each in self._pushed[-2:]):
                merge = ("-m", "1") if self._pushed[-1].kind is Kind.MERGE else ()
                self.git("revert", "--no-edit", *merge, "HEAD")
            case Kind.MERGE:
                self.git("checkout", "--quiet", "-b", "topic")
                self._commit(step)
                self.git("checkout", "--quiet", "main")
                self.git("merge", "--quiet", "--no-ff", "-m", "Merge", "topic")
                self.git("branch", "--quiet", "--delete", "--force", "topic")
            case Kind.FORCE:
                self.git("reset", "--quiet", "--hard", "HEAD~1")
                self._commit(step)
            case _:
                self._commit(step)
        if step.kind is not Kind.FORCE:
            self._pushed.append(step)
        force = ("--force",) if step.kind is Kind.FORCE else ()
        self.git("push", "--quiet", *force, "origin", "HEAD:main")
        return self.git("rev-parse", "HEAD")

    def _commit(self, step):
        shutil.rmtree(self._work / "specs", ignore_errors=True)
        for path, wish in step.files.items():
            file = self._work / "specs" / f"{path}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            text = wish.text
            file.write_text(text[: len(text) // 2] if path == step.broken else text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", step.kind)

    def undo_force(self, commit):
        """Puts the branch back to where it was."""
        self.git("reset", "--quiet", "--hard", commit)
        self.git("push", "--quiet", "--force", "origin", "HEAD:main")


class Crew:
    """Runners with a clone each, as processes.

    Args:
        folder: Holds the repository and the clones.
    """

    def __init__(self, folder, forks):
        self._folder, self._forks = folder, forks
        self.n_killed = 0
        self._lock = threading.Lock()

    def take(self, turns, expected):
        """All turns at the same time, each until it ends as expected; what went wrong otherwise."""
        wrong = []

        def take_one(turn):
            code = self._taken(turn, expected)
            if code != expected:
                wrong.append((turn, code, self._log(turn.runner)[-3000:]))

        threads = [threading.Thread(target=take_one, args=[turn]) for turn in turns]
        for each in threads:
            each.start()
        for each in threads:
            each.join(PATIENCE_S * TURNS)
        return wrong

    def _taken(self, turn, expected):
        for seconds in turn.killed_after_s:
            pid = self._start(turn.runner)
            time.sleep(seconds)
            ended = self._forks.kill(pid)
            with self._lock:
                self.n_killed += ended == -signal.SIGKILL
        if turn.is_fresh:
            shutil.rmtree(self._folder / turn.runner / "clone", ignore_errors=True)
        code = None
        for _ in range(TURNS):
            code = self._forks.end(self._start(turn.runner), PATIENCE_S)
            if code == expected:
                break
        return code

    def _start(self, name):
        place = self._folder / name
        place.mkdir(exist_ok=True)
        repository = str(self._folder / "lab.git")
        words = ("--branch", "main", "--path", "specs", "--clone", str(place / "clone"), "--once", "--wait")
        with self._lock:
            return self._forks.start(place, "sync", repository, *words, "--yes", "-o", "json")

    def _log(self, name):
        return (self._folder / name / "log").read_text(encoding="utf-8")

    def applied(self, name):
        """The commit in force for one of them."""
        path = self._folder / name / "clone" / ".runner" / "sync.json"
        return json.loads(path.read_text(encoding="utf-8"))["commit"]


def bought(database):
    """Runs by amplitude, duration (in ns) and rerun, from the cloud's database; cancelled ones left out."""
    jobs, batches, _ = rows_of(database)
    known = {batch["id"]: _sequence(batch) for batch in batches}
    runs = Counter()
    for job in jobs.values():
        if job["status"] != "CANCELED":
            amplitude, rerun = known[job["batch_id"]]
            runs[amplitude, json.loads(job["variables"])["t_ns"], rerun] += job["runs"]
    return dict(runs)


def _sequence(batch):
    """Amplitude (in hundredths of rad/µs) and rerun of a batch."""
    pulse = json.loads(batch["sequence"])["operations"][0]
    reruns = [tag.partition(":")[2] for tag in json.loads(batch["tags"]) if tag.startswith("rerun:")]
    return round(100 * pulse["amplitude"]["value"]), int(reruns[0]) if reruns else 0


def played(steps, author, crew):
    """Plays the steps; what did not end as the script says, and the newest commit that is to be in force."""
    wrong, in_force = [], ""
    for number, step in enumerate(steps):
        commit = author.push(step)
        found = crew.take(step.turns, 0 if step.comes_into_force else 1)
        wrong += [(number, step.kind, *each) for each in found]
        if step.kind is Kind.FORCE:
            author.undo_force(in_force)
            continue
        in_force = commit if step.comes_into_force else in_force
    return wrong, in_force


@pytest.fixture
def forks(tmp_path, monkeypatch):
    """What starts runners, with a git that knows nobody's configuration."""
    for name, value in HERMETIC.items():
        monkeypatch.setenv(name, value)
    with (tmp_path / "forks.log").open("w") as log, Forks(log) as forks:
        yield forks


@pytest.mark.long
@pytest.mark.seconds(60)
def test_in_a_labs_week_what_was_asked_for_is_bought_exactly_once(tmp_path, cloud, forks):
    """Runs in the cloud's database are those of each sequence, job and rerun that ever was in force."""
    url, database = cloud
    steps = week(SEED)
    crew = Crew(tmp_path, forks)
    wrong, newest = played(steps, Author(tmp_path, url), crew)

    assert [] == wrong
    assert asked_for(steps) == bought(database)
    assert (newest, newest) == (crew.applied("ada"), crew.applied("bob"))
    assert crew.n_killed > 0
    assert (40, N_EXPERIMENTS) == (len(steps), _n_experiments(steps))


def _n_experiments(steps):
    """Experiments that were ever added; one that is renamed is the same."""
    return len({path.rpartition("/")[2] for step in steps for path in step.files})
