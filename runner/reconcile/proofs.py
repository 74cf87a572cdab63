"""What keeps an experiment from being bought because nothing proves where it was measured. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.reconcile.tags import SHORT

if TYPE_CHECKING:
    from runner.reconcile.scene import Scene


def unproved_target(scene: Scene) -> str:
    """What is on record for what the file asks for and says nothing of its target; empty if nothing is."""
    recipe = scene.desired.recipe[:SHORT]
    unsaid = [
        job
        for job in scene.seen.unproved
        if job.recipe == recipe
        and (wanted := scene.wanted.get(job.key)) is not None
        and wanted.counts(rerun=job.rerun, runs=job.runs)
    ]
    if not unsaid:
        return ""
    one, more = ("1 job on record does", "it was"), (f"{len(unsaid)} jobs on record do", "they were")
    jobs, it = one if len(unsaid) == 1 else more
    return f"{jobs} not say where {it} measured, and nothing proves it (batch {unsaid[0].batch_id})"


def how_to_prove(scene: Scene) -> str:
    """What a person can do about it."""
    name = scene.desired.name
    return (
        f"`runner resolve {name} measured-here` if it was at this target; `… measured-elsewhere` if not, "
        "then it is bought here"
    )
