"""Which remote jobs have a sequence of their own: only the answer for a single job tells."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from runner.domain import own_sequence_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.cloud import Client, Payload
    from runner.domain import DesiredExperiment


def may_have_one(job: Payload) -> bool:
    """Whether a job of a list may have its own sequence: a job with variables has none."""
    return not job.get("variables") and "sequence" not in job


def with_sequences(jobs: Iterable[Payload], sequences: Mapping[str, str | None]) -> list[Payload]:
    """Jobs of a list, each with what is known of its own sequence.

    Args:
        sequences: The own sequence of each job that may have one, by its id; None for one that has none.
    """
    return [
        {**job, "sequence": sequences[job["id"]]} if job.get("id") in sequences else dict(job) for job in jobs
    ]


def jobs_with_sequences(client: Client, batch_id: str) -> list[Payload]:
    """Jobs of a batch in creation order, each with its own sequence; a request for each that may have one.

    Raises:
        CloudError: One of them could not be read.
    """
    jobs = client.get_batch_jobs(batch_id)
    return with_sequences(
        jobs, {job["id"]: own_sequence(client, job["id"]) for job in jobs if may_have_one(job)}
    )


def own_sequence(client: Client, job_id: str) -> str | None:
    """The job's own sequence, JSON text; None for a job that runs its batch's."""
    return client.get_job(job_id).get("sequence")


def shared_sequence(desired: DesiredExperiment) -> str | None:
    """Key of the sequence that all jobs of an experiment play; None where a job has its own."""
    has_own = any(job.sequence for job in desired.jobs)
    return None if has_own or not desired.sequence else own_sequence_key(desired.sequence)


def is_shared(sequence: str | None, shared: str | None) -> bool:
    """Whether a job's sequence is that of its experiment: a cloud may say it of jobs that have none.

    To take it for the job's own would make another point of it, which would be bought again.
    """
    if not sequence or shared is None:
        return False
    with suppress(ValueError):  # whoever reads it says so
        return own_sequence_key(sequence) == shared
    return False


@lru_cache(maxsize=64)
def has_variables(sequence: str) -> bool:
    """Whether a sequence is parametrised, so that its jobs must have values; no if it cannot be read."""
    try:
        representation = json.loads(sequence) if sequence else {}
    except ValueError:
        return False
    return isinstance(representation, dict) and bool(representation.get("variables"))


def qubits_of(sequence: str) -> tuple[str, ...]:
    """Order of the qubits in the bitstrings of a sequence, whoever wrote it; empty if it does not tell.

    Raises:
        ValueError: It is no JSON.
    """
    representation = json.loads(sequence)
    register = representation.get("register") if isinstance(representation, dict) else None
    atoms = register if isinstance(register, list) else []
    names = [atom.get("name") for atom in atoms if isinstance(atom, dict)]
    return tuple(map(str, names)) if all(names) else ()
