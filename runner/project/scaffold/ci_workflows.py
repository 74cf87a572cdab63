"""Workflows for the CI of a repository: whole files, which are written once and belong to its people then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import runner
from runner.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS: Final = Path(__file__).parent / "workflows"
_REQUIREMENT: Final = re.compile(r"pulser-runner==\S+")


class Service(StrEnum):
    """The service that runs the workflows."""

    GITHUB = "github"
    GITLAB = "gitlab"


# Where each file of a service goes, from the root of the repository.
_PLACES: Final[Mapping[Service, Mapping[str, str]]] = {
    Service.GITHUB: {".github/workflows/experiments.yaml": "github.yaml"},
    Service.GITLAB: {
        ".gitlab/experiments.gitlab-ci.yml": "gitlab.yaml",
        ".gitlab-ci.yml": "gitlab-ci.yaml",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflows:
    """What became of the files of a service.

    Args:
        kept: What was there before, and stays as it is.

        wanting: Text that a file which stays lacks, and its people have to add to it.
    """

    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    wanting: Mapping[Path, str]


def workflow_texts(service: Service) -> dict[str, str]:
    """The files of a service by their places, with the version of the runner that is in use."""
    requirement = f"pulser-runner=={runner.__version__}"
    return {
        place: _REQUIREMENT.sub(requirement, (_TEXTS / name).read_text(encoding="utf-8"))
        for place, name in _PLACES[service].items()
    }


def write_workflows(folder: Path, service: Service) -> Workflows:
    """Writes the files of a service; what is there already stays.

    Args:
        folder: The root of the repository.

    Raises:
        ProjectError: The folder cannot be written, or lies within a repository.
    """
    must_be_a_root(folder)
    texts = {folder / place: text for place, text in workflow_texts(service).items()}
    kept = tuple(path for path in texts if path.exists())
    written = tuple(path for path in texts if path not in kept)
    try:
        for path in written:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(texts[path])
        wanting = {path: texts[path] for path in kept if _lacks_include(path, texts[path])}
    except OSError as error:
        raise ProjectError(f"{folder}: cannot be written: {error}") from error
    return Workflows(written=written, kept=kept, wanting=wanting)


def _lacks_include(path: Path, text: str) -> bool:
    """Whether a file that stays does not name what ours would include."""
    included = re.findall(r"- local: (\S+)", text)
    said = path.read_text(encoding="utf-8", errors="replace") if included else ""
    return any(name not in said for name in included)


def must_be_a_root(folder: Path) -> None:
    """Passes where a folder is the root of a repository, or outside of any.

    Raises:
        ProjectError: It lies within a repository, where no service looks for workflows.
    """
    here = folder.resolve()
    root = next((each for each in (here, *here.parents) if (each / ".git").exists()), here)
    if root != here:
        raise ProjectError(
            f"{folder}: lies within the repository {root}; workflows are looked for in its root only",
            hint="run it there, or name that folder",
        )
