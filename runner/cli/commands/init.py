"""`runner init`."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from textwrap import indent

import click

from runner.cli.output import print_text
from runner.project import begin
from runner.project.scaffold.ci_workflows import Service, Workflows, must_be_a_root, write_workflows
from runner.project.scaffold.first_experiment import has_begun


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--ci",
    "service",
    type=click.Choice([each.value for each in Service]),
    help="Write workflows, too: plans in pull requests, apply on merge, records once an hour. In a repository"
    " that has a runner.toml or experiments, only these.",
)
def init(folder: Path | None, service: str | None) -> None:
    """Write a first experiment file and a runner.toml, ready to apply, and in schemas/ what editors need.

    FOLDER is the working folder unless you name one. Files that are already there are never overwritten.
    """
    folder = folder or Path()
    if service is None:
        _begin(folder)
        return
    must_be_a_root(folder)
    if not has_begun(folder):
        _begin(folder)
    _tell(write_workflows(folder, Service(service)))


def _begin(folder: Path) -> None:
    written = begin(folder)
    for path in written:
        print_text(f"wrote {path}")
    print_text(f"next: runner apply {quote(str(written[-1]))}")


def _tell(workflows: Workflows) -> None:
    for path in workflows.written:
        print_text(f"wrote {path}")
    for path in workflows.kept:
        print_text(f"kept {path}: it was there already")
    for path, text in workflows.wanting.items():
        print_text(f"next: add to {path}:\n{indent(text, '  ').rstrip()}")
    if workflows.written:
        print_text("next: read what is at the top of these workflows, and commit them")
