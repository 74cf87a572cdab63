"""The target's device types as people look at them; Pulser is not needed to tell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.errors import RunnerError
from runner.project.cache.device_specs import age_said
from runner.sequences.pulser_api.device_specs import is_emulator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.cloud import Client
    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device type of the target.

    Args:
        device: Pulser's name of the device.

        qubits: Most atoms; None for no limit, as below.

        max_duration_ns: Longest sequence (in ns).

        max_runs: Most runs of a job.

        availability: What the target says of it; None if it was not asked, or does not say.

        age_s: How old all this is (in s).
    """

    device_type: str
    device: str
    qubits: int | None
    max_duration_ns: int | None
    max_runs: int | None
    availability: str | None
    age_s: float


def device_rows(project: Project, *, refresh: bool) -> Sequence[DeviceRow]:
    """The device types of the target, by name: as they are kept, or asked for if nothing is.

    Args:
        project: Bound to the target; it may ask it.

        refresh: Whether to ask the target in any case.

    Raises:
        RunnerError: The target can't be asked.
    """
    devices = project.devices
    kept = None if refresh else devices.kept()
    served = kept or devices.refresh()
    client = None if kept else project.connection().client
    age_s = devices.age_s() or 0.0
    return [
        _row(each, text, age_s, availability(client, each)) for each, text in sorted(served.texts.items())
    ]


def _row(device_type: str, text: str, age_s: float, availability: str | None) -> DeviceRow:
    said = _object(text)
    return DeviceRow(
        device_type=device_type,
        device=str(said.get("name", "")),
        qubits=said.get("max_atom_num"),
        max_duration_ns=said.get("max_sequence_duration"),
        max_runs=said.get("max_runs"),
        availability=availability,
        age_s=age_s,
    )


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def availability(client: Client | None, device_type: str) -> str | None:
    """What the target says of the devices of a type, each thing once."""
    try:
        found = client.get_devices(device_type) if client else []
    except RunnerError:  # it is said beside; what the devices can do is known all the same
        return None
    words = [f"{each.get('status', '')} {each.get('availability', '')}".strip() for each in found]
    return ", ".join(dict.fromkeys(word for word in words if word)) or None


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
