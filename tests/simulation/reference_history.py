"""A schedule of the reference's world is played: what happened, and what must not be and did."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ill_luck import luck, unlucky_schedule
from reference_crew import Crewman, one_thread
from reference_judge import EnoughError
from reference_world import World

# Records are flushed to the disk; here it is one that costs nothing, where there is one.
MEMORY = Path("/dev/shm")


class Game(NamedTuple):
    """A kind of histories; modules of others can send it to another process.

    Args:
        schedule: Gives the schedule of a seed, and of what is not left to the seed.

        play: Gives the world after a schedule was played to its end.

        luck: Gives the kind of ill luck that the schedule of a seed has.
    """

    schedule: Callable
    play: Callable
    luck: Callable

    def broken(self, schedule):
        """What was broken in a schedule, in words; empty when all is well."""
        return self.play(schedule).judge.broken

    def told(self, schedule):
        """The history of a schedule, line by line: plans, changes, the cloud in the end, what was broken."""
        world = self.play(schedule)
        yield from world.told
        for batch in world.ours():
            jobs = [_said(job) for job in world.pcs.jobs_of(batch["id"])]
            state = "open" if batch["open"] else "closed"
            yield f"batch {batch['id']} {batch['status']}, {state}, {batch['tags']}: {jobs}"
        yield from world.judge.broken


def _said(job):
    point = job["variables"] or (job["sequence"] or "")[-4:]
    return f"{job['id']} {point} {job['runs']} {job['status']}"


def play(schedule):
    """The world after a schedule of the reference was played to its end."""
    return played(schedule, World, Crewman)


def played(schedule, world_class, crewman_class):
    """The world of some class after a schedule was played to its end."""
    world = world_class(schedule)
    with one_thread(), tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        world.crew = [crewman_class(world, n, Path(folder)) for n in range(len(schedule.conditions.clones))]
        with suppress(EnoughError):
            world.agenda.play([crewman.live for crewman in world.crew])
            world.judge.world_ended()
    return world


REFERENCE = Game(unlucky_schedule, play, luck)
