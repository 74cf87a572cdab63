"""What every test stands on: no credentials, proxies or colours; a cloud; which begin first; their end."""

from __future__ import annotations

import gc
import os
import sys

import commands
import pytest
from hypothesis import HealthCheck, settings
from leftovers import pytest_configure, pytest_unconfigure

from runner.local.server.launch import ensure_running

__all__ = ["pytest_configure", "pytest_unconfigure"]

# Containers often forbid bytecode: each process of a test, and each worker, would compile all modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What is imported stays: nothing is gained by looking for garbage among it, again and again.
gc.disable()

# On a slow machine the same is found as on a fast one.
settings.register_profile(
    "any speed",
    parent=settings(),
    database=None,
    deadline=None,
    max_examples=50,  # 600 in .ci/run
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", parent=settings.get_profile("any speed"), max_examples=600)
settings.load_profile("any speed")

_FOREIGN = ("PASQAL_USERNAME", "PASQAL_PASSWORD", "PASQAL_TOKEN", "PASQAL_PROJECT_ID", "FORCE_COLOR")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch):
    """No test meets the credentials, proxies or colours of whoever runs it."""
    for name in (*_FOREIGN, *_PROXIES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """A local cloud for all labs of this process, for to start one costs three seconds of a processor.

    Labs on it have namespaces of their own.
    """
    store = tmp_path_factory.mktemp("cloud") / "store"
    ensure_running(store, idle_exit_s=3600)
    yield store
    commands.stop_local_cloud(store)


def pytest_ignore_collect(collection_path, config):
    """Where long tests are left out, modules of which all are long are not even imported."""
    if config.option.markexpr != "not long" or collection_path.suffix != ".py":
        return None
    return True if "\npytestmark = pytest.mark.long" in collection_path.read_text("utf-8") else None


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """All modules are there: from here on, garbage is what tests leave."""
    yield
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items):
    """The longest begin first, so that no process is alone with one in the end."""
    items.sort(key=_seconds, reverse=True)


def _seconds(item):
    mark = item.get_closest_marker("seconds")
    return mark.args[0] if mark else 0
