"""Which experiment a word of the command line means: a file, or a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.errors import SpecError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.project.experiments.loaded import Experiment
    from runner.project.project import Project


def names_meant(project: Project, words: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the experiments that are meant; a name may be one that no file has any more.

    Raises:
        SpecError: A file cannot be read.
    """
    return tuple(name for word in words for name in _names(project, word))


def _names(project: Project, word: str) -> list[str]:
    if Path(word).exists():
        return [each.name for each in project.load([Path(word)])]
    return [word]


def experiment_meant(project: Project, word: str) -> Experiment:
    """The one experiment that is meant; of a name, the files of the whole repository are searched.

    Raises:
        UsageError: No file has this name, or the word means several experiments.

        SpecError: Its file cannot be read.
    """
    found = project.load([Path(word)]) if Path(word).exists() else list(_named(project, word))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found)
        raise UsageError(f"{word}: several experiments are meant: {names}", hint="name one of them")
    raise UsageError(
        f"{word}: no experiment of this repository has this name, and no file",
        hint="`runner validate` tells whether its file can be read",
    )


def _named(project: Project, name: str) -> Iterator[Experiment]:
    for file in project.all_files():
        if name not in file.read_text(encoding="utf-8", errors="replace"):
            continue
        try:
            (experiment,) = project.load([file])
        except SpecError:
            continue  # another file's problem, unless it turns out that none has the name
        if experiment.name == name:
            yield experiment
