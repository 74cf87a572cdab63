"""A repository that is followed: a bare one, somebody who pushes to it, and a clone that is kept current."""

from __future__ import annotations

import json
import signal
import threading
import time
from datetime import UTC, datetime, timedelta

import commands
import pytest
from own_git import git

from runner.gitops import FollowedSource
from runner.project.sync.loop import LoopContext, StopRequest
from runner.project.sync.sync import Following, Syncing, our_clone
from runner.reconcile import Patience
from runner.reconcile.execute.change_events import News, Pace

WAIT_S = 120
OTHER = commands.EXPERIMENT.replace("pair", "two").replace("[100, 200, 300]", "[700]")


class Lab:
    """A repository, somebody who pushes to it, and a clone that is kept current."""

    def __init__(self, folder, capsys):
        self.folder, self.capsys = folder, capsys
        self.url, self.work, self.clone = folder / "lab.git", folder / "work", folder / "clone"

    def push(self, *words, **files):
        """Commits files (None removes one) and pushes; answers the commit."""
        for name, text in files.items():
            path = self.work / "specs" / f"{name}.yaml"
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", "Change")
        return self.push_only(*words)

    def push_only(self, *words):
        """Pushes what is there; answers the commit."""
        git(self.work, "push", "--quiet", *words, "origin", "HEAD:main")
        return git(self.work, "rev-parse", "HEAD")

    def words(self, *words):
        """Of the command."""
        return ("sync", str(self.url), "--branch", "main", "--clone", str(self.clone), "-o", "json", *words)

    def once(self, *words):
        """Exit code of `--once`, and the events that are about commits: kind and text."""
        code, out, err = commands.said(self.capsys, *self.words("--once", *words))
        assert code != 70, err
        events = [json.loads(line) for line in out.splitlines()]
        kinds = {"commit", "refused", "invalid", "unreachable"}
        return code, [(each["event"], each["text"]) for each in events if each["event"] in kinds]

    @property
    def applied(self):
        """The commit in force, as it is remembered."""
        return json.loads((self.clone / ".runner" / "sync.json").read_text(encoding="utf-8"))["commit"]

    @property
    def bought(self):
        """Runs that were bought, ever."""
        code, out, err = commands.run(self.clone, "history", "-o", "json")
        assert code == 0, err
        return sum(each["runs"] for each in json.loads(out))


class Process:
    """A process that keeps the clone current, and what it has said so far."""

    def __init__(self, lab):
        self.process = commands.start(lab.folder, *lab.words("--interval", "0.3s"))
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def kinds(self):
        """Of the events so far."""
        return [json.loads(line)["event"] for line in self.lines]

    def until(self, is_so):
        """Waits for a condition."""
        deadline = time.monotonic() + WAIT_S
        while not is_so():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"in vain: {self.process.poll()}, {self.lines}")
            time.sleep(0.02)

    def end(self, number=signal.SIGTERM):
        """Sends a signal; answers the exit code and what was said on stderr."""
        self.process.send_signal(number)
        code = self.process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        with self.process:
            return code, self.process.stderr.read()


class Script:
    """What happens in each pause, until there is nothing more; time passes in pauses only."""

    def __init__(self, *steps):
        self.steps, self.events = list(steps), []
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.context = LoopContext(
            tell=self.events.append,
            check=lambda: None,
            wait=self.wait,
            jitter=lambda: 1.0,
            clock=lambda: self.now,
            pace=Pace(interval_s=60),
            patience=Patience(until_done=True),
            sees_removed=True,
        )

    def wait(self, seconds):
        """The next step; a pause within a turn is none."""
        if seconds < 50:
            time.sleep(min(seconds, 0.05))
            return
        if not self.steps:
            raise StopRequest
        self.now += timedelta(seconds=seconds)
        self.steps.pop(0)()

    def run(self, lab, *reporters):
        """From the first look to the end of the script; answers the events about commits, by kind."""
        following = Following(source=FollowedSource(url=str(lab.url), branch="main"))
        with our_clone(lab.clone, following.source, self.context) as clone:
            syncing = Syncing(clone, following, self.context, reporters=reporters)
            syncing.begin()
            with pytest.raises(StopRequest):
                syncing.go_on()
        about = {News.COMMIT, News.REFUSED, News.INVALID, News.UNREACHABLE, News.RECOVERED, News.ERROR}
        return [each.event for each in self.events if each.event in about]
