"""The first page: all experiments, the worst first, with a filter in the address."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from runner.dashboard.pages.figures import STATES, worst_first
from runner.dashboard.pages.tiles import tile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.dashboard.sight import Sight

FILTERS = ("q", "folder", "health", "sync", "device")


def overview(sight: Sight, asked: Mapping[str, str]) -> dict[str, Any]:
    """What the first page shows.

    Args:
        asked: Filters: words to search for, a folder, a health, a sync, a device type.
    """
    made = (sight.tiles.get(name) or tile(sight, name) for name in sight.experiments)
    tiles = sorted(made, key=worst_first)
    shown = [each for each in tiles if _is_asked(each, asked)]
    return {
        "tiles": shown,
        "total": len(tiles),
        "filters": {name: asked.get(name, "") for name in FILTERS},
        "views": _views(sight, {name: asked[name] for name in FILTERS if asked.get(name)}),
        "folders": _folders(tiles),
        "healths": _counts(tiles, "health"),
        "syncs": _counts(tiles, "sync"),
        "devices": _counts(tiles, "device_type"),
        "progress": {state: sum(each["progress"][state] for each in tiles) for state in STATES},
        "broken": [{"path": each.path, "error": each.error} for each in sight.broken],
    }


def _views(sight: Sight, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The views that have a name, each with the end of its address, and whether it is shown now."""
    return [
        {"name": name, "query": urlencode(filters), "is_shown": filters == asked}
        for name, filters in sight.views.items()
    ]


def _is_asked(each: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    folder, words = asked.get("folder", ""), asked.get("q", "").casefold().split()
    text = " ".join(
        (each["name"], each["path"], each["description"], *map(str, each["labels"].items()))
    ).casefold()
    is_below = folder in {"", "."} or each["folder"] == folder or each["folder"].startswith(f"{folder}/")
    exact = {"health": "health", "sync": "sync", "device": "device_type"}
    is_exact = all(each[key] == asked[name] for name, key in exact.items() if asked.get(name))
    return is_below and is_exact and all(word in text for word in words)


def _folders(tiles: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every folder with experiments in it or below, with how many and the worst health of them."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in tiles:  # the worst first
        for folder in _and_above(each["folder"]):
            found.setdefault(folder, []).append(each)
    return [
        {
            "folder": folder,
            "count": len(some),
            "health": some[0]["health"],
        }
        for folder, some in sorted(found.items())
    ]


@cache
def _and_above(folder: str) -> tuple[str, ...]:
    place = PurePosixPath(folder)
    return tuple(each.as_posix() for each in (place, *place.parents))


def _counts(tiles: Sequence[Mapping[str, Any]], key: str) -> dict[str, int]:
    return dict(sorted(Counter(each[key] for each in tiles).items()))
