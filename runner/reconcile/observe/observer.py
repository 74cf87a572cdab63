"""Observe: read what there is. Nothing is written.

One way, each step over what the one before it gives: list our batches, see whose they are, fetch those that
no list shows, read the jobs of those that have changed, and say of each batch what is missing of it. What is
incomplete is not kept: the next pass fetches it again.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from runner.domain.observed import own_first
from runner.errors import WireFormatError
from runner.reconcile.model.observation import Observation
from runner.reconcile.model.tags import SHORT, namespace_tag, read_marks
from runner.reconcile.observe.batch_reader import BatchReader, n_cancelled
from runner.reconcile.observe.completeness import refuted
from runner.reconcile.observe.expectations import (
    expectation,
    purchases_by_batch,
    records_by_batch,
    with_row_tags,
)
from runner.reconcile.observe.ledger import Ledger
from runner.reconcile.observe.origins import Origins, joined
from runner.reconcile.observe.ownership import ownership, recipes_of_others
from runner.reconcile.observe.payloads import observed_batch
from runner.reconcile.observe.sightings import Sightings, is_over
from runner.reconcile.observe.unlisted_batches import UnlistedBatches
from runner.reconcile.plan.past_purchases import of_interest
from runner.results.records.counted_jobs import each_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from runner.cloud import Payload
    from runner.domain import DesiredExperiment, ObservedBatch, RecordedJob
    from runner.reconcile.context import Context
    from runner.reconcile.model.entries import JournalEntry
    from runner.reconcile.model.plan import Cost
    from runner.reconcile.observe.batch_reader import BatchReading
    from runner.reconcile.observe.origins import RecordOrigins
    from runner.reconcile.observe.ownership import Ownership


class _Work(NamedTuple):
    """What this machine knows of one experiment.

    Args:
        wanted: None for one that no file describes any more.

        provenance: Where what is on record was measured, by the names that it is under.
    """

    name: str
    wanted: DesiredExperiment | None
    previous_names: tuple[str, ...]
    shared_names: frozenset[str]
    entries: tuple[JournalEntry, ...]
    provenance: Mapping[str, RecordOrigins]
    recorded: tuple[RecordedJob, ...]


class _Owned(NamedTuple):
    """The batches that are listed, whose they are, and what is known of their owners."""

    payloads: dict[str, Payload]
    owners: Ownership
    works: tuple[_Work, ...]
    entries: tuple[JournalEntry, ...]


class _Fetched(NamedTuple):
    """All batches that there are, brought up to what was told of them, and those of each experiment.

    Args:
        unshown: Ids of those that only the journal knows of.
    """

    payloads: dict[str, Payload]
    unshown: frozenset[str]
    by_owner: dict[str, list[Payload]]
    cancelled: dict[str, int]


class Observer:
    """Reads the cloud, the journal and the records; remembers what cannot have changed since.

    Args:
        settle_s: How far the cloud's views may lag behind (in s).

        sees_removed: Whether experiments are looked at that no file of the repository describes any more.

    Attributes:
        began_s: When the batches were last listed, as this process counts (in s).
    """

    def __init__(self, context: Context, *, settle_s: float = 0.0, sees_removed: bool = False) -> None:
        self._context = context
        self._settle_s = settle_s
        self._sees_removed = sees_removed
        self._unlisted = UnlistedBatches(context)
        self._reader = BatchReader(context.client, context.memory)
        self._ledger = Ledger(context)
        self._origins = Origins(context)
        self._payloads: dict[str, Payload] = {}
        self._readings: dict[str, BatchReading] = {}
        self._listed: dict[str, Payload] | None = None
        self.began_s = 0.0

    def observe(
        self, wanted: Sequence[DesiredExperiment], *, is_listed: bool = False
    ) -> dict[str, Observation]:
        """What there is of some experiments, by their names, and of those that were removed.

        Args:
            is_listed: Whether the last list of batches will do: then what is seen is as old as that.
        """
        if self._listed is None or not is_listed:
            self.began_s = self._context.memory.now_s()
            self._listed = self._list()
        sightings = Sightings(self._context, self.began_s)
        owned = self._own(self._listed, wanted)
        fetched = self._fetch(owned)
        readings = self._read(owned, fetched, sightings)
        self._payloads, self._readings = fetched.payloads, readings
        return {work.name: self._observation(work, fetched, readings, sightings) for work in owned.works}

    def spent_since(self, begin: datetime) -> tuple[Cost, str]:
        """What all experiments of the repository have bought since a moment, as of what was last observed.

        With it comes what cannot be counted, for it is not seen whole; empty where all can.
        """
        seen = {batch_id: each.batch for batch_id, each in self._readings.items() if not each.gap}
        return self._ledger.since(begin, self._payloads, seen)

    def strays(self, wanted: Sequence[DesiredExperiment]) -> tuple[ObservedBatch, ...]:
        """Batches of ours that count for none of some experiments, oldest first; one list request."""
        payloads = self._list().values()
        owners = self._ownership(wanted, payloads)
        observed = [(observed_batch(each), read_marks(each.get("tags") or ())) for each in payloads]
        strays = [b for b, m in observed if owners.wanted.isdisjoint(owners.owners(m.experiment, m.recipe))]
        return tuple(sorted(strays, key=lambda batch: (batch.created_at, batch.id)))

    # List

    def _list(self) -> dict[str, Payload]:
        # By id: while pages are read, new batches may push others onto the next page. A token may see several
        # projects, and a batch of another one is never ours.
        client, tag = self._context.client, namespace_tag(self._context.namespace)
        project = client.project_id
        listed = client.get_batches(tag=tag, project_id=project) if project else client.get_batches(tag=tag)
        payloads = {p["id"]: p for p in listed if client.is_ours(p)}
        if untold := [batch_id for batch_id, payload in payloads.items() if not _tells_tags(payload)]:
            raise WireFormatError(f"the batch {untold[0]} is found by its tag, and tells no list of tags")
        return payloads

    # Own

    def _own(self, payloads: dict[str, Payload], wanted: Sequence[DesiredExperiment]) -> _Owned:
        owners = self._ownership(wanted, payloads.values())
        by_name: dict[str, DesiredExperiment | None] = {each.name: each for each in wanted}
        by_name |= dict.fromkeys(owners.removed if self._sees_removed else ())
        entries = {name: self._entries(name, owners) for name in by_name}
        bought = {row.batch_id: "" for rows in entries.values() for row in rows if row.batch_id}
        tagged = {each: read_marks(p.get("tags") or ()).constants for each, p in payloads.items()}
        here = bought | tagged
        works = [self._work(name, each, entries[name], owners, here) for name, each in by_name.items()]
        # A row counts once, also where one experiment was named as another is, or as two are no more.
        rows = {row.seq: row for row in chain.from_iterable(entries.values())}
        return _Owned(payloads, owners, tuple(works), tuple(rows.values()))

    def _ownership(self, wanted: Sequence[DesiredExperiment], payloads: Iterable[Payload]) -> Ownership:
        """Whose work is whose; files are looked through only where there is work under other names."""
        here = {each.name for each in wanted}
        others = recipes_of_others(payloads, here)
        on_cloud = set(others)
        for name, recipes in self._context.records.recipes(but=here).items():
            others.setdefault(name, set()).update(recipes)
        declared = self._context.declared() if others else None
        return ownership(wanted, {} if declared is None else others, on_cloud, declared or set())

    def _entries(self, name: str, owners: Ownership) -> tuple[JournalEntry, ...]:
        journal = self._context.journal
        rows = (row for each in (*owners.previous_names(name), name) for row in journal.entries(each))
        return tuple(sorted(filter(self._is_here, rows), key=lambda row: row.seq))

    def _is_here(self, entry: JournalEntry) -> bool:
        return not entry.target or self._context.site.has(entry.target)

    def _work(
        self,
        name: str,
        wanted: DesiredExperiment | None,
        entries: tuple[JournalEntry, ...],
        owners: Ownership,
        here: Mapping[str, str],
    ) -> _Work:
        """What this machine knows of one experiment.

        Args:
            here: Batches that are known to be the target's, see `Origins.provenance`.
        """
        previous = owners.previous_names(name)
        provenance = {
            each: self._origins.provenance(each, self._recorded(each, name, owners), here, wanted)
            for each in (*previous, name)
        }
        counted = each_once(job for each in provenance.values() for job in each.counted)
        shared = owners.shared_names(name)
        return _Work(name, wanted, previous, shared, entries, provenance, own_first(name, counted))

    def _recorded(self, under: str, name: str, owners: Ownership) -> Iterable[RecordedJob]:
        """What is on record under a name of an experiment, as far as it is the experiment's."""
        recorded = self._context.records.of_experiment(under)
        return recorded if under == name else (j for j in recorded if name in owners.owners(under, j.recipe))

    # Fetch

    def _fetch(self, owned: _Owned) -> _Fetched:
        rows, recorded = owned.entries, [job for work in owned.works for job in work.recorded]
        unlisted, unshown = self._unlisted.fetch(owned.payloads, rows, recorded)
        purchases = purchases_by_batch(rows)
        payloads = {
            batch_id: self._context.memory.batch(
                with_row_tags(payload, purchases.get(batch_id, ()), self._context.namespace)
            )
            for batch_id, payload in (owned.payloads | unlisted).items()
        }
        by_owner = owned.owners.by_owner(payloads.values(), [work.name for work in owned.works])
        cancelled = {batch_id: n for batch_id, payload in payloads.items() if (n := n_cancelled(payload))}
        return _Fetched(payloads, unshown, by_owner, cancelled)

    # Read

    def _read(self, owned: _Owned, fetched: _Fetched, sightings: Sightings) -> dict[str, BatchReading]:
        """Batches with their jobs, each beside all that is known of it otherwise than by lists."""
        payloads = {each["id"]: each for some in fetched.by_owner.values() for each in some}
        on_record = records_by_batch(fetched.by_owner, {work.name: work.recorded for work in owned.works})
        lacking = {job.batch_id for work in owned.works for job in work.recorded if job.lacks_result}
        asking = _asking(owned.works, fetched.by_owner)
        expected, purchases = {}, purchases_by_batch(owned.entries)
        for batch_id, payload in payloads.items():
            known = (purchases.get(batch_id, ()), on_record[batch_id])
            told = self._context.memory.job_ids(batch_id)
            expected[batch_id] = replace(
                expectation(*known, told, asking.get(batch_id)),
                lacks_result=batch_id in lacking,
                is_listed=is_over(payload) or sightings.unlisted_s(batch_id) >= self._settle_s,
                is_settled=sightings.ended_s(payload) >= self._settle_s,
                is_steady=sightings.same_s(payload) >= self._settle_s,
            )
        recorded = (job for work in owned.works for job in work.recorded)
        return self._reader.read([*payloads.values()], expected, fetched.unshown, recorded)

    # Observed

    def _observation(
        self, work: _Work, fetched: _Fetched, readings: Mapping[str, BatchReading], sightings: Sightings
    ) -> Observation:
        owned, wanted, provenance = fetched.by_owner[work.name], work.wanted, work.provenance.items()
        batches = tuple(readings[payload["id"]].batch for payload in owned)
        whole = [reading.batch for reading in readings.values() if not reading.gap]
        wrong = {of: some for of, each in provenance if (some := refuted(each.counted, whole))}
        untrue = {(job.id, job.lacks_result) for some in wrong.values() for job in some}
        observed = Observation(
            batches=batches,
            recorded=tuple(job for job in work.recorded if (job.id, job.lacks_result) not in untrue),
            refuted=wrong,
            unproved=tuple(job for _, each in provenance for job in each.unproved),
            completed={of: each.completed for of, each in provenance if each.completed},
            remarks=tuple(joined(work.recorded, self._context.site)),
            entries=work.entries,
            sightings={p["id"]: sightings.of(p, readings[p["id"]].gap) for p in owned},
            ages_s=sightings.ages_s(work.name, work.entries),
            remembered_s=sightings.remembered_s(),
            cancelled=fetched.cancelled,
            previous_names=work.previous_names,
            shared_names=work.shared_names,
            ancestors=self._ancestors(batches),
        )
        if wanted is None:
            return observed
        observed = self._origins.with_constants(wanted, observed)
        vanished = self._vanished(wanted, observed, fetched) if self._context.site.emulates else ()
        return replace(observed, bought=self._manifests(wanted, observed), vanished=vanished)

    def _ancestors(self, batches: Iterable[ObservedBatch]) -> frozenset[str]:
        """Those commits that batches tell of which the present one descends from."""
        marks = [(read_marks(batch.tags), batch.status.is_live) for batch in batches]
        commits = {each.cancelled_for for each, _ in marks} | {
            each.commit for each, is_live in marks if is_live
        }
        return frozenset(filter(self._context.descends_from, commits - {""}))

    def _manifests(self, wanted: DesiredExperiment, observed: Observation) -> dict[str, Mapping[str, object]]:
        """What is known of the recipes that may be of interest."""
        names, read = (wanted.name, *observed.previous_names), self._context.records.manifest
        recipes = of_interest(wanted, observed.batches, observed.recorded)
        found = {each: next(filter(None, (read(name, each) for name in names)), None) for each in recipes}
        return {recipe: manifest for recipe, manifest in found.items() if manifest}

    def _vanished(
        self, wanted: DesiredExperiment, observed: Observation, fetched: _Fetched
    ) -> tuple[str, ...]:
        """What this machine has bought at an emulator that is neither there nor on record."""
        rows = filter(self._is_here, self._context.journal.of_recipe(wanted.recipe[:SHORT]))
        on_record = {job.id for job in observed.recorded}
        shown = fetched.payloads.keys() - fetched.unshown
        return self._unlisted.vanished(rows, wanted.rerun_counters, on_record, shown)


def _tells_tags(payload: Payload) -> bool:
    tags = payload.get("tags")
    return isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)


def _asking(
    works: Iterable[_Work], by_owner: Mapping[str, Iterable[Payload]]
) -> dict[str, DesiredExperiment]:
    """The experiment that asks for each batch: one that owns it, as others may share its sequence."""
    asking: dict[str, DesiredExperiment] = {}
    for name, wanted in ((work.name, work.wanted) for work in works if work.wanted):
        for payload in by_owner[name]:
            if read_marks(payload.get("tags") or ()).recipe == wanted.recipe[:SHORT]:
                asking.setdefault(payload["id"], wanted)
    return asking
