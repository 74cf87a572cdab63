"""Observe: read what there is. Nothing is written.

One way: list our batches, see whose they are, fetch the jobs of those that have changed, read them, and say
of each batch what is missing of it. What is incomplete is not kept: the next pass fetches it again.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from runner.domain import BatchStatus, JobStatus, ObservedBatch, own_sequence_key
from runner.errors import NotFoundError, WireFormatError
from runner.reconcile.attribution import named
from runner.reconcile.bought import of_interest
from runner.reconcile.completeness import Expected, gaps, job_gaps, key_gaps, n_expected, runs_gaps
from runner.reconcile.journal import BUYING, Kind, State
from runner.reconcile.ledger import Ledger
from runner.reconcile.memory import jobs_in
from runner.reconcile.own_sequences import (
    has_variables,
    is_shared,
    may_have_one,
    shared_sequence,
    with_sequences,
)
from runner.reconcile.reading import jobs_count, observed_batch, observed_jobs
from runner.reconcile.repetitions import FIRST
from runner.reconcile.scene import Observation, Sighting
from runner.reconcile.tags import SHORT, joined_tags, namespace_tag, read_marks, row_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from runner.domain import DesiredExperiment, ObservedJob, RecordedJob
    from runner.reconcile.attribution import Names
    from runner.reconcile.journal import Entry
    from runner.reconcile.plans import Cost
    from runner.reconcile.tools import Tools

    Payload = dict[str, Any]

T = TypeVar("T")
R = TypeVar("R")

_READERS: Final = 8
# For how long a claim of ours that is shown nowhere is asked for (in s): it costs nothing.
_UNLISTED_S: Final = 60.0
# What the answer for a single job may say beyond a list.
_TOLD_ALONE: Final = ("id", "status", "runs", "variables")
# Of what is missing of one batch.
_TOLD: Final = 2
_UNSHOWN: Final = "the cloud has accepted it, and shows it nowhere"


class _Reading(NamedTuple):
    """A batch as it was read, and what is missing of it; empty where nothing is."""

    batch: ObservedBatch
    gap: str = ""


class Observer:
    """Reads the cloud, the journal and the records; remembers what cannot have changed since.

    Args:
        settle_s: How far the cloud's views may lag behind (in s).

        sees_removed: Whether experiments are looked at that no file of the repository describes any more.
    """

    def __init__(self, tools: Tools, *, settle_s: float = 0.0, sees_removed: bool = False) -> None:
        self._tools = tools
        self._memory = tools.memory
        self._settle_s = settle_s
        self._sees_removed = sees_removed
        self._complete: dict[str, tuple[object, tuple[ObservedJob, ...]]] = {}
        self._own_sequences: dict[str, str | None] = {}  # by the job's id; they never change
        self._sequence_keys: dict[str, str | None] = {}  # by the batch's id; they never change, either
        self._ledger = Ledger(tools)
        self._payloads: dict[str, Payload] = {}
        self._readings: dict[str, _Reading] = {}
        self._unshown: set[str] = set()
        self._began_s = 0.0

    def observe(self, wanted: Sequence[DesiredExperiment]) -> dict[str, Observation]:
        """What there is of some experiments, by their names, and of those that were removed."""
        self._began_s = self._memory.now_s()  # what is seen is as old as the first request for it
        payloads = self._listed()
        names = self._names(wanted, payloads.values())
        looked_at = [*(each.name for each in wanted), *(names.removed if self._sees_removed else ())]
        entries = {name: self._entries(name, names) for name in looked_at}
        recorded = {name: self._recorded(name, names) for name in looked_at}
        rows = [entry for some in entries.values() for entry in some]
        payloads |= self._unlisted(payloads, rows, {job.id for some in recorded.values() for job in some})
        payloads = {batch_id: self._memory.batch(payload) for batch_id, payload in payloads.items()}
        owned = _owned(payloads.values(), names, looked_at)
        expected = self._expected(owned, rows, recorded, wanted)
        readings = self._read(list({p["id"]: p for some in owned.values() for p in some}.values()), expected)
        self._payloads, self._readings = payloads, readings
        cancelled = {batch_id: n for batch_id, p in payloads.items() if (n := _n_cancelled(p))}
        seen = {
            name: Observation(
                batches=tuple(readings[payload["id"]].batch for payload in owned[name]),
                recorded=recorded[name],
                entries=entries[name],
                sightings={p["id"]: self._sighting(p, readings[p["id"]].gap) for p in owned[name]},
                ages_s=self._ages_s(name, entries[name]),
                cancelled=cancelled,
            )
            for name in looked_at
        }
        seen = {name: self._with_lineage(each) for name, each in seen.items()}
        return seen | {each.name: self._with_manifests(each, seen[each.name], names) for each in wanted}

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
        client = self._tools.client
        tag = namespace_tag(self._tools.namespace)
        if client.project_id is None:
            return {p["id"]: p for p in client.get_batches(tag=tag)}
        listed = client.get_batches(tag=tag, project_id=client.project_id)
        return {p["id"]: p for p in listed if p.get("project_id") in {None, client.project_id}}

    def _unlisted(
        self, listed: Mapping[str, Payload], entries: Iterable[Entry], on_record: set[str]
    ) -> dict[str, Payload]:
        """Batches that the cloud has accepted from us and no list shows: read by id, or from the journal.

        One whose jobs are all on record may be forgotten, and a claim that bought nothing may be lost.
        """
        of_batch: dict[str, list[Entry]] = {}
        for entry in entries:
            if entry.batch_id and entry.batch_id not in listed:
                of_batch.setdefault(entry.batch_id, []).append(entry)
        unseen = {
            batch_id: rows for batch_id, rows in of_batch.items() if self._is_looked_for(rows, on_record)
        }
        found = self._at_once(self._batch_or_none, list(unseen))
        namespace = self._tools.namespace
        payloads = {
            batch_id: _with_row_tags(payload or self._memory.told_batch(batch_id), rows, namespace)
            or _unshown(rows, namespace)
            for (batch_id, rows), payload in zip(unseen.items(), found, strict=True)
        }
        shown = {payload["id"] for payload in found if payload}
        self._unshown = unseen.keys() - shown - self._memory.told()
        return {batch_id: payload for batch_id, payload in payloads.items() if payload}

    def _is_looked_for(self, rows: Sequence[Entry], on_record: set[str]) -> bool:
        bought = [row for row in rows if row.kind in BUYING and row.state.may_have_bought]
        if bought:
            return any(not row.job_ids or not on_record.issuperset(row.job_ids) for row in bought)
        created = [row for row in rows if row.kind is Kind.CLAIM and row.state is State.ACCEPTED]
        now = self._tools.clock()
        return any(abs((now - row.at).total_seconds()) < _UNLISTED_S for row in created)

    def _batch_or_none(self, batch_id: str) -> Payload | None:
        try:
            return self._tools.client.get_batch(batch_id)
        except NotFoundError:
            return None

    # Own

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
        ours = (entry for some in of_each for entry in some if entry.target in {"", self._tools.target})
        return tuple(sorted(ours, key=lambda entry: entry.seq))

    def _recorded(self, name: str, names: Names) -> tuple[RecordedJob, ...]:
        former = (job for old in names.former(name) for job in self._former(old, name, names))
        return (*former, *self._tools.records.of_experiment(name))

    def _former(self, old: str, name: str, names: Names) -> Iterable[RecordedJob]:
        recorded = self._tools.records.of_experiment(old)
        return (job for job in recorded if name in names.owners(old, job.recipe))

    def _expected(
        self,
        owned: Mapping[str, Sequence[Payload]],
        rows: Sequence[Entry],
        recorded: Mapping[str, Iterable[RecordedJob]],
        wanted: Sequence[DesiredExperiment],
    ) -> dict[str, Expected]:
        """What each batch must show, from all that is known of it beside the cloud's lists."""
        on_record = _on_record(owned, recorded)
        by_recipe = {each.recipe[:SHORT]: each for each in wanted}
        payloads = {payload["id"]: payload for some in owned.values() for payload in some}
        return {
            batch_id: self._expected_of(
                payload, _purchases(rows, payload), on_record[batch_id], by_recipe.get(_recipe(payload))
            )
            for batch_id, payload in payloads.items()
        }

    def _expected_of(
        self,
        payload: Payload,
        purchases: Sequence[Entry],
        on_record: Iterable[RecordedJob],
        desired: DesiredExperiment | None,
    ) -> Expected:
        told = self._memory.job_ids(payload["id"])
        bought = [row for row in purchases if row.state is State.ACCEPTED]
        return Expected(
            job_ids=told.union(*(row.job_ids for row in bought)),
            runs=_runs_by_key(purchases),
            asked=_asked(desired),
            keys=tuple(key for row in bought for key, _ in row.jobs),
            on_record={job.id: job for job in on_record},
            own_sequences=self._own_sequences,
            may_be_bare=desired is None or (bool(desired.sequence) and not has_variables(desired.sequence)),
            is_wanted=desired is not None,
            shared=shared_sequence(desired) if desired else None,
            is_settled=self._ended_s(payload) >= self._settle_s,
            is_steady=self._same_s(payload) >= self._settle_s,
        )

    # Fetch

    def _read(self, payloads: Sequence[Payload], expected: Mapping[str, Expected]) -> dict[str, _Reading]:
        unread = [p for p in payloads if self._must_fetch(p, expected[p["id"]])]
        fetched = self._at_once(lambda p: self._tools.client.get_batch_jobs(p["id"]), unread)
        jobs = {
            p["id"]: self._memory.jobs(p["id"], jobs_in({"jobs": some}))
            for p, some in zip(unread, fetched, strict=True)
        }
        for payload in unread:
            batch_id = payload["id"]
            jobs[batch_id] = self._memory.jobs(
                batch_id, self._single_jobs(jobs[batch_id], expected[batch_id])
            )
        return {p["id"]: self._reading(p, jobs.get(p["id"]), expected[p["id"]]) for p in payloads}

    def _must_fetch(self, payload: Payload, expected: Expected) -> bool:
        count = n_expected(payload, expected)
        if not count or self._kept(payload, expected) is not None:
            return False
        return _accounted_for(payload, [job.status for job in expected.on_record.values()]) < count

    def _kept(self, payload: Payload, expected: Expected) -> tuple[ObservedJob, ...] | None:
        """The jobs as they were read of the same version of the batch; None if it has changed."""
        version, jobs = self._complete.get(payload["id"], (None, None))
        return jobs if jobs is not None and version == _version(payload, expected) else None

    def _single_jobs(self, jobs: Iterable[Payload], expected: Expected) -> list[Payload]:
        """Jobs of which a list does not say all, each as the answer for it alone has it.

        Only that tells of a sequence of its own, which is asked for until it is known.
        """
        ids = [
            job["id"]
            for job in jobs
            if (may_have_one(job) and job["id"] not in self._own_sequences) or job.get("runs") is None
        ]
        answers = [answer for answer in self._at_once(self._job_or_none, ids) if answer]
        for answer in answers:
            sequence = answer.get("sequence")
            if sequence or expected.may_be_bare:
                self._own_sequences[answer["id"]] = sequence
        return [{name: job.get(name) for name in _TOLD_ALONE} for job in answers]

    def _job_or_none(self, job_id: str) -> Payload | None:
        try:
            answer = self._tools.client.get_job(job_id)
        except NotFoundError:
            return None
        return answer if answer.get("id") == job_id else None

    @staticmethod
    def _at_once(read: Callable[[T], R], what: Sequence[T]) -> list[R]:
        """What is read for each, several at the same time, in order."""
        if len(what) <= 1:
            return [read(each) for each in what]
        with ThreadPoolExecutor(min(_READERS, len(what)), thread_name_prefix="observing") as pool:
            return list(pool.map(read, what))

    # Read

    def _reading(self, payload: Payload, jobs: Sequence[Payload] | None, expected: Expected) -> _Reading:
        """A batch with its jobs, and what is missing of it.

        Args:
            jobs: As they were fetched; None where nobody had to.
        """
        try:
            batch = replace(observed_batch(payload), jobs_count=n_expected(payload, expected))
        except WireFormatError as error:
            return _Reading(_unreadable(payload), str(error))
        if batch.id in self._unshown:
            return _Reading(batch, _UNSHOWN)
        if jobs is None:
            return _Reading(replace(batch, jobs=self._kept(payload, expected) or ()))
        read, unread = self._observed(payload, jobs, expected)
        missing = [*gaps(payload, jobs, expected), *unread]
        read = tuple(job if job.runs else _with_runs(job, expected) for job in read)
        known: list[RecordedJob | ObservedJob] = [*expected.on_record.values(), *read]
        keys = {job.id: job.key for job in known}
        lacking = [] if missing else [*key_gaps(keys.values(), expected.keys)]
        is_repeated = read_marks(batch.tags).repetitions != FIRST
        if is_repeated and not (expected.keys or expected.is_steady):
            missing.append(
                "which repetitions its jobs are is told by all of them, and some may not be shown yet"
            )
        if lacking or (missing and is_repeated):
            read = ()  # which job is which is not known
            for job in jobs:
                self._own_sequences.pop(job["id"], None)  # it may have been answered too early
        missing += [*lacking, *runs_gaps(read, expected.on_record)]
        if not missing and _counts_agree(payload, jobs):
            self._complete[batch.id] = (_version(payload, expected), read)
        return _Reading(replace(batch, jobs=read), "; ".join(missing[:_TOLD]))

    def _observed(
        self, payload: Payload, jobs: Sequence[Payload], expected: Expected
    ) -> tuple[tuple[ObservedJob, ...], list[str]]:
        """The jobs that can be read, and why others cannot."""
        own = {job["id"]: self._own_sequences[job["id"]] for job in jobs if job["id"] in self._own_sequences}
        if any(own.values()):
            shared = expected.shared if expected.is_wanted else self._sequence_key(payload["id"])
            own = {job_id: None if is_shared(each, shared) else each for job_id, each in own.items()}
        whole = [job for job in with_sequences(jobs, own) if not any(job_gaps(job, expected))]
        repetitions = read_marks(payload.get("tags") or ()).repetitions
        if repetitions != FIRST and len(whole) < len(jobs):
            return (), ["which repetitions its jobs are is told by all of them, and one cannot be read"]
        try:
            return observed_jobs(whole, repetitions), []
        except WireFormatError as error:
            return (), [str(error)]

    def _sequence_key(self, batch_id: str) -> str | None:
        """Key of the sequence that a batch has for its jobs, as it says itself; None where it has none."""
        if batch_id not in self._sequence_keys:
            sequence = (self._batch_or_none(batch_id) or {}).get("sequence_builder")
            with suppress(ValueError):
                self._sequence_keys[batch_id] = own_sequence_key(sequence) if sequence else None
        return self._sequence_keys.get(batch_id)

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
        )

    def _same_s(self, payload: Payload) -> float:
        """For how long this process has seen a batch take jobs or not, with as many jobs (in s)."""
        state = (payload["id"], str(payload.get("status")), bool(payload.get("open")), jobs_count(payload))
        return self._memory.seconds_of(state, self._began_s)

    def _shut_s(self, batch_id: str) -> float:
        return self._memory.seconds_of((batch_id, "shut"), self._began_s)

    def _ended_s(self, payload: Payload) -> float:
        """For how long this process has seen that a batch has ended (in s); 0 while it has not."""
        if not _is_over(payload):
            return 0.0
        return self._memory.seconds_of((payload["id"], "ended"), self._began_s)

    def _ages_s(self, name: str, entries: Iterable[Entry]) -> dict[int, float]:
        """How long ago each row was last written (in s), without trust in a clock that can be set.

        What this process finds at its first look is as old as the clock says; what comes later is new.
        """
        is_first = not self._memory.is_known((name, "rows"))
        self._memory.seconds_of((name, "rows"), self._began_s)
        now = self._tools.clock()
        return {
            entry.seq: self._memory.seconds_of(
                ("row", entry.seq, entry.state),
                self._began_s,
                already_s=max(0.0, (now - entry.at).total_seconds()) if is_first else 0.0,
            )
            for entry in entries
        }

    def _with_lineage(self, seen: Observation) -> Observation:
        """What is there, with the commits of live batches that the present one descends from."""
        live = (batch for batch in seen.batches if batch.status.is_live)
        commits = {read_marks(batch.tags).commit for batch in live} - {""}
        return replace(seen, ancestors=frozenset(filter(self._tools.descends_from, commits)))

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


def _owned(payloads: Iterable[Payload], names: Names, looked_at: Sequence[str]) -> dict[str, list[Payload]]:
    """The batches of each experiment that is looked at."""
    owned: dict[str, list[Payload]] = {name: [] for name in looked_at}
    for payload in payloads:
        marks = read_marks(payload.get("tags") or ())
        for owner in names.owners(marks.experiment, marks.recipe):
            owned.get(owner, []).append(payload)
    return owned


def _recipe(payload: Payload) -> str:
    return read_marks(payload.get("tags") or ()).recipe


def _purchases(rows: Iterable[Entry], payload: Payload) -> list[Entry]:
    """The journal's rows of what was bought on a batch, or may have been."""
    bought = (row for row in rows if row.kind in BUYING and row.state.may_have_bought)
    return [row for row in bought if row.batch_id == payload["id"]]


def _with_runs(job: ObservedJob, expected: Expected) -> ObservedJob:
    """A job that has ended, and of which the cloud has forgotten the runs.

    Of one that measured nothing it is enough to know how many it may have had.
    """
    recorded = expected.on_record.get(job.id)
    if recorded:
        return replace(job, runs=recorded.runs)
    asked = expected.asked.get(job.key, 0) if job.status is not JobStatus.DONE else 0
    return replace(job, runs=expected.runs.get(job.key, asked))


def _asked(desired: DesiredExperiment | None) -> dict[str, int]:
    """Most runs that one job may have, by its key."""
    if desired is None:
        return {}
    most = desired.max_runs
    return {job.key: job.runs if most is None else min(job.runs, most) for job in desired.jobs}


def _runs_by_key(bought: Iterable[Entry]) -> dict[str, int]:
    """How many runs each job of a batch has, by its key, where the journal says it without doubt."""
    amounts: dict[str, set[int]] = {}
    for key, runs in (each for row in bought for each in row.jobs):
        amounts.setdefault(key, set()).add(runs)
    return {key: next(iter(some)) for key, some in amounts.items() if len(some) == 1}


def _with_row_tags(payload: Payload | None, rows: Sequence[Entry], namespace: str) -> Payload | None:
    """A batch that we have bought on, with the tags that tell so, should they have been taken away."""
    bought = [row for row in rows if row.kind in BUYING and row.state.may_have_bought and row.recipe]
    if payload is None or not bought:
        return payload
    return payload | {"tags": joined_tags(payload.get("tags") or (), row_tags(namespace, bought[0]))}


def _unshown(rows: Sequence[Entry], namespace: str) -> Payload | None:
    """A batch that the cloud has accepted and shows nowhere, as the journal has it; None for a mere claim."""
    bought = [row for row in rows if row.kind in BUYING and row.state.may_have_bought and row.recipe]
    if not bought:
        return None
    return {
        "id": bought[0].batch_id,
        "status": BatchStatus.PENDING,
        "open": False,
        "created_at": bought[0].at.isoformat(),
        "jobs_count": sum(len(row.jobs) for row in bought),
        "tags": row_tags(namespace, bought[0]),
    }


def _unreadable(payload: Payload) -> ObservedBatch:
    """A batch of which so little is known that nothing is done around it."""
    long_ago = datetime.fromtimestamp(0, UTC)
    tags = tuple(payload.get("tags") or ())
    return ObservedBatch(
        id=payload["id"],
        status=BatchStatus.UNKNOWN,
        open=False,
        created_at=long_ago,
        updated_at=long_ago,
        tags=tags,
    )


def _is_over(payload: Payload) -> bool:
    return not BatchStatus(str(payload.get("status"))).is_live


def _counts_agree(payload: Payload, jobs: Iterable[Payload]) -> bool:
    """Whether the jobs are as their batch says; what differs may change without a new version of it."""
    counts = payload.get("jobs_count_per_status") or {}
    listed = Counter(job.get("status") for job in jobs)
    return {status: n for status, n in counts.items() if n} == dict(listed)


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
        if not job.lacks_result:
            by_batch.setdefault(job.batch_id, []).append(job)
    return by_batch


def _accounted_for(payload: Payload, on_record: Collection[JobStatus]) -> int:
    """How many jobs of a batch are on record, or need not be: those that we have cancelled ourselves.

    Where we have, no cancelled one is counted twice, should one be on record as well.
    """
    if not read_marks(payload.get("tags") or ()).released:
        return len(on_record)
    return _n_cancelled(payload) + sum(status is not JobStatus.CANCELED for status in on_record)


def _n_cancelled(payload: Payload) -> int:
    """How many jobs of a batch the cloud says are cancelled; 0 where it does not say."""
    counts = payload.get("jobs_count_per_status")
    said = counts.get(JobStatus.CANCELED, 0) if isinstance(counts, dict) else 0
    return said if isinstance(said, int) else 0


def _version(payload: Payload, expected: Expected) -> object:
    """What changes whenever a job of the batch does."""
    per_status = payload.get("jobs_count_per_status")
    if not per_status or not isinstance(per_status, dict):
        return object()  # equal to nothing: read it again
    repetitions = read_marks(payload.get("tags") or ()).repetitions
    counts = tuple(sorted(per_status.items()))
    return (payload["status"], payload.get("open"), counts, n_expected(payload, expected), repetitions)
