"""Observe: read what there is. Nothing is written.

One way: list our batches, see whose they are, fetch the jobs of those that have changed, read them, and say
of each batch what is missing of it. What is incomplete is not kept: the next pass fetches it again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from runner.domain import BatchStatus
from runner.errors import NotFoundError, WireFormatError
from runner.reconcile.model.entries import BUYING, Kind, State
from runner.reconcile.model.observation import Observation, Sighting
from runner.reconcile.model.tags import SHORT, namespace_tag, read_marks
from runner.reconcile.observe.batch_reader import BatchReader, at_once, n_cancelled
from runner.reconcile.observe.expectations import (
    expectation,
    purchases_on,
    records_by_batch,
    unshown_batch,
    with_row_tags,
)
from runner.reconcile.observe.origins import Origins, joined
from runner.reconcile.observe.ownership import named
from runner.reconcile.observe.payloads import jobs_count, observed_batch
from runner.reconcile.observe.spending import Ledger
from runner.reconcile.plan.past_purchases import of_interest
from runner.results.records.copies import each_once

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from runner.domain import DesiredExperiment, ObservedBatch, RecordedJob
    from runner.reconcile.context import Context
    from runner.reconcile.model.entries import Entry
    from runner.reconcile.model.plan import Cost
    from runner.reconcile.observe.batch_reader import Reading
    from runner.reconcile.observe.completeness import Expected
    from runner.reconcile.observe.origins import Attributed
    from runner.reconcile.observe.ownership import Names

    Payload = dict[str, Any]

# For how long a claim of ours that is shown nowhere is asked for (in s): it costs nothing.
_UNLISTED_S: Final = 60.0


class Observer:
    """Reads the cloud, the journal and the records; remembers what cannot have changed since.

    Args:
        settle_s: How far the cloud's views may lag behind (in s).

        sees_removed: Whether experiments are looked at that no file of the repository describes any more.
    """

    def __init__(self, context: Context, *, settle_s: float = 0.0, sees_removed: bool = False) -> None:
        self._context = context
        self._memory = context.memory
        self._settle_s = settle_s
        self._sees_removed = sees_removed
        self._reader = BatchReader(context.client, context.memory)
        self._ledger = Ledger(context)
        self._origins = Origins(context)
        self._payloads: dict[str, Payload] = {}
        self._readings: dict[str, Reading] = {}
        self._unshown: set[str] = set()
        self._began_s, self._began_at = 0.0, context.clock()

    def observe(self, wanted: Sequence[DesiredExperiment]) -> dict[str, Observation]:
        """What there is of some experiments, by their names, and of those that were removed."""
        # What is seen is as old as the first request for it.
        self._began_s, self._began_at = self._memory.now_s(), self._context.clock()
        payloads = self._listed()
        names = self._names(wanted, payloads.values())
        looked_at = [*(each.name for each in wanted), *(names.removed if self._sees_removed else ())]
        entries = {name: self._entries(name, names) for name in looked_at}
        attributed = self._attributed(looked_at, wanted, names, payloads, entries)
        recorded = {
            name: each_once(job for a in attributed[name].values() for job in a.counted) for name in looked_at
        }
        rows = [entry for some in entries.values() for entry in some]
        payloads |= self._unlisted(payloads, rows, [job for some in recorded.values() for job in some])
        payloads = {
            batch_id: self._memory.batch(
                with_row_tags(payload, purchases_on(rows, batch_id), self._context.namespace)
            )
            for batch_id, payload in payloads.items()
        }
        owned = _owned(payloads.values(), names, looked_at)
        expected = self._expected(owned, rows, recorded, wanted)
        looked_at_once = {payload["id"]: payload for some in owned.values() for payload in some}
        readings = self._reader.read([*looked_at_once.values()], expected, self._unshown)
        self._payloads, self._readings = payloads, readings
        cancelled = {batch_id: n for batch_id, p in payloads.items() if (n := n_cancelled(p))}
        seen = {
            name: Observation(
                batches=tuple(readings[payload["id"]].batch for payload in owned[name]),
                recorded=recorded[name],
                unproved=tuple(job for a in attributed[name].values() for job in a.unproved),
                completed={of: a.completed for of, a in attributed[name].items() if a.completed},
                remarks=tuple(joined(recorded[name], self._context.site)),
                entries=entries[name],
                sightings={p["id"]: self._sighting(p, readings[p["id"]].gap) for p in owned[name]},
                ages_s=self._ages_s(name, entries[name]),
                remembered_s=self._remembered_s(),
                cancelled=cancelled,
                former=names.former(name),
            )
            for name in looked_at
        }
        seen = {name: self._with_lineage(each) for name, each in seen.items()}
        seen |= {
            each.name: self._origins.with_constants(each, seen[each.name], names.former(each.name))
            for each in wanted
        }
        seen |= {each.name: self._with_manifests(each, seen[each.name], names) for each in wanted}
        if not self._context.site.emulates:
            return seen
        return seen | {each.name: self._with_vanished(each, seen[each.name]) for each in wanted}

    def spent_since(self, begin: datetime) -> tuple[Cost, str]:
        """What all experiments of the repository have bought since a moment, as of what was last observed.

        With it comes what cannot be counted, for it is not seen whole; empty where all can.
        """
        seen = {batch_id: each.batch for batch_id, each in self._readings.items() if not each.gap}
        return self._ledger.since(begin, self._payloads, seen)

    def strays(self, wanted: Sequence[DesiredExperiment]) -> tuple[ObservedBatch, ...]:
        """Batches of ours that count for none of some experiments, oldest first; one list request."""
        payloads = self._listed().values()
        names = self._names(wanted, payloads)
        observed = [(observed_batch(each), read_marks(each.get("tags") or ())) for each in payloads]
        strays = [b for b, m in observed if names.wanted.isdisjoint(names.owners(m.experiment, m.recipe))]
        return tuple(sorted(strays, key=lambda batch: (batch.created_at, batch.id)))

    # List

    def _listed(self) -> dict[str, Payload]:
        # By id: while pages are read, new batches may push others onto the next page. A token may see several
        # projects, and a batch of another one is never ours.
        client, tag = self._context.client, namespace_tag(self._context.namespace)
        project = client.project_id
        listed = client.get_batches(tag=tag, project_id=project) if project else client.get_batches(tag=tag)
        payloads = {p["id"]: p for p in listed if client.is_ours(p)}
        if untold := [batch_id for batch_id, payload in payloads.items() if not _tells_tags(payload)]:
            raise WireFormatError(f"the batch {untold[0]} is found by its tag, and tells no list of tags")
        return payloads

    def _unlisted(
        self, listed: Mapping[str, Payload], entries: Iterable[Entry], recorded: Iterable[RecordedJob]
    ) -> dict[str, Payload]:
        """Batches that the cloud has accepted from us and no list shows: read by id, or from the journal.

        One whose jobs are all on record may be forgotten, and a claim that bought nothing may be lost.
        """
        on_record = {job.id: job for job in recorded}
        measured = {job_id for job_id, job in on_record.items() if not job.lacks_result}
        of_batch: dict[str, list[Entry]] = {}
        for entry in entries:
            if entry.batch_id and entry.batch_id not in listed:
                of_batch.setdefault(entry.batch_id, []).append(entry)
        unseen = {each: some for each, some in of_batch.items() if self._is_looked_for(some, measured)}
        found = at_once(self._batch_or_none, list(unseen))
        namespace = self._context.namespace
        payloads = {
            batch_id: payload or self._memory.told_batch(batch_id) or unshown_batch(some, namespace)
            for (batch_id, some), payload in zip(unseen.items(), found, strict=True)
        }
        shown = {payload["id"] for payload in found if payload}
        self._unshown = unseen.keys() - shown - self._memory.told()
        # Of one that is gone and lacks only results, nothing is to come any more.
        gone = {batch_id for batch_id in unseen.keys() - shown if _all_among(unseen[batch_id], on_record)}
        return {batch_id: each for batch_id, each in payloads.items() if each and batch_id not in gone}

    def _is_looked_for(self, rows: Sequence[Entry], measured: Collection[str]) -> bool:
        if any(map(_may_have_bought, rows)):
            return not _all_among(rows, measured)
        created = [row for row in rows if row.kind is Kind.CLAIM and row.state is State.ACCEPTED]
        now = self._context.clock()
        return any(abs((now - row.at).total_seconds()) < _UNLISTED_S for row in created)

    def _batch_or_none(self, batch_id: str) -> Payload | None:
        try:
            found = self._context.client.get_batch(batch_id)
        except NotFoundError:
            return None
        return found if self._context.client.is_ours(found) else None

    # Own

    def _names(self, wanted: Sequence[DesiredExperiment], payloads: Iterable[Payload]) -> Names:
        """Whose work is whose; files are looked through only where there is work under other names."""
        here = {each.name for each in wanted}
        others: dict[str, set[str]] = {}
        for marks in (read_marks(payload.get("tags") or ()) for payload in payloads):
            if marks.experiment and marks.experiment not in here:
                others.setdefault(marks.experiment, set()).add(marks.recipe)
        on_cloud = set(others)
        for name, recipes in self._context.records.recipes(but=here).items():
            others.setdefault(name, set()).update(recipes)
        declared = self._context.declared() if others else None
        return named(wanted, {} if declared is None else others, on_cloud, declared or set())

    def _entries(self, name: str, names: Names) -> tuple[Entry, ...]:
        of_each = [self._context.journal.entries(each) for each in (*names.former(name), name)]
        ours = (entry for some in of_each for entry in some if self._is_here(entry))
        return tuple(sorted(ours, key=lambda entry: entry.seq))

    def _is_here(self, entry: Entry) -> bool:
        return not entry.target or self._context.site.has(entry.target)

    def _attributed(
        self,
        looked_at: Sequence[str],
        wanted: Sequence[DesiredExperiment],
        names: Names,
        payloads: Mapping[str, Payload],
        entries: Mapping[str, Sequence[Entry]],
    ) -> dict[str, dict[str, Attributed]]:
        """What is on record of each experiment, by where it comes from; own and former names apart."""
        by_name = {each.name: each for each in wanted}
        bought = {row.batch_id: "" for rows in entries.values() for row in rows if row.batch_id}
        here = bought | {
            each: read_marks(payload.get("tags") or ()).constants for each, payload in payloads.items()
        }
        return {
            name: {
                of: self._origins.attributed(of, recorded, here, by_name.get(name))
                for of, recorded in self._recorded(name, names)
            }
            for name in looked_at
        }

    def _recorded(self, name: str, names: Names) -> Iterator[tuple[str, Iterable[RecordedJob]]]:
        """What is on record under each of an experiment's names, its own last."""
        for old in names.former(name):
            yield old, self._former(old, name, names)
        yield name, self._context.records.of_experiment(name)

    def _former(self, old: str, name: str, names: Names) -> Iterable[RecordedJob]:
        recorded = self._context.records.of_experiment(old)
        return (job for job in recorded if name in names.owners(old, job.recipe))

    def _expected(
        self,
        owned: Mapping[str, Sequence[Payload]],
        rows: Sequence[Entry],
        recorded: Mapping[str, Iterable[RecordedJob]],
        wanted: Sequence[DesiredExperiment],
    ) -> dict[str, Expected]:
        """What each batch must show, from all that is known of it beside the cloud's lists."""
        on_record = records_by_batch(owned, recorded)
        asking = _asking(owned, wanted)
        expected = {}
        for payload in (payload for some in owned.values() for payload in some):
            batch_id = payload["id"]
            known = (purchases_on(rows, batch_id), on_record[batch_id], self._memory.job_ids(batch_id))
            expected[batch_id] = replace(
                expectation(*known, asking.get(batch_id)),
                is_listed=_is_over(payload) or self._unlisted_s(batch_id) >= self._settle_s,
                is_settled=self._ended_s(payload) >= self._settle_s,
                is_steady=self._same_s(payload) >= self._settle_s,
            )
        return expected

    # Since when

    def _sighting(self, payload: Payload, gap: str) -> Sighting:
        """For how long this process has seen a batch as it is."""
        batch_id, memory, now_s = payload["id"], self._memory, self._began_s
        if not gap:
            memory.forget((batch_id, "gap"))
        return Sighting(
            gap=gap,
            gap_s=memory.seconds_of((batch_id, "gap"), now_s) if gap else 0.0,
            seen_s=memory.seconds_of(batch_id, now_s),
            same_s=self._same_s(payload),
            shut_s=0.0 if payload.get("open") is True and not _is_over(payload) else self._shut_s(batch_id),
            ended_s=self._ended_s(payload),
        )

    def _same_s(self, payload: Payload) -> float:
        """For how long this process has seen a batch take jobs or not, with as many jobs (in s)."""
        state = (payload["id"], str(payload.get("status")), bool(payload.get("open")), jobs_count(payload))
        return self._memory.seconds_of(state, self._began_s)

    def _unlisted_s(self, batch_id: str) -> float:
        """For how long the jobs that are listed of a batch have not been all that are known (in s)."""
        what = (batch_id, "unlisted")
        return self._memory.seconds_of(what, self._began_s) if self._memory.is_known(what) else 0.0

    def _shut_s(self, batch_id: str) -> float:
        return self._memory.seconds_of((batch_id, "shut"), self._began_s)

    def _ended_s(self, payload: Payload) -> float:
        """For how long this process has seen that a batch has ended (in s); 0 while it has not."""
        if not _is_over(payload):
            return 0.0
        return self._memory.seconds_of((payload["id"], "ended"), self._began_s)

    def _remembered_s(self) -> float:
        """For how long the journal has remembered (in s), as `_ages_s`."""
        already_s = max(0.0, (self._began_at - self._context.journal.created_at).total_seconds())
        return self._memory.seconds_of("journal", self._began_s, already_s=already_s)

    def _ages_s(self, name: str, entries: Iterable[Entry]) -> dict[int, float]:
        """How long ago each row was last written (in s), without trust in a clock that can be set.

        What this process finds at its first look is as old as the clock says; what comes later is new.
        """
        is_first = not self._memory.is_known((name, "rows"))
        self._memory.seconds_of((name, "rows"), self._began_s)
        return {
            entry.seq: self._memory.seconds_of(
                ("row", entry.seq, entry.state),
                self._began_s,
                already_s=max(0.0, (self._began_at - entry.at).total_seconds()) if is_first else 0.0,
            )
            for entry in entries
        }

    def _with_lineage(self, seen: Observation) -> Observation:
        """What is there, with those commits that it tells of which the present one descends from."""
        live = (batch for batch in seen.batches if batch.status.is_live)
        cancelled = (read_marks(batch.tags).cancelled_for for batch in seen.batches)
        commits = {*(read_marks(batch.tags).commit for batch in live), *cancelled} - {""}
        return replace(seen, ancestors=frozenset(filter(self._context.descends_from, commits)))

    def _with_vanished(self, wanted: DesiredExperiment, seen: Observation) -> Observation:
        """What is there, with what this machine bought that is not: an emulator forgets nothing by itself."""
        rows = self._context.journal.of_recipe(wanted.recipe[:SHORT])
        on_record = {job.id for job in seen.recorded}
        reruns = {job.rerun for job in wanted.jobs}
        lost = {
            row.batch_id
            for row in rows
            if row.kind in BUYING and row.state is State.ACCEPTED and row.batch_id and self._is_here(row)
            if row.rerun in reruns and not (row.job_ids and on_record.issuperset(row.job_ids))
        }
        unseen = sorted(each for each in lost if each and not self._is_shown(each))
        found = at_once(self._batch_or_none, unseen)
        gone = (batch_id for batch_id, payload in zip(unseen, found, strict=True) if payload is None)
        return replace(seen, vanished=tuple(gone))

    def _is_shown(self, batch_id: str) -> bool:
        """Whether a batch was in the last list, or was read by its id."""
        return batch_id in self._payloads and batch_id not in self._unshown

    def _with_manifests(self, wanted: DesiredExperiment, seen: Observation, names: Names) -> Observation:
        """What is there, with what is known of the recipes that may be of interest."""
        read = self._context.records.manifest
        bought = {}
        for recipe in of_interest(wanted, seen.batches, seen.recorded):
            found = (read(name, recipe) for name in (wanted.name, *names.former(wanted.name)))
            manifest = next((each for each in found if each), None)
            if manifest:
                bought[recipe] = manifest
        return replace(seen, bought=bought) if bought else seen


def _may_have_bought(row: Entry) -> bool:
    return row.kind in BUYING and row.state.may_have_bought


def _all_among(rows: Iterable[Entry], job_ids: Collection[str]) -> bool:
    """Whether all that was bought is known, and among some jobs."""
    bought = [row for row in rows if _may_have_bought(row)]
    return bool(bought) and all(row.job_ids and set(row.job_ids).issubset(job_ids) for row in bought)


def _tells_tags(payload: Payload) -> bool:
    tags = payload.get("tags")
    return isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)


def _owned(payloads: Iterable[Payload], names: Names, looked_at: Sequence[str]) -> dict[str, list[Payload]]:
    """The batches of each experiment that is looked at."""
    owned: dict[str, list[Payload]] = {name: [] for name in looked_at}
    for payload in payloads:
        marks = read_marks(payload.get("tags") or ())
        for owner in names.owners(marks.experiment, marks.recipe):
            owned.get(owner, []).append(payload)
    return owned


def _asking(
    owned: Mapping[str, Iterable[Payload]], wanted: Iterable[DesiredExperiment]
) -> dict[str, DesiredExperiment]:
    """The experiment that asks for each batch: one that owns it, as others may share its sequence."""
    asking: dict[str, DesiredExperiment] = {}
    for desired in wanted:
        for payload in owned[desired.name]:
            if read_marks(payload.get("tags") or ()).recipe == desired.recipe[:SHORT]:
                asking.setdefault(payload["id"], desired)
    return asking


def _is_over(payload: Payload) -> bool:
    return not BatchStatus(str(payload.get("status"))).is_live
