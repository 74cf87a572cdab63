"""`runner dashboard`."""

from __future__ import annotations

from pathlib import Path

import click

from runner import dashboard as pages
from runner.cli import options
from runner.cli.exit_codes import Exit
from runner.cli.loop import loop
from runner.cli.output import say
from runner.cli.pages import protection
from runner.domain.numerals import counted
from runner.project.config.repository import as_typed
from runner.project.experiments.loader import experiment_folders
from runner.reconcile.execute.change_events import Pace


@click.command()
@options.files(required=False)
@options.target
@options.allow_python
@click.option(
    "--export",
    "folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Look once, write all pages as files, and end.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address at which it listens.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="Port; 0 for a free one."
)
@click.option(
    "--interval",
    metavar="SECONDS",
    type=options.PAUSE,
    default=10.0,
    show_default=True,
    help="Pause between two looks at the target (in s).",
)
def dashboard(
    paths: tuple[Path, ...],
    target: str | None,
    *,
    folder: Path | None,
    host: str,
    port: int,
    interval: float,
) -> int:
    """Serve pages where a lab looks: what runs, what waits and why, what it has cost, and what came out.

    Read-only; ended by Ctrl-C or SIGTERM. All that look share one look at the target. Another address than
    that of this machine needs a token in RUNNER_DASHBOARD_TOKEN, which each browser is asked for once.
    """
    project = options.project(paths[0] if paths else None, target, asks_cloud=True)
    allowed = protection(host)
    chosen = paths or experiment_folders(as_typed(project.root), project.settings)
    lookout = pages.Lookout(project, chosen, poll_s=interval)
    if folder is not None:
        count = pages.export(lookout.look(), pages.Pictures(project), pages.sources(project), folder)
        say(f"{folder} has {counted(count, 'page')}; begin with {folder / 'index.html'}")
        return Exit.DONE
    with (
        loop("table", None, Pace(interval_s=interval)) as (context, stop),
        pages.serving(lookout, allowed, host, port) as url,
        lookout.looking(),
    ):
        say(f"pages are at {url}")
        while not lookout.is_ended:
            context.wait(interval)
    return stop.exit_code
