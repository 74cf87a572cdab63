"""What was done from this checkout, when, why, by which commit and process; two revisions side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.dashboard.pages.experiment import event
from runner.dashboard.pages.revisions import compared_data, plain_commit
from runner.reconcile.model.tags import read_marks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.dashboard.pages.revisions import SideBySide
    from runner.dashboard.sight import Sight
    from runner.project.revisions.file_history import PastCommit

_MOST = 200


def activity(
    sight: Sight,
    asked: Mapping[str, str],
    commits: Sequence[PastCommit] = (),
    found: SideBySide | None = None,
) -> dict[str, Any]:
    """What the page of activity shows, the newest first.

    Args:
        asked: Filters: an experiment, an action; two revisions that are compared, and a path.

        commits: The newest ones of the repository.

        found: The revisions side by side; None where none were asked for.
    """
    bought_by = _commits_of_batches(sight)
    name, action = asked.get("experiment", ""), asked.get("action", "")
    events = [
        {**event(each), "commit": bought_by.get(each.batch_id or "", "")[:12]}
        for each in reversed(sight.happened)
        if name in {"", each.experiment} and action in {"", each.action}
    ]
    return {
        "events": events[:_MOST],
        "total": len(events),
        "actions": sorted({each.action for each in sight.happened}),
        "filters": {"experiment": name, "action": action},
        "commits": [plain_commit(each) for each in commits],
        "compared": None if found is None else compared_data(found),
        "asked": {name: asked.get(name, "") for name in ("from", "to", "path")},
    }


def _commits_of_batches(sight: Sight) -> dict[str, str]:
    """The commits that files were of when batches were bought, as these say it themselves."""
    batches = (batch for each in sight.planned.values() for batch in each.snapshot.observed.batches)
    return {batch.id: read_marks(batch.tags).commit for batch in batches}
