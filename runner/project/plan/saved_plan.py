"""Saved plans: `plan -O FILE` writes one, `apply FILE` performs exactly it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import ValidationError

import runner
from runner.atomic_file import write_atomically
from runner.domain import digest
from runner.errors import PlanError
from runner.project.config.repository import state_folder
from runner.project.config.targets import without_user
from runner.reconcile import utc_now
from runner.reconcile.model.saved_plan import SavedPlan, SavedTarget
from runner.reconcile.plan.saved_plan import (
    FORMAT,
    as_json,
    content_digest,
    moved_file,
    moves,
    saved_experiment,
    saved_plan,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project
    from runner.reconcile import Outcome, Patience, Plan, Planned, Snapshot, Watch
    from runner.reconcile.plan.saved_plan import Move


_SHOWN: Final = 20
ENDING: Final = ".plan"
AGAIN: Final = "make a new one with `runner plan -O FILE`"
_BEGINNING: Final = 200


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


@dataclass(frozen=True, kw_only=True)
class Application:
    """What `apply` works on: the experiments of some files, or a saved plan that is performed exactly.

    A plan that was begun on this machine is continued: the world has moved because of it.

    Args:
        saved: None where apply plans anew.
    """

    project: Project
    experiments: Sequence[Experiment]
    saved: SavedPlan | None = None

    @classmethod
    def of_plan(cls, project: Project, saved: SavedPlan) -> Self:
        """A saved plan, with its files loaded again.

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
        if gone := [file for file in files if not file.is_file()]:
            hint = "call runner in the repository that the plan was made in"
            raise PlanError(f"{gone[0]}: the plan names this file, and it is not there", hint=hint)
        experiments = project.load(files)
        both = zip(experiments, saved.experiments, strict=True)
        _refuse(move for each, was in both for move in moved_file(was, each.desired))
        return cls(project=project, experiments=experiments, saved=saved)

    def plans(self) -> list[Plan]:
        """What would be done; changes nothing."""
        return [each.plan for each in self.project.look(self.experiments, sees_removed=self.saved is None)]

    def run(self, patience: Patience, watch: Watch) -> Outcome:
        """Brings the cloud to what is asked for, see `Project.apply`.

        Raises:
            PlanError: The world has moved since the plan was saved; nothing was sent.
        """
        promise = partial(self._guarded, self.saved) if self.saved else None
        return self.project.apply(self.experiments, patience, watch, promise=promise)

    def _guarded(self, saved: SavedPlan, snapshots: list[Snapshot], planned: list[Planned]) -> list[Snapshot]:
        """The experiments with what is promised of each; those that are only looked at as they are."""
        promised = {each.name: each for each in saved.experiments}
        begun = state_folder(self.project.root) / "plans" / saved.digest
        if not begun.exists():
            _refuse(move for each in planned for move in moves(promised[each.plan.experiment], each))
            _begin(begun)
        return [
            replace(each, promise=promised[each.desired.name]) if each.is_applied else each
            for each in snapshots
        ]


def _begin(place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{utc_now().isoformat()}\n", encoding="utf-8")
    except OSError as error:
        raise PlanError(f"{place}: cannot be written: {error}; nothing was sent") from error


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


def is_plan(path: Path) -> bool:
    """Whether a file is a saved plan, by its content; the name tells only of a broken one."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError:
        return False
    return path.suffix == ENDING or (beginning.lstrip()[:1] == b"{" and b'"runner/plan/' in beginning)


def write_plan(path: Path, saved: SavedPlan) -> None:
    """Writes a plan aside and renames it; replaces another plan, and nothing else.

    Raises:
        PlanError: The file is there and is no plan, or cannot be written.
    """
    if path.exists() and not is_plan(path):
        raise PlanError(
            f"{path}: is there and is no saved plan; it was not replaced", hint="name another file"
        )
    text = json.dumps(as_json(saved), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        write_atomically(path, text)
    except OSError as error:
        raise PlanError(f"{path}: the plan cannot be written: {error.strerror}") from error


def read_plan(path: Path) -> SavedPlan:
    """A saved plan, as it was written.

    Raises:
        PlanError: It cannot be read, is of another format, or was changed after it was saved; says where.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}: the plan cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise PlanError(f"{place}: this is no saved plan: {error.msg}", hint=AGAIN) from error
    version = content.get("plan") if isinstance(content, dict) else None
    if version != FORMAT:
        said = f"`plan` is {version!r}, this runner reads {FORMAT!r}"
        raise PlanError(f"{path}: /plan: this is no saved plan: {said}", hint=AGAIN)
    return _checked(path, content)


def _checked(path: Path, content: dict[str, Any]) -> SavedPlan:
    try:
        saved = SavedPlan.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise PlanError(f"{path}: {_explained(error)}", hint=AGAIN) from error
    for place, each in enumerate(content["experiments"]):
        if not _is_signed(each):
            said = f"/experiments/{place} ({each['name']}) was changed after it was saved"
            raise PlanError(f"{path}: {said}: it does not match its digest", hint=AGAIN)
    if not _is_signed(content):
        said = "what stands beside the experiments was changed after it was saved"
        raise PlanError(f"{path}: /digest: {said}", hint=AGAIN)
    return saved


def _is_signed(content: dict[str, object]) -> bool:
    try:
        return content_digest(content) == str(content["digest"])
    except ValueError:
        return False  # a number that no plan of ours holds


def _explained(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return "/" + "/".join(map(str, first["loc"])) + f": {first['msg']}"
