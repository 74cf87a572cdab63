"""Rare things that happen together to closed loops: as `ill_luck`, for their schedules."""

from __future__ import annotations

import random
from dataclasses import replace

from loop_schedules import DISTURBANCES, Loop, LoopVersion, loop_schedule
from pcs_nature import Lag
from reference_schedules import SETTLE_S, Clone, Deed, Edit, Fault

_SHARE, _RENAMING_SHARE = 0.05, 0.03
# Views that tell of what was bought.
_BOUGHT = ("jobs", "counts", "statuses")


def unlucky_loops(seed, **fixed):
    """The schedule of a seed; in some several rare things meet, unless something is fixed."""
    plain, kind = loop_schedule(seed, **fixed), luck(seed)
    return _AT[kind](_luck(seed, kind), plain) if kind and not fixed else plain


def luck(seed):
    """The kind of ill luck that the schedule of a seed has; empty for none."""
    others = len(_RENAMING)
    renaming = int(_luck(seed, "names").random() / _RENAMING_SHARE)
    if renaming < others:
        return KINDS[renaming - others]
    number = int(_luck(seed, "kind").random() / _SHARE)
    return KINDS[number] if number < len(KINDS) - others else ""


def _luck(seed, *what):
    return random.Random(f"loops:{seed}:ill luck:{what}")


def _taken_in_part(rng, plain):
    """Of purchases that are refused a part was taken: it is cancelled, and what was in it shows late."""
    lag = Lag(most_s=rng.choice([SETTLE_S / 2, SETTLE_S]), kind="objects")
    cloud = replace(
        plain.nature,
        refusing=0.4,
        takes_part=True,
        takes_empty=True,
        purge="nothing",
        lags=dict.fromkeys(_BOUGHT, lag),
    )
    loop = replace(plain.conditions.files[0], disturbance="much", budget_runs=None, budget_jobs=None)
    clones = tuple(replace(clone, has=clone.has[:1]) for clone in plain.conditions.clones)
    # What came twice of a part cannot be told from the part that was not taken.
    events = tuple(
        each
        for each in plain.events
        if getattr(each, "file", 0) == 0 and not getattr(each, "kind", "").startswith("twice")
    )
    conditions = replace(plain.conditions, files=(loop,), clones=clones, submission="claim")
    return replace(plain, nature=cloud, conditions=conditions, events=events)


def _undone_elsewhere(rng, plain):
    """Another clone has a newer file and cancels what waits of a round; why it did so shows late."""
    version = LoopVersion(rounds=3)
    versions = (version, replace(version, strategy=1))
    loop = Loop(versions=versions, shapes=((0, 2), (0, 2)), disturbance="much")
    cloud = replace(
        plain.nature,
        queue_s=30.0,
        takes_empty=True,
        refusing=0.0,
        purge="nothing",
        canceling_s=0.0,
        lags={"tags": Lag(most_s=SETTLE_S, kind="objects")},
    )
    conditions = replace(
        plain.conditions,
        files=(loop,),
        clones=(Clone(), Clone(start_s=round(rng.uniform(0, 20), 1))),
        submission="claim",
        surplus="cancel",
        foreign_project=False,
        lineage="line",
    )
    edit = Edit(at_s=round(rng.uniform(10, 40), 1), clone=0, file=0, version=1)
    return replace(plain, nature=cloud, conditions=conditions, events=(edit,))


def _twice_in_between(rng, plain):
    """A purchase in a held batch comes twice, which shows late: the next one is added meanwhile."""
    loop = Loop(versions=(LoopVersion(rounds=8, think_limit_s=60.0),), shapes=((0, 1), (0, 1)))
    cloud = replace(
        plain.nature,
        queue_s=0.5,
        takes_empty=True,
        refusing=0.0,
        failing=0.0,
        purge="nothing",
        forgets_runs=False,
        lags=dict.fromkeys(_BOUGHT[:2], Lag(most_s=SETTLE_S, kind="objects")),
    )
    conditions = replace(
        plain.conditions,
        files=(loop,),
        clones=(Clone(),),
        submission="claim",
        jobs_per_batch=None,
        foreign_project=False,
    )
    # One claim; then a purchase, and tags before each further one.
    number, delay_s = rng.randrange(1, 14, 2), round(rng.uniform(4, 10), 1)
    events = (Fault(clone=0, on="change", number=number, kind="twice later", delay_s=delay_s),)
    return replace(plain, nature=cloud, conditions=conditions, events=events)


def _batched_again(rng, plain):
    """People have single jobs measured once more, in batches that have the tags of the first ones."""
    loop = replace(plain.conditions.files[0], shapes=((0, 3), (3, 2)), disturbance="much", budget_jobs=None)
    loop = replace(loop, budget_runs=None)
    cloud = replace(plain.nature, queue_s=0.5, refusing=0.0, purge="nothing", lags={})
    conditions = replace(plain.conditions, files=(loop,), submission="claim", jobs_per_batch=None)
    clones = tuple(replace(clone, has=clone.has[:1]) for clone in plain.conditions.clones)
    events = tuple(each for each in plain.events if getattr(each, "file", 0) == 0)
    moments = sorted(round(rng.uniform(5, 60), 1) for _ in range(6))
    again = [Deed(at_s=at_s, kind="batch again", which=rng.randrange(20)) for at_s in moments]
    conditions = replace(conditions, clones=clones)
    return replace(plain, nature=cloud, conditions=conditions, events=(*events, *again))


_GONE = LoopVersion(is_there=False)
# Files through the history of a loop that is renamed, by the versions that each has one after the other.
_RENAMED = ("A- -A", "A- -A", "A-- -A- --A", "A-A -A-")
# The same of two that say the same.
_TWINS = ("AA A-", "AA A-", "A-- AA- --A", "A- A- -A", "AA- A-A")


def _renamed(rng, plain):
    """A loop's file gets another name, again and again, or has its old one again."""
    return _with_names(rng, plain, rng.choice(_RENAMED), most_clones=2)


def _twins(rng, plain):
    """Two files say the same, and are bought both; then one of them is removed, or gets another name."""
    return _with_names(rng, plain, rng.choice(_TWINS), most_clones=1)


def _with_names(rng, plain, histories, most_clones):
    """Clones whose files come and go, and may be edited meanwhile; a second one hears of it later.

    Args:
        histories: Of each file, when it is there: a letter for each time.
    """
    first = replace(plain.conditions.files[0], budget_runs=None, budget_jobs=None)
    first = replace(first, hears=rng.random() < 0.8, disturbance=rng.choice(["nothing", *DISTURBANCES]))
    version, *_ = first.versions
    said = [replace(version, rounds=version.rounds + rng.choice([0, 0, 1, 2, -1])) for _ in range(3)]
    loops = []
    for history in histories.split():
        versions = [rng.choice([version, *said]) if letter == "A" else _GONE for letter in history]
        loops.append(replace(first, versions=tuple(versions)))
    moments = [rng.uniform(3, 0.8 * plain.conditions.calm_s) for _ in loops[0].versions[1:]]
    clones = tuple(replace(each, has=(0,) * len(loops)) for each in plain.conditions.clones[:most_clones])
    later_s = [clone and rng.uniform(0, 40) for clone in range(len(clones))]
    latest_s = 0.9 * plain.conditions.calm_s
    edits = [
        Edit(
            at_s=round(min(at_s + later_s[clone], latest_s + number), 1),
            clone=clone,
            file=file,
            version=number,
        )
        for clone in range(len(clones))
        for number, at_s in enumerate(sorted(moments), 1)
        for file in range(len(loops))
    ]
    # A neighbour has names that no file of ours has; and other edits are of other versions.
    events = [
        each
        for each in plain.events
        if not isinstance(each, Edit)
        and getattr(each, "clone", 0) < len(clones)
        and getattr(each, "kind", "") != "flood"
    ]
    conditions = replace(plain.conditions, files=tuple(loops), clones=clones, submission="claim")
    cloud = replace(plain.nature, takes_empty=True)
    return replace(plain, nature=cloud, conditions=conditions, events=(*events, *edits))


_RENAMING = {"renamed": _renamed, "twins": _twins}
_AT = {
    "taken in part": _taken_in_part,
    "undone elsewhere": _undone_elsewhere,
    "twice in between": _twice_in_between,
    "batched again": _batched_again,
    **_RENAMING,
}
# Their names; each is told where it is made, above.
KINDS = tuple(_AT)
