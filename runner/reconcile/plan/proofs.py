"""What keeps an experiment from being bought because nobody knows whether it has been measured. Pure.

Nothing proves where it was measured, or with which constants of the device; or these have changed, and the
file does not say which ones it means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from runner.domain import DeviceSource
from runner.domain.identity import UNPROVED
from runner.domain.qpu_time import is_emulator
from runner.reconcile.model.actions import Hold
from runner.reconcile.model.kinship import Kin, changes, changes_said, device_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.domain import DesiredExperiment, DesiredJob
    from runner.reconcile.model.snapshot import Snapshot


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


def doubts(snapshot: Snapshot) -> Iterator[Hold]:
    """What a person must decide before anything is bought."""
    yield from _of_target(snapshot)
    some = [each for each in measurements(snapshot) if each.kin.is_open]
    yield from _of_proof(snapshot, [each for each in some if each.constants == UNPROVED])
    yield from _of_change(snapshot, [each for each in some if each.constants != UNPROVED])


def measurements(snapshot: Snapshot) -> Iterator[_Measurement]:
    """All that is of the recipe and rerun that the file asks for, whatever its device was like."""
    for record in filter(snapshot.is_asked_for, snapshot.observed.recorded):
        kin = snapshot.kin(record.key, record.constants)
        yield _Measurement(record.batch_id, record.constants, kin, snapshot.wanted[record.key])
    on_record = snapshot.ended_on_record
    for batch in filter(snapshot.is_of_file, snapshot.observed.batches):
        if batch.jobs_count and any(job.id not in on_record for job in batch.jobs):
            yield _Measurement(batch.id, batch.constants, snapshot.kinds[batch.id], None)
        for job in (job for job in batch.jobs if job.constants and job.key in snapshot.wanted):
            kin = snapshot.kin(job.key, job.constants)
            yield _Measurement(batch.id, job.constants, kin, snapshot.wanted[job.key])


def _of_target(snapshot: Snapshot) -> Iterator[Hold]:
    unsaid = list(filter(snapshot.is_asked_for, snapshot.observed.unproved))
    if not unsaid:
        return
    one, more = ("1 job on record does", "it was"), (f"{len(unsaid)} jobs on record do", "they were")
    jobs, it_was = one if len(unsaid) == 1 else more
    yield Hold(
        reason=f"{jobs} not say where {it_was} measured, and nothing proves it (batch {unsaid[0].batch_id})",
        how=f"`runner resolve {snapshot.desired.name} measured-here` if it was at this target; "
        "`… measured-elsewhere` if not, then it is bought here",
    )


def _of_proof(snapshot: Snapshot, unproved: list[_Measurement]) -> Iterator[Hold]:
    if unproved:
        yield Hold(
            reason=f"nothing proves which constants its device had in the batch {unproved[0].batch_id}",
            how=f"`runner resolve {snapshot.desired.name} same-constants` if they were those of the file; "
            "`… other-constants` if not, then it is bought anew",
        )


def _of_change(snapshot: Snapshot, changed: list[_Measurement]) -> Iterator[Hold]:
    if not changed:
        return
    known = snapshot.observed.constants
    said = changes_said(changes(snapshot.desired, each.job, each.constants, known) for each in changed)
    yield Hold(
        reason="constants of its device have changed since it was measured, and the file does not say which "
        f"it means: {said or 'those of the batch ' + changed[0].batch_id + ' are not known'}",
        how=_advice(snapshot.desired, changed),
    )


def _advice(desired: DesiredExperiment, changed: list[_Measurement]) -> str:
    """What can be done about changed constants, for each source of the present ones."""
    sources = dict.fromkeys(device_source(desired, each.job) for each in changed)
    if not is_emulator(desired.device_type):
        sources.pop(DeviceSource.TARGET, None)  # such a device type takes only what is like its device of now
    former = ", ".join(_ADVICE[each] for each in sources)
    kept = f"with those from before nothing is bought: {former}; or " if former else ""
    return f"{kept}set `policy.on_device_change: measure` to buy it anew"
