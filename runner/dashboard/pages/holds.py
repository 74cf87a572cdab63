"""What a person must decide, over all experiments, with the command to copy."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.dashboard.sight import Sight

_COMMAND: Final = re.compile(r"`(runner [^`]+)`")  # the first one of what to do; many holds have none


def holds(sight: Sight) -> dict[str, Any]:
    """What the page of holds shows: holds, files that are broken, and jobs that failed for good."""
    return {
        "holds": [*_held(sight)],
        "broken": [{"path": each.path, "error": each.error} for each in sight.broken],
        "failed": [*_failed(sight)],
    }


def _held(sight: Sight) -> Iterator[dict[str, str]]:
    for name, planned in sorted(sight.planned.items()):
        for hold in planned.plan.holds:
            yield {
                "experiment": name,
                "reason": hold.reason,
                "how": hold.how,
                "command": found[1] if (found := _COMMAND.search(hold.how)) else "",
            }


def _failed(sight: Sight) -> Iterator[dict[str, Any]]:
    for name, planned in sorted(sight.planned.items()):
        lost = [job.name for job in planned.plan.jobs if job.failed and not job.dropped]
        if lost:
            words = ("rerun", sight.paths.get(name, name), "--job", lost[0])
            yield {"experiment": name, "jobs": lost, "command": command(*words)}


def command(*words: str) -> str:
    """A command of the runner as a shell takes it, whatever the words are."""
    return shlex.join(("runner", *words))
