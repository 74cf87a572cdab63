"""`runner cancel`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.exit_codes import Exit
from runner.cli.output import print_json, print_text, say
from runner.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from runner.project import Selection


@click.command()
@options.files()
@options.selection
@options.target
@options.allow_python
@options.output("table", "json")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cancel(paths: tuple[Path, ...], selection: Selection, target: str | None, form: str, yes: bool) -> int:
    """Cancel what is pending of these experiments; a running job is not interrupted.

    What you cancel is not bought again by the next apply, unless the file's `rerun` is raised or its retry
    policy names CANCELED.
    """
    project, experiments = options.opened(paths, target, selection, asks_cloud=True)
    names = ", ".join(each.name for each in experiments)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to ask", hint="say --yes")
        click.confirm(f"Cancel what is pending of {names} on {project.target_name}?", abort=True, err=True)
    cancelled = project.cancel(experiments)
    if form == "json":
        print_json(cancelled)
        return Exit.DONE
    for action in cancelled:
        print_text(f"cancelled {action.batch_id}: {action.reason}")
    if not cancelled:
        say("nothing is pending")
    return Exit.DONE
