"""An experiment with what is seen of it, and its plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.domain import DesiredExperiment, ObservedBatch
    from runner.reconcile.model.plan import Plan
    from runner.reconcile.model.snapshot import Observation


@dataclass(frozen=True, slots=True)
class Deed:
    """One experiment in one pass: what is wanted, what was seen, what to do.

    Args:
        manifest: Everything to be remembered of what is run.

        commit: The commit that the file is of; empty where it is of none.
    """

    desired: DesiredExperiment
    seen: Observation
    plan: Plan
    manifest: Mapping[str, Any] = field(default_factory=dict)
    commit: str = ""

    def batch(self, batch_id: str) -> ObservedBatch | None:
        """The batch as it was seen."""
        return next((batch for batch in self.seen.batches if batch.id == batch_id), None)
