"""A local cloud for all labs of a module: to start one costs three seconds of a processor."""

from __future__ import annotations

import commands
import pytest

from runner.local.server.launch import ensure_running


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Where the cloud is; labs on it have namespaces of their own."""
    store = tmp_path_factory.mktemp("cloud") / "store"
    ensure_running(store, idle_exit_s=3600)
    yield store
    commands.stop_local_cloud(store)
