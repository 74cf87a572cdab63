"""`Report`: all that a report shows, as a value. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from runner.domain import RecordedJob
    from runner.results.analysis.job_result import MeasuredJob
    from runner.results.analysis.results import MeasuredJobs
    from runner.results.records.verify import Verdict


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as SVG.

    Args:
        caption: What it shows; stands below it, and screen readers read it.

        is_wide: Whether it is too wide for a telephone, where it is scrolled sideways.
    """

    caption: str
    svg: str | bytes = field(repr=False)
    is_wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """From what a report's results came.

    Args:
        path: The experiment file, from the root of the repository.

        file_digest: SHA-256 over the file as it is now.

        expanded: The file with its defaults and its jobs one by one, as YAML: as it was bought, or as it is
            now where nothing was.

        manifest: What was written down when it was bought; None when nothing was.

        manifest_path: Its file, from the root of the repository; empty without one.

        manifest_digest: SHA-256 over that file, as `sha256sum` gives it; empty without one.

        verdict: Whether the records are as they were written.

        others: Remote jobs on record that the file does not ask for any more; no result of the page holds
            them.
    """

    path: str
    file_digest: str
    expanded: str
    verdict: Verdict
    manifest: Mapping[str, object] | None = None
    manifest_path: str = ""
    manifest_digest: str = ""
    others: int = 0

    def said(self, name: str) -> object:
        """What the manifest says; None where it says nothing of it, or is not there."""
        return (self.manifest or {}).get(name)

    @property
    def is_edited(self) -> bool:
        """Whether the file is another one than when it was bought."""
        bought = self.said("file")
        return isinstance(bought, dict) and bought.get("digest") != self.file_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report shows.

    Args:
        recipe: Digest of device type and sequence, 64 hexadecimal digits.

        target: Where the results were measured; by default as the manifest says.

        qpu_s: Estimated time on a QPU of all that was bought (in s); 0 on an emulator.

        emulation: How it is emulated, and what is evaluated; empty where the file says neither.

        sequence: Register, and pulses of one job; may be empty.

        figures: Pictures of the results, in this order.
    """

    title: str
    description: str = ""
    device_type: str
    recipe: str
    target: str = ""
    results: MeasuredJobs[MeasuredJob]
    provenance: Provenance
    qpu_s: float = 0.0
    emulation: str = ""
    sequence: tuple[Drawing, ...] = ()
    figures: tuple[Drawing, ...] = ()

    @property
    def batches(self) -> tuple[BatchRow, ...]:
        """The batches behind the results."""
        return batches(job for result in self.results for job in result.remote_jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """A batch on the cloud, as far as its jobs are on record and stand behind results.

    Args:
        statuses: How many jobs ended how.

        runs: Of all its jobs that are done.

        created_at: When the cloud took its first job.

        ended_at: When its last job ended.
    """

    id: str
    statuses: Mapping[str, int]
    runs: int
    created_at: datetime | None
    ended_at: datetime | None


def batches(recorded: Iterable[RecordedJob]) -> tuple[BatchRow, ...]:
    """The batches of some jobs, the oldest first; those without a time last."""
    of_batch: dict[str, list[RecordedJob]] = {}
    for job in recorded:
        of_batch.setdefault(job.batch_id, []).append(job)
    rows = [_batch(batch_id, jobs) for batch_id, jobs in of_batch.items()]
    return tuple(sorted(rows, key=lambda row: (row.created_at is None, str(row.created_at), row.id)))


def _batch(batch_id: str, jobs: list[RecordedJob]) -> BatchRow:
    return BatchRow(
        id=batch_id,
        statuses=dict(sorted(Counter(str(job.status) for job in jobs).items())),
        runs=sum(sum(job.counts.values()) for job in jobs),
        created_at=min((job.created_at for job in jobs if job.created_at), default=None),
        ended_at=max((job.ended_at for job in jobs if job.ended_at), default=None),
    )
