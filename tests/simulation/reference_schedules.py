"""A schedule in the world of the reference: a cloud's nature, clones with their files, and what goes wrong.

As in `schedules`, it says everything there is to say, and is printed as Python. Nothing here knows the
product.
"""

from __future__ import annotations

import random
from ast import literal_eval
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace

from pcs_nature import Lag, Nature, nature
from schedules import Version

# After this moment nothing goes wrong any more.
CALM_S = 60.0
MAX_RUNS = 100
# How far views may lag by what the runners are told, where they lag at all.
SETTLE_S = 6.0

# What becomes of a request that changes something.
CHANGES = (
    "lost before",
    "lost after",
    "502 before",
    "503 after",
    "429",
    "late",
    "crash late",
    "stall",
    "slow answer",
    "twice",
    "twice later",
    "html",
)
# What becomes of a request that reads.
READS = ("lost", "503", "429", "html")
# What a list of jobs may be beside.
LISTS = ("short", "empty", "null runs", "negative runs", "text runs", "no variables", "other status")
# How commits are related: no file is of one, all are of one line, or each clone has a branch of its own.
LINEAGES = ("none", "none", "line", "branches")
DEEDS = ("cancel batch", "cancel job", "pause", "outage", "too many", "flood")
LOSSES = ("nothing", "journal", "records", "journal and records")
KINDS = ("variables", "variables", "variables", "own", "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An experiment's file through its history.

    Args:
        kind: Whether its points are variables, `own` sequences of the jobs, or the `plain` sequence alone.

        versions: What it asks for, one after the other.

        budget_runs: The policy's budget.
    """

    kind: str = "variables"
    versions: tuple[Version, ...] = (Version(runs=((1, 100), (2, 150))),)
    budget_runs: int | None = None
    budget_jobs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A machine with a clone of the repository.

    Args:
        start_s: When it begins.

        has: Which version of each file it has, at first.

        project: In which of the projects it works.
    """

    start_s: float = 0.0
    has: tuple[int, ...] = (0,)
    project: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds all the time.

    Args:
        settle_s: How far views lag, as the runners are told.

        furnished: How many batches of others there are.

        foreign_project: Whether a project that the token sees, too, holds work with the same tags.

        lineage: How the commits of the clones are related, see `LINEAGES`.

        calm_s: From when on nothing goes wrong any more.
    """

    clones: tuple[Clone, ...] = (Clone(),)
    files: tuple[File, ...] = (File(),)
    device_type: str = "EMU_FREE"
    settle_s: float = SETTLE_S
    submission: str = "claim"
    on_unknown: str = "hold"
    batch: str = "closed"
    surplus: str = "keep"
    runs_mode: str = "top-up"
    jobs_per_batch: int | None = None
    retry_limit: int = 1
    furnished: int = 2
    foreign_project: bool = False
    lineage: str = "none"
    calm_s: float = CALM_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What becomes of the n-th request of a kind (`change`, `read` or `jobs`) of a clone."""

    clone: int
    on: str
    number: int
    kind: str
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A clone's process dies at its n-th effect, before or after it has happened."""

    clone: int
    effect: int
    moment: str
    loses: str = "nothing"
    down_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A clone has another version of a file from now on."""

    at_s: float
    clone: int
    file: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """A clock is wrong from now on: a clone's, or that of the server (-1)."""

    at_s: float
    clone: int
    off_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A clone works in another project from its next process on: with its journal, and with new records."""

    at_s: float
    clone: int
    project: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What people or the world do at some time; `which` chooses among what there is then."""

    at_s: float
    kind: str
    which: int = 0
    lasts_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One history."""

    seed: int = 0
    nature: Nature = field(default_factory=Nature)
    conditions: Conditions = field(default_factory=Conditions)
    events: tuple[Fault | Crash | Edit | Jump | Move | Deed, ...] = ()

    def __str__(self):
        events = "".join(f"    {terse(event)},\n" for event in self.events)
        return (
            f"Schedule(\n  seed={self.seed},\n  nature={terse(self.nature)},\n"
            f"  conditions={terse(self.conditions)},\n  events=(\n{events}  ),\n)"
        )

    def luck(self, *what):
        """Random numbers for one thing: the same ones whenever they are drawn."""
        return random.Random(f"{self.seed}:{what}")

    @property
    def is_beyond(self):
        """Whether views lag further than the runners are told."""
        return self.nature.most_s > self.conditions.settle_s


def terse(value):
    """A value as Python; of dataclasses without what is as by default."""
    if isinstance(value, tuple):
        return "(" + "".join(f"{terse(each)}, " for each in value).rstrip() + ")" if value else "()"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {terse(each)}" for key, each in value.items()) + "}"
    if not is_dataclass(value):
        return repr(value)
    default = None if any(_is_required(each) for each in fields(value)) else type(value)()
    said = {f.name: getattr(value, f.name) for f in fields(value)}
    kept = {
        name: part
        for name, part in said.items()
        if default is None or part != getattr(default, name)
        if not (isinstance(value, Version) and part in (0, ()))
    }
    return f"{type(value).__name__}({', '.join(f'{name}={terse(part)}' for name, part in kept.items())})"


def _is_required(each):
    return each.default is MISSING and each.default_factory is MISSING


def schedule(seed, **fixed):
    """The schedule of a seed.

    Args:
        seed: Any integer.

        fixed: What is not left to the seed, as Python's text by its name: `clones` is how many, `projects`
            likewise, `nature.` begins what belongs to the cloud's nature, and all else are conditions.
    """
    fixed = {name: literal_eval(text) for name, text in fixed.items()}
    n_clones, n_projects = fixed.pop("clones", None), fixed.pop("projects", 2)
    natural = {name: fixed.pop(name) for name in tuple(fixed) if name.startswith("nature.")}
    rng = random.Random(f"reference:{seed}")
    n_clones = n_clones or rng.choice([1, 1, 2, 2, 3])
    more = random.Random(f"reference:{seed}:more")
    cloud, is_beyond, losses, twice = drawn_cloud(seed, rng, more, n_clones, natural)
    conditions = _conditions(rng, n_clones, cloud)
    if n_projects == 1:
        clones = tuple(replace(clone, project=0) for clone in conditions.clones)
        conditions = replace(conditions, clones=clones, foreign_project=False)
    conditions = replace(conditions, lineage=more.choice(LINEAGES))
    conditions = replace(conditions, **fixed)
    events = tuple(drawn_events(rng, conditions, losses))
    events = (*events, *rare_events(more, conditions, events, 1 if is_beyond else n_projects), *twice)
    return Schedule(seed=seed, nature=cloud, conditions=conditions, events=events)


def drawn_cloud(seed, rng, more, n_clones, natural):
    """A cloud for so many clones, whether its views lag beyond what they are told, and what goes with it.

    What processes that die may lose, and what arrives twice where the cloud is busy.

    Args:
        rng: Random numbers of the schedule.

        more: Others, for what was thought of later: that leaves the rest as it was.

        natural: What is not left to them, by its name behind `nature.`.
    """
    is_beyond = n_clones == 1 and rng.random() < 0.15
    longest_s = rng.choice([0.0, 3.0, SETTLE_S, SETTLE_S]) if not is_beyond else rng.choice([12.0, 30.0])
    may_purge = n_clones == 1 and rng.random() < 0.2
    cloud = nature(rng, longest_s, may_purge=may_purge)
    hiding = more.choice([0.0] * 19 + [0.3])
    cloud = replace(cloud, hiding=0.0 if may_purge else hiding)
    if random.Random(f"reference:{seed}:refusing").random() < 0.08:
        # What is shut then has jobs, and why it was shut may show late.
        lags = cloud.lags | ({"tags": Lag(most_s=longest_s)} if longest_s else {})
        cloud = replace(cloud, refusing=0.5, takes_part=True, lags=lags)
    busy = random.Random(f"reference:{seed}:busy")
    is_busy = busy.random() < 0.05  # what arrives twice waits long enough to be cancelled
    cloud = replace(cloud, queue_s=30.0) if is_busy else cloud
    cloud = replace(cloud, **{name.removeprefix("nature."): value for name, value in natural.items()})
    if n_clones > 1:
        # Where nothing can be claimed, clones race with direct submissions, and both buy.
        cloud = replace(cloud, takes_empty=True)
    # What forgets everything on such a cloud can know nothing.
    losses = LOSSES[:1] if is_beyond else LOSSES[:2] if may_purge else LOSSES
    twice = Fault(clone=busy.randrange(n_clones), on="change", number=1, kind="twice")
    return cloud, is_beyond, losses, (twice,) * is_busy


def _conditions(rng, n_clones, cloud):
    is_direct = n_clones == 1 and (rng.random() < 0.1 or not cloud.takes_empty)
    files = tuple(_file(rng, cloud) for _ in range(rng.choice([1, 1, 1, 2])))
    two_projects = n_clones > 1 and rng.random() < 0.1
    clones = tuple(
        Clone(
            start_s=round(rng.choice([0.0, rng.uniform(0, 3), rng.uniform(0, 50)]), 1),
            has=tuple(rng.randrange(len(each.versions)) if rng.random() < 0.5 else 0 for each in files),
            project=int(two_projects and number == n_clones - 1),
        )
        for number in range(n_clones)
    )
    return Conditions(
        clones=clones,
        files=files,
        device_type=rng.choice(["EMU_FREE", "EMU_FREE", "FRESNEL"]),
        submission="direct" if is_direct else "claim",
        on_unknown="hold",
        batch=rng.choice(["closed", "closed", "closed", "open"]),
        surplus=rng.choice(["keep", "cancel"]),
        runs_mode=rng.choice(["top-up", "top-up", "top-up", "exact"]),
        jobs_per_batch=rng.choice([None, None, 2]),
        retry_limit=rng.choice([0, 1, 1, 2]),
        furnished=rng.choice([0, 2, 5]),
        foreign_project=rng.random() < 0.2,
    )


def _file(rng, cloud):
    kind = rng.choice(KINDS)
    if cloud.forgets_runs and kind == "plain":
        kind = "variables"
    points = (0,) if kind == "plain" else tuple(range(1, rng.choice([2, 3, 4])))
    version = Version(runs=tuple((t, rng.choice([20, 50, 100, 150])) for t in points))
    versions = [_with_repeats(rng, version)]
    while rng.random() < 0.45 and len(versions) < 4:
        version = _edited(rng, version, kind)
        versions.append(_with_repeats(rng, version))
    most = max(sum(runs for _, _, runs, _ in each.wishes()) for each in versions)
    return File(
        kind=kind,
        versions=tuple(versions),
        budget_runs=rng.choice([None, None, None, most, most + 50]),
        budget_jobs=rng.choice([None, None, None, None, 4]),
    )


def _edited(rng, version, kind):
    runs = list(version.runs)
    point = rng.randrange(len(runs))
    edits = ["runs", "runs", "more", "fewer", "order", "recipe", "recipe", "rerun", "job rerun", "no rerun"]
    match rng.choice(edits):
        case "more" if kind != "plain":
            runs.append((max(t for t, _ in runs) + 1, rng.choice([20, 100])))
        case "fewer" if len(runs) > 1:
            del runs[point]
        case "order":
            runs.reverse()
        case "recipe" if kind != "own":
            return replace(version, recipe=1 - version.recipe)
        case "rerun":
            return replace(version, rerun=version.rerun + 1)
        case "job rerun":
            return replace(version, again=(*version.again, runs[point][0]))
        case "no rerun":
            return replace(version, again=version.again[:-1])
        case _:
            runs[point] = (runs[point][0], rng.choice([20, 30, 150, 200]))
    return replace(version, runs=tuple(runs))


def _with_repeats(rng, version):
    """In one of four versions points are repeated."""
    if rng.random() > 0.25:
        return version
    repeats = tuple(t for t, _ in version.runs for _ in range(rng.choice([0, 0, 1, 2])))
    runs = tuple((t, min(n, MAX_RUNS) if t in repeats else n) for t, n in version.runs)
    return replace(version, runs=runs, repeats=repeats)


def drawn_events(rng, conditions, losses, length=1):
    """What goes wrong.

    Args:
        losses: What a process that dies may lose.

        length: How many times as long as one purchase that comes to its end it may take.
    """
    for number, clone in enumerate(conditions.clones):
        yield from _faults(rng, number, length)
        for effect in sorted(rng.sample(range(60 * length), length * rng.choice([0, 0, 1, 2, 3]))):
            yield Crash(
                clone=number,
                effect=effect,
                moment=rng.choice(["before", "after"]),
                loses=rng.choice(losses if conditions.submission == "claim" else losses[::2]),
                down_s=rng.choice([0.5, 5.0, 20.0]),
            )
        yield from _edits(rng, number, clone, conditions)
        if rng.random() < 0.1:
            yield Jump(
                at_s=round(rng.uniform(1, conditions.calm_s), 1),
                clone=number,
                off_s=rng.choice([-600.0, 600.0, -20.0]),
            )
    if rng.random() < 0.05:
        yield Jump(
            at_s=round(rng.uniform(1, conditions.calm_s), 1), clone=-1, off_s=rng.choice([-600.0, 600.0])
        )
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        kind = rng.choice(DEEDS)
        if kind != "flood" or rng.random() < 0.2:
            yield Deed(
                at_s=round(rng.uniform(1, conditions.calm_s), 1),
                kind=kind,
                which=rng.randrange(4),
                lasts_s=rng.choice([3.0, 10.0, 20.0]),
            )


def rare_events(rng, conditions, events, n_projects):
    """What happens seldom: not where the journal is all there is, nor tags are taken where it may be lost."""
    if rng.random() < 0.05:
        yield Deed(at_s=round(rng.uniform(1, 40), 1), kind="flood")
    if rng.random() < 0.06 and n_projects > 1 and conditions.submission == "claim":
        number = rng.randrange(len(conditions.clones))
        project = 1 - conditions.clones[number].project
        yield Move(at_s=round(rng.uniform(1, conditions.calm_s), 1), clone=number, project=project)
    for number in range(len(conditions.clones)):
        if rng.random() < 0.25:
            yield _at_the_purchase(rng, number)
    may_forget = any(isinstance(each, Crash) and "journal" in each.loses for each in events)
    if len(conditions.clones) == 1 and not may_forget and rng.random() < 0.2:
        yield Deed(
            at_s=round(rng.uniform(1, conditions.calm_s), 1), kind="erase tags", which=rng.randrange(4)
        )


def _at_the_purchase(rng, number):
    """What goes wrong where it matters most: at the first request that buys, and just before and after it."""
    kinds = ("crash", "crash", *["twice"] * 4, "late", "crash late", "lost after", "stall")
    kind = rng.choice(kinds)
    if kind == "crash":
        effect, moment = rng.randrange(2, 10), rng.choice(["before", "after"])
        return Crash(clone=number, effect=effect, moment=moment, down_s=rng.choice([0.5, 5.0]))
    delay_s = 40.0 if kind == "stall" else rng.choice([5.0, 15.0])
    return Fault(clone=number, on="change", number=1, kind=kind, delay_s=delay_s)


def _edits(rng, number, clone, conditions):
    """A clone pulls newer versions from time to time, or never."""
    for index, (has, each) in enumerate(zip(clone.has, conditions.files, strict=True)):
        newer = range(has + 1, len(each.versions))
        if rng.random() < 0.7:
            moments = sorted(round(rng.uniform(1, conditions.calm_s), 1) for _ in newer)
            for at_s, version in zip(moments, newer, strict=True):
                yield Edit(at_s=at_s, clone=number, file=index, version=version)


def _faults(rng, number, length):
    often = rng.choice([0.0, 0.1, 0.3])
    for change in range(40 * length):
        if rng.random() < often:
            kind = rng.choice(CHANGES)
            delays = (5.0, 15.0, 40.0) if kind in {"late", "crash late", "stall"} else (1.0, 8.0)
            has_delay = kind in {"late", "crash late", "stall", "slow answer", "twice later"}
            delay_s = rng.choice(delays) if has_delay else 0.0
            yield Fault(clone=number, on="change", number=change, kind=kind, delay_s=delay_s)
    for read in sorted(rng.sample(range(120 * length), length * rng.choice([0, 0, 1, 4]))):
        yield Fault(clone=number, on="read", number=read, kind=rng.choice(READS))
    for read in sorted(rng.sample(range(20 * length), length * rng.choice([0, 0, 0, 1, 3, 6]))):
        yield Fault(clone=number, on="jobs", number=read, kind=rng.choice(LISTS))


def shrunk(failing, fails):
    """A smaller schedule that fails as well: events, lags and oddities are left out while it still does.

    Args:
        failing: A schedule that fails.

        fails: Whether a schedule does.
    """
    while (found := next((each for each in _smaller(failing) if fails(each)), None)) is not None:
        failing = found
    return failing


def _smaller(failing):
    for i in range(len(failing.events)):
        yield replace(failing, events=failing.events[:i] + failing.events[i + 1 :])
    cloud, plain = failing.nature, Nature()
    for view in cloud.lags:
        lags = {name: lag for name, lag in cloud.lags.items() if name != view}
        yield replace(failing, nature=replace(cloud, lags=lags))
    for each in fields(cloud):
        if each.name != "lags" and getattr(cloud, each.name) != getattr(plain, each.name):
            yield replace(failing, nature=replace(cloud, **{each.name: getattr(plain, each.name)}))
    conditions, usual = failing.conditions, Conditions()
    for each in fields(conditions):
        if each.name not in {"clones", "files"} and getattr(conditions, each.name) != getattr(
            usual, each.name
        ):
            yield replace(failing, conditions=replace(conditions, **{each.name: getattr(usual, each.name)}))
