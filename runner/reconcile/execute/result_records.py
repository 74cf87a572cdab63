"""What came back of jobs that ended, checked and put on record."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from runner.domain import CheckedCounts, JobStatus, RecordedJob, built_qubits, checked_counts
from runner.domain.evaluations import AskedObservables, Evaluation, asked_times, evaluations_of
from runner.domain.identity import UNPROVED
from runner.errors import CloudError
from runner.reconcile.model.result_fetches import FailedFetch, failed_again
from runner.reconcile.model.tags import read_marks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.cloud import Payload
    from runner.domain import DesiredExperiment, ObservedBatch, ObservedJob
    from runner.reconcile.context import Context
    from runner.reconcile.model.actions import EndedJob, RecordResults
    from runner.reconcile.model.tags import Marks

    Result: TypeAlias = Payload | CloudError | None


class ResultRecords:
    """Puts on record how jobs ended; usable from several threads, each with another experiment.

    Attributes:
        failed: Results that were asked for in vain, by the ids of their jobs.
    """

    def __init__(self, context: Context) -> None:
        self._client = context.client
        self._records = context.records
        self._now = context.now
        self._target = context.site.target
        self.failed: dict[str, FailedFetch] = {}

    def add(self, name: str, desired: DesiredExperiment, batch: ObservedBatch, action: RecordResults) -> None:
        """Fetches what jobs of a batch measured, and puts it on record as far as it can be right.

        Args:
            name: The name that it is put on record under.
        """
        by_id = {job.id: job for job in batch.jobs}
        done = [job.id for job in action.jobs if by_id[job.id].status is JobStatus.DONE]
        results = self._client.get_results(done)
        origin = replace(self._origin(desired, read_marks(batch.tags)), constants=batch.constants)
        records = []
        for ended in action.jobs:
            result = results.get(ended.id)
            record = origin.record(by_id[ended.id], ended, result)
            records.append(record)
            self._note(record, result)
            serialised = _serialised(record, result)
            if serialised:
                self._records.add_serialised(name, record, serialised)
        self._records.add(name, records, order=by_id)

    def _origin(self, desired: DesiredExperiment, marks: Marks) -> _Origin:
        """What a batch was bought for; of a recipe that is not the file's, its manifest knows the qubits."""
        names = {wanted.key: wanted.name for wanted in desired.jobs}
        if desired.recipe.startswith(marks.recipe):
            times = asked_times(desired.configuration, desired.observables)
            return _Origin(
                marks, names, desired.qubit_ids, self._target, labels=desired.observables, times=times
            )
        manifest = self._records.manifest(desired.name, marks.recipe) or {}
        return _Origin(marks, names, tuple(map(str, manifest.get("qubit_ids") or ())), self._target)

    def _note(self, record: RecordedJob, result: Result) -> None:
        if record.lacks_result:
            error = result if isinstance(result, CloudError) else None
            self.failed[record.id] = failed_again(self.failed.get(record.id), error, self._now())
        else:
            self.failed.pop(record.id, None)


@dataclass(frozen=True, slots=True)
class _Origin:
    """What the jobs of a batch were bought for.

    Args:
        names: Of the wanted jobs, by their keys.

        qubit_ids: Of the register; empty where nobody knows.

        labels: What the file calls its observables, by their ids.

        times: When these are evaluated, in parts of the duration.
    """

    marks: Marks
    names: Mapping[str, str]
    qubit_ids: tuple[str, ...]
    target: str = ""
    constants: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def record(self, job: ObservedJob, ended: EndedJob, result: Result) -> RecordedJob:
        """How a job ended."""
        qubit_ids = job.qubit_ids or built_qubits(self.qubit_ids, job.variables)
        checked = CheckedCounts()
        if job.status is JobStatus.DONE:
            checked = _checked(result, len(qubit_ids) or None, job.runs or None)
        evaluated, wrong = self._evaluated(qubit_ids, result if checked.counts else None)
        return RecordedJob(
            id=job.id,
            batch_id=job.batch_id,
            recipe=self.marks.recipe,
            key=job.key,
            status=job.status,
            runs=job.runs,
            name=self.names.get(job.key, ""),
            variables=job.variables,
            rerun=self.marks.rerun,
            attempt=ended.attempt,
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            counts=checked.counts,
            qubit_ids=qubit_ids,
            errors=tuple(
                map(_writable, (*job.errors, *([checked.problem] if checked.problem else []), *wrong))
            ),
            target=self.target,
            constants=self._constants(job),
            observables=evaluated,
        )

    def _evaluated(
        self, qubit_ids: tuple[str, ...], result: Result
    ) -> tuple[dict[str, Evaluation], tuple[str, ...]]:
        """What was evaluated, and what is wrong with it; without a result only what was to be."""
        names = {each: self.labels.get(each, "") for each in sorted(self.marks.observables)}
        if not isinstance(result, dict):
            return {each: Evaluation(name or each) for each, name in names.items()}, ()
        expected = AskedObservables(names=names, times=self.times, qubit_ids=qubit_ids)
        return evaluations_of(result.get("serialised_results"), expected)

    def _constants(self, job: ObservedJob) -> str:
        known = job.constants or ("" if job.qubit_ids else self.constants)
        return "" if known == UNPROVED else known


def _checked(result: Result, n_qubits: int | None, runs: int | None) -> CheckedCounts:
    """The counts of a result, or in words why there are none that can be right."""
    if result is None:
        return CheckedCounts(problem="the cloud has no result of it")
    if isinstance(result, CloudError):
        # Without the path of its link, which is another one each time, and may open the result to others.
        return CheckedCounts(problem=f"the result cannot be had: {result.message}")
    checked = checked_counts(result.get("counter"), n_qubits=n_qubits, runs=runs)
    if checked.problem:
        return CheckedCounts(problem=f"the result cannot be right: {checked.problem}")
    return checked


def _serialised(record: RecordedJob, result: Result) -> str:
    """What an emulator gave beside counts that can be right; empty where it gave nothing that can be kept."""
    text = result.get("serialised_results") if isinstance(result, dict) and record.counts else None
    return text if isinstance(text, str) and _writable(text) == text else ""


def _writable(text: str) -> str:
    """A text as a file can hold it: JSON can name halves of characters."""
    return text.encode("utf-8", "replace").decode()
