"""`runner dashboard`."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING, Final

import click

from runner.cli import options
from runner.cli.loop import loop
from runner.cli.output import say
from runner.dashboard.lookout import Lookout
from runner.dashboard.protection import Protection
from runner.dashboard.server import serving
from runner.errors import UsageError
from runner.project.config.repository import as_typed
from runner.project.experiments.loader import experiment_folders
from runner.reconcile.execute.change_events import Pace

if TYPE_CHECKING:
    from pathlib import Path

TOKEN: Final = "RUNNER_DASHBOARD_TOKEN"  # noqa: S105  (the name of a variable)


@click.command()
@options.files(required=False)
@options.target
@options.allow_python
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
def dashboard(paths: tuple[Path, ...], target: str | None, host: str, port: int, interval: float) -> int:
    """Serve pages where a lab looks: what runs, what waits and why, what it has cost, and what came out.

    Read-only; ended by Ctrl-C or SIGTERM. All that look share one look at the target. Another address than
    that of this machine needs a token in RUNNER_DASHBOARD_TOKEN, which each browser is asked for once.
    """
    project = options.project(paths[0] if paths else None, target, asks_cloud=True)
    protection = _protection(host)
    chosen = paths or experiment_folders(as_typed(project.root), project.settings)
    lookout = Lookout(project, chosen, poll_s=interval)
    with (
        loop("table", None, Pace(interval_s=interval)) as (context, stop),
        serving(lookout, protection, host, port) as url,
        lookout.looking(),
    ):
        say(f"pages are at {url}")
        while not lookout.is_ended:
            context.wait(interval)
    return stop.exit_code


def _protection(host: str) -> Protection:
    token = os.environ.get(TOKEN, "")
    if not _is_loopback(host) and not token:
        raise UsageError(
            f"{host} can be reached by others", hint=f"set {TOKEN}, which each browser is asked for"
        )
    return Protection(hosts=(host.lower(), f"[{host.lower()}]"), token=token)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
