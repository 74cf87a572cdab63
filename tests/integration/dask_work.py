"""What workers do in the tests of the engine over Dask: as the payload says."""

from __future__ import annotations

import errno
import importlib
import json
import multiprocessing
import os
import signal
import time
from pathlib import Path


def work(payload, kept=None):
    """Wait, fail, or kill; then tell which process did it."""
    asked = json.loads(payload)
    if asked["do"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if asked["do"] == "fail":
        raise ValueError("no such pulse")
    if asked["do"] == "kill its worker, once" and not Path(asked["marker"]).exists():
        Path(asked["marker"]).touch()
        os.kill(multiprocessing.parent_process().pid, signal.SIGKILL)
    if asked["do"] == "miss a package":
        importlib.import_module("emu_none")
    if asked["do"] == "meet a full disk":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "marker" in asked:
        Path(asked["marker"]).touch()
    while asked["do"] == "wait for" and not Path(asked["file"]).exists():
        time.sleep(0.01)
    time.sleep(asked.get("for_s", 0))
    return json.dumps({"pid": os.getpid(), "kept": str(kept)})
