"""A schedule is played: what happened, and what must not be and did."""

from __future__ import annotations

import tempfile
from pathlib import Path

from crew import Crewman
from world import World

# Records are flushed to the disk; here it is one that costs nothing, where there is one.
MEMORY = Path("/dev/shm")


def play(schedule, settle_s=None):
    """The world after a schedule was played to its end.

    Args:
        settle_s: What the runners take for the settle window; as far as lists lag when it is left out.
    """
    world = World(schedule, settle_s)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        world.crew = [Crewman(world, n, Path(folder)) for n in range(schedule.conditions.runners)]
        world.agenda.play([crewman.live for crewman in world.crew])
    world.judge.world_ended()
    return world


def broken(schedule):
    """What was broken in a schedule, in words; empty when all is well."""
    return play(schedule).judge.broken


def told(schedule):
    """The history of a schedule, line by line: plans, changes, the cloud in the end, what was broken."""
    world = play(schedule)
    yield from world.told
    for batch in world.ours():
        jobs = [
            f"{job.variables['t']}:{job.runs} {job.state.status}"
            for job in world.store.jobs_of(batch.state.id)
        ]
        state = "open" if batch.state.open else "closed"
        yield f"batch {batch.state.id[-4:]} {batch.state.status}, {state}, {batch.tags}: {jobs}"
    yield from world.judge.broken
