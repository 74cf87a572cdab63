"""A cloud without sockets, physics or real time, for every test of the room."""

from __future__ import annotations

import pytest
from local_fakes import Asker, Clock, FakeEngine, FakeSequences, counted_ids

from runner.local.server.local_cloud import LocalCloud
from runner.local.store.store import Store


@pytest.fixture
def clock():
    """A clock that moves when it is told to."""
    return Clock()


@pytest.fixture
def store(clock):
    """An empty store in memory."""
    store = Store(":memory:", clock=clock, new_id=counted_ids())
    yield store
    store.close()


@pytest.fixture
def engine():
    """An engine that does what the test says."""
    return FakeEngine()


@pytest.fixture
def cloud(store, engine):
    """The cloud over them."""
    return LocalCloud(store, engine, sequences=FakeSequences(), about={"store": "/somewhere", "pid": 1})


@pytest.fixture
def ask(cloud):
    """A client of that cloud."""
    return Asker(cloud)
