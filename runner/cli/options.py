"""Arguments and options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from runner.cli.output import say
from runner.project import Experiment, Project

F = TypeVar("F", bound=Callable[..., Any])


def files(required: bool = True) -> Callable[[F], F]:
    """`FILE…`: experiment files, or folders of them."""
    return click.argument(
        "paths", metavar="FILE...", nargs=-1, required=required, type=click.Path(path_type=Path)
    )


def target(command: F) -> F:
    """`--target`."""
    text = (
        "Cloud to use: local, a target of runner.toml, or a URL.  [default: as runner.toml says, else local]"
    )
    return click.option("--target", metavar="NAME", help=text)(command)


def output(*formats: str) -> Callable[[F], F]:
    """`-o`: how data is printed."""
    choice = click.Choice(formats or ("table", "json"))
    text = "How data is printed on stdout."
    return click.option("-o", "--output", "form", type=choice, default="table", show_default=True, help=text)


def opened(paths: tuple[Path, ...], target_name: str | None) -> tuple[Project, list[Experiment]]:
    """The project around some paths, and their experiments; warnings are said."""
    project = Project.open(paths[0] if paths else None, target_name)
    experiments = project.load(paths or (project.root,))
    for experiment in experiments:
        for warning in experiment.warnings:
            say(f"warning: {warning}", style="yellow")
    return project, experiments
