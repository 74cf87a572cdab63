"""The dashboard as verbs serve it: by itself, and from a loop that sees the target anyway."""

from __future__ import annotations

import ipaddress
import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import click

from runner import dashboard
from runner.cli.output import say
from runner.errors import UsageError
from runner.project.sync.metrics import address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from runner.dashboard.lookout import Lookout
    from runner.dashboard.protection import Protection
    from runner.project.project import Project
    from runner.project.sync.loop import Show
    from runner.reconcile import Planned

TOKEN: Final = "RUNNER_DASHBOARD_TOKEN"  # noqa: S105  (the name of a variable)

dashboard_option = click.option(
    "--dashboard", metavar="HOST:PORT", help="Serve pages there where a lab looks; see `runner dashboard`."
)


def protection(host: str) -> Protection:
    """Who may look at pages that are served at an address.

    Raises:
        UsageError: Others can reach it, and no token is set.
    """
    token = os.environ.get(TOKEN, "")
    if not _is_loopback(host) and not token:
        raise UsageError(f"{host} can be reached by others", hint=f"set {TOKEN}; browsers ask for it")
    return dashboard.Protection(hosts=(host.lower(), f"[{host.lower()}]"), token=token)


@contextmanager
def shown(where: str | None) -> Iterator[Show]:
    """What a loop tells of the target; pages show it at an address while the context is open.

    Args:
        where: Host and port; None for no pages.

    Raises:
        UsageError: It is no address, or cannot be had.
    """
    if where is None:
        yield lambda *_: None
        return
    host, port = address(where)
    allowed = protection(host)
    begun: list[Lookout] = []
    with ExitStack() as stack:

        def show(project: Project, paths: Sequence[Path], planned: Sequence[Planned]) -> None:
            if not begun:
                begun.append(dashboard.Lookout(project, paths, poll_s=None))
                url = stack.enter_context(dashboard.serving(begun[0], allowed, host, port))
                say(f"pages are at {url}")
                stack.enter_context(begun[0].looking())
            begun[0].tell(project, paths, planned)

        yield show


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
