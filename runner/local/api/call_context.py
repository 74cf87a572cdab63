"""What every call is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from runner.local.protocol.queries import Comparison
from runner.local.rules.errors import UnknownThingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.local.engines.base import EngineState
    from runner.local.protocol.control import Control
    from runner.local.protocol.faults import Treatment
    from runner.local.protocol.messages import Request
    from runner.local.protocol.queries import Selection
    from runner.local.rules.records import BatchRecord, JobRecord
    from runner.local.store.store import Store
    from runner.local.validation.sequence_facts import SequenceReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that found its route, with all it may use.

    Args:
        names: Values of the named segments of the path.

        document: What can be asked, as OpenAPI.

        announce: Says that there may be something new to start.

        about: What the server says of itself.

        control: What can be changed while the cloud runs.

        treatment: How the request is treated.

        project: The project whose token came with the request; None where nobody has a token.

        condition: Says what is wrong with the engine.

        workers: Says how many jobs are executed at the same time.
    """

    request: Request
    names: Mapping[str, str]
    store: Store
    sequences: SequenceReader
    announce: Callable[[], None]
    control: Control
    document: Callable[[], Mapping[str, object]]
    about: Mapping[str, object]
    treatment: Treatment
    project: str | None
    condition: Callable[[], EngineState]
    workers: Callable[[], int]

    @property
    def cancels_slowly(self) -> bool:
        """Whether what is canceled is CANCELING for a while."""
        return self.control.configuration.life_cycle.canceling_s > 0

    def batch(self, batch_id: str) -> BatchRecord:
        """A batch of the project; UnknownThingError also for one of another project."""
        record = self.store.batch(batch_id)
        if self.project not in (None, record.project_id):
            raise UnknownThingError(f"There is no batch {batch_id}.")
        return record

    def job(self, job_id: str) -> JobRecord:
        """A job of the project; UnknownThingError also for one of another project."""
        record = self.store.job(job_id)
        if self.project not in (None, record.project_id):
            raise UnknownThingError(f"There is no job {job_id}.")
        return record

    def listed(self, selection: Selection) -> Selection:
        """What a list may show of a selection."""
        if self.treatment.lag_s:
            until = self.store.now() - timedelta(seconds=self.treatment.lag_s)
            selection = selection.narrowed(Comparison("created_at", "<=", (until,)))
        if self.project is not None:
            selection = selection.narrowed(Comparison("project_id", "=", (self.project,)))
        return selection
