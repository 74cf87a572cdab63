"""The manifest: everything needed to know, after years, what was run."""

from __future__ import annotations

import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.project.experiments import Experiment
    from runner.project.repository import Revision


def manifest(experiment: Experiment, *, revision: Revision, root: Path, target: str) -> dict[str, Any]:
    """What is remembered of an experiment beside its jobs.

    Args:
        target: Name of the cloud it was sent to.
    """
    sequence = json.loads(experiment.desired.sequence)
    device = sequence.get("device")
    return {
        "manifest": "runner/manifest/v1",
        "experiment": experiment.name,
        "recipe": experiment.desired.recipe,
        "target": target,
        "device_type": experiment.desired.device_type,
        "device": device.get("name") if isinstance(device, dict) else device,
        "qubit_ids": list(experiment.desired.qubit_ids),
        "file": {
            "path": _relative(experiment.file.path, root),
            "digest": experiment.file.digest,
            "expanded": experiment.file.expanded(),
        },
        "factory": experiment.file.factory,
        "sequence": sequence,
        "commit": revision.commit,
        "dirty": revision.is_dirty,
        "versions": _versions(),
    }


@cache
def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "runner": version("pulser-runner"),
        "pulser": version("pulser-core"),
    }


def _relative(path: str, root: Path) -> str:
    whole = Path(path).resolve()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else whole.name
