"""`runner export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from runner.cli import options
from runner.cli.exit_codes import Exit
from runner.project.edit.convert import representation_of


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.allow_python
@click.option("--job", metavar="NAME", help="Built for this job: its values stand for the variables.")
def export(file: Path, job: str | None) -> int:
    """Print the abstract representation of a file's sequence, as JSON.

    It is what is sent to the cloud, and what Pulser reads with Sequence.from_abstract_repr. Sends nothing.
    """
    _, (experiment,) = options.opened((file,), None)
    sys.stdout.write(representation_of(experiment, job) + "\n")
    return Exit.DONE
