"""`runner export`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.project.edit.convert import representation_of

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@options.file
@options.allow_python
@click.option("--job", metavar="NAME", help="Built for this job: its values stand for the variables.")
def export(file: Path, job: str | None) -> None:
    """Print the abstract representation of a file's sequence, as JSON.

    It is what is sent to the cloud, and what Pulser reads with Sequence.from_abstract_repr. Sends nothing.
    """
    _, experiment = options.opened_file(file)
    sys.stdout.write(representation_of(experiment, job) + "\n")
