"""A schedule of closed loops in the world of the reference: what they ask for, and what goes wrong meanwhile.

Nothing here knows the product.
"""

from __future__ import annotations

import random
from ast import literal_eval
from dataclasses import dataclass, replace

from reference_schedules import (
    CALM_S,
    LINEAGES,
    MAX_RUNS,
    Clone,
    Conditions,
    Schedule,
    drawn_cloud,
    drawn_events,
    rare_events,
)

# Runs of each job, and of each that confirms a winner: by them the two are told apart.
RUNS, CONFIRM_RUNS = 20, 50
# How another clone, or the same one later, proposes otherwise: not at all, in the last bits, or by much.
DISTURBANCES = ("nothing", "last bits", "much")
# How many reruns a strategy can have.
CODES = 4
# A round is as long as so many requests that change something.
_ROUND_S = 20.0
_ROUNDS_A_LENGTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopVersion:
    """What a loop's file says at one time.

    Args:
        strategy: Which one: an index of the loop's `shapes`.

        rounds: After how many it ends.

        repeat: How many fresh jobs confirm the winner.

        think_limit_s: For how long an open batch is kept; None for a closed batch a round.

        is_there: Whether there is a file at all: it may come later, and may be removed.
    """

    strategy: int = 0
    rerun: int = 0
    rounds: int = 3
    repeat: int = 0
    think_limit_s: float | None = None
    is_there: bool = True

    @property
    def code(self):
        """A number for all that makes slots other slots; it stands in the values of the jobs."""
        return self.strategy * CODES + self.rerun


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """An experiment's file that has a strategy, through its history.

    Args:
        shapes: Of each strategy, how many jobs come first, and how many each round has.

        hears: Whether what is proposed depends on what came back.
    """

    versions: tuple[LoopVersion, ...] = (LoopVersion(),)
    shapes: tuple[tuple[int, int], ...] = ((0, 2),)
    disturbance: str = "last bits"
    hears: bool = True
    budget_runs: int | None = None
    budget_jobs: int | None = None

    def rounds(self, version):
        """The slots of each round of a version, the first points before them."""
        first, ask = self.shapes[version.strategy]
        sizes = [*([first] if first else []), *[ask] * version.rounds]
        begin, found = 1, []
        for size in sizes:
            found.append(range(begin, begin + size))
            begin += size
        return found


def loop_schedule(seed, **fixed):
    """The schedule of a seed.

    Args:
        seed: Any integer.

        fixed: As `reference_schedules.schedule` has it; `rounds` is how many each loop has.
    """
    fixed = {name: literal_eval(text) for name, text in fixed.items()}
    n_clones, rounds = fixed.pop("clones", None), fixed.pop("rounds", None)
    natural = {name: fixed.pop(name) for name in tuple(fixed) if name.startswith("nature.")}
    rng, more = (random.Random(f"loops:{seed}{word}") for word in ("", ":more"))
    n_clones = n_clones or rng.choice([1, 1, 2, 2, 3])
    cloud, is_beyond, losses, twice = drawn_cloud(seed, rng, more, n_clones, natural)
    conditions = replace(_conditions(rng, n_clones, cloud, rounds), **fixed)
    length = max(1, _longest(conditions) // _ROUNDS_A_LENGTH)
    conditions = replace(conditions, calm_s=max(CALM_S, _ROUND_S * _longest(conditions)))
    events = tuple(drawn_events(rng, conditions, losses, length))
    events = (*events, *rare_events(more, conditions, events, 1 if is_beyond else 2), *twice)
    return Schedule(seed=seed, nature=cloud, conditions=conditions, events=events)


def _longest(conditions):
    return max(len(loop.rounds(version)) for loop in conditions.files for version in loop.versions)


def _conditions(rng, n_clones, cloud, rounds):
    is_direct = n_clones == 1 and (rng.random() < 0.05 or not cloud.takes_empty)
    loops = tuple(_loop(rng, rounds) for _ in range(rng.choice([1, 1, 1, 2])))
    clones = tuple(
        Clone(
            start_s=round(rng.choice([0.0, rng.uniform(0, 3), rng.uniform(0, 50)]), 1),
            has=tuple(rng.randrange(len(each.versions)) if rng.random() < 0.5 else 0 for each in loops),
        )
        for _ in range(n_clones)
    )
    return Conditions(
        clones=clones,
        files=loops,
        device_type=rng.choice(["EMU_FREE", "EMU_FREE", "FRESNEL"]),
        submission="direct" if is_direct else "claim",
        surplus=rng.choice(["keep", "cancel"]),
        jobs_per_batch=rng.choice([None, None, None, 2, 5]),
        retry_limit=rng.choice([0, 1, 2, 5]),
        furnished=rng.choice([0, 2]),
        foreign_project=rng.random() < 0.1,
        lineage=rng.choice(LINEAGES),
    )


def _loop(rng, rounds):
    shapes = tuple((rng.choice([0, 0, 3]), rng.choice([1, 1, 2, 3])) for _ in range(2))
    version = LoopVersion(
        rounds=rounds or rng.choice([2, 3, 5, 8]),
        repeat=rng.choice([0, 1, 2]),
        think_limit_s=rng.choice([None, None, 10.0, 60.0]),
    )
    versions = [version]
    while rng.random() < 0.4 and len(versions) < 4:
        version = _edited(rng, version, versions[0])
        versions.append(version)
    loop = Loop(versions=tuple(versions), shapes=shapes, disturbance=rng.choice(DISTURBANCES))
    n_jobs = max(sum(map(len, loop.rounds(each))) for each in versions)
    return replace(
        loop,
        budget_runs=rng.choice([None, None, None, n_jobs * RUNS // 2, n_jobs * RUNS + 2 * MAX_RUNS]),
        budget_jobs=rng.choice([None, None, None, None, n_jobs + 3]),
    )


def _edited(rng, version, first):
    match rng.choice(["rounds", "rounds", "strategy", "strategy", "back", "rerun", "repeat", "batches"]):
        case "strategy":
            return replace(version, strategy=1 - version.strategy)
        case "back":
            return first
        case "rerun":
            return replace(version, rerun=min(version.rerun + 1, CODES - 1))
        case "repeat":
            return replace(version, repeat=rng.choice([0, 1, 3]))
        case "batches":
            return replace(version, think_limit_s=None if version.think_limit_s else 30.0)
    return replace(version, rounds=max(1, version.rounds + rng.choice([-2, -1, 1, 2])))
