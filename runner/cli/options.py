"""Arguments and options that several verbs share."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from runner.cli.output import say
from runner.project import Experiment, Project, Selection, selected

F = TypeVar("F", bound=Callable[..., Any])


class _Seconds(click.FloatRange):
    """A number of seconds: neither infinity nor NaN, which is in every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value} is not a finite number", param, ctx)
        return seconds


SECONDS: Final = _Seconds(min=0)
PAUSE: Final = _Seconds(min=0.1)
_PYTHON: Final = f"{__name__}.allow_python"


def files(required: bool = True) -> Callable[[F], F]:
    """`FILE…`: experiment files, or folders of them."""
    name = "FILE..." if required else "[FILE]..."
    return click.argument("paths", metavar=name, nargs=-1, required=required, type=click.Path(path_type=Path))


def target(command: F) -> F:
    """`--target`."""
    text = (
        "Cloud to use: local, a target of runner.toml, or a URL.  [default: as runner.toml says, else local]"
    )
    return click.option("--target", metavar="NAME", help=text)(command)


def allow_python(command: F) -> F:
    """`--allow-python`, for every verb that reads experiment files; `project` opens with it."""
    text = "Run the Python functions that files name as their sequence: with all that you may do."
    return click.option(
        "--allow-python", is_flag=True, expose_value=False, callback=_remember_python, help=text
    )(command)


def _remember_python(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.meta[_PYTHON] = value


def python_allowed() -> bool:
    """Whether `--allow-python` was said."""
    return bool(click.get_current_context().meta.get(_PYTHON))


def selection(command: Callable[..., int]) -> Callable[..., int]:
    """`--only` and `--exclude`, as one `Selection`."""

    @wraps(command)
    def with_selection(only: tuple[str, ...], exclude: tuple[str, ...], **words: Any) -> int:
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


def project(
    start: Path | None = None, target_name: str | None = None, *, asks_cloud: bool = False
) -> Project:
    """The project around a file or folder, with what the options of the command allow.

    Args:
        asks_cloud: Whether the verb speaks to the target anyway, and may ask what its devices can do.
    """
    return Project.open(start, target_name, allow_python=python_allowed(), asks_cloud=asks_cloud)


def opened(
    paths: tuple[Path, ...],
    target_name: str | None,
    chosen: Selection | None = None,
    *,
    asks_cloud: bool = False,
) -> tuple[Project, list[Experiment]]:
    """The project around some paths, and those of their experiments that are chosen; warnings are said.

    Args:
        asks_cloud: Whether the verb speaks to the target anyway, and may ask what its devices can do.
    """
    around = project(paths[0] if paths else None, target_name, asks_cloud=asks_cloud)
    experiments = selected(around.load(paths or around.all_files()), chosen or Selection())
    for experiment in experiments:
        for warning in experiment.warnings:
            say(f"warning: {warning}", style="yellow")
    if (failure := around.devices.failure) and any(each.consulted for each in experiments):
        age = around.devices.said_age()
        say(f"warning: devices of the target {around.target_name} ({age}): {failure}", style="yellow")
    return around, experiments
