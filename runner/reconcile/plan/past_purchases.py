"""What was bought before, beside what the file asks for now: another recipe, or a changed device. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.domain import JobStatus, constants_differences, constants_of
from runner.domain.digests import recipe_parts
from runner.domain.json_values import plain_differences, shown
from runner.domain.qpu_time import is_emulator
from runner.reconcile.model.plan import Difference
from runner.reconcile.model.tags import SHORT, read_marks
from runner.reconcile.plan.device_changes import device_difference_said, device_differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.domain import DesiredExperiment, ObservedBatch, RecordedJob

    Manifest = Mapping[str, object]

_SHOWN = 3
_SHOWN_OF_DEVICE = 12


def of_interest(
    desired: DesiredExperiment, batches: Sequence[ObservedBatch], recorded: Sequence[RecordedJob]
) -> list[str]:
    """Recipes whose manifests may say something, oldest first: none of an experiment that is complete.

    What a strategy asks for is not known yet: one that has begun counts as complete.
    """
    present = desired.recipe[:SHORT]
    if _is_machine(desired):  # it may have changed since, also where nothing is to be bought
        return _recipes(present, batches, recorded)
    done = sum(job.least_runs for job in recorded if job.recipe == present and job.status is JobStatus.DONE)
    is_live = any(batch.status.is_live for batch in batches)
    if not is_live and done >= (sum(job.runs for job in desired.jobs) if desired.strategy is None else 1):
        return []
    return _recipes(present, batches, recorded)


def _is_machine(desired: DesiredExperiment) -> bool:
    return not (desired.emulated or is_emulator(desired.device_type))


def _recipes(present: str, batches: Sequence[ObservedBatch], recorded: Sequence[RecordedJob]) -> list[str]:
    ordered = sorted(batches, key=lambda batch: (batch.created_at, batch.id))
    seen = [*(job.recipe for job in recorded), *(read_marks(batch.tags).recipe for batch in ordered)]
    return [recipe for recipe in dict.fromkeys([*seen, present]) if recipe]


def drift(desired: DesiredExperiment, bought: Mapping[str, Manifest]) -> tuple[Difference, ...]:
    """What has changed of the device since the same recipe was bought: the recipe has only its name."""
    manifest = bought.get(desired.recipe[:SHORT], {})
    differences = device_differences(*_devices(desired, manifest))
    live = manifest.get("live_device")
    if differences or not live or not desired.live_device:  # one of them is said, not both
        return differences
    return device_differences(live, json.loads(desired.live_device))


def live_changes(
    desired: DesiredExperiment, bought: Mapping[str, Manifest]
) -> tuple[tuple[str, object, object], ...]:
    """What a machine has changed of the constants that the sequence uses, where it was another before.

    As the target served its device when it was bought, and as it does now.
    """
    live = bought.get(desired.recipe[:SHORT], {}).get("live_device")
    if not live or not desired.live_device or not desired.sequence:
        return ()
    sequence = json.loads(desired.sequence)
    both = [constants_of(sequence | {"device": each}) for each in (live, json.loads(desired.live_device))]
    return constants_differences(*both)


def _devices(desired: DesiredExperiment, manifest: Manifest) -> tuple[object, object]:
    """The device of a sequence that was bought, and that of the same sequence now: all are for one device."""
    before = _sequence(manifest)
    if before and desired.sequence:
        return before.get("device"), json.loads(desired.sequence).get("device")
    sequences = manifest.get("sequences")
    own = sequences if isinstance(sequences, dict) else {}
    same = ((own[job.of_point], job.sequence) for job in desired.jobs if job.of_point in own)
    for was, now in same:
        if now is not None:
            return was.get("device"), json.loads(now).get("device")
    return None, None


def changes(desired: DesiredExperiment, before: Manifest) -> tuple[Difference, ...]:
    """What makes the recipe another one than that of a manifest."""
    sequence = _sequence(before)
    if not sequence:
        return ()
    emulation, strategy = before.get("emulation"), before.get("strategy")
    was = recipe_parts(
        device_type=str(before.get("device_type", "")),
        sequence=json.dumps(sequence),
        emulation=json.dumps(emulation) if emulation else "",
        strategy=json.dumps(strategy) if strategy else "",
    )
    now = recipe_parts(
        device_type=desired.device_type,
        sequence=desired.sequence,
        emulation=desired.emulation,
        strategy=desired.strategy.text if desired.strategy else "",
    )
    return _differences("recipe", was, now)


def remarks(desired: DesiredExperiment, bought: Mapping[str, Manifest]) -> Iterable[str]:
    """What people should know of it."""
    present = desired.recipe[:SHORT]
    drifted = drift(desired, bought)
    if drifted:
        said = ", ".join(device_difference_said(each) for each in drifted[:_SHOWN_OF_DEVICE])
        more = len(drifted) - _SHOWN_OF_DEVICE
        yield f"the device has changed since this was bought: {said}" + (f", and {more} more" * (more > 0))
    others = [recipe for recipe in bought if recipe != present]
    if others and present not in bought:
        changed = changes(desired, bought[others[-1]])
        if changed:
            yield f"the recipe has changed: {_said(changed)}"


def _sequence(manifest: Manifest) -> dict[str, object]:
    sequence = manifest.get("sequence")
    return sequence if isinstance(sequence, dict) else {}


def _differences(at: str, one: object, other: object) -> tuple[Difference, ...]:
    return tuple(Difference(*each) for each in plain_differences(at, one, other))


def _said(differences: Sequence[Difference]) -> str:
    first = [f"{each.subject}: {_part(each.have)} → {_part(each.want)}" for each in differences[:_SHOWN]]
    more = [f"and {len(differences) - _SHOWN} more"] if len(differences) > _SHOWN else []
    return ", ".join(first + more)


def _part(value: object) -> object:
    """A value of a recipe; of a whole part of it the beginning."""
    return shown(value) if isinstance(value, dict | list) else value
