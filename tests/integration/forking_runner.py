"""Many runner processes for the price of one: importing Pulser takes a second, a fork after it does not.

As a program it forks, for every line on its standard input (JSON: folder, words, log), a process that is
`runner words` in that folder; it says on its standard output who was born and who has ended, and how.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from importlib import import_module

from runner.cli import main

_LOOK_S = 0.01


class Forks:
    """Starts runners as forks; ended with all that still runs.

    Args:
        environ: Of the runners, beside what is there.
    """

    def __init__(self, stderr, **environ):
        self._program = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=os.environ | environ,
        )
        self._news = threading.Condition()
        self._born, self._ended = [], {}
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self):
        self._listener.start()
        return self

    def __exit__(self, *_):
        for pid in self._born:
            if pid not in self._ended:
                os.kill(pid, signal.SIGKILL)
        self._program.stdin.close()
        self._program.wait(60)
        self._listener.join(60)
        self._program.stdout.close()

    def start(self, folder, *words):
        """Starts `runner words` in a folder; what it prints is in its `log`. Its process id."""
        with self._news:
            n_born = len(self._born)
            order = {"folder": str(folder), "words": words, "log": str(folder / "log")}
            self._program.stdin.write(json.dumps(order) + "\n")
            self._program.stdin.flush()
            if not self._news.wait_for(lambda: len(self._born) > n_born, 60):
                raise TimeoutError("no runner was born within a minute")
            return self._born[-1]

    def end(self, pid, timeout_s):
        """How a process ended: exit code, negative for a signal; None when it still runs after a while."""
        with self._news:
            self._news.wait_for(lambda: pid in self._ended, timeout_s)
            return self._ended.get(pid)

    def send(self, pid, number):
        """Sends a signal to a process that may have ended."""
        with self._news:  # its id is not given to another process before its end was told
            if pid not in self._ended:
                os.kill(pid, number)

    def kill(self, pid):
        """Kills a process that may have ended; answers how it did end."""
        self.send(pid, signal.SIGKILL)
        return self.end(pid, 60)

    def _listen(self):
        for line in self._program.stdout:
            kind, pid, code = line.split()
            with self._news:
                if kind == "born":
                    self._born.append(int(pid))
                    self._ended.pop(int(pid), None)  # another one may have had the id before
                else:
                    self._ended[int(pid)] = int(code)
                self._news.notify_all()


def _be_the_program():
    for verb in ("apply", "validate"):
        main([verb, "--help"])
    for room in ("pulser", "runner.project", "runner.sequences"):
        import_module(room)  # what is imported here, every fork has

    children = set()
    is_open = True
    while is_open or children:
        if is_open and select.select([sys.stdin.fileno()], [], [], _LOOK_S)[0]:
            line = _line()
            is_open = bool(line)
            if line:
                children.add(_born(json.loads(line)))
        for pid in list(children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                children.discard(pid)
                _say("ended", pid, os.waitstatus_to_exitcode(status))


def _line():
    """One line, and nothing that comes after it: the rest is seen by the next look."""
    text = b""
    while not text.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return b""
        text += byte
    return text


def _born(order):
    pid = os.fork()
    if pid:
        _say("born", pid, 0)
        return pid
    code = 70
    try:
        os.chdir(order["folder"])
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (1, 2):
            os.dup2(log, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = main(order["words"])
        sys.stdout.flush()
    finally:
        os._exit(code)


def _say(kind, pid, code):
    os.write(_NEWS, f"{kind} {pid} {code}\n".encode())


if __name__ == "__main__":
    sys.path.pop(0)  # this folder: no module of it is the runner's
    _NEWS = os.dup(1)
    os.dup2(2, 1)
    os.set_inheritable(_NEWS, False)
    _be_the_program()
