"""A commit judged in a folder of its own, while the one in force stays where it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from runner.errors import ProjectError, RunnerError, SpecError
from runner.project.config.settings import FILE_NAME
from runner.project.experiments.loader import experiment_files, experiment_folders
from runner.project.project import Project

if TYPE_CHECKING:
    from pathlib import Path

_TOLD: Final = 5
_OWN: Final = (".", "..", ".git", ".runner")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitReading:
    """What of a repository is followed, and how its files are read.

    Args:
        path: Folder of the experiments, from the root; None for those that the commit's runner.toml names.

        target: None for the one that the commit names.

        spends: Whether a target may be used that is not this machine.
    """

    path: str | None = None
    target: str | None = None
    allow_python: bool = False
    spends: bool = False

    def project(self, root: Path, *, asks_cloud: bool) -> Project:
        """The project that begins in a folder.

        Raises:
            ProjectError: The settings cannot be read, there is no such target, or it may not be spent on.
        """
        project = Project.at(root, self.target, allow_python=self.allow_python, asks_cloud=asks_cloud)
        _must_be_usable(project, self)
        return project

    def folders(self, project: Project) -> tuple[Path, ...]:
        """The folders that are followed.

        Raises:
            ProjectError: One that runner.toml names is not there.
        """
        if self.path is not None:
            return (project.root / self.path,)
        return experiment_folders(project.root, project.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the files of a commit are worth.

    Args:
        problems: Why they cannot be used; empty if they can.

        results: Folder of the records, from the root.

        namespace: The one that the settings name; empty for that of the root commit.
    """

    problems: str = ""
    names: frozenset[str] = frozenset()
    results: str = "results"
    namespace: str = ""


def judged(staged: Path, reading: CommitReading) -> Judgement:
    """What the files of a commit in a folder are worth; asks no cloud."""
    try:
        _must_stay_within(staged, staged / FILE_NAME)
        project = reading.project(staged, asks_cloud=False)
        followed = reading.folders(project)
        _must_stay_within(staged, *followed)
        # A folder without experiment files is in order: whether it may be empty is decided elsewhere.
        folders = [each for each in followed if _has_files(each)]
        names = frozenset(each.name for each in project.load(folders))
    except RunnerError as error:
        return Judgement(problems=_in_a_line(error).replace(f"{staged}/", ""))
    settings = project.settings
    return Judgement(names=names, results=settings.results, namespace=settings.namespace or "")


def _in_a_line(error: RunnerError) -> str:
    if isinstance(error, SpecError):
        told = [f"{each.path}:{each.line}:{each.column}: {each.message}" for each in error.problems[:_TOLD]]
        more = len(error.problems) - _TOLD
        return "; ".join([*told, f"and {more} more, which `runner validate` tells"] if more > 0 else told)
    return f"{error} ({error.hint})" if error.hint else str(error)


def _has_files(folder: Path) -> bool:
    try:
        return bool(experiment_files([folder]))
    except RunnerError:
        return False


def _must_stay_within(staged: Path, *paths: Path) -> None:
    """Refuses links out of the repository: what they lead to was not reviewed, and may change."""
    for path in paths:
        if not path.resolve().is_relative_to(staged.resolve()):
            raise ProjectError(f"{path.relative_to(staged)}: is a link that leads out of the repository")


def _must_be_usable(project: Project, reading: CommitReading) -> None:
    results = PurePosixPath(project.settings.results)
    if results.is_absolute() or not results.parts or ".." in results.parts or results.parts[0] in _OWN:
        raise ProjectError(
            f"runner.toml: results = {str(results)!r} is no folder of its own in the repository"
        )
    folder = project.root.resolve() / results
    if folder.resolve() != folder or (folder.exists() and not folder.is_dir()):
        raise ProjectError(f"{results}: is no folder, so that records have no place")
    for path in folder.rglob("*"):  # records would be written where they lead
        if path.is_symlink() and not path.resolve().is_relative_to(folder):
            shown = path.relative_to(project.root.resolve())
            raise ProjectError(f"{shown}: is a link that leads out of the folder of the records")
    if not project.target.is_local and not reading.spends:
        raise ProjectError(f"the target {project.target_name} is spent on unasked only with --yes")
