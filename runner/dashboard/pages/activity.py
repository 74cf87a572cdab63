"""What was done from this checkout, when, why and by which process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.dashboard.pages.experiment import event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.dashboard.sight import Sight

_MOST = 200


def activity(sight: Sight, asked: Mapping[str, str]) -> dict[str, Any]:
    """What the page of activity shows, the newest first.

    Args:
        asked: Filters: an experiment, an action.
    """
    name, action = asked.get("experiment", ""), asked.get("action", "")
    found = [
        event(each)
        for each in reversed(sight.happened)
        if name in {"", each.experiment} and action in {"", each.action}
    ]
    return {
        "events": found[:_MOST],
        "total": len(found),
        "actions": sorted({each.action for each in sight.happened}),
        "filters": {"experiment": name, "action": action},
    }
