"""`runner import`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from runner.cli import options
from runner.cli.output import say
from runner.project.edit.convert import experiment_from


@click.command("import")
@click.argument("sequence", metavar="SEQUENCE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", metavar="NAME", help="Name of the experiment.  [default: that of the file]")
@click.option(
    "--device-type", metavar="TYPE", default="EMU_FREE", show_default=True, help="What is to run it."
)
@click.option(
    "--device-file",
    metavar="FILE",
    type=options.FILE,
    help="Write the device to FILE; the printed file names it, by the path from where that one stands.",
)
def import_(sequence: Path, name: str | None, device_type: str, device_file: Path | None) -> None:
    """Print an experiment file that writes out a sequence in abstract representation.

    SEQUENCE is a file as Pulser's Sequence.to_abstract_repr writes it. The sequence of the printed file is
    exactly the same, and its device too: one that is not quite Pulser's is said with what is other, as in
    {of: MockDevice, rydberg_level: 50}, or is kept in a file of its own, with --device-file. The one job has
    the values that the representation proposes, often zeros: put yours.
    """
    found = experiment_from(sequence, name=name, device_type=device_type, device_file=device_file)
    sys.stdout.write(found.text)
    if found.is_named:
        say("the sequence only names its device: what the printed file means is the one that Pulser has now")
    say("the sequence and its device are the same; look at runs and variables of its job before you apply it")
