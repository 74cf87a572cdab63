"""What earlier strategies of an experiment measured, as far as a later one may count it as history. Pure."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from runner.domain import recipe_digest
from runner.domain.slot_jobs import with_recorded_slots
from runner.results import gathered
from runner.strategies.conditions import all_hold, condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from runner.domain import DesiredExperiment, RecordedJob
    from runner.domain.strategies import Strategy
    from runner.results import JobResult

    Manifest = Mapping[str, Any]

_CLOSE: Final = 1e-9
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def earlier_experiments(
    desired: DesiredExperiment, recorded: Sequence[RecordedJob], manifests: Mapping[str, Manifest | None]
) -> Iterator[DesiredExperiment]:
    """The experiment as earlier strategies asked for it, with the slots that are on record.

    They are of the same sequence, device type and emulation, and of the same `rerun`.

    Args:
        recorded: All that is on record of the experiment.

        manifests: What is known of each recipe, by its 16 digits.
    """
    asked = desired.strategy
    if asked is None:
        return
    same = recipe_digest(
        device_type=desired.device_type, sequence=desired.sequence, emulation=desired.emulation
    )
    for manifest in manifests.values():
        recipe = str(manifest.get("recipe", "")) if manifest else ""
        if manifest and "strategy" in manifest and recipe != desired.recipe and _base(manifest) == same:
            strategy = replace(
                asked, digest=recipe, runs=_runs(manifest, asked.runs), confirm=None, reuse=False
            )
            yield with_recorded_slots(replace(desired, recipe=recipe, strategy=strategy, jobs=()), recorded)


def _base(manifest: Manifest) -> str:
    """The recipe of a manifest without its strategy; empty where it cannot be told."""
    emulation = manifest.get("emulation")
    try:
        return recipe_digest(
            device_type=str(manifest["device_type"]),
            sequence=json.dumps(manifest["sequence"]),
            emulation=json.dumps(emulation) if emulation else "",
        )
    except (KeyError, ValueError):
        return ""


def _runs(manifest: Manifest, usual: int) -> int:
    said = manifest["strategy"]
    runs = said.get("runs") if isinstance(said, dict) else None
    return runs if isinstance(runs, int) else usual


def earlier_points(
    desired: DesiredExperiment,
    own: Iterable[RecordedJob],
    earlier: Iterable[tuple[DesiredExperiment, Sequence[RecordedJob]]],
) -> tuple[JobResult, ...]:
    """Slots of earlier strategies that are places of this one, in the order in which they were measured.

    What ended after the first job of this strategy was created does not count: its history would change
    behind it.

    Args:
        own: Jobs on record of this strategy.

        earlier: Each earlier experiment, with what is on record for it.
    """
    strategy = desired.strategy
    if strategy is None:
        return ()
    begun = min((job.created_at for job in own if job.created_at), default=_NEVER)
    found = [
        (ended, job.key, job)
        for experiment, recorded in earlier
        for job in gathered(experiment, recorded)
        if job.counts
        and (ended := max(each.ended_at or _NEVER for each in job.remote_jobs)) < begun
        and _is_place(strategy, job.variables)
    ]
    return tuple(job for _, _, job in sorted(found, key=lambda each: each[:2]))


def _is_place(strategy: Strategy, variables: Mapping[str, object]) -> bool:
    """Whether a strategy might ask for some values: inside of what it varies, and as its conditions say."""
    space = strategy.space
    try:
        units = space.units(variables)
    except (KeyError, TypeError, IndexError, ValueError):
        return False
    values = space.variables(units)
    there = _numbers(values)
    here = _numbers({name: variables[name] for name in space.values})
    is_same = len(there) == len(here) and all(
        math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
        for one, other in zip(there, here, strict=True)
    )
    return is_same and all_hold([condition(text, values) for text in strategy.where], values)


def _numbers(values: Mapping[str, object]) -> list[float]:
    found: list[float] = []
    for each in values.values():
        found += map(float, each if isinstance(each, list | tuple) else [each])
    return found
