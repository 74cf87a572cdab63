"""Observe: read what there is. Nothing is written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from runner.domain import BatchStatus, JobStatus
from runner.errors import NotFoundError
from runner.reconcile.attribution import named
from runner.reconcile.bought import of_interest
from runner.reconcile.journal import Kind, State
from runner.reconcile.ledger import Ledger
from runner.reconcile.own_sequences import (
    is_shared,
    may_have_one,
    own_sequence,
    shared_sequences,
    with_sequences,
)
from runner.reconcile.reading import jobs_count, observed_batch, observed_jobs
from runner.reconcile.scene import Observation
from runner.reconcile.tags import namespace_tag, read_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from runner.domain import DesiredExperiment, ObservedBatch, ObservedJob, RecordedJob
    from runner.reconcile.attribution import Names
    from runner.reconcile.journal import Entry
    from runner.reconcile.plans import Cost
    from runner.reconcile.tools import Tools

    Payload = dict[str, Any]

T = TypeVar("T")
R = TypeVar("R")

_READERS: Final = 8
# An accepted batch that no list shows is asked for by its id for this long, whatever the settle window.
_UNLISTED_S: Final = 60.0


class Observer:
    """Reads the cloud, the journal and the records; remembers what cannot have changed since.

    Args:
        sees_removed: Whether experiments are looked at that no file of the repository describes any more.
    """

    def __init__(self, tools: Tools, *, sees_removed: bool = False) -> None:
        self._tools = tools
        self._sees_removed = sees_removed
        self._jobs: dict[str, tuple[object, tuple[ObservedJob, ...]]] = {}
        self._own_sequences: dict[str, str | None] = {}  # by the job's id; they never change
        self._shared: frozenset[str] = frozenset()
        self._ledger = Ledger(tools)
        self._payloads: dict[str, Payload] = {}
        self._batches: dict[str, ObservedBatch] = {}

    def observe(self, wanted: Sequence[DesiredExperiment]) -> dict[str, Observation]:
        """What there is of some experiments, by their names, and of those that were removed."""
        self._shared = shared_sequences(wanted)
        payloads = self._listed()
        names = self._names(wanted, payloads.values())
        looked_at = [*(each.name for each in wanted), *(names.removed if self._sees_removed else ())]
        entries = {name: self._entries(name, names) for name in looked_at}
        recorded = {name: self._recorded(name, names) for name in looked_at}
        payloads |= self._unlisted(payloads, [e for some in entries.values() for e in some])
        of_experiment: dict[str, list[Payload]] = {name: [] for name in looked_at}
        for payload in payloads.values():
            marks = read_marks(payload.get("tags") or ())
            for owner in names.owners(marks.experiment, marks.recipe):
                of_experiment.get(owner, []).append(payload)
        on_record = _on_record(of_experiment, recorded)
        looked_at_once = {p["id"]: p for some in of_experiment.values() for p in some}
        batches = self._with_jobs(list(looked_at_once.values()), on_record)
        self._payloads, self._batches = payloads, batches
        seen = {
            name: Observation(
                batches=tuple(batches[payload["id"]] for payload in of_experiment[name]),
                recorded=recorded[name],
                entries=entries[name],
            )
            for name in looked_at
        }
        return seen | {each.name: self._with_manifests(each, seen[each.name], names) for each in wanted}

    def spent_since(self, begin: datetime) -> Cost:
        """What all experiments of the repository have bought since a moment, as of what was last observed."""
        return self._ledger.since(begin, self._payloads, self._batches)

    def _with_manifests(self, wanted: DesiredExperiment, seen: Observation, names: Names) -> Observation:
        """What is there, with what is known of the recipes that may be of interest."""
        read = self._tools.records.manifest
        bought = {}
        for recipe in of_interest(wanted, seen.batches, seen.recorded):
            found = (read(name, recipe) for name in (wanted.name, *names.former(wanted.name)))
            manifest = next((each for each in found if each), None)
            if manifest:
                bought[recipe] = manifest
        return replace(seen, bought=bought) if bought else seen

    def strays(self, wanted: Sequence[DesiredExperiment]) -> tuple[ObservedBatch, ...]:
        """Batches of ours that count for none of some experiments, oldest first; one list request."""
        payloads = self._listed().values()
        names = self._names(wanted, payloads)
        observed = [(observed_batch(each), read_marks(each.get("tags") or ())) for each in payloads]
        strays = [b for b, m in observed if names.wanted.isdisjoint(names.owners(m.experiment, m.recipe))]
        return tuple(sorted(strays, key=lambda batch: (batch.created_at, batch.id)))

    def _names(self, wanted: Sequence[DesiredExperiment], payloads: Iterable[Payload]) -> Names:
        """Whose work is whose; files are looked through only where there is work under other names."""
        here = {each.name for each in wanted}
        others: dict[str, set[str]] = {}
        for marks in (read_marks(payload.get("tags") or ()) for payload in payloads):
            if marks.experiment and marks.experiment not in here:
                others.setdefault(marks.experiment, set()).add(marks.recipe)
        on_cloud = set(others)
        for name, recipes in self._tools.records.recipes(but=here).items():
            others.setdefault(name, set()).update(recipes)
        declared = self._tools.declared() if others else None
        return named(wanted, {} if declared is None else others, on_cloud, declared or set())

    def _entries(self, name: str, names: Names) -> tuple[Entry, ...]:
        of_each = [self._tools.journal.entries(each) for each in (*names.former(name), name)]
        return tuple(sorted((e for some in of_each for e in some), key=lambda entry: entry.seq))

    def _recorded(self, name: str, names: Names) -> tuple[RecordedJob, ...]:
        former = (job for old in names.former(name) for job in self._former(old, name, names))
        return (*former, *self._tools.records.of_experiment(name))

    def _former(self, old: str, name: str, names: Names) -> Iterable[RecordedJob]:
        recorded = self._tools.records.of_experiment(old)
        return (job for job in recorded if name in names.owners(old, job.recipe))

    def _listed(self) -> dict[str, Payload]:
        # By id: while pages are read, new batches may push others onto the next page.
        return {p["id"]: p for p in self._tools.client.get_batches(tag=namespace_tag(self._tools.namespace))}

    def _unlisted(self, listed: Mapping[str, Payload], entries: Iterable[Entry]) -> dict[str, Payload]:
        """Batches of ours that the cloud has accepted and no list shows yet, read by their ids."""
        now = self._tools.clock()
        unseen = {
            entry.batch_id: None  # a set would lose the order
            for entry in entries
            if entry.kind is not Kind.ADD and entry.state is State.ACCEPTED and entry.batch_id
            if entry.batch_id not in listed and (now - entry.at).total_seconds() < _UNLISTED_S
        }
        found = zip(unseen, self._at_once(self._batch_or_none, list(unseen)), strict=True)
        return {batch_id: payload for batch_id, payload in found if payload}

    def _batch_or_none(self, batch_id: str) -> Payload | None:
        try:
            return self._tools.client.get_batch(batch_id)
        except NotFoundError:
            return None

    def _with_jobs(
        self, payloads: Sequence[Payload], on_record: Mapping[str, Sequence[RecordedJob]]
    ) -> dict[str, ObservedBatch]:
        for payload in payloads:
            self._forget_outdated(payload)
        unread = [p for p in payloads if self._must_read(p, on_record.get(p["id"], ()))]
        read = self._at_once(self._read_jobs, unread)
        self._read_own_sequences(job for jobs in read for job in jobs)
        for payload, jobs in zip(unread, read, strict=True):
            repetitions = read_marks(payload.get("tags") or ()).repetitions
            known = observed_jobs(with_sequences(jobs, self._own_sequences), repetitions)
            self._jobs[payload["id"]] = (_version(payload), known)
        # Jobs are kept as they were observed: a digest for each, each pass, would cost more than the rest.
        return {
            p["id"]: replace(observed_batch(p), jobs=self._jobs.get(p["id"], (None, ()))[1]) for p in payloads
        }

    @staticmethod
    def _at_once(read: Callable[[T], R], what: Sequence[T]) -> list[R]:
        """What is read for each, several at the same time, in order."""
        if len(what) <= 1:
            return [read(each) for each in what]
        with ThreadPoolExecutor(min(_READERS, len(what)), thread_name_prefix="observing") as pool:
            return list(pool.map(read, what))

    def _forget_outdated(self, payload: Payload) -> None:
        """What was read of another version is not the truth any more, also where nothing is read anew."""
        known = self._jobs.get(payload["id"])
        if known and known[0] != _version(payload):
            del self._jobs[payload["id"]]

    def _must_read(self, payload: Payload, on_record: Sequence[RecordedJob]) -> bool:
        count = jobs_count(payload)
        if not count or payload["id"] in self._jobs:
            return False
        is_over = BatchStatus(payload["status"]).is_terminal
        return not (is_over and _accounted_for(payload, on_record) >= count)

    def _read_jobs(self, payload: Payload) -> list[Payload]:
        return self._tools.client.get_batch_jobs(payload["id"])

    def _read_own_sequences(self, jobs: Iterable[Payload]) -> None:
        """Asks for each job that may have its own sequence, once."""
        ids = [job["id"] for job in jobs if "id" in job and may_have_one(job)]
        new = [job_id for job_id in ids if job_id not in self._own_sequences]
        sequences = self._at_once(lambda job_id: own_sequence(self._tools.client, job_id), new)
        own = (None if is_shared(sequence, self._shared) else sequence for sequence in sequences)
        self._own_sequences.update(zip(new, own, strict=True))


def _on_record(
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
        if job.status is not JobStatus.DONE or job.counts:
            by_batch.setdefault(job.batch_id, []).append(job)
    return by_batch


def _accounted_for(payload: Payload, on_record: Sequence[RecordedJob]) -> int:
    """How many jobs of a batch are on record, or need not be: those that we have cancelled ourselves.

    Where we have, no cancelled one is counted twice, should one be on record as well.
    """
    if not read_marks(payload.get("tags") or ()).released:
        return len(on_record)
    cancelled = int((payload.get("jobs_count_per_status") or {}).get(JobStatus.CANCELED, 0))
    return cancelled + sum(job.status is not JobStatus.CANCELED for job in on_record)


def _version(payload: Payload) -> object:
    """What changes whenever a job of the batch does."""
    per_status = payload.get("jobs_count_per_status")
    if not per_status:
        return object()  # equal to nothing: read it again
    repetitions = read_marks(payload.get("tags") or ()).repetitions
    return (payload["status"], payload.get("open"), tuple(sorted(per_status.items())), repetitions)
