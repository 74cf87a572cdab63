"""The ledger: what the repository has bought since a moment, over all its experiments. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain import BatchStatus
from runner.errors import WireFormatError
from runner.reconcile.memory import jobs_in
from runner.reconcile.model.tags import read_marks
from runner.reconcile.observe.batch_reader import at_once
from runner.reconcile.observe.completeness import Expected, gaps
from runner.reconcile.observe.payloads import jobs_count, moment, observed_jobs, parent_of
from runner.reconcile.plan.daily_budget import Lot, spent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from runner.cloud import Payload
    from runner.domain import ObservedBatch, ObservedJob, RecordedJob
    from runner.reconcile.context import Context
    from runner.reconcile.model.plan import Cost

    Jobs = tuple[ObservedJob, ...]


class Ledger:
    """Adds up what was bought; remembers the jobs of batches that have not changed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._jobs: dict[str, tuple[object, Jobs]] = {}

    def since(
        self, begin: datetime, payloads: Mapping[str, Payload], seen: Mapping[str, ObservedBatch]
    ) -> tuple[Cost, str]:
        """What was bought since a moment, and what of it cannot be counted; empty where all can.

        One request for each batch since then that was not looked at.

        Args:
            payloads: All batches there are of the repository, by their ids.

            seen: Those that were looked at and seen whole, with their jobs or with all of them on record.
        """
        entries = self._context.journal.since(begin)
        ours = payloads.keys() | {entry.batch_id for entry in entries}
        recorded = [(job, name) for job, name in self._recorded() if job.batch_id in ours]
        touched = [each for each in payloads.values() if _may_be_since(each, begin)]
        others, gap = self._others([each for each in touched if each["id"] not in seen], recorded)
        jobs = {each["id"]: seen[each["id"]].jobs for each in touched if each["id"] in seen} | others
        lots = {each["id"]: _lot(each, jobs.get(each["id"], ())) for each in payloads.values()}
        known = [(job, self._device_type(job, name, lots)) for job, name in recorded]
        return spent(begin, lots, known, entries), gap

    def _recorded(self) -> Iterator[tuple[RecordedJob, str]]:
        for name in self._context.records.recipes():
            for job in self._context.records.of_experiment(name):
                yield job, name

    def _device_type(self, job: RecordedJob, experiment: str, lots: Mapping[str, Lot]) -> str:
        if job.batch_id in lots:
            return lots[job.batch_id].device_type
        manifest = self._context.records.manifest(experiment, job.recipe) or {}
        return str(manifest.get("device_type", ""))

    def _others(
        self, payloads: Sequence[Payload], recorded: Sequence[tuple[RecordedJob, str]]
    ) -> tuple[dict[str, Jobs], str]:
        on_record: dict[str, set[str]] = {}
        for job, _ in recorded:
            on_record.setdefault(job.batch_id, set()).add(job.id)
        unknown = [p for p in payloads if len(on_record.get(p["id"], ())) < jobs_count(p)]
        unread = [p for p in unknown if self._jobs.get(p["id"], (None,))[0] != _version(p)]
        read = at_once(lambda p: self._listed(p["id"]), unread)
        gap = ""
        for payload, (jobs, problem) in zip(unread, read, strict=True):
            # Here runs are counted, whatever point they are of.
            expected = Expected(own_sequences={job["id"]: None for job in jobs})
            missing = problem or next(gaps(payload, jobs, expected), "")
            if missing:
                gap = f"the batch {payload['id']} is not seen whole: {missing}"
            else:
                self._jobs[payload["id"]] = (_version(payload), observed_jobs(jobs))
        return {p["id"]: self._jobs[p["id"]][1] for p in unknown if p["id"] in self._jobs}, gap

    def _listed(self, batch_id: str) -> tuple[list[Payload], str]:
        """The jobs of a batch, and why they cannot be read; empty where they can."""
        try:
            return jobs_in({"jobs": self._context.client.get_batch_jobs(batch_id)}), ""
        except WireFormatError as error:
            return [], error.message


def _lot(payload: Payload, jobs: Jobs) -> Lot:
    return Lot(
        id=payload["id"],
        device_type=str(payload.get("device_type") or ""),
        status=BatchStatus(payload["status"]),
        created_at=moment(payload["created_at"]),
        claim="" if parent_of(payload) else read_marks(payload.get("tags") or ()).claim,
        jobs=jobs,
    )


def _may_be_since(payload: Payload, begin: datetime) -> bool:
    """Whether a batch may hold jobs that were bought since a moment: an open one may be older."""
    if not jobs_count(payload):
        return False
    touched = moment(payload.get("updated_at") or payload["created_at"])
    return touched >= begin or not BatchStatus(payload["status"]).is_terminal


def _version(payload: Payload) -> object:
    per_status = payload.get("jobs_count_per_status")
    return (payload["status"], jobs_count(payload), str(per_status)) if per_status else object()
