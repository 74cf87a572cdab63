"""`runner import`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from runner.cli.exits import Exit
from runner.cli.output import say
from runner.project.exporting import experiment_from


@click.command("import")
@click.argument("sequence", metavar="SEQUENCE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", metavar="NAME", help="Name of the experiment.  [default: that of the file]")
@click.option(
    "--device-type", metavar="TYPE", default="EMU_FREE", show_default=True, help="What is to run it."
)
def import_(sequence: Path, name: str | None, device_type: str) -> int:
    """Print an experiment file that writes out a sequence in abstract representation.

    SEQUENCE is a file as Pulser's Sequence.to_abstract_repr writes it. The sequence of the printed file is
    exactly the same; its one job has the values that the representation proposes, often zeros: put yours.
    """
    sys.stdout.write(experiment_from(sequence, name=name, device_type=device_type))
    say("the sequence is the same; look at runs and variables of its job before you apply it")
    return Exit.DONE
