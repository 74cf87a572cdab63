"""A cloud with a URL of its own, and labs that use it."""

from __future__ import annotations

import commands
import pytest

from runner.cloud import Client, Endpoints
from runner.local.launch import ensure_running


@pytest.fixture
def lab(tmp_path):
    """A lab on the local cloud, which is ended with the test."""
    lab = commands.a_lab(tmp_path / "lab")
    yield lab
    commands.stop_local_cloud(lab / ".runner" / "local-cloud")


@pytest.fixture
def cloud(tmp_path):
    """A client of a local cloud that belongs to no lab."""
    store = tmp_path / "cloud"
    server = ensure_running(store, idle_exit_s=600)
    yield Client(endpoints=Endpoints(core=server.url, account=server.url), project_id="p")
    commands.stop_local_cloud(store)
