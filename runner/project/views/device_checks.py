"""Which live specifications an experiment was checked against, and how old they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.project.cache.age_text import age_said
from runner.sequences.pulser_api.device_specs import is_emulator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCheck:
    """A check against the specification of a device type.

    Args:
        age_s: How old the specification is (in s); None where none is known, so that nothing was checked.
    """

    experiment: str
    device_type: str
    target: str
    age_s: float | None

    def __str__(self) -> str:
        whose = f"{self.device_type} of the target {self.target}"
        if self.age_s is None:
            return f"what {whose} can do is not known here"
        return f"{whose} as it is known here, {age_said(self.age_s)}"


def device_checks(project: Project, experiment: Experiment) -> Sequence[DeviceCheck]:
    """What an experiment was checked against; of emulators, only what is known."""
    devices = project.devices
    return [
        DeviceCheck(
            experiment=experiment.name,
            device_type=device_type,
            target=project.target_name,
            age_s=devices.age_s() if digest else None,
        )
        for device_type, digest in experiment.consulted.items()
        if digest or not is_emulator(device_type)
    ]
