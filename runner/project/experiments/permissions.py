"""What `runner.toml` permits an experiment beside the limits of its policy: device types, reruns, targets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import Problem
from runner.project.config.folder_rules import permitted
from runner.project.config.repository import as_typed
from runner.project.config.settings import FILE_NAME
from runner.reconcile.model.cost import is_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.project.config.settings import Settings
    from runner.project.experiments.loaded import Experiment


def unpermitted(experiment: Experiment, root: Path, settings: Settings) -> Iterator[Problem]:
    """Problems of a file that asks for what the repository does not permit, at their places."""
    desired, most = experiment.desired, settings.caps.rerun
    known = permitted("device_types", Path(experiment.file.path), root, settings.folders)
    if known and (objection := known.objection(desired.device_type)):
        hint = "[folders] in runner.toml says what a folder may use"
        yield _problem(experiment, settings, "/spec/device_type", objection, hint)
    rerun = max((job.rerun for job in desired.jobs), default=0)
    if most is not None and rerun > most:
        hint = "`rerun` of [caps] in runner.toml says how often work may be asked for again"
        yield _problem(experiment, settings, "/spec/rerun", f"{rerun} is above the cap of {most}", hint)


def _problem(experiment: Experiment, settings: Settings, pointer: str, message: str, hint: str) -> Problem:
    return experiment.file.problem(pointer, message, hint, limits=settings.limits.as_limits())


def on_target(experiment: Experiment, target: str, root: Path, settings: Settings) -> Experiment:
    """The experiment as it is on a target: emulated or not, and why nothing may be bought for it, if so."""
    known = permitted("targets", Path(experiment.file.path), root, settings.folders)
    objection = known.objection(target) if known else ""
    desired, service = experiment.desired, settings.target_named(settings.service_name(target))
    emulated = service.is_emulated or is_emulator(desired.device_type)
    return replace(experiment, desired=replace(desired, forbidden=objection, emulated=emulated))


def idle_rules(root: Path, settings: Settings) -> list[Problem]:
    """Rules for folders that are not there: after a typing mistake they would keep nobody from anything."""
    idle = [name for name in settings.folders if not (root / name).is_dir()]
    if not idle:
        return []
    path = as_typed(root) / FILE_NAME
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        Problem(
            path=str(path),
            line=next((place for place, line in enumerate(lines, 1) if name in line), 1),
            column=1,
            pointer=f"/folders/{name.replace('/', '~1')}",
            message=f"there is no folder {name}, so that its rule is about nothing",
        )
        for name in idle
    ]
