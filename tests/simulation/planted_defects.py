"""Defects that are planted in the product, one at a time, for the reference's world to find.

`python tests/simulation/planted_defects.py [NAME…]` plays schedules against each until something is broken
that is not broken without it, or the guard before purchases stops one that it lets through without it, and
says after how many, and by what; exit code 1 when a defect was not found within the number that it states. A
defect that is not found is a hole in the world, or stands in `HARMLESS` with the reason.

A defect names what it replaces by its dotted path, and fails loudly where that is no more. What is hidden by
the guard, or by the planner, is planted together with a defect of the other one.
"""

from __future__ import annotations

import argparse
import importlib
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from reference_crew import STOPPED  # noqa: E402
from reference_history import REFERENCE  # noqa: E402

from runner.domain import JobStatus  # noqa: E402
from runner.errors import UnknownOutcomeError  # noqa: E402
from runner.reconcile.model.entries import BUYING, State  # noqa: E402
from runner.reconcile.model.tags import namespace_tag  # noqa: E402
from runner.reconcile.observe.batch_reader import _version as version_of  # noqa: E402
from runner.reconcile.observe.payloads import jobs_count  # noqa: E402

# What is bought although it must not be, as the judge says it.
_BOUGHT = ("bought twice", "bought too often", "over budget")


class GoneError(Exception):
    """What a defect replaces is not there any more: mend the list of defects."""


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One thing done wrongly.

    Args:
        at: Dotted paths, with a colon between the module and the name in it.

        make: Given what is there, gives what stands there instead.

        within: After how many schedules at most it is found.

        also: Further paths, each with what is made of it.

        is_bought: Whether it is found only once something is bought that must not be: for a hole in the guard
            that is planted with another defect, which would be found without it.

        luck: The kind of ill luck that each of its schedules has, see `ill_luck` and `loop_ill_luck`; any
            when it is empty.
    """

    name: str
    at: str
    make: Callable
    within: int = 100
    also: tuple[tuple[str, Callable], ...] = ()
    is_bought: bool = False
    luck: str = ""


@contextmanager
def planted(defect):
    """Within, the product has a defect."""
    with ExitStack() as stack:
        for place, make in ((defect.at, defect.make), *defect.also):
            owner, name, found = _found(place)
            made = _like(found, make)
            for each in _holders(owner, name, found):
                stack.callback(setattr, each, name, found)
                setattr(each, name, made)
        yield


def _found(place):
    module_name, _, path = place.partition(":")
    owner = importlib.import_module(module_name)
    *outer, name = path.split(".")
    try:
        for each in outer:
            owner = getattr(owner, each)
        return owner, name, owner.__dict__[name]
    except (AttributeError, KeyError) as error:
        raise GoneError(f"{place} is not there any more") from error


def _like(found, make):
    """What is made of a function, a property or a static method is one as well."""
    if isinstance(found, staticmethod):
        return staticmethod(make(found.__func__))
    function = getattr(found, "func", None) or getattr(found, "fget", None)
    return property(make(function)) if function else make(found)


def _holders(owner, name, found):
    """Where it stands, and every module that has imported it by name."""
    if isinstance(owner, type):
        return [owner]
    modules = [module for key, module in list(sys.modules.items()) if key.startswith("runner.")]
    return [module for module in modules if module.__dict__.get(name) is found]


# How things are done wrongly


def never(_):
    """It is left out."""
    return lambda *_, **__: None


def gives(value):
    """It gives always the same."""
    return lambda _: lambda *_, **__: value


def yields_nothing(_):
    """It gives no item."""
    return lambda *_, **__: iter(())


def changed(change):
    """What it gives is changed."""
    return lambda found: lambda *values, **named: change(found(*values, **named))


def with_filters(**gone):
    """A list is asked for without some filters."""

    def make(found):
        def asked(self, **filters):
            return found(self, **{name: value for name, value in filters.items() if name not in gone})

        return asked

    return make


def _fields(**fields):
    return changed(lambda value: replace(value, **fields))


def _wants_all(states):
    return tuple(
        replace(p, retry_at=None, progress=replace(p.progress, missing=p.job.runs, failed=False))
        for p in states
    )


def _forgets_a_key(found):
    def some(snapshot):
        last = snapshot.desired.jobs[-1].key if snapshot.desired.jobs else None
        return tuple(piece for piece in found(snapshot) if piece.key != last)

    return some


def _retries_for_ever(found):
    def states(snapshot):
        policy = snapshot.desired.policy
        endless = replace(policy, retry=replace(policy.retry, limit=99))
        return found(replace(snapshot, desired=replace(snapshot.desired, policy=endless)))

    return states


def _doubles_runs(found):
    def add(self, batch_id, jobs):
        return found(self, batch_id, [{**job, "runs": min(2 * job["runs"], 100)} for job in jobs])

    return add


def _sends_again(found):
    def add(self, batch_id, jobs):
        try:
            return found(self, batch_id, jobs)
        except UnknownOutcomeError:
            return found(self, batch_id, jobs)

    return add


def _with_state(states):
    """The journal's rows as they were written wrongly."""

    def make(found):
        def settle(self, seq, state, *more, **named):
            return found(self, seq, type(state)(states.get(state.value, state.value)), *more, **named)

        return settle

    return make


def _reads_intended_as_not_done(found):
    def entries(self, experiment):
        rows = found(self, experiment)
        return tuple(
            row if row.state.is_clear else replace(row, state=type(row.state)("not done")) for row in rows
        )

    return entries


def _settles_without_id(found):
    return lambda self, seq, state, batch_id=None, job_ids=(): found(self, seq, state, None, job_ids)


def _settles_without_jobs(found):
    return lambda self, seq, state, batch_id=None, job_ids=(): found(self, seq, state, batch_id)


def _intends_without(*columns):
    def make(found):
        return lambda self, kind, **row: found(
            self, kind, **{name: each for name, each in row.items() if name not in columns}
        )

    return make


def _every_second_row(found):
    return lambda self, experiment: found(self, experiment)[::2]


def _only_empty_fences(found):
    return lambda self, snapshot, action: None if action.holds_jobs else found(self, snapshot, action)


def _with_settings(**settings):
    return lambda found: (
        lambda self, context, given, *more: found(self, context, replace(given, **settings), *more)
    )


def _knows_all_claims(found):
    def creation(self, batch):
        return found(self, batch) or (self.observed.entries[-1] if self.observed.entries else None)

    return creation


def _shifted_results(found):
    def results(self, job_ids):
        ids = list(job_ids)
        said = found(self, ids)
        return dict(zip(ids, [said[each] for each in ids[1:] + ids[:1]], strict=True))

    return results


def _of_any_recipe(found):
    del found
    return lambda self: tuple(
        r for r in self.observed.recorded if self._counts(replace(r, recipe=self.desired.recipe[:16]))
    )


def _any_recipe_is_current(found):
    del found
    return lambda self, batch: self.marks[batch.id].rerun in self.wanted_reruns


def _without_records(found):
    return lambda seen, *more: found(replace(seen, recorded=()), *more)


def _failed_as_done(pieces):
    return tuple(
        replace(piece, status=JobStatus.DONE) if piece.status is JobStatus.ERROR else piece
        for piece in pieces
    )


def _running_as_failed(pieces):
    return tuple(
        piece if piece.status is not JobStatus.RUNNING else replace(piece, status=JobStatus.ERROR)
        for piece in pieces
    )


def _first_attempts(jobs):
    return tuple(replace(job, attempt=1) for job in jobs)


def _naive_is_local(found):
    def moment(text):
        is_naive = not text.endswith("Z") and "+" not in text
        return found(text) + (timedelta(hours=2) if is_naive else timedelta())

    return moment


def _cut_short(found):
    return lambda self, batch_id: found(self, batch_id)[:-1]


def _quiet(found):
    del found
    return lambda self, *_: {}


# What is seen


def _lists_all_projects(found):
    del found
    return lambda self: {
        p["id"]: p for p in self._context.client.get_batches(tag=namespace_tag(self._context.namespace))
    }


def _reads_all_targets(found):
    del found
    return lambda self, name, owners: tuple(
        sorted(
            (
                row
                for each in (*owners.previous_names(name), name)
                for row in self._context.journal.entries(each)
            ),
            key=lambda row: row.seq,
        )
    )


def _keeps_short_answers(found):
    def reading(self, payload, jobs, expected):
        said = found(self, payload, jobs, expected)
        if jobs is not None:
            self._complete[payload["id"]] = (version_of(payload, expected), said.batch.jobs)
        return said

    return reading


def _only_what_is_shown(found):
    del found
    return lambda self, batch_id, shown: list(shown)


def _as_it_is_shown(found):
    del found
    return lambda self, shown: shown


def _as_it_was_told(found):
    return lambda self, shown: self._batches.get(shown["id"], found(self, shown))


def _all_pending(found):
    """Everything that was bought is taken for repeated."""

    def repeated(snapshot):
        bare = {batch.id: () for batch in snapshot.observed.batches}
        entries = snapshot.observed.entries
        rows = tuple(replace(row, jobs=()) if row.batch_id in bare else row for row in entries)
        return found(replace(snapshot, observed=replace(snapshot.observed, entries=rows)))

    return repeated


# The guard


def _without(**evidence):
    """It looks at less evidence."""

    def make(found):
        return lambda desired, request, known, *more: found(
            desired, request, replace(known, **evidence), *more
        )

    return make


def _without_unclear(found):
    def objections(desired, request, known, *more):
        clear = tuple(row for row in known.rows if row.state is State.ACCEPTED or row.kind not in BUYING)
        return found(desired, request, replace(known, rows=clear), *more)

    return objections


def _without_the_request(found):
    return lambda desired, request, *more: found(desired, replace(request, jobs=()), *more)


def _both_count(found):
    def bought(self, *which):
        more = len(self.rows) * (self.batch_id != "")
        return found(self, *which)[0] + more, found(self, *which)[1] + sum(n for _, n in self.rows)

    return bought


_POINTS, _OBJECTIONS = (
    "runner.reconcile.plan.job_states:job_states",
    "runner.reconcile.execute.guard:objections",
)
_JOURNAL, _CLIENT = "runner.reconcile.journal.journal:Journal", "runner.cloud.client:Client"
_MEMORY, _SNAPSHOT = "runner.reconcile.memory:CloudMemory", "runner.reconcile.model.snapshot:Snapshot"
_OBSERVER, _RECONCILER = (
    "runner.reconcile.observe.observer:Observer",
    "runner.reconcile.execute.reconciler:Reconciler.__init__",
)
_SIGHTINGS = "runner.reconcile.observe.sightings:Sightings"
_UNLISTED = "runner.reconcile.observe.unlisted_batches:UnlistedBatches"
_ONLY_SIGHTED = ((f"{_SNAPSHOT}.gap", lambda _: lambda self, batch: self.sighting(batch).gap),)
_ALWAYS_WANTS = ((_POINTS, changed(_wants_all)),)

DEFECTS = (
    # What is wanted and what is there
    Defect(name="it always wants everything", at=_POINTS, make=changed(_wants_all), within=10),
    Defect(
        name="a key is forgotten in the tallies",
        at="runner.reconcile.plan.counted_jobs:counted_jobs",
        make=_forgets_a_key,
        within=10,
    ),
    Defect(name="retries without limit", at=_POINTS, make=_retries_for_ever, within=30),
    Defect(
        name="failures count as done",
        at="runner.reconcile.plan.counted_jobs:counted_jobs",
        make=changed(_failed_as_done),
        within=20,
    ),
    Defect(
        name="what runs counts as failed",
        at="runner.reconcile.plan.counted_jobs:counted_jobs",
        make=changed(_running_as_failed),
        within=120,
    ),
    Defect(
        name="the rerun is ignored",
        at="runner.domain.desired:DesiredJob.counts",
        make=lambda _: lambda self, *, runs, **_: self.repetition is None or runs == self.runs,
        within=20,
    ),
    Defect(
        name="the rerun is not read",
        at="runner.reconcile.model.tags:read_marks",
        make=_fields(rerun=0),
        within=20,
    ),
    Defect(name="records of other recipes count", at=f"{_SNAPSHOT}.recorded", make=_of_any_recipe, within=50),
    Defect(
        name="repetitions are forgotten",
        at="runner.reconcile.model.repetitions:keyed",
        make=lambda _: lambda jobs, repetitions=None: tuple(jobs),
        within=10,
    ),
    Defect(
        name="our own cancellations count as a person's",
        at="runner.reconcile.model.tags:read_marks",
        make=_fields(cancelled_by_us=False),
        within=180,
    ),
    Defect(
        name="a person's cancellations count as ours",
        at="runner.reconcile.model.tags:read_marks",
        make=_fields(cancelled_by_us=True),
        within=110,
    ),
    Defect(
        name="the device's most runs are ignored",
        at="runner.reconcile.plan.job_states:split_runs",
        make=lambda _: lambda runs, max_runs: [runs],
        within=20,
    ),
    Defect(
        name="what another clone wants is cancelled", at=f"{_SNAPSHOT}.may_undo", make=gives(True), within=200
    ),
    Defect(
        name="all that was bought is taken for repeated",
        at="runner.reconcile.plan.maintenance:repeated",
        make=_all_pending,
        within=20,
    ),
    Defect(
        name="what arrived twice is left",
        at="runner.reconcile.plan.maintenance:repeated",
        make=gives(()),
        within=400,
    ),
    Defect(
        name="what a wrong list showed as done is believed for ever",
        at="runner.reconcile.observe.completeness:refuted",
        make=gives(()),
        within=30,
        luck="belied",
    ),
    # Budgets
    Defect(name="budgets are ignored", at="runner.reconcile.plan.limits:beyond", make=gives(()), within=10),
    Defect(
        name="budgets count only what is shown",
        at="runner.reconcile.plan.limits:ever_bought",
        make=_without_records,
        within=10,
    ),
    # What is sent
    Defect(name="runs are doubled", at=f"{_CLIENT}.add_jobs", make=_doubles_runs, within=10),
    Defect(name="an unclear purchase is sent again", at=f"{_CLIENT}.add_jobs", make=_sends_again, within=20),
    Defect(
        name="the transport repeats a POST",
        at="runner.cloud.wire.transport:Request.is_safe",
        make=lambda _: lambda self: True,
        within=20,
    ),
    Defect(name="batches are never closed", at=f"{_CLIENT}.close_batch", make=_quiet, within=10),
    Defect(name="batches are never cancelled", at=f"{_CLIENT}.cancel_batch", make=_quiet, within=10),
    Defect(
        name="the mark of a cancellation is not written",
        at=f"{_CLIENT}.set_batch_tags",
        make=_quiet,
        within=70,
    ),
    Defect(
        name="only the first page is read",
        at="runner.cloud.wire.responses:pagination",
        make=gives((0, 0)),
        within=230,
    ),
    Defect(
        name="lists of all projects are read", at=f"{_OBSERVER}._list", make=_lists_all_projects, within=10
    ),
    Defect(
        name="lists of all namespaces are read",
        at=f"{_CLIENT}.get_batches",
        make=with_filters(tag=None),
        within=10,
    ),
    Defect(name="the last job is not read", at=f"{_CLIENT}.get_batch_jobs", make=_cut_short, within=10),
    # The journal
    Defect(name="intentions are not written", at=f"{_JOURNAL}.intend", make=gives(0), within=10),
    Defect(name="outcomes are not written", at=f"{_JOURNAL}.settle", make=never, within=10),
    Defect(name="every second row is lost", at=f"{_JOURNAL}.entries", make=_every_second_row, within=180),
    Defect(
        name="an unknown outcome counts as none",
        at=f"{_JOURNAL}.settle",
        make=_with_state({"unknown": "not done"}),
        within=400,
    ),
    Defect(
        name="an intention counts as not done",
        at=f"{_JOURNAL}.entries",
        make=_reads_intended_as_not_done,
        within=400,
    ),
    Defect(
        name="the answer to a creation is forgotten",
        at=f"{_JOURNAL}.settle",
        make=_settles_without_id,
        within=400,
    ),
    Defect(
        name="the recipe of what was bought is forgotten",
        at=f"{_JOURNAL}.intend",
        make=_intends_without("recipe"),
        within=400,
    ),
    Defect(
        name="the jobs of what was bought are forgotten",
        at=f"{_JOURNAL}.intend",
        make=_intends_without("jobs"),
        within=20,
    ),
    Defect(
        name="rows of other targets are read", at=f"{_OBSERVER}._entries", make=_reads_all_targets, within=250
    ),
    # Claims and fences
    Defect(
        name="fences are left out",
        at="runner.reconcile.execute.endings:Endings.fence",
        make=never,
        within=10,
    ),
    Defect(
        name="fences around jobs are left out",
        at="runner.reconcile.execute.endings:Endings.fence",
        make=_only_empty_fences,
        within=230,
    ),
    Defect(
        name="a purchase without an answer is not fenced",
        at="runner.reconcile.plan.submission:fences_around_unclear",
        make=gives(()),
        within=80,
    ),
    Defect(
        name="the youngest claim wins",
        at=f"{_SNAPSHOT}.claims",
        make=changed(lambda claims: claims[::-1]),
        within=150,
        luck="race",
    ),
    Defect(
        name="what is older is taken for younger",
        at=f"{_SNAPSHOT}._by_age",
        make=changed(lambda b: b[::-1]),
        within=150,
        luck="race",
    ),
    Defect(
        name="all claims are taken for our own", at=f"{_SNAPSHOT}.creation", make=_knows_all_claims, within=80
    ),
    Defect(name="a claim is old at once", at=f"{_SNAPSHOT}.claim_age_s", make=gives(math.inf), within=60),
    Defect(
        name="the lease is over at once", at=_RECONCILER, make=_with_settings(claim_ttl_s=0.0), within=120
    ),
    Defect(
        name="the lease never ends",
        at=_RECONCILER,
        make=_with_settings(claim_ttl_s=1e9),
        within=60,
        luck="patient",
    ),
    Defect(
        name="closings are left out",
        at="runner.reconcile.plan.maintenance:closings",
        make=gives(()),
        within=10,
    ),
    # What may still come
    Defect(name="the settle window is ignored", at=_RECONCILER, make=_with_settings(settle_s=0.0), within=70),
    Defect(name="ages of rows go by the clock", at=f"{_SIGHTINGS}.ages_s", make=gives({}), within=100),
    Defect(name="rows are old at once", at=f"{_SNAPSHOT}.seconds_since", make=gives(math.inf), within=70),
    Defect(
        name="what was shut is settled at once", at=f"{_SNAPSHOT}.is_settled", make=gives(True), within=400
    ),
    Defect(
        name="what was shut may be bought at once", at=f"{_SNAPSHOT}.unsettled_s", make=gives(0.0), within=340
    ),
    Defect(
        name="what no list shows is not asked for",
        at=f"{_UNLISTED}.fetch",
        make=gives(({}, frozenset())),
        within=400,
    ),
    # What is seen whole
    Defect(
        name="nothing is ever missing of a batch",
        at="runner.reconcile.observe.completeness:gaps",
        make=yields_nothing,
        within=40,
    ),
    Defect(
        name="a job of any type is whole",
        at="runner.reconcile.observe.completeness:job_gaps",
        make=yields_nothing,
        within=60,
        luck="babble",
    ),
    Defect(
        name="jobs may contradict their batch",
        at="runner.reconcile.observe.completeness:_contradictions",
        make=yields_nothing,
        within=20,
        luck="slander",
    ),
    Defect(
        name="what was bought need not show",
        at="runner.reconcile.observe.expectations:expectation",
        make=_fields(job_ids=frozenset(), amounts=()),
        also=_ONLY_SIGHTED,
        within=30,
        luck="blind",
    ),
    Defect(
        name="only what is counted is expected",
        at="runner.reconcile.observe.completeness:n_expected",
        make=lambda _: lambda payload, expected: jobs_count(payload),
        also=_ONLY_SIGHTED,
        within=80,
        luck="blind",
    ),
    Defect(
        name="what is half seen restrains nothing",
        at="runner.reconcile.plan.limits:_half_seen",
        make=yields_nothing,
        within=10,
    ),
    Defect(name="a gap is always old", at=f"{_SIGHTINGS}.of", make=_fields(gap_s=math.inf), within=10),
    Defect(name="a gap is always new", at=f"{_SIGHTINGS}.of", make=_fields(gap_s=0.0), within=10),
    Defect(
        name="a short answer is kept",
        at="runner.reconcile.observe.batch_reader:BatchReader._reading",
        make=_keeps_short_answers,
        within=10,
    ),
    Defect(
        name="what was read once is kept for ever",
        at="runner.reconcile.observe.batch_reader:_version",
        make=gives(0),
        within=20,
    ),
    Defect(
        name="a sequence of all is taken for a job's own",
        at="runner.reconcile.observe.job_sequences:is_shared",
        make=gives(False),
        within=130,
    ),
    Defect(
        name="times without a zone are local",
        at="runner.reconcile.observe.payloads:moment",
        make=_naive_is_local,
        within=10,
    ),
    # What was told
    Defect(
        name="our own marks are not kept",
        at=f"{_MEMORY}.mark",
        make=never,
        also=((f"{_SNAPSHOT}.is_settled", gives(True)),),
        within=400,
    ),
    Defect(
        name="only the jobs that are shown are known",
        at=f"{_MEMORY}.jobs",
        make=_only_what_is_shown,
        within=10,
    ),
    Defect(name="a batch stays as it was told", at=f"{_MEMORY}.batch", make=_as_it_was_told, within=80),
    Defect(
        name="jobs go backwards",
        at="runner.reconcile.memory:_progress",
        make=changed(lambda progress: -progress),
        within=20,
        luck="late edit",
    ),
    Defect(
        name="batches come back from their ends",
        at="runner.reconcile.memory:_is_ending",
        make=changed(lambda is_ending: not is_ending),
        within=400,
    ),
    # Records
    Defect(
        name="records are not read",
        at="runner.results.records.records:Records.of_experiment",
        make=gives(()),
        within=10,
    ),
    Defect(
        name="records are not written", at="runner.results.records.records:Records.add", make=never, within=10
    ),
    Defect(name="results are mixed up", at=f"{_CLIENT}.get_results", make=_shifted_results, within=10),
    # The guard: what it stops too much, and what it lets through of a planner that always wants everything
    Defect(
        name="the guard knows no failures",
        at="runner.reconcile.execute.lots:KnownLot.failed",
        make=gives([]),
        within=20,
    ),
    Defect(
        name="the guard counts what was cancelled",
        at="runner.reconcile.execute.lots:_job",
        make=changed(lambda job: job._replace(is_void=False)),
        within=180,
    ),
    Defect(
        name="the guard counts rows beside jobs",
        at="runner.reconcile.execute.lots:KnownLot.bought",
        make=_both_count,
        within=50,
    ),
    Defect(
        name="the guard waits for the request itself",
        at="runner.reconcile.execute.lots:_counts_still",
        make=gives(True),
        within=80,
    ),
    Defect(
        name="the guard lets everything through",
        at=_OBJECTIONS,
        make=gives(()),
        also=_ALWAYS_WANTS,
        is_bought=True,
        within=20,
    ),
    Defect(
        name="the guard does not count the request",
        at=_OBJECTIONS,
        make=_without_the_request,
        also=_ALWAYS_WANTS,
        is_bought=True,
        within=20,
    ),
    Defect(
        name="the guard knows only the cloud",
        at=_OBJECTIONS,
        make=_without(recorded=(), rows=()),
        also=_ALWAYS_WANTS,
        is_bought=True,
        within=130,
    ),
    Defect(
        name="the guard knows no journal",
        at=_OBJECTIONS,
        make=_without(rows=()),
        also=(*_ALWAYS_WANTS, (f"{_UNLISTED}.fetch", gives(({}, frozenset())))),
        is_bought=True,
        within=400,
    ),
    Defect(
        name="the guard knows no cloud",
        at=_OBJECTIONS,
        make=_without(batches=()),
        also=_ALWAYS_WANTS,
        is_bought=True,
        within=40,
    ),
    Defect(
        name="the guard lets rows of unclear purchases out",
        at=_OBJECTIONS,
        make=_without_unclear,
        also=(
            *_ALWAYS_WANTS,
            ("runner.reconcile.plan.submission:fences_around_unclear", gives(())),
            ("runner.reconcile.plan.claims:staleness", gives("")),
        ),
        is_bought=True,
        within=60,
        luck="dawdling",
    ),
    Defect(
        name="the guard knows no budget",
        at="runner.reconcile.execute.guard:_beyond_the_budget",
        make=gives(()),
        also=(("runner.reconcile.plan.limits:beyond", gives(())),),
        is_bought=True,
        within=10,
    ),
    Defect(
        name="the guard does not look at the file",
        at="runner.reconcile.execute.guard:_beyond_the_file",
        make=gives(()),
        also=_ALWAYS_WANTS,
        is_bought=True,
        within=20,
    ),
)


# What no schedule finds, and why it does no harm.
HARMLESS = {
    Defect(
        name="every attempt is the first",
        at="runner.reconcile.plan.job_states:new_jobs",
        make=changed(_first_attempts),
    ): "the attempt only tells twins apart, and that of a failed attempt has ended by then",
    Defect(
        name="the recipe is ignored", at=f"{_SNAPSHOT}._is_current", make=_any_recipe_is_current
    ): "what is under way of another recipe is waited for; what has ended counts by the records' recipe",
    Defect(
        name="adoptions are left out", at="runner.reconcile.plan.maintenance:adoptions", make=gives(())
    ): "the nonce of a claim tells whose it is all the same",
    Defect(
        name="twins are left alone", at="runner.reconcile.plan.maintenance:twins", make=gives(())
    ): "two batches for the same come only where a file lets lost submissions be sent again",
    Defect(
        name="the ids of what was bought are forgotten", at=f"{_JOURNAL}.settle", make=_settles_without_jobs
    ): "the keys, the runs and the number of jobs of a purchase tell as much",
    Defect(
        name="any keys will do", at="runner.reconcile.observe.completeness:amount_gaps", make=yields_nothing
    ): "a job that is not seen whole, or not at all, is told by other gaps before",
    Defect(
        name="runs need not be known",
        at="runner.reconcile.observe.completeness:runs_gaps",
        make=yields_nothing,
    ): "the planner holds what is wanted of a point with a job whose runs are forgotten",
    Defect(
        name="no answer is kept", at=f"{_MEMORY}.hear", make=never, also=_ONLY_SIGHTED
    ): "the journal has the ids and the jobs of each answer; what was shut is only shut once more",
    Defect(
        name="a batch is as it is shown", at=f"{_MEMORY}.batch", make=_as_it_is_shown
    ): "what was shut is only shut once more; what would be bought meanwhile, the guard stops",
}


class _Played(NamedTuple):
    """What came of a schedule: what was broken, and whether the guard has stopped a purchase."""

    broken: tuple[str, ...]
    is_stopped: bool = False


@lru_cache(maxsize=4096)
def _is_sound(game, seed):
    """Whether nothing is broken, and nothing is stopped, without a defect."""
    return _played(game, seed) == _Played(())


def _played(game, seed):
    try:
        world = game.play(game.schedule(seed))
    except Exception as error:  # noqa: BLE001  (so is a defect found)
        return _Played((f"bug: {type(error).__name__}: {error}",))
    return _Played(tuple(world.judge.broken), any(crewman.is_stopped for crewman in world.crew))


def _finding(defect, played):
    """By what a defect is found, and how; None where it is not."""
    wrong = [each for each in played.broken if not defect.is_bought or any(word in each for word in _BOUGHT)]
    others = [each for each in wrong if STOPPED not in each]
    if others:
        return "judge", others[0]
    if defect.is_bought or not (wrong or played.is_stopped):
        return None
    return "guard", (wrong or [STOPPED])[0]


class Found(NamedTuple):
    """After how many schedules a defect was found, by whom, and how; None for one that was not."""

    number: int | None
    by: str = ""
    how: str = ""


def search(name, first, most=None, defects=DEFECTS, game=REFERENCE):
    """Plays schedules until a defect is found.

    Args:
        first: The first seed.

        most: How many schedules at most; by default what the defect says.
    """
    defect = next(each for each in defects if each.name == name)
    seeds = (
        seed for seed in range(first, first + 100 * defect.within) if defect.luck in {"", game.luck(seed)}
    )
    sound = (seed for seed in seeds if _is_sound(game, seed))
    for number, seed in enumerate(islice(sound, most or defect.within), 1):
        with planted(defect):
            found = _finding(defect, _played(game, seed))
        if found:
            return Found(number, found[0], f"seed {seed}: {found[1]}")
    return Found(None)


def main(words, defects=DEFECTS, search=search, about=__doc__):
    """Exit code 1 when a defect was not found."""
    options = _options(words, about)
    names = [each.name for each in defects if not options.names or each.name in options.names]
    missed, began = [], time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        found = pool.map(search, names, [options.seed] * len(names), [options.most] * len(names))
        for name, each in zip(names, found, strict=True):
            sys.stdout.write(f"{each.number or 'NOT FOUND':>9}  {each.by:5}  {name}: {each.how[:150]}\n")
            sys.stdout.flush()
            missed += [name] if each.number is None else []
    took_s = time.monotonic() - began
    sys.stdout.write(f"{len(names) - len(missed)} of {len(names)} found in {took_s:.0f} s\n")
    return bool(missed)


def _options(words, about):
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which defects; all when left out")
    parser.add_argument("--seed", type=int, default=0, help="of the first schedule")
    parser.add_argument("--most", type=int, help="schedules for each, instead of what it states")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="at the same time")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
