"""What else a cloud says of itself: whether devices are there; of a local cloud, its workers and queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.errors import RunnerError
from runner.project.views.device_table import availability

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectQueue:
    """What waits of a project for a device type, and runs on it."""

    project: str
    device_type: str
    pending: int
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudLoad:
    """What a local cloud has to do.

    Args:
        workers: How many jobs it executes at the same time.

        complaints: Why jobs wait.

        left_out: Why workers get no jobs, by their addresses.

        queues: Of the projects that are told by name.

        other_pending: Jobs of other projects that wait.

        other_running: Those that run.
    """

    workers: int
    complaints: tuple[str, ...]
    left_out: Mapping[str, str]
    queues: tuple[ProjectQueue, ...]
    other_pending: int
    other_running: int


def cloud_load(project: Project) -> CloudLoad | None:
    """What the target has to do; None where it is no local cloud, or one of an earlier version."""
    if not project.target.is_emulated:
        return None
    try:
        return _read(project.connection().client.get_queues())
    except (RunnerError, LookupError, TypeError, ValueError, AttributeError):
        return None


def _read(said: Mapping[str, Any]) -> CloudLoad:
    """What a cloud says; raises an error of Python where it is not as it should be."""
    return CloudLoad(
        workers=int(said["workers"]),
        complaints=tuple(map(str, said["complaints"])),
        left_out={str(name): str(why) for name, why in said["left_out"].items()},
        queues=tuple(
            ProjectQueue(
                project=str(each["project_id"]),
                device_type=str(each["device_type"]),
                pending=int(each["pending"]),
                running=int(each["running"]),
            )
            for each in said["queues"]
        ),
        other_pending=int(said["others"]["pending"]),
        other_running=int(said["others"]["running"]),
    )


def availabilities(project: Project, device_types: Iterable[str]) -> dict[str, str]:
    """What the target says of the devices of each type; empty where it says nothing."""
    try:
        client = project.connection().client
    except RunnerError:
        return {}
    return {each: availability(client, each) or "" for each in sorted(set(device_types))}
