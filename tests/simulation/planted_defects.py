"""Defects that are planted in the product, one at a time, for the reference's world to find.

`python tests/simulation/planted_defects.py [NAME…]` plays schedules against each until something is broken
that is not broken without it, and says after how many; exit code 1 when a defect was not found within the
number that it states. A defect that is not found is a hole in the world.

A defect names what it replaces by its dotted path, and fails loudly where that is no more. Those of the guard
stand at the end of `DEFECTS`.
"""

from __future__ import annotations

import argparse
import importlib
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

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from reference_history import broken  # noqa: E402  (a script has only its own folder on its path)
from reference_schedules import schedule  # noqa: E402

from runner.domain import JobStatus  # noqa: E402
from runner.errors import UnknownOutcomeError  # noqa: E402


class GoneError(Exception):
    """What a defect replaces is not there any more: mend the list of defects."""


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One thing done wrongly.

    Args:
        at: Dotted paths, with a colon between the module and the name in it.

        make: Given what is there, gives what stands there instead.

        within: After how many schedules at most the world finds it.
    """

    name: str
    at: str | tuple[str, ...]
    make: Callable
    within: int = 100

    @property
    def places(self):
        """All that is replaced."""
        return (self.at,) if isinstance(self.at, str) else self.at


@contextmanager
def planted(defect):
    """Within, the product has a defect."""
    with ExitStack() as stack:
        for place in defect.places:
            owner, name, found = _found(place)
            made = _like(found, defect.make)
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


def _wants_all(points):
    return tuple(
        replace(p, retry_at=None, tally=replace(p.tally, missing=p.job.runs, failed=False)) for p in points
    )


def _forgets_a_key(found):
    def some(scene):
        last = scene.desired.jobs[-1].key if scene.desired.jobs else None
        return tuple(piece for piece in found(scene) if piece.key != last)

    return some


def _retries_for_ever(found):
    def points(scene):
        policy = scene.desired.policy
        endless = replace(policy, retry=replace(policy.retry, limit=99))
        return found(replace(scene, desired=replace(scene.desired, policy=endless)))

    return points


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
        def settle(self, seq, state, batch_id=None):
            return found(self, seq, type(state)(states.get(state.value, state.value)), batch_id)

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
    return lambda self, seq, state, batch_id=None: found(self, seq, state)


def _only_empty_fences(found):
    return lambda self, deed, action: None if action.holds_jobs else found(self, deed, action)


def _with_terms(**terms):
    return lambda found: lambda self, tools, given, *more: found(self, tools, replace(given, **terms), *more)


def _knows_all_claims(found):
    def creation(self, batch):
        return found(self, batch) or (self.seen.entries[-1] if self.seen.entries else None)

    return creation


def _shifted_results(found):
    def results(self, job_ids):
        ids = list(job_ids)
        said = found(self, ids)
        return dict(zip(ids, [said[each] for each in ids[1:] + ids[:1]], strict=True))

    return results


def _of_any_recipe(found):
    return lambda self: tuple(r for r in self.seen.recorded if self._counts(r))


def _any_recipe_is_current(found):
    return lambda self, batch: self.marks[batch.id].rerun in self.wanted_reruns


def _without_records(found):
    return lambda seen, *more: found(replace(seen, recorded=()), *more)


def _failed_as_done(pieces):
    return tuple(
        replace(piece, status=JobStatus.DONE) if piece.status is JobStatus.ERROR else piece
        for piece in pieces
    )


def _canceled_as_done(pieces):
    return tuple(
        piece if piece.status is not JobStatus.RUNNING else replace(piece, status=JobStatus.ERROR)
        for piece in pieces
    )


def _marks(**fields):
    return changed(lambda marks: replace(marks, **fields))


def _naive_is_local(found):
    def moment(text):
        is_naive = not text.endswith("Z") and "+" not in text
        return found(text) + (timedelta(hours=2) if is_naive else timedelta())

    return moment


def _cut_short(found):
    return lambda self, batch_id: found(self, batch_id)[:-1]


def _quiet(found):
    return lambda self, *_: {}


DEFECTS = (
    # What is wanted and what is there
    Defect(name="it always wants everything", at="runner.reconcile.tally:points", make=changed(_wants_all)),
    Defect(name="a key is forgotten in the tallies", at="runner.reconcile.tally:pieces", make=_forgets_a_key),
    Defect(name="retries without limit", at="runner.reconcile.tally:points", make=_retries_for_ever),
    Defect(name="failures count as done", at="runner.reconcile.tally:pieces", make=changed(_failed_as_done)),
    Defect(
        name="what runs counts as failed", at="runner.reconcile.tally:pieces", make=changed(_canceled_as_done)
    ),
    Defect(
        name="the rerun is ignored",
        at="runner.domain.desired:DesiredJob.counts",
        make=lambda _: lambda self, *, rerun, runs: self.repetition is None or runs == self.runs,
    ),
    Defect(name="the rerun is not read", at="runner.reconcile.tags:read_marks", make=_marks(rerun=0)),
    Defect(
        name="the recipe is ignored",
        at="runner.reconcile.scene:Scene._is_current",
        make=_any_recipe_is_current,
    ),
    Defect(
        name="records of other recipes count", at="runner.reconcile.scene:Scene.recorded", make=_of_any_recipe
    ),
    Defect(
        name="repetitions are forgotten",
        at="runner.reconcile.repetitions:keyed",
        make=lambda _: lambda jobs, repetitions=None: tuple(jobs),
    ),
    Defect(
        name="our own cancellations count as a person's",
        at="runner.reconcile.tags:read_marks",
        make=_marks(released=False),
    ),
    Defect(
        name="a person's cancellations count as ours",
        at="runner.reconcile.tags:read_marks",
        make=_marks(released=True),
    ),
    Defect(
        name="the device's most runs are ignored",
        at="runner.reconcile.tally:split_runs",
        make=lambda _: lambda runs, max_runs: [runs],
    ),
    # Budgets
    Defect(name="budgets are ignored", at="runner.reconcile.restraints:beyond", make=gives(())),
    Defect(
        name="budgets count only what is shown",
        at="runner.reconcile.restraints:ever_bought",
        make=_without_records,
    ),
    # What is sent
    Defect(name="runs are doubled", at="runner.cloud.client:Client.add_jobs", make=_doubles_runs),
    Defect(
        name="an unclear purchase is sent again",
        at="runner.cloud.client:Client.add_jobs",
        make=_sends_again,
    ),
    Defect(
        name="the transport repeats a POST",
        at="runner.cloud.transport:Request.is_safe",
        make=lambda _: lambda self: True,
    ),
    Defect(name="batches are never closed", at="runner.cloud.client:Client.close_batch", make=_quiet),
    Defect(name="jobs are never cancelled", at="runner.cloud.client:Client.cancel_batch", make=_quiet),
    Defect(
        name="only the first page is read",
        at="runner.cloud.client:_end_and_total",
        make=gives((0, 0)),
        within=400,
    ),
    Defect(
        name="lists of all projects are read",
        at="runner.cloud.client:Client.get_batches",
        make=with_filters(project_id=None),
    ),
    Defect(
        name="lists of all namespaces are read",
        at="runner.cloud.client:Client.get_batches",
        make=with_filters(tag=None),
    ),
    Defect(name="the last job is not read", at="runner.cloud.client:Client.get_batch_jobs", make=_cut_short),
    # The journal
    Defect(name="intentions are not written", at="runner.reconcile.journal:Journal.intend", make=gives(0)),
    Defect(name="outcomes are not written", at="runner.reconcile.journal:Journal.settle", make=never),
    Defect(
        name="an unknown outcome counts as none",
        at="runner.reconcile.journal:Journal.settle",
        make=_with_state({"unknown": "not done"}),
    ),
    Defect(
        name="an intention counts as not done",
        at="runner.reconcile.journal:Journal.entries",
        make=_reads_intended_as_not_done,
    ),
    Defect(
        name="the answer to a creation is forgotten",
        at="runner.reconcile.journal:Journal.settle",
        make=_settles_without_id,
    ),
    # Claims and fences
    Defect(name="fences are left out", at="runner.reconcile.act:Actor._fence", make=never),
    Defect(
        name="fences around jobs are left out",
        at="runner.reconcile.act:Actor._fence",
        make=_only_empty_fences,
    ),
    Defect(
        name="the youngest claim wins",
        at="runner.reconcile.scene:Scene.claims",
        make=changed(lambda claims: claims[::-1]),
    ),
    Defect(
        name="all claims are taken for our own",
        at="runner.reconcile.scene:Scene.creation",
        make=_knows_all_claims,
    ),
    Defect(
        name="the lease is over at once",
        at="runner.reconcile.passes:Reconciler.__init__",
        make=_with_terms(lease_s=0.0),
    ),
    Defect(
        name="the lease never ends",
        at="runner.reconcile.passes:Reconciler.__init__",
        make=_with_terms(lease_s=1e9),
    ),
    Defect(
        name="the settle window is ignored",
        at="runner.reconcile.passes:Reconciler.__init__",
        make=_with_terms(settle_s=0.0),
    ),
    Defect(
        name="what no list shows is not asked for",
        at="runner.reconcile.observe:Observer._unlisted",
        make=gives({}),
    ),
    Defect(
        name="nothing is ever missing of a batch",
        at="runner.reconcile.completeness:gaps",
        make=gives(()),
    ),
    # What is read and kept
    Defect(
        name="what was read once is kept for ever", at="runner.reconcile.batch_reader:_version", make=gives(0)
    ),
    Defect(name="times without a zone are local", at="runner.reconcile.reading:moment", make=_naive_is_local),
    Defect(name="records are not read", at="runner.results.records:Records.of_experiment", make=gives(())),
    Defect(name="records are not written", at="runner.results.records:Records.add", make=never),
    Defect(name="results are mixed up", at="runner.cloud.client:Client.get_results", make=_shifted_results),
    # The guard: what `runner/reconcile/guard.py` counts and refuses
)


@lru_cache(maxsize=4096)
def _is_sound(seed):
    """Whether nothing is broken without a defect."""
    return not _broken(seed)


def _broken(seed):
    try:
        return broken(schedule(seed))
    except Exception as error:  # noqa: BLE001  (so is a defect found)
        return [f"bug: {type(error).__name__}: {error}"]


def search(name, first, most=None):
    """After how many schedules a defect is found, and what is broken; None, and nothing, if it is not.

    Args:
        first: The first seed.

        most: Of how many schedules at most; by default what the defect says.
    """
    defect = next(each for each in DEFECTS if each.name == name)
    sound = (seed for seed in range(first, first + 100 * defect.within) if _is_sound(seed))
    for number, seed in enumerate(islice(sound, most or defect.within), 1):
        with planted(defect):
            wrong = _broken(seed)
        if wrong:
            return number, f"seed {seed}: {wrong[0]}"
    return None, ""


def main(words):
    """Exit code 1 when a defect was not found."""
    options = _options(words)
    names = [each.name for each in DEFECTS if not options.names or each.name in options.names]
    missed, began = [], time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        found = pool.map(search, names, [options.seed] * len(names), [options.most] * len(names))
        for name, (number, how) in zip(names, found, strict=True):
            sys.stdout.write(f"{number or 'NOT FOUND':>9}  {name}: {how[:150]}\n")
            sys.stdout.flush()
            missed += [name] if number is None else []
    took_s = time.monotonic() - began
    sys.stdout.write(f"{len(names) - len(missed)} of {len(names)} found in {took_s:.0f} s\n")
    return bool(missed)


def _options(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which defects; all when left out")
    parser.add_argument("--seed", type=int, default=0, help="of the first schedule")
    parser.add_argument("--most", type=int, help="schedules for each, instead of what it states")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="at the same time")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
