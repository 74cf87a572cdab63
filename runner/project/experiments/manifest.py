"""The manifest: everything needed to know, after years, what was run."""

from __future__ import annotations

import json
import platform
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from runner.local.rules.device_types import played_by
from runner.project.config.repository import from_root
from runner.project.experiments.proposer import proposer
from runner.reconcile import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runner.project.config.repository import Revision
    from runner.project.experiments.loaded import Experiment

_QUTIP: Final = ("pulser-simulation", "qutip", "numpy")
_EMULATORS: Final = {"EMU_SV": ("emu-sv", "torch", "numpy"), "EMU_MPS": ("emu-mps", "torch", "numpy")}


def manifest(
    experiment: Experiment,
    *,
    revision: Revision,
    root: Path,
    target: Mapping[str, str],
    is_local: bool = False,
) -> dict[str, object]:
    """What is remembered of an experiment beside its jobs.

    Args:
        target: Name of the cloud it is sent to, and the `service` that it is, as `emulated:local`.

        is_local: Whether that is the cloud on this machine, whose emulator is installed here.
    """
    desired = experiment.desired
    sequence = json.loads(desired.sequence) if desired.sequence else None
    own = {job.of_point: json.loads(job.sequence) for job in desired.jobs if job.sequence is not None}
    played: list[dict[str, object]] = [*([sequence] if sequence else []), *own.values()]
    device = played[0].get("device") if played else None
    factories = experiment.file.factories
    return {
        "manifest": "runner/manifest/v1",
        "experiment": experiment.name,
        "recipe": experiment.desired.recipe,
        **target,
        "device_type": experiment.desired.device_type,
        "device": device.get("name") if isinstance(device, dict) else device,
        "qubit_ids": list(experiment.desired.qubit_ids),
        "file": {
            "path": from_root(experiment.file.path, root),
            "digest": experiment.file.digest,
            "expanded": experiment.file.expanded(),
        },
        "factory": experiment.file.factory,
        **({"factories": factories} if factories else {}),
        "sequence": sequence,
        **({"sequences": own} if own else {}),
        **({"emulation": json.loads(desired.emulation)} if desired.emulation else {}),
        **({"strategy": json.loads(desired.strategy.text)} if desired.strategy else {}),
        **_checked_against(experiment),
        "commit": revision.commit,
        "dirty": revision.is_dirty,
        "versions": _versions()
        | (_emulator(experiment.desired.device_type) if is_local else {})
        | (proposer(desired.strategy.kind) if desired.strategy else {}),
        "written_at": utc_now().isoformat(),
    }


def _checked_against(experiment: Experiment) -> dict[str, object]:
    """The device as the target had it, where the sequence says another one."""
    live = experiment.desired.live_device
    return {"live_device": json.loads(live)} if live else {}


@cache
def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "runner": version("pulser-runner"),
        "pulser": version("pulser-core"),
    }


@cache
def _emulator(device_type: str) -> dict[str, str]:
    """What the local cloud emulates a device type with, as far as it is installed."""
    found = {}
    for package in _EMULATORS.get(played_by(device_type), _QUTIP):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
