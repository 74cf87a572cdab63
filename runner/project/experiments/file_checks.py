"""What `runner.toml` permits a file to ask for, what its target has, and what is too much to be meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from runner.domain.qpu_time import is_emulator, qpu_seconds
from runner.domain.suggestions import suggestion
from runner.errors import Problem
from runner.project import late_imports
from runner.project.cache.device_specs import known_names
from runner.project.config.repository import as_typed
from runner.project.config.settings import FILE_NAME
from runner.reconcile.model.tags import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.domain.strategies import Strategy
    from runner.project.config.settings import Settings
    from runner.project.config.tables import FolderRules
    from runner.project.experiments.loaded import Experiment
    from runner.sequences.pulser_api.device_specs import Specifications

_MOST_RUNS: Final = 1_000_000  # of one job; what the local cloud takes
_MOST_QPU_S: Final = 24 * 3600.0
_JOBS: Final = "/spec/jobs"
_STRATEGY: Final = "/spec/strategy"
_PERIODS: Final = (("year", 365.25 * 24 * 3600), ("day", 24 * 3600.0))
_ZEROS: Final = "is a zero too many? `budget` of the policy is a limit that holds"


@dataclass(frozen=True, slots=True)
class Permitted:
    """What is permitted of one kind, and by the rules of which folder."""

    folder: str
    names: tuple[str, ...]

    def objection(self, name: str) -> str:
        """Why something may not be used; empty if it may."""
        if name in self.names:
            return ""
        folder = "this repository" if self.folder == "." else self.folder
        return f"{folder} may use {' or '.join(self.names) or 'none'}, not {name}"


def permitted(
    kind: Literal["targets", "device_types"], file: Path, root: Path, rules: Mapping[str, FolderRules]
) -> Permitted | None:
    """What is permitted of a kind in a file's place; None where no rule says.

    The deepest folder that says something of the kind counts. Links are followed, of the file and of folders;
    what is outside of the repository has the rules of its root.
    """
    if not rules:
        return None
    whole, place = root.resolve(), file.resolve()
    inside = place if place.is_relative_to(whole) else whole
    said = {
        name: getattr(rule, kind)
        for name, rule in rules.items()
        if getattr(rule, kind) is not None and inside.is_relative_to((whole / name).resolve())
    }
    if not said:
        return None
    deepest = max(said, key=lambda name: len((whole / name).resolve().parts))
    return Permitted(deepest, said[deepest])


def unpermitted(experiment: Experiment, root: Path, settings: Settings) -> Iterator[Problem]:
    """Problems of a file that asks for what the repository does not permit, at their places."""
    desired, most = experiment.desired, settings.caps.rerun
    known = permitted("device_types", Path(experiment.file.path), root, settings.folders)
    if known and (objection := known.objection(desired.device_type)):
        hint = "[folders] in runner.toml says what a folder may use"
        yield experiment.problem("/spec/device_type", objection, hint, settings=settings)
    rerun = max(desired.rerun_counters, default=0)
    if most is not None and rerun > most:
        hint = "`rerun` of [caps] in runner.toml says how often work may be asked for again"
        message = f"{rerun} is above the cap of {most}"
        yield experiment.problem("/spec/rerun", message, hint, settings=settings)


def on_target(experiment: Experiment, target: str, root: Path, settings: Settings) -> Experiment:
    """The experiment as it is on a target: emulated or not, and why nothing may be bought for it, if so."""
    known = permitted("targets", Path(experiment.file.path), root, settings.folders)
    objection = known.objection(target) if known else ""
    desired, service = experiment.desired, settings.target_named(settings.service_name(target))
    emulated = service.is_emulated or is_emulator(desired.device_type)
    return replace(experiment, desired=replace(desired, forbidden=objection, emulated=emulated))


def idle_rules(root: Path, settings: Settings) -> list[Problem]:
    """Rules for folders that are not there: after a typing mistake they would forbid nothing."""
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


def doubt(experiment: Experiment, settings: Settings, specifications: Specifications) -> Problem | None:
    """What is to be said of a device type that the target is not known to have; None if there is nothing."""
    served, name = specifications.served(), experiment.desired.device_type
    names = known_names() if served is None else served
    if name in names:
        return None
    message = f"no device type {name} is known" if served is None else f"the target has no device type {name}"
    hint = suggestion(name, sorted(names), kind="device types")
    return experiment.problem("/spec/device_type", message, hint, settings=settings)


def is_certain(
    experiment: Experiment, root: Path, settings: Settings, specifications: Specifications
) -> bool:
    """Whether a doubt is a problem: the target has said what it has, and nothing of it is on record.

    A machine that has measured once may be gone, and its results stay.
    """
    records = root / settings.results / experiment.name / experiment.desired.recipe[:SHORT]
    return specifications.served() is not None and not records.is_dir()


def excessive(experiment: Experiment, settings: Settings) -> Iterator[Problem]:
    """Warnings, at the jobs of the file, of very many runs of a job, and of more than a day on a machine."""
    desired = experiment.desired
    if desired.strategy is not None:
        yield from _excessive_strategy(experiment, desired.strategy, settings)
    most = max((job.runs for job in desired.jobs), default=0)
    entries = experiment.file.entries
    if most > _MOST_RUNS:
        at = next(i for i, job in enumerate(desired.jobs) if job.runs == most)
        place = f"{_JOBS}/{entries[at]}/runs" if at < len(entries) else _JOBS
        yield experiment.problem(place, f"{most:,} runs of one job", _ZEROS, settings=settings)
    spent_s = qpu_seconds(desired.device_type, sum(job.runs for job in desired.jobs))
    if spent_s > _MOST_QPU_S:
        message = f"all jobs together take about {_said(spent_s)} of QPU time"
        yield experiment.problem(_JOBS, message, _ZEROS, settings=settings)


def _excessive_strategy(experiment: Experiment, strategy: Strategy, settings: Settings) -> Iterator[Problem]:
    """The same of what a strategy asks for at most."""
    if strategy.runs > _MOST_RUNS:
        message = f"{strategy.runs:,} runs of one job"
        yield experiment.problem(f"{_STRATEGY}/runs", message, _ZEROS, settings=settings)
    if is_emulator(experiment.desired.device_type):
        return
    most = late_imports.left_of(strategy, late_imports.bound(strategy, {}), experiment.desired.device_type)
    spent_s = most.qpu_s or 0.0
    if spent_s > _MOST_QPU_S:
        message = f"the strategy takes up to about {_said(spent_s)} of QPU time"
        yield experiment.problem(_STRATEGY, message, _ZEROS, settings=settings)


def _said(seconds: float) -> str:
    """A long time for people: 7.6 years, 3.2 days."""
    name, period_s = next((each for each in _PERIODS if seconds >= each[1]), _PERIODS[-1])
    return f"{seconds / period_s:,.1f} {name}s"
