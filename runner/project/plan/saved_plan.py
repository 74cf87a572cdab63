"""Saved plans: `plan -O FILE` writes one, `apply FILE` performs exactly it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import runner
from runner.domain import digest
from runner.errors import PlanError
from runner.project.config.repository import state_folder
from runner.project.config.targets import without_user
from runner.project.plan.plan_file import AGAIN
from runner.reconcile import utc_now
from runner.reconcile.model.saved_plan import SavedPlan, SavedTarget
from runner.reconcile.plan.saved_plan import (
    moved_file,
    moves,
    saved_experiment,
    saved_plan,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project
    from runner.reconcile import Planned, Snapshot
    from runner.reconcile.plan.saved_plan import Move

_SHOWN: Final = 20


def plan_to_save(
    project: Project, experiments: Sequence[Experiment], planned: Sequence[Planned]
) -> SavedPlan:
    """What is promised of some experiments, from what was just seen and planned."""
    saved = [
        saved_experiment(made, _relative(each, project.root))
        for each, made in zip(experiments, planned, strict=True)
    ]
    return saved_plan(
        saved,
        target=saved_target(project),
        namespace=project.namespace,
        runner=runner.__version__,
        created_at=utc_now(),
    )


def _relative(experiment: Experiment, root: Path) -> str:
    path = Path(experiment.file.path).resolve()
    if not path.is_relative_to(root):
        raise PlanError(f"{experiment.file.path}: is outside of {root}: its plan cannot be saved")
    return path.relative_to(root).as_posix()


def saved_target(project: Project) -> SavedTarget:
    """The target, without its secrets."""
    target = project.target
    urls = [without_user(url or "") for url in (target.url, target.account_url)]
    project_id = target.project_id or project.environ.get("PASQAL_PROJECT_ID", "")
    cloud = digest([target.region or "", *urls, "" if target.is_local else project_id])
    return SavedTarget(name=without_user(project.target_name), cloud=cloud)


def promised_experiments(project: Project, saved: SavedPlan) -> list[Experiment]:
    """The files of a plan, loaded again.

    Raises:
        PlanError: The plan is for another target, namespace or repository, or a file has moved.

        SpecError: A file has problems.
    """
    target = saved_target(project)
    if target != saved.target:
        other = " at another address or of another project" if target.name == saved.target.name else ""
        said = f"the plan is for the target {saved.target.name!r}{other}, not for {target.name!r}"
        raise PlanError(said, hint=AGAIN)
    if project.namespace != saved.namespace:
        said = f"the plan is for the namespace {saved.namespace!r}, not for {project.namespace!r}"
        raise PlanError(said, hint=AGAIN)
    files = [project.root / each.path for each in saved.experiments]
    for file in files:
        if not file.is_file():
            hint = "call runner in the repository that the plan was made in"
            raise PlanError(f"{file}: the plan names this file, and it is not there", hint=hint)
    experiments = project.load(files)
    _refuse(
        move
        for each, was in zip(experiments, saved.experiments, strict=True)
        for move in moved_file(was, each.desired)
    )
    return experiments


class Promise:
    """Holds passes to a saved plan.

    A plan that was begun on this machine is continued: the world has moved because of it.
    """

    def __init__(self, project: Project, saved: SavedPlan) -> None:
        self._saved = saved
        self._begun = state_folder(project.root) / "plans" / saved.digest

    def __call__(self, snapshots: list[Snapshot], planned: list[Planned]) -> list[Snapshot]:
        """The experiments with what is promised of each; those that are only looked at as they are.

        Raises:
            PlanError: The world has moved, or other actions would follow from it; nothing was sent.
        """
        promised = {each.name: each for each in self._saved.experiments}
        if not self._begun.exists():
            _refuse(move for each in planned for move in moves(promised[each.plan.experiment], each))
            self._begin()
        return [
            replace(each, promise=promised[each.desired.name]) if each.is_applied else each
            for each in snapshots
        ]

    def _begin(self) -> None:
        try:
            self._begun.parent.mkdir(parents=True, exist_ok=True)
            self._begun.write_text(f"{utc_now().isoformat()}\n", encoding="utf-8")
        except OSError as error:
            raise PlanError(f"{self._begun}: cannot be written: {error}; nothing was sent") from error


def _refuse(moved: Iterable[Move]) -> None:
    """Raises when anything has moved, and says what."""
    found = [f"  {move}" for move in moved]
    if not found:
        return
    more = [f"  … and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    lines = "\n".join(found[:_SHOWN] + more)
    raise PlanError(
        f"the plan no longer holds; nothing was sent:\n{lines}",
        hint="look at what has moved, and make a new plan with `runner plan -O FILE`",
    )
