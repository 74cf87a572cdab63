"""`runner cancel`."""

from __future__ import annotations

import click

from runner.cli import options
from runner.cli.output import print_json, print_text, say


@click.command()
@options.experiments()
@options.output("table", "json")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cancel(chosen: options.Chosen, form: str, yes: bool) -> None:
    """Cancel what is pending of these experiments; a running job is not interrupted.

    What you cancel is not bought again by the next apply, unless the file's `rerun` is raised or its retry
    policy names CANCELED.
    """
    project, experiments = options.opened(chosen, asks_cloud=True)
    names = ", ".join(each.name for each in experiments)
    if not yes:
        options.confirm(f"Cancel what is pending of {names} on {project.target_name}?")
    cancelled = project.cancel(experiments)
    if form == "json":
        print_json(cancelled)
        return
    for action in cancelled:
        print_text(f"cancelled {action.batch_id}: {action.reason}")
    if not cancelled:
        say("nothing is pending")
