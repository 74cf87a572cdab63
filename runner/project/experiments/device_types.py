"""Whether the target has the device type that a file names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runner.domain.suggestions import suggestion
from runner.project.config.device_names import known_names

if TYPE_CHECKING:
    from pathlib import Path

    from runner.errors import Problem
    from runner.project.config.settings import Settings
    from runner.project.experiments.loaded import Experiment
    from runner.sequences.pulser_api.device_specs import Specifications

_POINTER: Final = "/spec/device_type"
_SHORT: Final = 16  # of a recipe's digest, as folders of records are called


def doubt(experiment: Experiment, settings: Settings, specifications: Specifications) -> Problem | None:
    """What is to be said of a device type that the target is not known to have; None if there is nothing."""
    served, name = specifications.served(), experiment.desired.device_type
    names = known_names() if served is None else served
    if name in names:
        return None
    message = f"no device type {name} is known" if served is None else f"the target has no device type {name}"
    hint = suggestion(name, sorted(names), kind="device types")
    return experiment.file.problem(_POINTER, message, hint, limits=settings.limits.as_limits())


def is_certain(
    experiment: Experiment, root: Path, settings: Settings, specifications: Specifications
) -> bool:
    """Whether a doubt is a problem: the target has said what it has, and nothing of it is on record.

    A machine that has measured once may be gone, and its results stay.
    """
    records = root / settings.results / experiment.name / experiment.desired.recipe[:_SHORT]
    return specifications.served() is not None and not records.is_dir()
