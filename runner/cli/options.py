"""Arguments and options that several verbs share, and what they open."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Final, TypeVar

import click

from runner.cli.output import say
from runner.errors import UsageError
from runner.project import Experiment, Project, Selection, selected
from runner.project.drawings.blockade_choice import AskedBlockade

Verb = Callable[..., int | None]
F = TypeVar("F", bound=Callable[..., object])


class _Finite(click.FloatRange):
    """A number, as of seconds: neither infinity nor NaN, which is in every range."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


SECONDS: Final = _Finite(min=0)
PAUSE: Final = _Finite(min=0.1)
FILE: Final = click.Path(path_type=Path, dir_okay=False)
NARROWEST: Final = 30
EVERYTHING: Final = Selection()
_PICTURES: Final = (".png", ".svg", ".pdf")
_PYTHON: Final = f"{__name__}.allow_python"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The experiments and the target that the words of a command name.

    Args:
        paths: Experiment files, or folders of them; empty for all of the repository.

        target: Name of the target; None for that of the settings.
    """

    paths: tuple[Path, ...]
    selection: Selection = EVERYTHING
    target: str | None = None


def file(command: F) -> F:
    """`FILE`: one experiment file."""
    there = click.Path(path_type=Path, exists=True, dir_okay=False)
    return click.argument("file", metavar="FILE", type=there)(command)


def files(required: bool = True) -> Callable[[F], F]:
    """`FILE…`: experiment files, or folders of them."""
    name = "FILE..." if required else "[FILE]..."
    return click.argument("paths", metavar=name, nargs=-1, required=required, type=click.Path(path_type=Path))


def experiments(required: bool = True) -> Callable[[Verb], Verb]:
    """`FILE…`, `--only`, `--exclude`, `--target` and `--allow-python`, as one `Chosen`."""

    def decorated(command: Verb) -> Verb:
        @wraps(command)
        def with_chosen(
            paths: tuple[Path, ...], selection: Selection, target: str | None, **words: object
        ) -> int | None:
            return command(chosen=Chosen(paths, selection, target), **words)

        return files(required)(selection(target(allow_python(with_chosen))))

    return decorated


def target(command: F) -> F:
    """`--target`."""
    text = (
        "Cloud to use: local, a target of runner.toml, or a URL.  [default: as runner.toml says, else local]"
    )
    return click.option("--target", metavar="NAME", help=text)(command)


def allow_python(command: F) -> F:
    """`--allow-python`, for every verb that reads experiment files; `project` opens with it."""
    text = "Run the Python functions that files name, for a sequence or a strategy: with all that you may do."
    return click.option(
        "--allow-python", is_flag=True, expose_value=False, callback=_remember_python, help=text
    )(command)


def _remember_python(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.meta[_PYTHON] = value


def python_allowed() -> bool:
    """Whether `--allow-python` was said."""
    return bool(click.get_current_context().meta.get(_PYTHON))


def selection(command: Verb) -> Verb:
    """`--only` and `--exclude`, as one `Selection`."""

    @wraps(command)
    def with_selection(only: tuple[str, ...], exclude: tuple[str, ...], **words: object) -> int | None:
        return command(selection=Selection(only=only, exclude=exclude), **words)

    only_text = "Only experiments of this name; * and ? stand for any letters. May be repeated."
    exclude_text = "No experiments of this name. May be repeated."
    named = click.option("--exclude", metavar="NAME|GLOB", multiple=True, help=exclude_text)(with_selection)
    return click.option("--only", metavar="NAME|GLOB", multiple=True, help=only_text)(named)


def output(*formats: str) -> Callable[[F], F]:
    """`-o`: how data is printed."""
    choice = click.Choice(formats or ("table", "json"))
    text = "How data is printed on stdout."
    return click.option("-o", "--output", "form", type=choice, default="table", show_default=True, help=text)


def picture(instead: str) -> Callable[[F], F]:
    """`-o`: a file for a picture, instead of characters."""
    text = f"Write a {instead} instead; its ending says what kind: .png, .svg or .pdf."
    return click.option("-o", "--output", "path", metavar="OUT", type=FILE, callback=_drawable, help=text)


def _drawable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() not in _PICTURES:
        raise UsageError(f"{path}: no picture is called so", hint=f"end it in {', '.join(_PICTURES)}")
    return path


def blockade(command: Verb) -> Verb:
    """`--blockade-radius`, `--interaction-graph` and `--rabi-frequency`, as one `AskedBlockade`."""

    @wraps(command)
    def with_blockade(
        blockade_radius: bool, interaction_graph: bool, rabi_frequency: float | None, **words: object
    ) -> int | None:
        asked = AskedBlockade(radius=blockade_radius, graph=interaction_graph, rabi_rad_per_us=rabi_frequency)
        return command(asked=asked, **words)

    radius = "Draw discs of half the blockade radius: those of a blocked pair of atoms overlap."
    graph = "Draw a line between atoms that are within the blockade radius."
    rabi = "Rabi frequency (rad/µs) of the blockade radius.  [default: the highest of the job]"
    positive = _Finite(min=0, min_open=True)
    asking = click.option("--rabi-frequency", metavar="OMEGA", type=positive, help=rabi)(with_blockade)
    asking = click.option("--interaction-graph", is_flag=True, help=graph)(asking)
    return click.option("--blockade-radius", is_flag=True, help=radius)(asking)


def width(what: str) -> Callable[[F], F]:
    """`--width`: how wide something in characters may be (in columns)."""
    text = f"How wide {what}.  [default: as the terminal]"
    return click.option("--width", metavar="COLUMNS", type=click.IntRange(min=NARROWEST), help=text)


def confirm(question: str) -> None:
    """Asks a person, and ends the verb unless the answer is yes.

    Raises:
        UsageError: Nothing can be asked: stdin is no terminal.
    """
    must_be_asked()
    click.confirm(question, abort=True, err=True)


def must_be_asked(before: str = "", hint: str = "say --yes") -> None:
    """Refuses to go on where no person can be asked; see `confirm`."""
    if not sys.stdin.isatty():
        raise UsageError(f"nobody is there to ask{before}", hint=hint)


def project(
    start: Path | None = None, target_name: str | None = None, *, asks_cloud: bool = False
) -> Project:
    """The project around a file or folder, with what the options of the command allow.

    Args:
        asks_cloud: Whether the verb speaks to the target anyway, and may ask what its devices can do.
    """
    return Project.open(start, target_name, allow_python=python_allowed(), asks_cloud=asks_cloud)


def opened(chosen: Chosen, *, asks_cloud: bool = False) -> tuple[Project, list[Experiment]]:
    """The project around some paths, and those of their experiments that are chosen; warnings are said.

    Args:
        asks_cloud: Whether the verb speaks to the target anyway, and may ask what its devices can do.
    """
    paths = chosen.paths
    around = project(paths[0] if paths else None, chosen.target, asks_cloud=asks_cloud)
    found = selected(around.load(paths or around.all_files()), chosen.selection)
    for experiment in found:
        for warning in experiment.warnings:
            say(f"warning: {warning}", style="yellow")
    if (failure := around.devices.failure) and any(each.consulted for each in found):
        age = around.devices.said_age()
        say(f"warning: devices of the target {around.target_name} ({age}): {failure}", style="yellow")
    return around, found


def opened_file(file: Path, target: str | None = None) -> tuple[Project, Experiment]:
    """The project around an experiment file, and its experiment; warnings are said."""
    around, (experiment,) = opened(Chosen((file,), target=target))
    return around, experiment
