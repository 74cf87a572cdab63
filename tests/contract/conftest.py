"""A real server for the tests of what clients see."""

from __future__ import annotations

import commands
import pytest

from runner.local.server.launch import ensure_running


@pytest.fixture(scope="module")
def local_server(tmp_path_factory):
    """One local cloud for all tests of a module."""
    store = tmp_path_factory.mktemp("cloud") / "store"
    yield ensure_running(store, idle_exit_s=3600)
    commands.stop_local_cloud(store)
