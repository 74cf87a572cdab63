"""A cloud with a URL of its own, and labs that use it."""

from __future__ import annotations

import shutil

import commands
import followed
import own_git
import pytest

from runner.cloud import Client, Endpoints
from runner.local.server.launch import ensure_running


@pytest.fixture
def lab(tmp_path):
    """A lab on the local cloud, which is ended with the test."""
    lab = commands.a_lab(tmp_path / "lab")
    yield lab
    commands.stop_local_cloud(lab / ".runner" / "local-cloud")


@pytest.fixture
def neighbour(tmp_path, store):
    """A lab on the local cloud that others use, too."""
    return commands.a_neighbour(tmp_path / "lab", store)


@pytest.fixture
def cloud(tmp_path):
    """A client of a local cloud that belongs to no lab."""
    store = tmp_path / "cloud"
    server = ensure_running(store, idle_exit_s=600)
    yield Client(endpoints=Endpoints(core=server.url, account=server.url), project_id="p")
    commands.stop_local_cloud(store)


@pytest.fixture(scope="session")
def followed_template(tmp_path_factory):
    """A bare repository and a clone with one experiment, pushed."""
    folder = tmp_path_factory.mktemp("template")
    work = commands.a_lab(folder / "work")
    own_git.git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "lab.git")
    own_git.git(work, "init", "--quiet", "--initial-branch=main")
    own_git.git(work, "remote", "add", "origin", "../lab.git")
    followed.Lab(folder, None).push()
    return folder


@pytest.fixture
def followed_lab(followed_template, tmp_path, capsys, monkeypatch):
    """A copy of it; its local cloud ends with the test."""
    for name, value in own_git.HERMETIC.items():
        monkeypatch.setenv(name, value)
    shutil.copytree(followed_template, tmp_path / "lab")
    lab = followed.Lab(tmp_path / "lab", capsys)
    yield lab
    commands.stop_local_cloud(lab.clone / ".runner" / "local-cloud")
