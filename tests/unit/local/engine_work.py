"""What workers do in the tests of the engine."""

from __future__ import annotations

import json
import os
import signal
import time


class OddError(Exception):
    """An error that can be pickled but not read again, like some of Pulser's."""

    def __init__(self, *, reason):
        super().__init__(reason)


def work(payload):
    """Do as the payload says."""
    asked = json.loads(payload)
    if asked["do"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if asked["do"] == "fail":
        raise ValueError("no such pulse")
    if asked["do"] == "fail oddly":
        raise OddError(reason="no such pulse")
    time.sleep(asked.get("for_s", 0))
    said = {"pid": os.getpid(), "threads": os.environ.get("OMP_NUM_THREADS"), "text": asked.get("text")}
    return json.dumps(said)
