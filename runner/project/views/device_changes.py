"""What has changed of a device since experiments were built for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from runner.domain.json_values import plain_differences, shown
from runner.reconcile.model.tags import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.project.experiments.loaded import Experiment
    from runner.results import Records

# Of the text, and not of the device.
_OF_TEXT: Final = frozenset({"$schema", "version", "pulser_version"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChange:
    """One thing of a device that was otherwise when experiments were built.

    Args:
        subject: What it is, as a path with dots in Pulser's JSON.

        built: What it was then, in few characters.

        now: What the target says now.

        experiments: Whose device it was then.
    """

    device_type: str
    subject: str
    built: str
    now: str
    experiments: tuple[str, ...]


class DeviceChanges:
    """Holds devices against what they were; what has not changed is not read again.

    Args:
        records: Have manifests of what was bought; of what was not, the file as it was read counts.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._known: dict[str, tuple[object, list[tuple[str, str, str]]]] = {}

    def of(
        self,
        experiments: Iterable[Experiment],
        served: Mapping[str, str],
        recorded: Mapping[str, tuple[Any, ...]],
    ) -> list[DeviceChange]:
        """What has changed, by device type.

        Args:
            served: Specifications that the target serves now, by device type.

            recorded: Jobs on record, by the names of experiments.
        """
        found: dict[tuple[str, str, str, str], list[str]] = {}
        for each in experiments:
            device_type = each.desired.device_type
            for difference in self._differences(
                each, served.get(device_type, ""), bool(recorded.get(each.name))
            ):
                found.setdefault((device_type, *difference), []).append(each.name)
        return [
            DeviceChange(
                device_type=kind, subject=subject, built=built, now=now, experiments=tuple(sorted(names))
            )
            for (kind, subject, built, now), names in sorted(found.items())
        ]

    def _differences(
        self,
        experiment: Experiment,
        text: str,
        is_recorded: bool,
    ) -> list[tuple[str, str, str]]:
        version = (experiment.desired.sequence, experiment.desired.live_device, text, is_recorded)
        known = self._known.get(experiment.name)
        if known is None or known[0] != version:
            recipe = experiment.desired.recipe[:SHORT]
            manifest = self._records.manifest(experiment.name, recipe) if is_recorded else None
            built = _device_of_manifest(manifest) if manifest else _device_of(experiment)
            known = self._known[experiment.name] = (version, [*differing(built, _object(text))])
        return known[1]


def differing(built: Mapping[str, object], now: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """What differs of one device; nothing of two devices with other names. Pure."""
    if not built or built.get("name") != now.get("name"):
        return
    one, other = ({key: each for key, each in side.items() if key not in _OF_TEXT} for side in (built, now))
    for at, before, after in plain_differences("", one, other):
        yield at.lstrip("."), shown(before), shown(after)


def _device_of(experiment: Experiment) -> dict[str, Any]:
    """The device that an experiment was built for, as far as its sequence or its target said it."""
    desired = experiment.desired
    return _object(desired.live_device) or _object(_object(desired.sequence).get("device"))


def _device_of_manifest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return _object(manifest.get("live_device")) or _object(_object(manifest.get("sequence")).get("device"))


def _object(value: object) -> dict[str, Any]:
    """An object of JSON, or of its text; an empty one for anything else."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
