"""A real server for the tests of what clients see."""

from __future__ import annotations

import os
import signal
import time

import pytest

from runner.local.launch import ensure_running


@pytest.fixture(scope="session")
def local_server(tmp_path_factory):
    """One local cloud for all of them."""
    server = ensure_running(tmp_path_factory.mktemp("cloud") / "store")
    yield server
    os.kill(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.kill(server.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.01)
