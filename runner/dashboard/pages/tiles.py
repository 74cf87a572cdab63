"""Experiments in a few words and numbers each, made again only of what has changed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from runner.dashboard.pages.figures import last_change, moment, progress, progress_on_record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.dashboard.sight import Sight
    from runner.reconcile import Happening


class Tiles:
    """Remembers tiles; one that says the same as before is the same object."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[tuple[object, ...], dict[str, Any]]] = {}

    def of(self, sight: Sight) -> dict[str, dict[str, Any]]:
        """The tile of each experiment, by its name."""
        happened = last_happened(sight.happened)
        self._made = {name: self._one(sight, name, happened.get(name)) for name in sight.experiments}
        return {name: made for name, (_, made) in self._made.items()}

    def _one(
        self, sight: Sight, name: str, happened: datetime | None
    ) -> tuple[tuple[object, ...], dict[str, Any]]:
        seen = (
            sight.experiments[name],
            sight.planned.get(name),
            sight.recorded.get(name),
            sight.paths.get(name),
            sight.unread.get(name),
            happened,
        )
        known = self._made.get(name)
        if known and all(one is other for one, other in zip(known[0], seen, strict=True)):
            return known
        made = _tile(sight, name, happened)
        return seen, known[1] if known and known[1] == made else made


def last_happened(happened: Iterable[Happening]) -> dict[str, datetime]:
    """When something was last done for each experiment, by its name; `happened` has the oldest first."""
    return {each.experiment: each.at for each in happened}


def tile(sight: Sight, name: str) -> dict[str, Any]:
    """One experiment in a few words and numbers."""
    happened = last_happened(each for each in sight.happened if each.experiment == name)
    return _tile(sight, name, happened.get(name))


def _tile(sight: Sight, name: str, happened: datetime | None) -> dict[str, Any]:
    experiment, planned = sight.experiments[name], sight.planned.get(name)
    recorded, path = sight.recorded.get(name, ()), sight.paths.get(name, "")
    jobs = planned.plan.jobs if planned else progress_on_record(experiment, recorded)
    changes = [at for at in (happened, last_change(recorded)) if at]
    proposal = planned.snapshot.observed.proposal if planned else None
    return {
        "name": name,
        "folder": PurePosixPath(path).parent.as_posix(),
        "path": path,
        "description": experiment.file.content["metadata"].get("description", ""),
        "labels": experiment.file.content["metadata"].get("labels", {}),
        "device_type": experiment.desired.device_type,
        "sync": str(planned.plan.sync) if planned else "Unknown",
        "health": str(planned.plan.health) if planned else "Unknown",
        "progress": progress(jobs),
        "holds": len(planned.plan.holds) if planned else 0,
        "changed_at": moment(max(changes, default=None)),
        "commit": planned.snapshot.commit[:12] if planned else "",
        "strategy": proposal.said if proposal else "",
    }
