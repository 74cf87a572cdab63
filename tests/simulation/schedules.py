"""A schedule: what is wanted, under which conditions, and all that goes wrong, as a value made from a seed.

It says everything there is to say: the same schedule is the same history. Its `repr` is Python, so that a
failing one can be pasted into a test.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace
from itertools import count

# After this moment nothing goes wrong any more.
CALM_S = 60.0
MAX_RUNS = 100

# What becomes of a request that changes something.
FATES = (
    "lost before",
    "lost after",
    "503 before",
    "503 after",
    "429",
    "late",
    "crash late",
    "stall",
    "slow answer",
)
DEEDS = ("cancel batch", "cancel job", "erase tags", "erase claim", "pause", "outage", "too many", "edit")
# What a process that died finds missing when it starts again.
LOSSES = ("nothing", "journal", "records", "journal and records")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What the experiment file asks for: runs by point, for a recipe and a rerun.

    Args:
        again: Points that have a rerun counter of their own, once for each time that it was raised; of a
            repetition of a point, the point and its number.

        repeats: Points that are repeated, once for each repetition but the first.
    """

    runs: tuple[tuple[int, int], ...]
    recipe: int = 0
    rerun: int = 0
    again: tuple[int | tuple[int, int], ...] = ()
    repeats: tuple[int, ...] = ()

    def rerun_of(self, t, repetition=None):
        """Rerun counter of a point, or of a repetition: that of all, and its own."""
        return self.rerun + self.again.count(t) + self.again.count((t, repetition))

    def repetitions_of(self, t):
        """Numbers of a point's repetitions; None alone for one that is not repeated."""
        more = self.repeats.count(t)
        return range(1, more + 2) if more else (None,)

    def wishes(self):
        """Point, repetition, runs and rerun of each job."""
        for t, runs in self.runs:
            for repetition in self.repetitions_of(t):
                yield t, repetition, runs, self.rerun_of(t, repetition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds all the time.

    Args:
        runners: How many clones reconcile at the same time, each with its own journal and records.

        lag_s: How far lists may lag behind; it is the settle window, too.

        versions: What the file asks for, one after the other, as it is edited.

        canceling_s: How long what is cancelled is CANCELING first (in s).

        idle_patience_s: When an open batch that idles is TIMED_OUT (in s).

        failing: Share of the attempts that end in ERROR.

        queue_s: How long every job waits before it starts; None for various times (in s).
    """

    runners: int = 1
    lag_s: float = 0.0
    submission: str = "claim"
    batch: str = "closed"
    surplus: str = "keep"
    budget_runs: int | None = None
    jobs_per_batch: int | None = None
    retry_limit: int = 1
    versions: tuple[Version, ...] = (Version(runs=((1, 100), (2, 250))),)
    canceling_s: float = 0.0
    idle_patience_s: float = 300.0
    failing: float = 0.2
    queue_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of the n-th change that a runner requests; `delay_s` is how late or how long."""

    runner: int
    change: int
    kind: str
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A runner's process dies at its n-th effect, before or after it has happened."""

    runner: int
    effect: int
    moment: str
    loses: str = "nothing"
    down_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What the world, or a person, does at some time; `which` chooses among what there is then."""

    at_s: float
    kind: str
    which: int = 0
    lasts_s: float = 0.0


Event = Fate | Crash | Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One history."""

    seed: int = 0
    conditions: Conditions = Conditions()
    events: tuple[Event, ...] = ()

    def __str__(self):
        lines = [f"    {_terse(event)}," for event in self.events]
        head = f"Schedule(\n  seed={self.seed},\n  conditions={_terse(self.conditions)},\n  events=("
        return "\n".join([head, *lines, "  ),\n)"])

    def luck(self, *what):
        """Random numbers for one thing: the same ones whenever they are drawn."""
        return random.Random(f"{self.seed}:{what}")


def _terse(value):
    """A dataclass as Python, without what is as by default."""
    default = {f.name: f.default for f in fields(value)}
    said = {name: getattr(value, name) for name in default if getattr(value, name) != default[name]}
    parts = ", ".join(f"{name}={_text(part)}" for name, part in said.items())
    return f"{type(value).__name__}({parts})"


def _text(part):
    if isinstance(part, tuple) and part and isinstance(part[0], Version):
        return "(" + "".join(f"{_terse(each)}, " for each in part) + ")"
    return repr(part)


def schedule(seed, **fixed):
    """The schedule of a seed.

    Args:
        seed: Any integer.

        fixed: Conditions that are not left to the seed.
    """
    rng = random.Random(seed)
    conditions = replace(_with_repeats(random.Random(f"{seed}:repeats"), _conditions(rng)), **fixed)
    return Schedule(seed=seed, conditions=conditions, events=tuple(_events(rng, conditions)))


def _conditions(rng):
    is_direct = rng.random() < 0.15
    runners = 1 if is_direct else rng.choice([1, 1, 2, 2, 3])
    versions = _versions(rng)
    wanted = max(sum(runs for _, runs in version.runs) for version in versions)
    return Conditions(
        runners=runners,
        lag_s=rng.choice([0.0, 0.0, 3.0, 6.0]),
        submission="direct" if is_direct else "claim",
        batch=rng.choice(["closed", "closed", "closed", "open"]),
        surplus=rng.choice(["keep", "cancel"]),
        budget_runs=rng.choice([None, None, None, wanted, wanted + 100]),
        jobs_per_batch=rng.choice([None, None, 2]),
        retry_limit=rng.choice([0, 1, 1, 2]),
        versions=versions,
        canceling_s=rng.choice([0.0, 0.0, 3.0]),
        idle_patience_s=rng.choice([300.0, 300.0, 8.0]),
        failing=rng.choice([0.0, 0.2, 0.4]),
    )


def _versions(rng):
    version = Version(runs=tuple((t, rng.choice([50, 100, 250])) for t in range(1, rng.choice([2, 3, 4]))))
    versions = [version]
    while rng.random() < 0.35:
        version = _edited(rng, version)
        versions.append(version)
    return tuple(versions)


def _edited(rng, version):
    point = rng.randrange(len(version.runs))
    runs = list(version.runs)
    match rng.choice(["runs", "more", "fewer", "order", "recipe", "rerun", "job rerun", "no rerun"]):
        case "runs":
            runs[point] = (runs[point][0], rng.choice([50, 150, 300]))
        case "more":
            runs.append((max(t for t, _ in runs) + 1, 100))
        case "fewer" if len(runs) > 1:
            del runs[point]
        case "order":
            runs.reverse()
        case "recipe":
            return replace(version, recipe=1 - version.recipe)
        case "rerun":
            return replace(version, rerun=version.rerun + 1)
        case "job rerun":
            return replace(version, again=(*version.again, runs[point][0]))
        case "no rerun":
            return replace(version, again=version.again[:-1])
    return replace(version, runs=tuple(runs))


def _with_repeats(rng, conditions):
    """In one of three schedules, points are repeated, more or less often from one version to the next."""
    if rng.random() > 1 / 3:
        return conditions
    counts, again, versions = {}, (), []
    for version in conditions.versions:
        points = [t for t, _ in version.runs]
        counts |= {t: rng.choice([1, 2, 3, 4]) for t in points if rng.random() < 0.6}
        if rng.random() < 0.3:
            again = (*again, (rng.choice(points), rng.choice([1, 2, 3])))
        runs = tuple((t, min(n, MAX_RUNS) if counts.get(t, 1) > 1 else n) for t, n in version.runs)
        repeats = tuple(t for t in points for _ in range(counts.get(t, 1) - 1))
        versions.append(replace(version, runs=runs, repeats=repeats, again=(*version.again, *again)))
    budget, more = conditions.budget_runs, max(MAX_RUNS * len(each.repeats) for each in versions)
    return replace(
        conditions, versions=tuple(versions), budget_runs=None if budget is None else budget + more
    )


def _events(rng, conditions):
    for runner in range(conditions.runners):
        yield from _fates(rng, runner, conditions)
        for effect in sorted(rng.sample(range(60), rng.choice([0, 0, 1, 2, 3]))):
            yield Crash(
                runner=runner,
                effect=effect,
                moment=rng.choice(["before", "after"]),
                loses=rng.choice(LOSSES[::2] if conditions.submission == "direct" else LOSSES),
                down_s=rng.choice([0.5, 5.0, 20.0]),
            )
    # Who has recorded what lost its tags, and who has not, will never agree on what is surplus.
    is_split = conditions.runners > 1 and conditions.surplus == "cancel"
    deeds = [kind for kind in DEEDS[:-1] if not (is_split and kind == "erase tags")]
    for _ in range(rng.choice([0, 0, 1, 2, 3])):
        yield Deed(
            at_s=round(rng.uniform(1, CALM_S), 1),
            kind=rng.choice(deeds),
            which=rng.randrange(4),
            lasts_s=rng.choice([3.0, 10.0, 20.0]),
        )
    edits = sorted(round(rng.uniform(1, CALM_S), 1) for _ in conditions.versions[1:])
    yield from (Deed(at_s=at_s, kind="edit") for at_s in edits)


def _fates(rng, runner, conditions):
    # A direct submission asks for few changes.
    often = rng.choice([0.0, 0.1, 0.3] if conditions.submission == "claim" else [0.2, 0.4])
    for change in range(40):
        if rng.random() < often:
            kind = rng.choice(FATES)
            delays = (5.0, 15.0, 40.0) if kind in {"late", "crash late", "stall"} else (1.0, 8.0)
            has_delay = kind in {"late", "crash late", "stall", "slow answer"}
            yield Fate(
                runner=runner, change=change, kind=kind, delay_s=rng.choice(delays) if has_delay else 0.0
            )


def shrunk(failing, fails):
    """A smaller schedule that fails as well: events are left out while it still does.

    Args:
        failing: A schedule that fails.

        fails: Whether a schedule does.
    """
    for _ in count():
        smaller = [
            replace(failing, events=failing.events[:i] + failing.events[i + 1 :])
            for i in range(len(failing.events))
        ]
        found = next((each for each in smaller if fails(each)), None)
        if found is None:
            return failing
        failing = found
    return failing
