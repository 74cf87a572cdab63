"""Experiments of a repository by their names: which there are, and which depend on which."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final, NoReturn

from runner.errors import ProjectError, SpecError, UsageError
from runner.project import late_imports
from runner.project.experiments.loader import all_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from runner.project.config.settings import Settings
    from runner.project.experiments.loaded import Experiment

    Load = Callable[[Sequence[Path]], list[Experiment]]


# `metadata: {name: x` and the same in block style: what nearly every file has, and cheap to find.
_USUAL: Final = re.compile(
    rb"^metadata:[ \t]*"
    rb"(?:\{[ \t]*|(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+)"
    rb"name:[ \t]+[\"']?([a-z0-9-]+)",
    re.MULTILINE,
)


def declared_names(root: Path, settings: Settings) -> frozenset[str] | None:
    """The names in all experiment files of a repository; None when a file keeps its name to itself.

    YAML files that are no experiments have none. None, too, where a folder of the experiments is not there.
    """
    names = set()
    try:
        for file in all_files(root, settings):
            text = file.read_bytes()
            usual = _USUAL.search(text)
            names.add(usual[1].decode() if usual else _name(text.decode("utf-8-sig")))
    except UsageError:
        return frozenset()  # there is no file
    except (OSError, ValueError, ProjectError):
        return None
    return frozenset(name for name in names if name)


def _name(text: str) -> str:
    """The name in a file that is not written as usual; ValueError when it cannot be read."""
    try:
        content = late_imports.document(text, path="").data
    except SpecError as error:
        raise ValueError("a broken file may have any name") from error
    if not isinstance(content, dict) or content.get("kind") != "Experiment":
        return ""
    metadata = content.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str):
        raise ValueError("an experiment without a name may be any")  # noqa: TRY004
    return name


_OF_CIRCLES: Final = "take one out of `policy.depends_on`"


def dependencies(
    experiments: Sequence[Experiment], *, root: Path, settings: Settings, load: Load
) -> list[Experiment]:
    """The experiments that some depend on, directly or not, and that are not among them.

    Args:
        load: Gives the experiments of some files.

    Raises:
        ProjectError: No file of the repository describes one, or experiments depend on each other.
    """
    known = {each.name: each for each in experiments}
    waiting = list(experiments)
    while waiting:
        dependent = waiting.pop()
        for name in dependent.desired.policy.depends_on:
            if name not in known:
                found = next(experiments_named(name, _files(root, settings), load), None)
                known[name] = found or _refuse(name, dependent)
                waiting.append(known[name])
    _refuse_circles(known)
    given = {each.name for each in experiments}
    return [each for name, each in known.items() if name not in given]


def experiments_named(name: str, files: Iterable[Path], load: Load) -> Iterator[Experiment]:
    """The experiments of a name; files that do not hold the word need not be parsed to be passed over."""
    word = name.encode(errors="surrogateescape")
    for file in files:
        try:
            found = load([file]) if word in file.read_bytes() else []
        except (OSError, SpecError):
            continue  # broken: then it is reported where it is applied
        yield from (each for each in found if each.name == name)


def _refuse(name: str, dependent: Experiment) -> NoReturn:
    raise ProjectError(
        f"{dependent.file.path}: {dependent.name} depends on {name}, and no valid file of the repository has"
        " that name",
        hint="mend `policy.depends_on`, or `runner validate` the file that is meant",
    )


def _files(root: Path, settings: Settings) -> list[Path]:
    """All experiment files of a repository; none where there is none."""
    try:
        return all_files(root, settings)
    except UsageError:
        return []


def _refuse_circles(known: Mapping[str, Experiment]) -> None:
    """Raises where experiments wait for each other: no order satisfies them."""
    if circle := circle_among(known):
        raise ProjectError(in_circle(circle), hint=_OF_CIRCLES)


def circle_among(known: Mapping[str, Experiment]) -> tuple[str, ...]:
    """Experiments that wait for each other, the first one again at the end; empty where none do. Pure."""
    try:
        TopologicalSorter({name: each.desired.policy.depends_on for name, each in known.items()}).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def in_circle(names: Sequence[str]) -> str:
    """What is wrong with them."""
    return f"experiments depend on each other: {' → '.join(names)}"
