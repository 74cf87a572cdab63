"""What would be done on the target for a commit's experiments, by another's records; changes nothing."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from runner.domain import Surplus
from runner.project.revisions.commit_experiments import names_in
from runner.reconcile import Context, Journal, Reconciler, Snapshot, TargetSettings, utc_now
from runner.results import Records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from runner.project.project import Project
    from runner.project.revisions.commit_experiments import Side
    from runner.reconcile import Planned


@contextmanager
def reconciler_of(
    project: Project, sides: Sequence[Side], folder: Path, *, asks_cloud: bool
) -> Iterator[Reconciler]:
    """What looks at the target, with the records of A and the names of B."""
    before, after = sides
    records = Records(before.root / project.settings.results)
    removed = Surplus(project.settings.removed)
    with ExitStack() as stack:
        if asks_cloud:
            context, target_settings = stack.enter_context(project.context())
        else:
            journal = stack.enter_context(closing(Journal(folder / "journal.sqlite", utc_now)))
            namespace = project.namespace
            per_day = project.settings.budget_per_day.as_budget()
            target_settings = TargetSettings(namespace=namespace, settle_s=0.0, per_day=per_day)
            nothing: Any = _NoCloud()
            context = Context(client=nothing, journal=journal, records=records, namespace=namespace or "none")
        context = replace(context, records=records, declared=partial(names_in, after.root, project.settings))
        yield Reconciler(context, replace(target_settings, removed=removed))


class _NoCloud:
    """A cloud that nobody asks: it holds nothing that is not on record."""

    project_id = None

    def server_time(self) -> None:
        """It has no clock."""

    def get_batches(self, **_: object) -> list[dict[str, Any]]:
        """None."""
        return []


def looked_at(reconciler: Reconciler, side: Side) -> dict[str, Planned]:
    """What would be done for each experiment, and for those that were removed; held if they wait for none."""
    snapshots = [Snapshot(desired=each) for each in side.desired.values()]
    return {each.plan.experiment: each for each in reconciler.look(snapshots)}
