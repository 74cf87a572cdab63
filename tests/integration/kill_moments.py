"""When a server is killed: seeded moments, how to wait for one, and what is left of a server after it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from random import Random

from patience import PATIENCE_S

# A kill comes at the latest after so long, whatever it waits for.
LONGEST_LIFE_S = 4.0


@dataclass(frozen=True)
class Kill:
    """A moment: so long after the n-th event of a kind since the server was started.

    Args:
        event: `started` (the process, which does not answer yet), `sent` (a POST that has left its client) or
            `done` (a job).
    """

    event: str
    n: int
    delay_s: float


def schedule(seed, n_rounds):
    """The kills of a seed."""
    random = Random(f"kills {seed}")
    for _ in range(n_rounds):
        event = random.choices(["started", "sent", "done"], [2, 4, 4])[0]
        longest_s = {"started": 0.6, "sent": 0.02, "done": 0.1}[event]
        yield Kill(event, random.randint(1, 9), random.uniform(0, longest_s))


class Moment:
    """Waits for the moment of a kill."""

    def __init__(self, kill, wire):
        self._kill, self._wire = kill, wire
        self._n_sent, self._lock, self._is_sent = 0, threading.Lock(), threading.Event()
        self._done = "/api/v2/jobs?status=DONE&limit=1"

    def count_sent(self, method):
        """Take note of a request that has left its client."""
        if method == "POST":
            with self._lock:
                self._n_sent += 1
                if self._n_sent == self._kill.n:
                    self._is_sent.set()

    def wait(self):
        """Return when it is time."""
        if self._kill.event == "sent":
            self._is_sent.wait(LONGEST_LIFE_S)
        else:
            wanted = self._wire.total(self._done) + self._kill.n
            deadline = time.monotonic() + LONGEST_LIFE_S
            while self._wire.total(self._done) < wanted and time.monotonic() < deadline:
                time.sleep(0.005)
        time.sleep(self._kill.delay_s)


def killed_early(folder, delay_s):
    """Start a server and kill it while it comes up; gives its process."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "runner.local", "--store", str(folder)],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    time.sleep(delay_s)
    process.kill()
    process.wait(PATIENCE_S)
    return process.pid


def is_there(pid):
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def alive_in_session(pid):
    """Whether anything of a server's session is alive: itself, its workers, or what they are forked from."""
    return bool(session(pid))


def session(pid):
    """Processes of a session that are alive."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(pid)], capture_output=True, check=False)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(number) for number, stat in rows if not stat.startswith(b"Z")]


def signal_all(pids, number):
    """Send a signal to processes; one that is gone already gets none."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
