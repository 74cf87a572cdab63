"""Nothing that tests start outlives them, whatever becomes of pytest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

TESTS = Path(__file__).parents[1]
PATIENCE_S = 200
CARELESS = """\
import os, sys, time
from pathlib import Path

from runner.local.server.launch import ensure_running

def test_that_leaves_a_server_behind():
    server = ensure_running(Path("store"), idle_exit_s=3600)
    Path("pids").write_text(f"{server.pid} {os.getpid()}")
    END
"""


@pytest.fixture
def careless(tmp_path):
    """Starts pytest on a test that ends so; answers pytest, the server of the test, and its own process."""
    started = []

    def begin(end, *words):
        (tmp_path / "test_careless.py").write_text(CARELESS.replace("END", end), encoding="utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "leftovers", "-p", "no:cacheprovider", *words],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(TESTS)},
        )
        started.append(process)
        pids = until(lambda: written(tmp_path / "pids"))
        return process, *map(int, pids.split())

    yield begin
    for each in started:
        each.kill()
        each.wait()


def written(path):
    """What stands in a file, once something does."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def until(look):
    """What a look gives, as soon as it gives something."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return found


def is_gone(pid):
    """Whether a process has ended; nobody may have taken note of it yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.seconds(10)
@pytest.mark.parametrize(
    ("end", "words"),
    [
        pytest.param("pass", [], id="careless"),
        pytest.param("os.abort()", ["-n", "1"], marks=pytest.mark.long, id="aborted"),
        pytest.param("time.sleep(3600)", ["-n", "1"], marks=pytest.mark.long, id="killed"),
    ],
)
def test_a_server_ends_with_pytest(careless, end, words):
    """Whether pytest ends by itself, dies of a test, or is killed while one runs."""
    process, server, tester = careless(end, *words)
    if "sleep" in end:
        process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_S)

    until(lambda: is_gone(server))
    until(lambda: is_gone(tester))
