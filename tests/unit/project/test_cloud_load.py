"""What a local cloud has to do, and whether devices are there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runner.errors import CloudError
from runner.project.config.tables import Target
from runner.project.views.cloud_load import CloudLoad, ProjectQueue, availabilities, cloud_load

SAID = {
    "workers": 2,
    "complaints": ["no workers"],
    "left_out": {"tcp://a": "old"},
    "queues": [{"project_id": "p", "device_type": "EMU_FREE", "pending": 3, "running": 1}],
    "others": {"pending": 5, "running": 0},
}


class Cloud:
    """A cloud that says one thing, or is away."""

    def __init__(self, said):
        self._said = said

    def get_queues(self):
        """What it has to do."""
        if isinstance(self._said, Exception):
            raise self._said
        return self._said

    def get_devices(self, device_type):
        """Two of each kind; it says nothing of some."""
        if device_type == "SILENT":
            return [{}]
        return [{"status": "UP", "availability": "ACTIVE"}] * 2


def a_project(said, target=None):
    """A project with a cloud."""
    connection = SimpleNamespace(client=Cloud(said))
    return SimpleNamespace(target=target or Target(), connection=lambda: connection)


def test_workers_and_queues_are_read():
    """As the local cloud tells them."""
    assert cloud_load(a_project(SAID)) == CloudLoad(
        workers=2,
        complaints=("no workers",),
        left_out={"tcp://a": "old"},
        queues=(ProjectQueue(project="p", device_type="EMU_FREE", pending=3, running=1),),
        other_pending=5,
        other_running=0,
    )


@pytest.mark.parametrize(
    "said",
    [
        CloudError("404"),
        {},
        SAID | {"workers": "many"},
        SAID | {"queues": [3]},
        SAID | {"queues": None},
        SAID | {"left_out": []},
        SAID | {"others": 3},
    ],
)
def test_what_cannot_be_read_is_not_shown(said):
    """An earlier version of the local cloud, or no such thing at all."""
    assert cloud_load(a_project(said)) is None


def test_another_cloud_is_not_asked_for_workers():
    """PCS does not tell them."""
    assert cloud_load(a_project(SAID, Target(region="fr"))) is None


def test_each_device_type_is_asked_for_once():
    """Each thing is said once; a cloud that says nothing is told from one that was not asked."""
    assert availabilities(a_project(SAID), ["FRESNEL", "SILENT", "FRESNEL"]) == {
        "FRESNEL": "UP ACTIVE",
        "SILENT": "",
    }
