"""`runner watch`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.cli.loop import listen_option, loop
from runner.cli.pages import dashboard_option, shown
from runner.errors import UsageError
from runner.project.config.repository import as_typed
from runner.project.experiments.loader import experiment_folders
from runner.project.sync.watch import Watcher
from runner.reconcile.execute.change_events import Pace

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@options.files(required=False)
@options.target
@options.allow_python
@options.output("table", "json")
@click.option(
    "--interval",
    metavar="SECONDS",
    type=options.PAUSE,
    default=30.0,
    show_default=True,
    help="Pause between two looks (in s).",
)
@listen_option
@dashboard_option
@click.option("--yes", is_flag=True, help="Spend without asking; the local cloud needs no such word.")
def watch(
    paths: tuple[Path, ...],
    *,
    target: str | None,
    form: str,
    interval: float,
    listen: str | None,
    dashboard: str | None,
    yes: bool,
) -> int:
    """Keep the cloud matching the files: look, act, pause, until ended by SIGTERM or Ctrl-C.

    Files are read again when they change. A broken one is reported and left alone, nothing is bought for it;
    the others go on. After an error the pause grows up to five minutes. One line tells each change. Without
    FILE, the whole repository is watched.
    """
    project = options.project(paths[0] if paths else None, target, asks_cloud=True)
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise UsageError(f"{missing[0]}: no such file or folder")
    if not project.target.is_local and not yes:
        raise UsageError(
            f"a watch on the target {project.target_name} spends unasked",
            hint="say --yes, after `runner plan` has shown what it costs",
        )
    with shown(dashboard) as show, loop(form, listen, Pace(interval_s=interval)) as (plain, stop):
        chosen = paths or experiment_folders(as_typed(project.root), project.settings)
        Watcher(project, chosen, replace(plain, show=show)).go_on()
    return stop.exit_code
