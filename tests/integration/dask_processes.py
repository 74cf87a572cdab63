"""A Dask cluster as processes of its own, on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from patience import PATIENCE_S

_PATH = [str(Path(__file__).parent), *filter(None, sys.path)]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(_PATH)}


class Cluster:
    """A scheduler and its workers, one thread each; all of them end with the block."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.port = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()  # also one that was stopped
        for process in self.processes:
            process.wait()

    def start_scheduler(self):
        """Start it, at the same address as the one before; gives the process."""
        file = self.folder / f"scheduler-{len(self.processes)}.json"
        process = self._start("scheduler", "--port", str(self.port), "--scheduler-file", str(file))
        until(lambda: file.exists() and file.read_text())
        self.address = json.loads(file.read_text())["address"]
        self.port = self.address.rpartition(":")[2]
        return process

    def start_worker(self, *, preload=None):
        """Start one more, which executes a text first; gives the process."""
        options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder))
        first = () if preload is None else ("--preload", preload)
        return self._start("worker", self.address, *options, *first)

    def _start(self, kind, *words):
        options = ("--host", "127.0.0.1", "--no-dashboard")
        with (self.folder / "cluster.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, *options],
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process


def until(condition):
    """Wait for a condition, not for a time; gives what it gave."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return found
