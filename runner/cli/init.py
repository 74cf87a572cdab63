"""`runner init`."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from runner.cli.exits import Exit
from runner.cli.output import print_text
from runner.project import begin


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path | None) -> int:
    """Write a first experiment file and a runner.toml, ready to apply, and in schemas/ what editors need.

    FOLDER is the working folder unless you name one. Files that are already there are never overwritten.
    """
    written = begin(folder or Path())
    for path in written:
        print_text(f"wrote {path}")
    print_text(f"next: runner apply {quote(str(written[-1]))}")
    return Exit.DONE
