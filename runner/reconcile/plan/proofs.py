"""What keeps an experiment from being bought because nobody knows whether it has been measured. Pure.

Nothing proves where it was measured, or with which constants of the device; or these have changed, and the
file does not say which ones it means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from runner.domain import DeviceSource
from runner.domain.identity import UNPROVED
from runner.reconcile.model.actions import Hold
from runner.reconcile.model.cost import is_emulator
from runner.reconcile.model.kinship import Kin, changes, changes_said, device_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.domain import DesiredExperiment, DesiredJob
    from runner.reconcile.model.snapshot import Scene


_ADVICE: Final = {
    DeviceSource.PULSER: "say them in the file, by key as in `device: {of: MockDevice, "
    "interaction_coeff_xy: 3700}` or all of them as `device: {file: device.json}`",
    DeviceSource.TARGET: "say `device: {file: device.json}` in place of `device: {target: …}`, with the "
    "`device` that the sequence has in the manifest on record",
    DeviceSource.PYTHON: "have the function in Python give the sequence with the device from before",
}


class _Measurement(NamedTuple):
    """Something that was measured, or is about to be, with some constants of its device."""

    batch_id: str
    constants: str
    kin: Kin
    job: DesiredJob | None


def doubts(scene: Scene) -> Iterator[Hold]:
    """What a person must decide before anything is bought."""
    yield from _of_target(scene)
    some = [each for each in measurements(scene) if each.kin.is_open]
    yield from _of_proof(scene, [each for each in some if each.constants == UNPROVED])
    yield from _of_change(scene, [each for each in some if each.constants != UNPROVED])


def measurements(scene: Scene) -> Iterator[_Measurement]:
    """All that is of the recipe and rerun that the file asks for, whatever its device was like."""
    for record in filter(scene.is_asked_for, scene.seen.recorded):
        kin = scene.kin(record.key, record.constants)
        yield _Measurement(record.batch_id, record.constants, kin, scene.wanted[record.key])
    on_record = scene.ended_on_record
    for batch in filter(scene.is_of_file, scene.seen.batches):
        if batch.jobs_count and any(job.id not in on_record for job in batch.jobs):
            yield _Measurement(batch.id, batch.constants, scene.kinds[batch.id], None)
        for job in (job for job in batch.jobs if job.constants and job.key in scene.wanted):
            kin = scene.kin(job.key, job.constants)
            yield _Measurement(batch.id, job.constants, kin, scene.wanted[job.key])


def _of_target(scene: Scene) -> Iterator[Hold]:
    unsaid = list(filter(scene.is_asked_for, scene.seen.unproved))
    if not unsaid:
        return
    one, more = ("1 job on record does", "it was"), (f"{len(unsaid)} jobs on record do", "they were")
    jobs, it_was = one if len(unsaid) == 1 else more
    yield Hold(
        reason=f"{jobs} not say where {it_was} measured, and nothing proves it (batch {unsaid[0].batch_id})",
        how=f"`runner resolve {scene.desired.name} measured-here` if it was at this target; "
        "`… measured-elsewhere` if not, then it is bought here",
    )


def _of_proof(scene: Scene, unproved: list[_Measurement]) -> Iterator[Hold]:
    if unproved:
        yield Hold(
            reason=f"nothing proves which constants its device had in the batch {unproved[0].batch_id}",
            how=f"`runner resolve {scene.desired.name} same-constants` if they were those of the file; "
            "`… other-constants` if not, then it is bought anew",
        )


def _of_change(scene: Scene, changed: list[_Measurement]) -> Iterator[Hold]:
    if not changed:
        return
    seen = scene.seen.constants
    said = changes_said(changes(scene.desired, each.job, each.constants, seen) for each in changed)
    yield Hold(
        reason="constants of its device have changed since it was measured, and the file does not say which "
        f"it means: {said or 'those of the batch ' + changed[0].batch_id + ' are not known'}",
        how=_advice(scene.desired, changed),
    )


def _advice(desired: DesiredExperiment, changed: list[_Measurement]) -> str:
    """What can be done about changed constants, for each source of the present ones."""
    sources = dict.fromkeys(device_source(desired, each.job) for each in changed)
    if not is_emulator(desired.device_type):
        sources.pop(DeviceSource.TARGET, None)  # such a device type takes only what is like its device of now
    former = ", ".join(_ADVICE[each] for each in sources)
    kept = f"with those from before nothing is bought: {former}; or " if former else ""
    return f"{kept}set `policy.on_device_change: measure` to buy it anew"
