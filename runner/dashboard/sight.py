"""What was last seen of a repository and of its target, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from runner.domain import RecordedJob
    from runner.project.experiments.loaded import Experiment
    from runner.project.views.cloud_load import CloudLoad
    from runner.project.views.device_changes import DeviceChange
    from runner.reconcile import Happening, Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFile:
    """A file that is not in order.

    Args:
        path: From the root of the repository.
    """

    path: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was last seen.

    Args:
        title: Name of the repository's folder.

        target: Where it is applied, as `emulated:local`.

        head: The commit that is checked out; empty where there is none.

        views: Filters of the first page that have a name, by it.

        experiments: Those whose files are in order, by their names.

        paths: Their files from the root of the repository, by their names.

        planned: What is there of each on the target, and what would be done; by name, as far as it was seen.

        looked_at: When the target was last seen; None for never.

        trouble: Why it could not be seen since; empty where it could.

        defect: What the runner itself did wrong when it last looked; empty for nothing.

        recorded: The jobs on record that may count for each, by name.

        unread: Why the records of an experiment cannot be read, by its name; under no name, why the journal
            cannot.

        devices: What is known of the target's device types: names, limits and their age, as plain data.

        device_changes: What has changed of devices since experiments were built for them.

        load: What a local cloud has to do; None where the target is none, or was not asked.

        happened: What was done from this checkout, oldest first, the last part of it.

        tiles: Experiments in a few words and numbers each, as the first page shows them, by name; those that
            are not there are made when they are asked for.

        version: Counts how often anything has changed.
    """

    title: str
    target: str
    head: str = ""
    views: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    broken: tuple[BrokenFile, ...] = ()
    planned: Mapping[str, Planned] = field(default_factory=dict)
    looked_at: datetime | None = None
    trouble: str = ""
    defect: str = ""
    recorded: Mapping[str, tuple[RecordedJob, ...]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[Mapping[str, object], ...] = ()
    device_changes: tuple[DeviceChange, ...] = ()
    load: CloudLoad | None = None
    happened: tuple[Happening, ...] = ()
    tiles: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    version: int = 0
