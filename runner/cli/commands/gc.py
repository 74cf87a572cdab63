"""`runner gc`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from runner.cli import options
from runner.cli.output import print_json, print_table, say
from runner.domain.json_values import plain_object
from runner.project import Project
from runner.project.edit.garbage import Spare, chosen, remove, spare

_STEP = 1000
_PROOF = (
    "records are the proof that jobs were bought: a file that asks for them again buys them again, once their"
    " records are removed and the cloud has forgotten them"
)


@click.command("gc")
@click.option("--remove", "paths", metavar="PATH", multiple=True, help="Remove this of the list. Repeatable.")
@click.option("--yes", is_flag=True, help="Remove all with which nothing is lost.")
@options.output()
def gc_(paths: tuple[str, ...], yes: bool, form: str) -> None:
    """Say what of the repository may go, how large it is and why; removes nothing unless told to.

    That may be what is made again when it is needed, or was left behind by something that was killed: --yes
    removes all of it. The rest is gone for good unless git has it, and goes one by one with --remove PATH:
    records of recipes that no experiment file asks for any more, and journals of former targets.
    """
    project = Project.open()
    with project.journal_locked("gc"):
        spares = spare(project, project.load(project.all_files()))
        named = [_from_root(project.root, path) for path in paths]
        doomed = chosen(spares, named, all_replaceable=yes)
        remove(project.root, doomed)
    if form == "json":
        print_json([{**plain_object(each), "removed": each in doomed} for each in spares])
        return
    if spares:
        print_table(("path", "size", "goes with", "why"), [_row(each, each in doomed) for each in spares])
    if any(each.is_proof for each in spares):
        say(_PROOF, style="yellow")
    total = sum(each.size for each in doomed)
    say(f"removed: {size_text(total)}" if doomed else "nothing was removed" if spares else "nothing may go")


def _from_root(root: Path, path: str) -> str:
    """A path as the list has it: from the root, whether it was typed from there, from here or in full."""
    there = Path(os.path.normpath(Path.cwd() / path))
    if there.is_relative_to(root) and there.exists():
        return there.relative_to(root).as_posix()
    return os.path.normpath(path)


def _row(each: Spare, is_removed: bool) -> tuple[str, ...]:
    way = "removed" if is_removed else "--yes" if each.is_replaceable else "--remove"
    return each.path, size_text(each.size), way, each.reason


def size_text(size: float) -> str:
    """A number of bytes for people: 12 B, 3.4 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < _STEP:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= _STEP
    return f"{size:.1f} TB"
