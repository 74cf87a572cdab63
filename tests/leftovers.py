"""What tests start ends with them, also when pytest dies: a plugin, and a process beside pytest.

Processes inherit a mark in their environment, those of other sessions too. The one beside pytest waits until
pytest is gone, however it ends, and then ends whatever still has the mark of that run.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import uuid
from contextlib import suppress

import psutil
import pytest

MARK = "PULSER_RUNNER_TESTS"
_LOOK_S = 1.0
_PATIENCE_S = 5.0
_ROUNDS = 3  # what is ended may have been starting something

_GUARD = pytest.StashKey[subprocess.Popen]()


def pytest_configure(config):
    """Start the process beside pytest; those that pytest starts for `-n` have the mark themselves."""
    if hasattr(config, "workerinput"):
        return
    mark = uuid.uuid4().hex
    config.stash[_GUARD] = subprocess.Popen(
        [sys.executable, __file__, mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # An interrupt of the terminal is for pytest alone.
        start_new_session=True,
    )
    os.environ[MARK] = mark


def pytest_unconfigure(config):
    """Wait until nothing is left."""
    guard = config.stash.get(_GUARD, None)
    if guard is not None:
        os.environ.pop(MARK, None)
        guard.communicate()


def main():
    """Wait for the end of pytest, and end what it left."""
    (mark,) = sys.argv[1:]
    parent = os.getppid()
    # A fork of pytest keeps our input open.
    while os.getppid() == parent and not select.select([sys.stdin], [], [], _LOOK_S)[0]:
        pass
    for _ in range(_ROUNDS):
        if not end(marked(mark)):
            break


def marked(mark):
    """Processes that were started with a mark."""
    return [each for each in psutil.process_iter() if _mark(each) == mark]


def end(processes):
    """End processes, kindly at first; whether there were any."""
    _tell(processes, psutil.Process.terminate)
    _, living = psutil.wait_procs(processes, _PATIENCE_S)
    _tell(living, psutil.Process.kill)
    psutil.wait_procs(living, _PATIENCE_S)
    return bool(processes)


def _mark(process):
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):  # it has ended, or belongs to another user
        return None


def _tell(processes, what):
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            what(each)


if __name__ == "__main__":
    main()
