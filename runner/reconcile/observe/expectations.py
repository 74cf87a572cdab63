"""What is known of batches beside the cloud's lists: by the journal, the records and the files. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.domain import BatchStatus
from runner.reconcile.model.entries import BUYING, State
from runner.reconcile.model.tags import joined_tags, row_tags
from runner.reconcile.observe.completeness import Expected
from runner.reconcile.observe.job_sequences import has_variables, shared_sequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.cloud import Payload
    from runner.domain import DesiredExperiment, RecordedJob
    from runner.reconcile.model.entries import JournalEntry


def expectation(
    purchases: Sequence[JournalEntry],
    on_record: Iterable[RecordedJob],
    told: frozenset[str],
    desired: DesiredExperiment | None,
) -> Expected:
    """What a batch must show.

    Args:
        purchases: The journal's rows of what was bought on it, or may have been.

        on_record: Its jobs of which nothing more is to be learnt.

        told: Ids of its jobs that answers have told of.

        desired: The experiment that asks for its recipe; None where none does.
    """
    bought = [row for row in purchases if row.state is State.ACCEPTED]
    return Expected(
        job_ids=told.union(*(row.job_ids for row in bought)),
        amounts=tuple(each for row in bought for each in row.jobs),
        tried=tuple(each for row in purchases for each in row.jobs),
        runs=_runs_by_key(purchases),
        desired=desired,
        on_record={job.id: job for job in on_record},
        may_be_bare=desired is None or (bool(desired.sequence) and not has_variables(desired.sequence)),
        is_wanted=desired is not None,
        shared=shared_sequence(desired) if desired else None,
    )


def _runs_by_key(bought: Iterable[JournalEntry]) -> dict[str, int]:
    """How many runs each job of a batch has, by its key, where the journal says it without doubt."""
    amounts: dict[str, set[int]] = {}
    for key, runs in (each for row in bought for each in row.jobs):
        amounts.setdefault(key, set()).add(runs)
    return {key: next(iter(some)) for key, some in amounts.items() if len(some) == 1}


def purchases_by_batch(rows: Iterable[JournalEntry]) -> dict[str | None, list[JournalEntry]]:
    """The journal's rows of what was bought on each batch, or may have been, in whole or in part."""
    by_batch: dict[str | None, list[JournalEntry]] = {}
    for row in rows:
        if row.kind in BUYING and row.state is not State.NOT_DONE:
            by_batch.setdefault(row.batch_id, []).append(row)
    return by_batch


def with_row_tags(payload: Payload, rows: Sequence[JournalEntry], namespace: str) -> Payload:
    """A batch that we have bought on, with the tags that tell so, should they have been taken away.

    Of what was refused a part may have been taken.

    Args:
        rows: As `purchases_by_batch` gives them.
    """
    tried = [row for row in rows if row.recipe]
    if not tried:
        return payload
    return payload | {"tags": joined_tags(payload.get("tags") or (), row_tags(namespace, tried[-1]))}


def unshown_batch(rows: Sequence[JournalEntry], namespace: str) -> Payload | None:
    """A batch that the cloud has accepted and shows nowhere, as the journal has it; None for a mere claim."""
    known = (row for row in rows if row.kind in BUYING and row.recipe)
    bought = [row for row in known if row.state.may_have_bought]
    if not bought:
        return None
    return {
        "id": bought[0].batch_id,
        "status": BatchStatus.PENDING,
        "open": False,
        "created_at": bought[0].at.isoformat(),
        "jobs_count": sum(len(row.jobs) for row in bought),
        "tags": row_tags(namespace, bought[-1]),
    }


def records_by_batch(
    of_experiment: Mapping[str, Sequence[Payload]], recorded: Mapping[str, Iterable[RecordedJob]]
) -> dict[str, list[RecordedJob]]:
    """What is on record of each batch; of one that several share, what the one has that has least."""
    on_record: dict[str, list[RecordedJob]] = {}
    for name, payloads in of_experiment.items():
        known = _by_batch(recorded[name])
        for batch_id in (payload["id"] for payload in payloads):
            mine = known.get(batch_id, [])
            on_record[batch_id] = min(on_record.get(batch_id, mine), mine, key=len)
    return on_record


def _by_batch(jobs: Iterable[RecordedJob]) -> dict[str, list[RecordedJob]]:
    """Jobs of which nothing more is to be fetched, by their batches; each once."""
    by_batch: dict[str, list[RecordedJob]] = {}
    for job in {job.id: job for job in jobs}.values():
        if not job.lacks_result:
            by_batch.setdefault(job.batch_id, []).append(job)
    return by_batch
