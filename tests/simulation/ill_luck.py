"""Rare things that happen together: each alone does little, and together they were never met by chance."""

from __future__ import annotations

import random
from dataclasses import replace

from pcs_nature import Lag
from reference_schedules import SETTLE_S, Clone, Crash, Deed, Edit, Fault, schedule

_SHARE = 0.05
# How many lists in a row are wrong, and from when on what was bought is forgotten.
_BABBLED, _PURCHASED = 12, range(5, 12)
_SLANDERED = 60
# Views that tell of what was bought.
_BOUGHT = ("jobs", "counts", "statuses")
_BABBLE = ("null runs", "text runs", "negative runs", "no variables", "other status")


def unlucky_schedule(seed, **fixed):
    """The schedule of a seed; in nearly half several rare things meet, unless something is fixed."""
    plain, kind = schedule(seed, **fixed), luck(seed)
    return _AT[kind](_luck(seed, kind), plain) if kind and not fixed else plain


def luck(seed):
    """The kind of ill luck that the schedule of a seed has; empty for none."""
    number = int(_luck(seed, "kind").random() / _SHARE)
    return KINDS[number] if number < len(KINDS) else ""


def _luck(seed, *what):
    return random.Random(f"reference:{seed}:ill luck:{what}")


def _race(rng, plain):
    """Two clones ask for the same and see each other late; the purchase of the first dawdles on its way."""
    if len(plain.conditions.clones) == 1:
        return plain
    first = plain.conditions.clones[0]
    first = replace(first, has=first.has[:1])
    begin_s = (0.0, round(rng.uniform(0.1, 1.5), 1))
    clones = tuple(replace(first, start_s=each) for each in begin_s)
    events = [each for each in plain.events if isinstance(each, Deed)]
    stall = Fault(clone=0, on="change", number=1, kind="stall", delay_s=rng.choice([8.0, 15.0]))
    lags = plain.nature.lags | {"batches": Lag(most_s=SETTLE_S)}
    cloud = replace(plain.nature, lags=lags, refusing=0.0, idle_patience_s=300.0)
    files = plain.conditions.files[:1]
    return _with(replace(plain, nature=cloud), [*events, stall], clones=clones, files=files)


def _forgotten(rng, plain):
    """The cloud forgets the runs of jobs, and their buyer that it bought them; then the file grows."""
    if plain.conditions.submission == "direct" or plain.is_beyond or plain.nature.purge != "nothing":
        return plain
    if any(file.kind == "plain" for file in plain.conditions.files):
        return plain
    cloud = replace(plain.nature, forgets_runs=True, wrong_results=0.0, queue_s=0.5)
    files = tuple(_with_more(rng, file) for file in plain.conditions.files)
    events = _with_tags(plain.events)
    for number in range(len(plain.conditions.clones)):
        events += [_forgets(rng, number), *_edits(number, files, round(rng.uniform(8, 40), 1))]
    return _with(replace(plain, nature=cloud), events, files=files)


def _babble(rng, plain):
    """Nothing that a clone's lists of jobs say is right for a while, and it has forgotten what it bought."""
    number, kind = rng.randrange(len(plain.conditions.clones)), rng.choice(_BABBLE)
    if plain.is_beyond or plain.conditions.submission == "direct":
        return plain
    lies = _lies(number, kind, rng.randrange(6), _BABBLED)
    return _with(plain, [*_with_tags(plain.events), *lies, _forgets(rng, number)])


def _slander(rng, plain):
    """A clone is told of all jobs that they failed, where another view says how many did."""
    if plain.is_beyond:
        return plain
    cloud = replace(plain.nature, has_status_counts=True)
    lies = _lies(rng.randrange(len(plain.conditions.clones)), "failed", 0, _SLANDERED)
    limit = max(1, plain.conditions.retry_limit)
    return _with(replace(plain, nature=cloud), [*plain.events, *lies], retry_limit=limit)


def _late_edit(rng, plain):
    """A file is edited once nothing goes wrong any more: what it then asks for is bought in the calm."""
    files = tuple(_with_more(rng, file) for file in plain.conditions.files)
    number = rng.randrange(len(plain.conditions.clones))
    return _with(plain, [*plain.events, *_edits(number, files, plain.conditions.calm_s)], files=files)


def _patient(rng, plain):
    """What is left open stays so until somebody closes it."""
    del rng
    return replace(plain, nature=replace(plain.nature, idle_patience_s=86_400.0))


def _blind(rng, plain):
    """What was bought shows later than a clone was told, and it dies right after it has bought."""
    lag = Lag(most_s=rng.choice([60.0, 120.0]), kind="objects")
    lags = dict.fromkeys(_BOUGHT, lag)
    cloud = replace(plain.nature, lags=lags, purge="nothing", takes_empty=True, idle_patience_s=300.0)
    crash = Crash(clone=0, effect=rng.choice([7, 8]), moment="after", down_s=0.5)
    clones = plain.conditions.clones[:1]
    return _with(replace(plain, nature=cloud), [crash], clones=clones, submission="claim")


def _belied(rng, plain):
    """Lists show jobs that wait as done; they are cancelled for another recipe, and asked for again."""
    first = replace(plain.conditions.files[0].versions[0], repeats=())
    if plain.conditions.files[0].kind == "own" or plain.is_beyond:
        return plain
    other = replace(first, recipe=1 - first.recipe)
    files = (replace(plain.conditions.files[0], versions=(first, other, first), budget_runs=None),)
    edits = [
        Edit(at_s=at_s, clone=0, file=0, version=n) for n, at_s in ((1, 12.0), (2, plain.conditions.calm_s))
    ]
    crash = Crash(clone=0, effect=rng.choice(range(8, 14)), moment="after", down_s=0.5)
    cloud = replace(plain.nature, queue_s=100.0, takes_empty=True, refusing=0.0)
    events = [*edits, crash, *_lies(0, "other status", 0, 3)]
    clones = (Clone(has=(0,)),)
    return _with(
        replace(plain, nature=cloud), events, clones=clones, files=files, surplus="cancel", submission="claim"
    )


def _dawdling(rng, plain):
    """The first purchase is given up, and arrives late; its batch waits for it."""
    late = Fault(clone=0, on="change", number=1, kind="late", delay_s=rng.choice([15.0, 40.0]))
    cloud = replace(plain.nature, takes_empty=True, refusing=0.0, idle_patience_s=300.0)
    clones = plain.conditions.clones[:1]
    return _with(replace(plain, nature=cloud), [late], clones=clones, submission="claim")


_AT = {
    "race": _race,
    "forgotten": _forgotten,
    "babble": _babble,
    "slander": _slander,
    "late edit": _late_edit,
    "patient": _patient,
    "blind": _blind,
    "belied": _belied,
    "dawdling": _dawdling,
}
# Their names; each is told where it is made, above.
KINDS = tuple(_AT)


def _with(plain, events, **conditions):
    return replace(plain, events=tuple(events), conditions=replace(plain.conditions, **conditions))


def _with_tags(events):
    """Events without those that take tags: where the journal is lost, nothing would tell whose a batch is."""
    return [each for each in events if getattr(each, "kind", "") != "erase tags"]


def _forgets(rng, number):
    loses = rng.choice(["journal", "journal and records"])
    return Crash(clone=number, effect=rng.choice(_PURCHASED), moment="after", loses=loses, down_s=0.5)


def _lies(number, kind, begin, n_lists):
    """So many lists of jobs of a clone, one after the other, are wrong in one way."""
    return [Fault(clone=number, on="jobs", number=each, kind=kind) for each in range(begin, begin + n_lists)]


def _edits(number, files, at_s):
    """A clone has the last version of each file from a moment on."""
    for index, file in enumerate(files):
        yield Edit(at_s=at_s, clone=number, file=index, version=len(file.versions) - 1)


def _with_more(rng, file):
    """A file whose last version asks for more runs of a point than all others."""
    *_, last = file.versions
    point, runs = rng.choice(last.runs)
    more = tuple((t, runs + rng.choice([20, 100]) if t == point else n) for t, n in last.runs)
    return replace(file, versions=(*file.versions, replace(last, runs=more, repeats=())))
