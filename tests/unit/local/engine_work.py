"""What workers do in the tests of the engine."""

from __future__ import annotations

import json
import os
import signal
import time


def work(payload):
    """Do as the payload says."""
    asked = json.loads(payload)
    if asked["do"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if asked["do"] == "fail":
        raise ValueError("no such pulse")
    time.sleep(asked.get("for_s", 0))
    return json.dumps({"pid": os.getpid(), "threads": os.environ.get("OMP_NUM_THREADS")})
