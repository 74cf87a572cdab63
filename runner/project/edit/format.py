"""Experiment files put into form on disk: those that are not, and their text in form."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.errors import Problem, SpecError
from runner.project import late_imports
from runner.project.edit.reruns import Edit
from runner.project.experiments.loader import experiment_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runner.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """What is to be done to put files into form; nothing is written yet.

    Args:
        files: How many were read without a problem.

        edits: Of those that are not in form.

        problems: Of files that cannot be read; they are left alone.
    """

    files: int
    edits: tuple[Edit, ...]
    problems: tuple[Problem, ...]


def forms_of(project: Project, paths: Sequence[Path]) -> Forms:
    """The form of some files, or of all experiment files in some folders; without paths, of all.

    Raises:
        UsageError: A path does not exist.
    """
    files = experiment_files(paths or project.all_files())
    edits: list[Edit] = []
    problems: list[Problem] = []
    broken = 0
    for path in files:
        try:
            edits.append(_edit(project, path))
        except SpecError as error:
            broken += 1
            problems += error.problems
    changes = tuple(edit for edit in edits if edit.before != edit.after)
    return Forms(files=len(files) - broken, edits=changes, problems=tuple(problems))


def formatted_text(project: Project, content: bytes, *, path: str) -> bytes:
    """A text in form; the mark that it may begin with stays.

    Raises:
        SpecError: It cannot be read.
    """
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        text = content[len(mark) :].decode()
    except UnicodeDecodeError as error:
        raise SpecError([Problem(path, 1, 1, "", "the text is not UTF-8")]) from error
    return mark + late_imports.formatted(text, path=path, limits=project.settings.limits.as_limits()).encode()


def _edit(project: Project, path: Path) -> Edit:
    before = late_imports.content_of(path, root=project.root, limits=project.settings.limits.as_limits())
    after = formatted_text(project, before, path=str(path))
    return Edit(path=path, before=before, after=after, about="put into form")
