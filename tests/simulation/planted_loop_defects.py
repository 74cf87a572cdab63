"""Defects that are planted in what closed loops rest on, one at a time, for the reference's world to find.

`python tests/simulation/planted_loop_defects.py [NAME…]`, as `planted_defects`.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import planted_defects  # noqa: E402  (a script has only its own folder on its path)
from loop_history import LOOPS  # noqa: E402
from planted_defects import Defect, changed, gives, yields_nothing  # noqa: E402

from runner.domain import JobStatus  # noqa: E402
from runner.reconcile.model.repetitions import read_repetitions  # noqa: E402
from runner.reconcile.model.slots import Slots, read_slots  # noqa: E402

_SLOTS, _STRATEGY = "runner.reconcile.model.slots:Slots", "runner.reconcile.plan.strategy"
_EXECUTOR = "runner.reconcile.execute.executor:Executor"


def _without_cancelled(found):
    def keyed(self, jobs):
        over = {JobStatus.CANCELED, JobStatus.CANCELING}
        left = [job for job in jobs if job.status not in over]
        return (*found(self, left), *(job for job in jobs if job.status in over))

    return keyed


def _in_the_order_of_ids(found):
    return lambda self, jobs: found(self, sorted(jobs, key=lambda job: job.id, reverse=True))


def _beyond_by_place(found):
    def keyed(self, jobs):
        first = 1 if self.is_listed else int(self.labels[0])
        more = Slots(self.strategy, tuple(map(str, range(first, first + len(jobs)))), is_listed=True)
        return found(self if self.is_listed or len(jobs) <= len(self.labels) else more, jobs)

    return keyed


def _by_place(found):
    return lambda self, jobs: found(replace(self, is_listed=True), jobs)


def _as_a_range(found):
    def said(self):
        if not (self.is_listed and all(label.isdecimal() for label in self.labels)):
            return found(self)
        return f"slots:{self.labels[0]}-{max(map(int, self.labels))}"

    return said


def _not_said(found):
    del found
    return lambda self, snapshot, action, places, batch: places.with_more(batch.jobs_count, action.jobs)


def _said_afterwards(found):
    def add(self, snapshot, action):
        said, client = [], self._client

        class Late:
            def __getattr__(self, name):
                late = name == "set_batch_tags"
                return (lambda *tags: said.append(tags)) if late else getattr(client, name)

        self._client = Late()
        try:
            found(self, snapshot, action)
        finally:
            self._client = client
        for tags in said:
            client.set_batch_tags(*tags)

    return add


def _without_gaps(found):
    def asking(*values):
        snapshot = found(*values)
        snapshot.__dict__["gaps"] = ()
        return snapshot

    return asking


def _shortest(found):
    del found

    def places(tags, said):
        slots = [
            read_slots(said.get("recipe", ""), tag) for tag in tags if tag.startswith(("slots:", "again:"))
        ]
        known = [each for each in slots if each]
        shortest = min(known, key=lambda each: len(each.labels), default=None)
        return shortest or read_repetitions(said.get("repeat", ""))

    return places


def _moved(jobs):
    return [each._replace(variables={"t": each.variables["t"] + 1e-9}) for each in jobs]


def _oldest_first(jobs):
    return [each._replace(status=JobStatus.DONE) for each in sorted(jobs, key=lambda each: each.created_at)]


def _of_the_cloud_alone(found):
    return lambda snapshot: found(replace(snapshot, observed=replace(snapshot.observed, recorded=())))


def _failed_at_once(found):
    def result(snapshot, variables, state, *more):
        said = found(snapshot, variables, state, *more)
        return replace(said, is_pending=said.is_pending and not state.progress.failures)

    return result


def _without_a_pending_one(found):
    def results(snapshot, *more):
        said = found(snapshot, *more)
        return {slot: replace(each, is_pending=False) for slot, each in said.items()}

    return results


def _swapped(found):
    def results(snapshot, *more):
        said = found(snapshot, *more)
        remote = [each.remote for each in said.values()]
        moved = remote[1:] + remote[:1]
        return {
            slot: replace(each, remote=other) for (slot, each), other in zip(said.items(), moved, strict=True)
        }

    return results


def _without_the_last(known):
    return known._replace(slots=dict(list(known.slots.items())[:-1]))


def _last_first(names):
    return names[::-1]


def _no_strangers(found):
    return lambda *values: replace(found(*values), strangers=())


def _to_the_end(found):
    def bought(strategy, name, jobs):
        known, jobs = found(strategy, name, jobs), list(jobs)
        slots = dict(known.slots)
        for each in known.others:
            slots = found(strategy, each, [job for job in jobs if job.experiment == each]).slots | slots
        return known._replace(slots=dict(sorted(slots.items())))

    return bought


def _of_own_names(found):
    return lambda self, name, recipe: found(self, name, recipe) if name in self.wanted else ()


DEFECTS = (
    Defect(
        name="jobs are told by their values",
        at=f"{_SLOTS}.keyed",
        make=lambda _: lambda self, jobs: tuple(jobs),
        within=10,
    ),
    Defect(
        name="places are counted without cancelled jobs",
        at=f"{_SLOTS}.keyed",
        make=_without_cancelled,
        within=100,
    ),
    Defect(
        name="places are counted from the last job",
        at=f"{_SLOTS}.keyed",
        make=_in_the_order_of_ids,
        within=10,
    ),
    Defect(name="what came twice is the next slot", at=f"{_SLOTS}.keyed", make=_beyond_by_place, within=100),
    Defect(
        name="what came twice in between is the next slot",
        at=f"{_SLOTS}.keyed",
        make=_by_place,
        within=10,
        luck="twice in between",
    ),
    Defect(name="retries are said as a range", at=f"{_SLOTS}.__str__", make=_as_a_range, within=100),
    Defect(name="a tag is not told of more slots", at=f"{_EXECUTOR}._extend", make=_not_said, within=40),
    Defect(
        name="a tag is told of more slots afterwards",
        at=f"{_EXECUTOR}._add_jobs",
        make=_said_afterwards,
        within=200,
    ),
    Defect(
        name="the shortest tag counts", at="runner.reconcile.model.tags:_places", make=_shortest, within=200
    ),
    Defect(
        name="bought values are proposed anew", at=f"{_STRATEGY}:_bought", make=changed(_moved), within=10
    ),
    Defect(
        name="values that never ran count first",
        at=f"{_STRATEGY}:_bought",
        make=changed(_oldest_first),
        within=60,
        luck="taken in part",
    ),
    Defect(
        name="slots on record are forgotten", at=f"{_STRATEGY}:_bought", make=_of_the_cloud_alone, within=200
    ),
    Defect(
        name="our own cancellations end slots",
        at=f"{_STRATEGY}:_unsettled",
        make=yields_nothing,
        within=10,
        luck="undone elsewhere",
    ),
    Defect(name="a failed attempt ends its slot", at=f"{_STRATEGY}:_result", make=_failed_at_once, within=20),
    Defect(name="nothing is pending", at=f"{_STRATEGY}:_results", make=_without_a_pending_one, within=10),
    Defect(name="results are other slots'", at=f"{_STRATEGY}:_results", make=_swapped, within=10),
    Defect(
        name="the last slot is forgotten",
        at="runner.domain.slot_jobs:bought_slots",
        make=changed(_without_the_last),
        within=10,
    ),
    Defect(
        name="what is batched again is told by its place",
        at="runner.reconcile.observe.payloads:parent_of",
        make=gives(""),
        within=60,
        luck="batched again",
    ),
    Defect(
        name="former names count first",
        at="runner.domain.observed:names_in_order",
        make=changed(_last_first),
        within=10,
        luck="twins",
    ),
    Defect(
        name="a slot's other values count, too",
        at="runner.domain.desired:DesiredJob.is_elsewhere",
        make=gives(False),
        within=10,
        luck="twins",
    ),
    Defect(
        name="a former name's later slots of the same values count",
        at="runner.domain.slot_jobs:_job",
        make=_no_strangers,
        within=100,
        luck="twins",
    ),
    Defect(
        name="a former name's later slots are gone on with",
        at="runner.domain.slot_jobs:bought_slots",
        make=_to_the_end,
        within=40,
        luck="twins",
    ),
    Defect(
        name="former names are nobody's",
        at="runner.reconcile.observe.ownership:Ownership.owners",
        make=_of_own_names,
        within=10,
        luck="renamed",
    ),
    Defect(
        name="results are on record under the name that is left",
        at="runner.reconcile.model.snapshot:Snapshot.name_of",
        make=lambda _: lambda self, batch: self.desired.name,
        within=100,
        luck="twins",
    ),
    Defect(
        name="a held batch is kept for ever",
        at="runner.reconcile.plan.maintenance:_is_held",
        make=gives(True),
        within=20,
    ),
)

# What no schedule finds, and why it does no harm here.
HARMLESS = {
    Defect(
        name="it proposes by what is half seen", at=f"{_STRATEGY}:_asking", make=_without_gaps
    ): "the planner buys nothing while anything is half seen",
    Defect(
        name="jobs beyond the tag are not seen",
        at="runner.reconcile.observe.completeness:beyond_slots",
        make=yields_nothing,
    ): "nothing but clones adds jobs to their batches in this world; a test of passes does",
}


def search(name, first, most=None):
    """Plays schedules of loops until a defect is found."""
    return planted_defects.search(name, first, most, DEFECTS, LOOPS)


if __name__ == "__main__":
    sys.exit(planted_defects.main(sys.argv[1:], DEFECTS, search, __doc__))
