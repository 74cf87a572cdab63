"""The first page: all experiments, the worst first, with a filter in the address."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from runner.dashboard.pages.figures import (
    STATES,
    last_change,
    moment,
    progress,
    progress_on_record,
    worst_first,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.dashboard.sight import Sight

FILTERS = ("q", "folder", "health", "sync", "device")


def overview(sight: Sight, asked: Mapping[str, str]) -> dict[str, Any]:
    """What the first page shows.

    Args:
        asked: Filters: words to search for, a folder, a health, a sync, a device type.
    """
    tiles = sorted((tile(sight, name) for name in sight.experiments), key=worst_first)
    shown = [each for each in tiles if _is_asked(each, asked)]
    return {
        "tiles": shown,
        "total": len(tiles),
        "filters": {name: asked.get(name, "") for name in FILTERS},
        "folders": _folders(tiles),
        "healths": _counts(tiles, "health"),
        "syncs": _counts(tiles, "sync"),
        "devices": _counts(tiles, "device_type"),
        "progress": {state: sum(each["progress"][state] for each in tiles) for state in STATES},
        "broken": [{"path": each.path, "error": each.error} for each in sight.broken],
    }


def tile(sight: Sight, name: str) -> dict[str, Any]:
    """One experiment in a few words and numbers."""
    experiment, planned = sight.experiments[name], sight.planned.get(name)
    recorded, path = sight.recorded.get(name, ()), sight.paths.get(name, "")
    jobs = planned.plan.jobs if planned else progress_on_record(experiment, recorded)
    happened = next((each.at for each in reversed(sight.happened) if each.experiment == name), None)
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


def _is_asked(each: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    folder, words = asked.get("folder", ""), asked.get("q", "").casefold().split()
    text = " ".join(
        (each["name"], each["path"], each["description"], *map(str, each["labels"].items()))
    ).casefold()
    is_below = folder in {"", "."} or each["folder"] == folder or each["folder"].startswith(f"{folder}/")
    exact = {"health": "health", "sync": "sync", "device": "device_type"}
    is_exact = all(each[key] == asked[name] for name, key in exact.items() if asked.get(name))
    return is_below and is_exact and all(word in text for word in words)


def _folders(tiles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every folder with experiments in it or below, with how many and the worst health of them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in tiles:  # the worst first
        place = PurePosixPath(each["folder"])
        for folder in (place, *place.parents):
            found.setdefault(folder.as_posix(), []).append(each)
    return [
        {
            "folder": folder,
            "count": len(some),
            "health": some[0]["health"],
        }
        for folder, some in sorted(found.items())
    ]


def _counts(tiles: list[dict[str, Any]], key: str) -> dict[str, int]:
    names = sorted({each[key] for each in tiles})
    return {name: sum(each[key] == name for each in tiles) for name in names}
