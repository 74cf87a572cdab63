"""A schedule of the reference's world is played: what happened, and what must not be and did."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from reference_crew import Crewman, one_thread
from reference_judge import EnoughError
from reference_world import World

# Records are flushed to the disk; here it is one that costs nothing, where there is one.
MEMORY = Path("/dev/shm")


def play(schedule):
    """The world after a schedule was played to its end."""
    world = World(schedule)
    with one_thread(), tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        world.crew = [Crewman(world, n, Path(folder)) for n in range(len(schedule.conditions.clones))]
        with suppress(EnoughError):
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
            f"{job['id']} {job['variables'] or (job['sequence'] or '')[-4:]} {job['runs']} {job['status']}"
            for job in world.pcs.jobs_of(batch["id"])
        ]
        state = "open" if batch["open"] else "closed"
        yield f"batch {batch['id']} {batch['status']}, {state}, {batch['tags']}: {jobs}"
    yield from world.judge.broken
