"""`runner sync`."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

import click

from runner.cli import options
from runner.cli.exit_code_choice import after_look
from runner.cli.loop import listen_option, loop
from runner.cli.pages import dashboard_option, shown
from runner.errors import UsageError
from runner.gitops import CommitRules, FollowedSource, clone_folder, destination
from runner.project.notify.notifier import Notifying
from runner.project.sync.publish_records import RecordsPublished
from runner.project.sync.sync import Following, Syncing, our_clone
from runner.project.sync.validate_commit import CommitReading
from runner.reconcile import Patience
from runner.reconcile.execute.change_events import Pace

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)?")
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SHORTEST_S: Final = 0.1


class Duration(click.ParamType[float]):
    """A time in s: `90`, `90s`, `1.5m` or `1h`."""

    name = "duration"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Its seconds."""
        found = _DURATION.fullmatch(str(value))
        seconds = float(found[1]) * _SECONDS[found[2] or "s"] if found else 0.0
        if seconds < _SHORTEST_S:
            self.fail(
                f"{value!r} is no time of at least {_SHORTEST_S} s: say 90, 90s, 1.5m or 1h", param, ctx
            )
        return seconds


@click.command()
@click.argument("repository", metavar="URL|PATH")
@click.option("--branch", metavar="NAME", help="Branch to follow.  [default: the repository's own]")
@click.option(
    "--path",
    "path",
    metavar="FOLDER",
    help="Where in it the experiments are.  [default: as its runner.toml says, else all of it]",
)
@click.option(
    "--interval",
    metavar="TIME",
    type=Duration(),
    default="60s",
    show_default=True,
    help="Pause between two looks.",
)
@click.option("--once", is_flag=True, help="Look once, do what can be done now, and end.")
@click.option("--wait", is_flag=True, help="With --once: wait for the jobs.")
@click.option("--timeout", metavar="SECONDS", type=options.SECONDS, help="Longest --wait (in s).")
@click.option(
    "--clone", "folder", metavar="FOLDER", type=click.Path(path_type=Path), help="Where the clone is kept."
)
@options.target
@options.allow_python
@options.output("table", "json")
@click.option("--yes", is_flag=True, help="Spend without asking; the local cloud needs no such word.")
@click.option("--allow-force-push", is_flag=True, help="Take a branch whose history was rewritten.")
@click.option("--allow-removal-of-all", is_flag=True, help="Take a commit that leaves no experiment.")
@click.option("--verify-signatures", is_flag=True, help="Refuse a newest commit that git cannot verify.")
@click.option("--no-notifications", is_flag=True, help="Tell nobody, whatever runner.toml says.")
@click.option("--records", metavar="BRANCH[:FOLDER]", help="Push what is on record to that branch.")
@listen_option
@dashboard_option
def sync(
    repository: str,
    *,
    branch: str | None,
    path: str | None,
    interval: float,
    once: bool,
    wait: bool,
    timeout: float | None,
    folder: Path | None,
    target: str | None,
    form: str,
    yes: bool,
    allow_force_push: bool,
    allow_removal_of_all: bool,
    verify_signatures: bool,
    no_notifications: bool,
    records: str | None,
    listen: str | None,
    dashboard: str | None,
) -> int:
    """Keep the cloud matching a branch of a git repository, until ended by SIGTERM or Ctrl-C.

    Each new commit is fetched into a clone of its own and read in full. If its files are in order it comes
    into force and is reconciled; if not, or if history was rewritten, that is told once and the last good
    commit stays in force. Credentials are git's affair.
    """
    _must_go_together(once=once, wait=wait, timeout=timeout, listen=listen)
    source = FollowedSource(url=_url(repository), branch=branch)
    following = Following(
        source=source,
        rules=CommitRules(
            force_push=allow_force_push, removal_of_all=allow_removal_of_all, signed=verify_signatures
        ),
        reading=CommitReading(
            path=_inside(path), target=target, allow_python=options.python_allowed(), spends=yes
        ),
        records=destination(records) if records is not None else None,
    )
    clone = (folder or clone_folder(source.url, branch, os.environ)).absolute()
    patience = Patience(timeout_s=timeout if once else interval, until_done=wait)
    pace = Pace(interval_s=interval)
    with shown(dashboard) as show, loop(form, listen, pace, is_endless=not once) as (plain, stop):
        context = replace(plain, patience=patience, sees_removed=True, verb="sync", show=show)
        with our_clone(clone, source, context) as ours:
            published = RecordsPublished(ours, following, context)
            told = () if no_notifications else (Notifying(ours.state, context),)
            reporters = (published, *told)
            syncing = Syncing(ours, following, context, reporters=reporters, prepare=published.prepare)
            syncing.begin()
            published.must_be_accepted()
            if once:
                syncing.once()
                return after_look(syncing.plans, is_in_order=syncing.is_in_order)
            syncing.go_on()
    return stop.exit_code


def _must_go_together(*, once: bool, wait: bool, timeout: float | None, listen: str | None) -> None:
    """Refuses options that say nothing, or contradict each other, side by side."""
    if wait and not once:
        raise UsageError("--wait goes with --once")
    if once and listen:
        raise UsageError("--listen does not go with --once", hint="a look at a time has nobody to ask it")
    if timeout is not None and not wait:
        raise UsageError("--timeout goes with --wait")


def _url(repository: str) -> str:
    return str(Path(repository).absolute()) if Path(repository).exists() else repository


def _inside(path: str | None) -> str | None:
    if path is None:
        return None
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise UsageError(f"--path {path}: is no folder within the repository")
    return str(pure)
